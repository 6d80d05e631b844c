"""Pages and their answers as record batches of the declared schemas."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_tcocr.arrow import DETECTIONS_SCHEMA, PAGES_SCHEMA, SCHEMA_VERSION, DatasetTables, PageRow
from airflow_provider_tcocr.exceptions import TransportError

OFFICIAL = (Path(__file__).parent / "general_accurate_ocr.json").read_bytes()
RECOGNIZED = PageRow(
    document_id="invoice",
    document_uri="s3://bucket/invoice.png",
    page=1,
    status="recognized",
    action="GeneralAccurateOCR",
    options="{}",
    answer=OFFICIAL,
    attempts=1,
    recognized_at=1_795_000_000_000_000,
    latency_ms=300,
    width=800,
    height=600,
)
EMPTY = replace(RECOGNIZED, status="empty", answer=b'{"Response":{"Angle":270,"RequestId":"r-empty"}}')
FAILED = replace(
    RECOGNIZED, status="failed", answer=None, error_code="FailedOperation.ImageDecodeFailed", error_message="bad"
)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["X", "Y", "Width", "Height", "Character", "WordCoordinate"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


def page(*detections: dict[str, Any], **fields: Any) -> PageRow:
    answer = json.dumps({"Response": {"TextDetections": detections}}).encode()
    return replace(RECOGNIZED, answer=answer, **fields)


def tables(*pages: PageRow) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of both tables, after every invariant of theirs was checked."""
    building = DatasetTables()
    for each in pages:
        building.append(each)
    taken = (building.take_pages(), building.take_detections())
    check(taken[0], PAGES_SCHEMA)
    check(taken[1], DETECTIONS_SCHEMA)
    return taken[0].to_pylist(), taken[1].to_pylist()


def check(batch: pa.RecordBatch, schema: pa.Schema) -> None:
    batch.validate(full=True)
    assert batch.schema.equals(schema, check_metadata=True)
    for field, column in zip(schema, batch.columns, strict=True):
        assert field.nullable or column.null_count == 0, field.name


