"""Rows of a journal, made as a batch makes them; a failing folder as a real subclass of the local one."""

import itertools
import json

import pytest

from airflow_provider_tcocr.arrow.rows import PageRow
from airflow_provider_tcocr.landing.folder import LocalFolder
from airflow_provider_tcocr.landing.journal import Journal
from airflow_provider_tcocr.landing.raw import RawPage

MOMENTS = itertools.count(1_700_000_000_000_000)


def make_answer(text, **unknown):
    detection = {
        "DetectedText": text,
        "Confidence": 99,
        "Polygon": [{"X": x, "Y": y} for x, y in ((1, 2), (30, 2), (30, 9), (1, 9))],
        "ItemPolygon": {"X": 1, "Y": 2, "Width": 29, "Height": 7},
        "AdvancedInfo": '{"Parag":{"ParagNo":1}}',
    }
    response = {"Angle": 359.99, "TextDetections": [detection], "RequestId": f"id-{text}", **unknown}
    return json.dumps({"Response": response}, ensure_ascii=False).encode()


def make_page(number, *, run="run", status="recognized", page=1, version="v", content="c", record=None, **fields):
    """One row; by default a recognized page whose text is its number."""
    answer = make_answer(str(number)) if status == "recognized" else None
    row = {
        "document_id": f"/in/{number:05}.png",
        "document_uri": f"/in/{number:05}.png",
        "page": page,
        "status": status,
        "action": "GeneralAccurateOCR",
        "options": "{}",
        "answer": answer,
        "attempts": 1,
        "recognized_at": next(MOMENTS),
        **fields,
    }
    return RawPage(
        record=record or f"{number}-{page}-{next(MOMENTS)}",
        run=run,
        identity=f"identity-{number}",
        version=version,
        content_sha256=content,
        page_count=1,
        row=PageRow(**row),
    )


@pytest.fixture
def page():
    return make_page


@pytest.fixture
def answer():
    return make_answer


@pytest.fixture
def raw(tmp_path):
    return LocalFolder(tmp_path / "raw")


@pytest.fixture
def journal(raw):
    """Makes journals over one folder: attempts, twins, later runs."""

    def make(*, run="run", folder=None, **arguments):
        return Journal(folder or raw, run=run, action="GeneralAccurateOCR", options="{}", **arguments)

    return make
