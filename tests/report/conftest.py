"""Datasets as a batch leaves them, with any texts in them; their report, taken apart; a real browser to show it in."""

import json
import re
from html.parser import HTMLParser

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageDraw

from airflow_provider_tcocr.arrow import DatasetTables, PageRow
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.landing.folder import open_folder
from airflow_provider_tcocr.report import write_report

from .browser import Browser, chromium

SQUARE = ((10, 20), (90, 20), (90, 40), (10, 40))


def answer(lines, angle):
    detections = [
        {"DetectedText": text, "Confidence": confidence, "Polygon": [{"X": x, "Y": y} for x, y in polygon]}
        for text, confidence, polygon in lines
    ]
    return json.dumps({"Response": {"TextDetections": detections, "Angle": angle, "RequestId": "id"}}).encode()


def page(uri, *lines, number=1, angle=0.0, **fields):
    """One row; recognized where it has lines (text, confidence, polygon), failed where an error code is given."""
    lines = [(line, 99, SQUARE) if isinstance(line, str) else line for line in lines]
    status = "failed" if "error_code" in fields else "recognized" if lines else "empty"
    told = {"document_id": str(uri), "document_uri": str(uri), "page": number, "status": status}
    told |= {"action": "GeneralAccurateOCR", "options": "{}", "width": 100, "height": 60}
    if status != "failed":
        told["answer"] = answer(lines, angle)
    return PageRow(**told | fields)


@pytest.fixture
def rows():
    return page


@pytest.fixture
def dataset(tmp_path):
    """Write pages as a dataset and open it."""

    def write(*pages, parts=1, **manifest):
        folder = tmp_path / "out"
        counts = {"documents": len({row.document_id for row in pages}), "pages": len(pages)}
        for part in range(parts):
            tables = DatasetTables()
            for row in pages[part * len(pages) // parts : (part + 1) * len(pages) // parts]:
                tables.append(row)
            for name, batch in (("pages", tables.take_pages()), ("detections", tables.take_detections())):
                (folder / name).mkdir(parents=True, exist_ok=True)
                pq.write_table(pa.Table.from_batches([batch]), folder / name / f"part-{part:05}.parquet")
        told = {"output_path": str(folder), "status": "complete", "started_at": "2026-11-28T01:00:00+00:00"}
        told |= {"finished_at": "2026-11-28T01:00:09+00:00", "reason": None, "counts": {**counts, "reused": 0}}
        told |= {"calls": {"made": len(pages), "throttled": 0, "retried": 0}}
        (folder / "_manifest.json").write_text(json.dumps(told | manifest))
        return OcrDataset.open(folder)

    return write


class Elements(HTMLParser):
    """The elements of a page as a browser finds them, and what stands in the scripts."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self.blocks, self.scripts, self._open = [], {}, [], None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.found.append((tag, attributes))
        self._open = (attributes.get("id"), attributes.get("type")) if tag == "script" else None

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open is None:
            return
        name, kind = self._open
        if kind == "application/json":
            self.blocks[name] = json.loads(data)
        elif kind is None:
            self.scripts.append(data)


class Made:
    """A report and its parts."""

    def __init__(self, path, written):
        self.path, self.written = path, written
        self.text = path.read_text("utf-8")
        self.elements = Elements(self.text)
        self.summary = self.elements.blocks["summary"]
        self.pages = [value for name, value in self.elements.blocks.items() if name.startswith("page-")]
        self.pictures = re.findall(r'<script type="text/plain" id="picture-(\d+)">(data:[^<]+)</script>', self.text)

    def detections(self, place):
        return self.elements.blocks[f"detections-{place}"]


@pytest.fixture
def report(tmp_path):
    """Write a dataset's report and take it apart."""

    def make(dataset, **how):
        written = write_report(dataset, open_folder(tmp_path), "report.html", **how)
        return Made(tmp_path / "report.html", written)

    return make


@pytest.fixture
def sheet(tmp_path):
    """A white image with one black spot from (10, 20) to (90, 40), which is where ``page`` has its detections."""

    def draw(name="sheet.png", **how):
        image = Image.new("L", (100, 60), 255)
        ImageDraw.Draw(image).rectangle((10, 20, 89, 39), fill=0)
        image.save(tmp_path / name, **how)
        return tmp_path / name

    return draw


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    if chromium() is None:
        pytest.skip("there is no Chromium on PATH, so the report was not opened in a browser (apt install chromium)")
    opened = Browser(tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()
