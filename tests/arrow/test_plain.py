"""Plain pages go into the tables together, and come out as if each had been read by itself."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_tcocr.api.answer import read_answer
from airflow_provider_tcocr.api.plain import read_plain
from airflow_provider_tcocr.arrow import DatasetTables, PageRow
from airflow_provider_tcocr.exceptions import TransportError
from benchmarks.fixture import answer

Tables = tuple[pa.RecordBatch, pa.RecordBatch]


def row(number: int, body: bytes) -> PageRow:
    name = f"scans/{number}.png"
    return PageRow(
        document_id=name, document_uri=name, page=1, status="recognized", action="A", options="{}", answer=body
    )


def together(bodies: list[bytes]) -> Tables:
    tables = DatasetTables()
    for number, body in enumerate(bodies):
        tables.append(row(number, body))
    return tables.take_pages(), tables.take_detections()


def one_by_one(bodies: list[bytes]) -> Tables:
    tables = DatasetTables()
    for number, body in enumerate(bodies):
        tables.append_answer(row(number, body), read_answer(body))
    return tables.take_pages(), tables.take_detections()


def changed(body: bytes, place: int, **fields: Any) -> bytes:
    whole = json.loads(body)
    whole["Response"]["TextDetections"][place] |= fields
    return json.dumps(whole).encode()


def test_pages_that_fill_several_runs_are_as_if_read_one_by_one() -> None:
    bodies = [answer(seed, lines=1 + seed % 90) for seed in range(180)]
    assert sum(map(len, bodies)) > 2 << 20
    assert together(bodies) == one_by_one(bodies)


@pytest.mark.parametrize(
    "fields",
    [
        {"Polygon": [{"X": 2**31, "Y": 0}, {"X": 1, "Y": 0}, {"X": 1, "Y": 1}, {"X": 0, "Y": 1}]},
        {"Polygon": [{"X": 10**40, "Y": 0}, {"X": 1, "Y": 0}, {"X": 1, "Y": 1}, {"X": 0, "Y": 1}]},
        {"Polygon": [{"X": -0, "Y": -(2**31)}, {"X": 1, "Y": 0}, {"X": 1, "Y": 1}, {"X": 0, "Y": 2**31 - 1}]},
        {"Polygon": [{"X": 0, "Y": 0}, {"X": 9, "Y": 0}, {"X": 4, "Y": 9}]},
        {"Polygon": None},
        {"ItemPolygon": None},
        {"ItemPolygon": {"X": 0, "Y": 0, "Width": 2**31, "Height": 1}},
        {"ItemPolygon": {"X": 2**31 - 1, "Y": 2**31 - 1, "Width": 2**31 - 1, "Height": 2**31 - 1}},
        {"Words": [{"Character": "a", "Confidence": 3}]},
        {"Confidence": None},
        {"DetectedText": None},
        {"DetectedText": ""},
        {"Language": "ja"},
        {"AdvancedInfo": None},
        {"AdvancedInfo": "no JSON"},
    ],
)
@pytest.mark.parametrize("place", [0, 59])
def test_an_odd_page_among_plain_ones_changes_neither_itself_nor_them(fields: dict[str, Any], place: int) -> None:
    bodies = [answer(seed) for seed in range(5)]
    bodies[2] = changed(bodies[2], place, **fields)
    assert together(bodies) == one_by_one(bodies)


@pytest.mark.parametrize(("x", "y"), [(0, 40), (960, 40), (980, 45), (3000, 40), (64, 70)])
@pytest.mark.parametrize("paragraph", [1, 2])
def test_parts_of_a_visual_line_are_joined_alike(x: int, y: int, paragraph: int) -> None:
    body = answer(7, lines=3)
    first = json.loads(body)["Response"]["TextDetections"][0]["ItemPolygon"]
    place = {"X": x, "Y": y, "Width": 200, "Height": first["Height"]}
    info = json.dumps({"Parag": {"ParagNo": paragraph}})
    bodies = [answer(1), changed(body, 1, ItemPolygon=place, AdvancedInfo=info), answer(2)]
    assert together(bodies) == one_by_one(bodies)


@given(
    st.lists(
        st.lists(
            st.tuples(st.text(max_size=5), *[st.integers(-40, 40)] * 4, st.sampled_from([None, 1, 2])),
            min_size=1,
            max_size=6,
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(deadline=None)
def test_any_places_give_the_same_texts(pages: list[list[tuple[str, int, int, int, int, int | None]]]) -> None:
    bodies = []
    for page in pages:
        detections = [
            {
                "DetectedText": text,
                "Confidence": 1,
                "Polygon": [{"X": x, "Y": y}] * 4,
                "ItemPolygon": {"X": x, "Y": y, "Width": width, "Height": height},
                "AdvancedInfo": json.dumps({"Parag": {"ParagNo": paragraph}}),
            }
            for text, x, y, width, height, paragraph in page
        ]
        bodies.append(json.dumps({"Response": {"TextDetections": detections}}).encode())
    assert all(map(read_plain, bodies))
    assert together(bodies) == one_by_one(bodies)


@pytest.mark.parametrize("depth", range(940, 1000, 3))
def test_an_answer_nested_to_the_limit_of_a_reader_fails_by_itself(depth: int) -> None:
    """Readers give up at different depths: a page that one takes and the other refuses must not fail later."""
    nested = b"[" * depth + b"]" * depth
    hostile = changed(answer(3), 0, Polygon=None).replace(b'"Polygon": null', b'"Polygon": ' + nested)
    tables, failed = DatasetTables(), 0
    for number, body in enumerate([answer(1), answer(2), hostile, answer(4)]):
        try:
            tables.append(row(number, body))
        except TransportError:
            failed += 1
    assert tables.take_pages().num_rows == 4 - failed
