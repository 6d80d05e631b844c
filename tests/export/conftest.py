"""Datasets of one document whose words stand where a test wants them, and where a PDF's reader finds words."""

from __future__ import annotations

import html
import json
import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_provider_tcocr.arrow import DatasetTables, PageRow
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.export.words import advance


@dataclass(frozen=True)
class Said:
    """One page as the service answers it: detections as JSON, and what the table of pages says of the page."""

    detections: list[dict[str, Any]]
    size: tuple[int | None, int | None]
    error_code: str | None = None
    transform: Any = None


def detection(
    text: str, box: tuple[float, float, float, float], *, degrees: float = 0, middle=(0.0, 0.0), **more: Any
) -> dict[str, Any]:
    """A detection: its box on the upright page, turned clockwise round a point as the page was."""
    left, top, right, bottom = box
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    polygon = [
        {
            "X": round(middle[0] + (x - middle[0]) * cosine - (y - middle[1]) * sine),
            "Y": round(middle[1] + (x - middle[0]) * sine + (y - middle[1]) * cosine),
        }
        for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))
    ]
    return {
        "DetectedText": text,
        "Confidence": 97,
        "Polygon": polygon,
        "ItemPolygon": {"X": int(left), "Y": int(top), "Width": int(right - left), "Height": int(bottom - top)},
        "AdvancedInfo": '{"Parag":{"ParagNo":1}}',
        **more,
    }


def write_dataset(folder: Path, document: str, pages: Sequence[Said], *, uri: str | None = None) -> OcrDataset:
    """A dataset as a batch leaves it."""
    tables = DatasetTables()
    for number, said in enumerate(pages, 1):
        status = "failed" if said.error_code else "recognized" if said.detections else "empty"
        answer = json.dumps({"Response": {"TextDetections": said.detections, "Angle": 0.0, "RequestId": "r"}})
        tables.append(
            PageRow(
                document_id=document,
                document_uri=uri or document,
                page=number,
                status=status,
                error_code=said.error_code,
                action="GeneralAccurateOCR",
                options="{}",
                answer=None if said.error_code else answer.encode("utf-8", "surrogatepass"),
                width=said.size[0],
                height=said.size[1],
                transform=said.transform,
            )
        )
    for table, batch in (("pages", tables.take_pages()), ("detections", tables.take_detections())):
        (folder / table).mkdir(parents=True)
        pq.write_table(pa.Table.from_batches([batch]), folder / table / "part-00000.parquet")
    (folder / "_manifest.json").write_text('{"output_path": "."}')
    return OcrDataset.open(folder)


class Reader:
    """A PDF as PDFium reads it, the library behind Chrome's search."""

    def __init__(self, path: Path) -> None:
        import pypdfium2

        self.pdf = pypdfium2.PdfDocument(path)

    def text(self, page: int = 1) -> str:
        return self.pdf[page - 1].get_textpage().get_text_range()

    def picture(self, page: int = 1, scale: float = 1):
        return self.pdf[page - 1].render(scale=scale).to_pil().convert("RGB")

    def middles(self, word: str, page: int = 1) -> list[tuple[float, float]]:
        """The middle of each place where a word is found, as shares of the page as it is seen."""
        import ctypes

        import pypdfium2.raw as raw

        sheet = self.pdf[page - 1]
        text = sheet.get_textpage()
        searcher = text.search(word, match_case=True)
        found = []
        while (hit := searcher.get_next()) is not None:
            boxes = [text.get_charbox(hit[0] + at, loose=True) for at in range(hit[1])]
            x = (min(box[0] for box in boxes) + max(box[2] for box in boxes)) / 2
            y = (min(box[1] for box in boxes) + max(box[3] for box in boxes)) / 2
            across, down = ctypes.c_int(), ctypes.c_int()
            raw.FPDF_PageToDevice(sheet, 0, 0, 10_000, 10_000, 0, x, y, across, down)
            found.append((across.value / 10_000, down.value / 10_000))
        return found


@dataclass(frozen=True)
class Poppler:
    """The first page of a PDF as pdftotext reads it, the tool behind most indexes; the page has as many pixels."""

    path: Path
    size: tuple[int, int]

    def text(self, *how: str) -> str:
        return subprocess.run(["pdftotext", *how, self.path, "-"], capture_output=True, text=True, check=True).stdout

    def middles(self, word: str) -> list[tuple[float, float]]:
        """The middle of each place where a word is found, in pixels: its share of the box it is found in."""
        boxes = self.text("-bbox")
        page = re.search(r'<page width="(.*?)" height="(.*?)"', boxes)
        across, down = self.size[0] / float(page[1]), self.size[1] / float(page[2])
        found = []
        for *edges, read in re.findall(r'xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>', boxes):
            text = html.unescape(read)
            left, top, right, bottom = map(float, edges)
            for at in re.finditer(re.escape(word), text):
                share = sum(map(advance, text[: at.start()])) + sum(map(advance, word)) / 2
                share /= sum(map(advance, text))
                if right - left > bottom - top:  # it reads to the right, on a page that lies on a side down
                    found.append(((left + (right - left) * share) * across, (top + bottom) / 2 * down))
                else:
                    found.append(((left + right) / 2 * across, (top + (bottom - top) * share) * down))
        return found


@pytest.fixture
def poppler() -> type[Poppler]:
    """Read a PDF as pdftotext does; a test that needs it says so when it is not there."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    return Poppler


@pytest.fixture
def read():
    """Open a PDF for reading; it is closed when the test ends."""
    readers: list[Reader] = []

    def opened(path: Path) -> Reader:
        readers.append(Reader(path))
        return readers[-1]

    yield opened
    for reader in readers:
        reader.pdf.close()
