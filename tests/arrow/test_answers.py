"""The service's answers as a table, for anyone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from airflow_provider_tcocr.arrow import DETECTIONS_SCHEMA, detections_table
from airflow_provider_tcocr.exceptions import ConfigurationError, TransportError

OFFICIAL = (Path(__file__).parent / "general_accurate_ocr.json").read_bytes()
WHOLE: dict[str, Any] = json.loads(OFFICIAL)


def test_bytes_texts_and_dicts_may_be_mixed() -> None:
    table = detections_table([OFFICIAL, WHOLE, WHOLE["Response"], json.dumps(WHOLE["Response"])])
    table.validate(full=True)
    assert table.schema.equals(DETECTIONS_SCHEMA, check_metadata=True)
    assert table.column("document_id").to_pylist() == [place for place in "0123" for _ in range(9)]
    assert set(table.column("page").to_pylist()) == {1}
    assert table.column("text").to_pylist() == table.column("text").to_pylist()[:9] * 4


@pytest.mark.parametrize("single", [OFFICIAL, OFFICIAL.decode(), WHOLE, WHOLE["Response"]])
def test_a_single_answer_is_not_a_sequence_of_parts(single: Any) -> None:
    assert detections_table(single).num_rows == 9


def test_any_iterable_will_do() -> None:
    assert detections_table(body for body in [OFFICIAL, OFFICIAL]).num_rows == 18


def test_no_answers_are_an_empty_table() -> None:
    table = detections_table([])
    assert table.num_rows == 0
    assert table.schema == DETECTIONS_SCHEMA


def test_documents_and_pages_may_be_named() -> None:
    named = detections_table([WHOLE, WHOLE], document_ids=["a", "a"], document_uris=["u", "u"], pages=[4, 5])
    assert named.select(["document_id", "document_uri", "page"]).to_pylist()[8:10] == [
        {"document_id": "a", "document_uri": "u", "page": 4},
        {"document_id": "a", "document_uri": "u", "page": 5},
    ]


@pytest.mark.parametrize("names", [[], ["a"], ["a", "b", "c"]])
def test_as_many_names_as_answers_are_asked_for(names: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="document_ids has"):
        detections_table([WHOLE, WHOLE], document_ids=names)


def test_what_is_no_answer_is_the_typed_error() -> None:
    with pytest.raises(TransportError, match=r"Transport\.Foreign"):
        detections_table([{"Message": "denied"}])


def test_many_answers_are_one_table_in_order() -> None:
    table = detections_table([OFFICIAL] * 2000)
    assert table.num_rows == 18_000
    assert len(table.to_batches()) == 2
    assert table.column("document_id").to_pylist()[::9] == [str(place) for place in range(2000)]


def test_duckdb_reads_it() -> None:
    table = detections_table(OFFICIAL)
    query = "select count(*), min(confidence), max(len(polygon)), max(polygon[1].x), max(item_polygon.width) from "
    connection = pytest.importorskip("duckdb").connect()
    connection.register("detections", table)
    expected = [(9, 96, 4, 446, 675)]
    assert connection.execute(query + "detections").fetchall() == expected


def test_polygons_may_be_exploded_by_arrow_itself() -> None:
    polygons = detections_table(OFFICIAL).column("polygon").combine_chunks()
    assert len(polygons.flatten()) == 36
    assert isinstance(polygons, pa.ListArray)


def test_importing_it_loads_neither_airflow_nor_tencents_sdk() -> None:
    code = (
        "import sys, airflow_provider_tcocr.arrow, airflow_provider_tcocr.dataset;"
        "print([m for m in ('airflow', 'tencentcloud', 'aiohttp', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


BOX = [{"X": 10, "Y": 20}, {"X": 90, "Y": 20}, {"X": 90, "Y": 40}, {"X": 10, "Y": 40}]
HANDWRITING = {
    "TextDetections": [
        {
            "DetectedText": "字",
            "Confidence": 97,
            "Polygon": BOX,
            "AdvancedInfo": '{"Parag":{"ParagNo":2}}',
            "WordPolygon": [dict(zip(("LeftTop", "RightTop", "RightBottom", "LeftBottom"), BOX, strict=True))],
        },
        {"DetectedText": "b", "Confidence": 96, "Polygon": BOX, "AdvancedInfo": "", "WordPolygon": None},
    ],
    "Angel": 0,
    "RequestId": "r",
}
ENGLISH = {
    "TextDetections": [
        {
            "DetectedText": "No matter",
            "Confidence": 99,
            "Polygon": BOX,
            "AdvancedInfo": "{}",
            "Words": [{"Confidence": 99, "Character": "No"}, {"Confidence": 98, "Character": "matter"}],
            "WordCoordPoint": [{"WordCoordinate": BOX}, {"WordCoordinate": BOX}],
            "CandWord": [{"CandWords": [{"Confidence": 99, "Character": "N"}]}],
        }
    ],
    "Angel": 359.98,
    "RequestId": "r",
}
FAST = {
    "TextDetections": [{"DetectedText": "a", "Confidence": 90, "Polygon": None, "AdvancedInfo": ""}],
    "Language": "jap",
    "Angel": 1.5,
    "PdfPageSize": 0,
    "RequestId": "r",
}


def test_the_answers_of_all_actions_are_rows_of_one_table_and_what_one_lacks_is_null() -> None:
    table = detections_table([OFFICIAL, HANDWRITING, ENGLISH, FAST])
    table.validate(full=True)
    assert table.schema.equals(DETECTIONS_SCHEMA, check_metadata=True)
    drawn, plain, english, fast = table.to_pylist()[9:]
    polygon = [{"x": 10, "y": 20}, {"x": 90, "y": 20}, {"x": 90, "y": 40}, {"x": 10, "y": 40}]
    assert drawn["words"] == [{"character": "", "confidence": None, "polygon": polygon}]
    assert (drawn["item_polygon"], drawn["paragraph"], drawn["language"]) == (None, 2, None)
    assert (plain["words"], plain["polygon"]) == (None, polygon)
    assert [(word["character"], word["confidence"]) for word in english["words"]] == [("No", 99), ("matter", 98)]
    assert (english["item_polygon"], english["paragraph"], english["advanced_info"]) == (None, None, "{}")
    assert (fast["polygon"], fast["left"], fast["words"]) == (None, None, None)


def test_the_pages_language_is_that_of_every_detection_without_its_own() -> None:
    own = {**FAST, "TextDetections": [{"DetectedText": "a", "Language": "kor"}, {"DetectedText": "b"}]}
    assert detections_table([own, FAST]).column("language").to_pylist() == ["kor", "jap", "jap"]