def names(rows: Sequence[dict[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows]


def test_a_recognized_page_is_one_row_and_its_detections() -> None:
    [row], detections = tables(RECOGNIZED)
    assert row["detections"] == len(detections) == 9
    assert row["text"].count("\n") == 6
    assert row["angle"] == pytest.approx(-0.01, abs=1e-4)
    assert row["confidence_mean"] == pytest.approx((8 * 99 + 96) / 9)
    assert row["confidence_min"] == 96
    assert row["request_id"] == "5d0e5a3c-0000-4000-8000-00000000cafe"
    assert row["recognized_at"].isoformat() == "2026-11-18T11:06:40+00:00"
    assert (row["width"], row["height"], row["latency_ms"], row["attempts"]) == (800, 600, 300, 1)


def test_detections_keep_the_order_of_the_service() -> None:
    _, detections = tables(RECOGNIZED)
    assert names(detections, "detection") == list(range(9))
    assert names(detections, "paragraph") == [1, 2, 3, 3, 3, 4, 4, 4, 4]
    first = detections[0]
    assert (first["left"], first["top"], first["right"], first["bottom"]) == (446, 93, 709, 118)
    assert first["polygon"][2] == {"x": 709, "y": 118}
    assert first["item_polygon"] == {"x": 446, "y": 93, "width": 263, "height": 22}
    assert first["advanced_info"] == '{"Parag":{"ParagNo":1}}'
    assert first["words"] is None
    assert first["language"] is None


def test_a_failed_page_is_a_row_without_text() -> None:
    [row], detections = tables(FAILED)
    assert detections == []
    assert (row["status"], row["error_code"]) == ("failed", "FailedOperation.ImageDecodeFailed")
    assert (row["text"], row["angle"], row["detections"]) == (None, None, 0)
    assert (row["confidence_mean"], row["confidence_min"]) == (None, None)


def test_a_failed_pages_answer_is_not_read() -> None:
    [row], detections = tables(replace(FAILED, answer=b"<html>"))
    assert (row["detections"], detections) == (0, [])


def test_an_empty_page_is_a_row_with_empty_text() -> None:
    [row], detections = tables(EMPTY)
    assert detections == []
    assert (row["text"], row["angle"], row["detections"], row["request_id"]) == ("", -90.0, 0, "r-empty")
    assert (row["confidence_mean"], row["confidence_min"]) == (None, None)


@pytest.mark.parametrize(
    "answer", [None, b'{"Response":{"TextDetections":[]}}', b'{"Response":{"TextDetections":null}}']
)
def test_a_recognized_page_may_hold_no_detections(answer: bytes | None) -> None:
    [row], detections = tables(replace(RECOGNIZED, answer=answer))
    assert (row["status"], row["text"], row["detections"], detections) == ("recognized", "", 0, [])


def test_every_detection_carries_its_page() -> None:
    second = replace(RECOGNIZED, document_id="other", document_uri="s3://bucket/other.pdf", page=7)
    pages, detections = tables(RECOGNIZED, FAILED, EMPTY, second)
    assert names(pages, "document_id") == ["invoice"] * 3 + ["other"]
    assert names(detections, "document_id") == ["invoice"] * 9 + ["other"] * 9
    assert names(detections, "document_uri")[8:10] == ["s3://bucket/invoice.png", "s3://bucket/other.pdf"]
    assert names(detections, "page") == [1] * 9 + [7] * 9
    assert names(detections, "detection") == [*range(9), *range(9)]


def test_a_foreign_answer_adds_nothing() -> None:
    building = DatasetTables()
    building.append(RECOGNIZED)
    before = (building.pending_pages, building.pending_detections, building.pending_bytes)
    with pytest.raises(TransportError):
        building.append(replace(RECOGNIZED, answer=b"<html>"))
    assert (building.pending_pages, building.pending_detections, building.pending_bytes) == before


def test_taking_empties() -> None:
    building = DatasetTables()
    building.append(RECOGNIZED)
    assert (building.pending_pages, building.pending_detections) == (1, 9)
    assert building.pending_bytes > len(OFFICIAL)
    first = (building.take_pages(), building.take_detections())
    assert (building.pending_pages, building.pending_detections, building.pending_bytes) == (0, 0, 0)
    building.append(replace(RECOGNIZED, document_id="later"))
    assert building.take_detections().column("document_id").unique().to_pylist() == ["later"]
    assert first[1].column("document_id").unique().to_pylist() == ["invoice"]
    assert first[0].num_rows == 1


def test_nothing_appended_is_nothing_with_the_whole_schema() -> None:
    assert tables() == ([], [])


def test_what_the_service_left_out_is_null_or_the_documented_value() -> None:
    [row], [detection] = tables(page({}))
    assert (detection["text"], detection["confidence"]) == ("", 0)
    absent = (
        "left",
        "top",
        "right",
        "bottom",
        "polygon",
        "item_polygon",
        "paragraph",
        "language",
        "advanced_info",
        "words",
    )
    assert all(detection[name] is None for name in absent)
    assert (row["detections"], row["text"], row["confidence_min"], row["confidence_mean"]) == (1, "", 0, 0.0)


def test_bounds_follow_polygons_of_any_number_of_vertices() -> None:
    polygons: list[Any] = [
        [{"X": 5, "Y": 9}, {"X": -1, "Y": 7}, {"X": 3, "Y": 8}],
        None,
        [],
        [{"X": 1, "Y": 2}] * 4,
        [{"X": 1, "Y": 1}, {"X": 4, "Y": 5}, {"X": 2, "Y": 9}, {"X": 0, "Y": 0}, {"X": 8, "Y": 3}],
    ]
    _, rows = tables(page(*({"Polygon": polygon} for polygon in polygons)))
    assert names(rows, "left") == [-1, None, None, 1, 0]
    assert names(rows, "top") == [7, None, None, 2, 0]
    assert names(rows, "right") == [5, None, None, 1, 8]
    assert names(rows, "bottom") == [9, None, None, 2, 9]
    assert [row["polygon"] and len(row["polygon"]) for row in rows] == [3, None, None, 4, 5]


def test_bounds_do_not_depend_on_the_first_vertex() -> None:
    bottom_left_first = [{"X": 0, "Y": 10}, {"X": 0, "Y": 0}, {"X": 20, "Y": 0}, {"X": 20, "Y": 10}]
    _, [row] = tables(page({"Polygon": bottom_left_first}))
    assert (row["left"], row["top"], row["right"], row["bottom"]) == (0, 0, 20, 10)
    assert row["polygon"][0] == {"x": 0, "y": 10}


def test_polygons_are_given_in_the_users_original() -> None:
    word = {"WordCoordinate": [{"X": 1, "Y": 2}]}
    detection = {
        "Polygon": [{"X": 1, "Y": 2}, {"X": 3, "Y": 4}],
        "ItemPolygon": {"X": 1, "Y": 2, "Width": 3, "Height": 4},
        "Words": [{"Character": "a", "Confidence": 9}],
        "WordCoordPoint": [word],
    }
    _, [row] = tables(page(detection, transform=(2, 0, 10, 0, 2, 20)))
    assert row["polygon"] == [{"x": 12, "y": 24}, {"x": 16, "y": 28}]
    assert (row["left"], row["top"], row["right"], row["bottom"]) == (12, 24, 16, 28)
    assert row["item_polygon"] == {"x": 2, "y": 4, "width": 6, "height": 8}
    assert row["words"] == [{"character": "a", "confidence": 9, "polygon": [{"x": 12, "y": 24}]}]


def test_a_polygon_that_leaves_int32_is_null() -> None:
    _, [row] = tables(page({"Polygon": [{"X": 1, "Y": 1}]}, transform=(1e12, 0, 0, 0, 1e12, 0)))
    assert (row["polygon"], row["left"]) == (None, None)


def test_words_are_paired_by_place_and_the_shorter_list_is_padded() -> None:
    words = [{"Character": "字", "Confidence": 98}, {"Character": "a", "Confidence": 97}]
    places = [{"WordCoordinate": [{"X": 1, "Y": 2}]}, {"WordCoordinate": None}]
    _, rows = tables(
        page(
            {"Words": words, "WordCoordPoint": places},
            {"Words": words, "WordCoordPoint": places[:1]},
            {"Words": words[:1], "WordCoordPoint": places},
            {"Words": [], "WordCoordPoint": []},
            {"Words": words},
            {"WordCoordPoint": places[:1]},
        )
    )
    first = {"character": "字", "confidence": 98, "polygon": [{"x": 1, "y": 2}]}
    second = {"character": "a", "confidence": 97, "polygon": None}
    nothing = {"character": "", "confidence": None, "polygon": None}
    assert rows[0]["words"] == [first, second]
    assert rows[1]["words"] == [first, second]
    assert rows[2]["words"] == [first, nothing]
    assert rows[3]["words"] is None
    assert rows[4]["words"] == [{**first, "polygon": None}, second]
    assert rows[5]["words"] == [{**nothing, "polygon": [{"x": 1, "y": 2}]}]


def test_names_that_no_encoding_holds_are_written_out() -> None:
    pages, detections = tables(replace(RECOGNIZED, document_id="scan\udce9.png", error_message="\ud800"))
    assert pages[0]["document_id"] == detections[0]["document_id"] == "scan\\udce9.png"
    assert pages[0]["error_message"] == "\\ud800"


def test_the_schema_version_is_in_the_parquet_file_and_a_round_trip_changes_nothing(tmp_path: Path) -> None:
    building = DatasetTables()
    for each in (RECOGNIZED, EMPTY, FAILED, page({}, {"Words": [{"Character": "a"}]})):
        building.append(each)
    for batch, schema in ((building.take_pages(), PAGES_SCHEMA), (building.take_detections(), DETECTIONS_SCHEMA)):
        pq.write_table(pa.Table.from_batches([batch]), tmp_path / "part-0.parquet")
        read = pq.read_table(tmp_path / "part-0.parquet", partitioning=None)
        assert read.schema.equals(schema, check_metadata=True)
        assert read.to_pylist() == batch.to_pylist()
        assert (
            pq.read_metadata(tmp_path / "part-0.parquet").metadata[b"tcocr.schema_version"].decode() == SCHEMA_VERSION
        )


def test_the_columns_are_those_of_the_design() -> None:
    assert [f"{field.name} {field.type}{'?' * field.nullable}" for field in PAGES_SCHEMA] == [
        *("document_id string", "document_uri string", "page int32", "status string", "error_code string?"),
        *("error_message string?", "angle double?", "text string?", "detections int32", "confidence_mean double?"),
        *("confidence_min int32?", "request_id string?", "action string", "options string", "prepared string?"),
        *(
            "attempts int32",
            "recognized_at timestamp[us, tz=UTC]",
            "latency_ms int32?",
            "width int32?",
            "height int32?",
        ),
    ]
    polygon = pa.list_(pa.struct({"x": pa.int32(), "y": pa.int32()}))
    word = pa.struct({"character": pa.string(), "confidence": pa.int32(), "polygon": polygon})
    assert DETECTIONS_SCHEMA.field("polygon").type == polygon
    assert DETECTIONS_SCHEMA.field("words").type == pa.list_(word)
    assert DETECTIONS_SCHEMA.field("item_polygon").type == pa.struct(
        dict.fromkeys(("x", "y", "width", "height"), pa.int32())
    )
    assert [f"{field.name}{'?' * field.nullable}" for field in DETECTIONS_SCHEMA] == [
        *(
            "document_id",
            "document_uri",
            "page",
            "detection",
            "text",
            "confidence",
            "left?",
            "top?",
            "right?",
            "bottom?",
        ),
        *("polygon?", "item_polygon?", "paragraph?", "language?", "advanced_info?", "words?"),
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(("DetectedText", "Confidence", "AdvancedInfo", "Language"), json_values)
            | dict.fromkeys(("Polygon", "Words", "WordCoordPoint"), st.lists(json_values, max_size=3) | json_values)
            | {"ItemPolygon": json_values},
        ),
        max_size=4,
    ),
    st.none() | st.tuples(*[st.floats()] * 6),
)
def test_any_json_in_the_place_of_any_field_gives_rows(detections: list[dict[str, Any]], transform: Any) -> None:
    pages, rows = tables(page(*detections, transform=transform))
    assert pages[0]["detections"] == len(rows) == len(detections)


@given(st.binary(max_size=100) | st.binary(max_size=40).map(lambda tail: OFFICIAL[:1000] + tail))
def test_any_bytes_give_rows_or_the_typed_error(body: bytes) -> None:
    with suppress(TransportError):
        tables(replace(RECOGNIZED, answer=body))
