"""Which detections make one visual line, and how a page's text is put together."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_tcocr.api.answer import read_answer
from airflow_provider_tcocr.api.detection import ItemPolygon, Point, TextDetection
from airflow_provider_tcocr.arrow.lines import page_text, visual_lines

OFFICIAL = read_answer((Path(__file__).parent / "general_accurate_ocr.json").read_bytes()).detections


def at(x: int, y: int, width: int, height: int, text: str = "text", *, upright: bool = True) -> TextDetection:
    """A detection in paragraph 1; not upright means that the service gave no item polygon."""
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return TextDetection(
        detected_text=text,
        polygon=[Point(*corner) for corner in corners],
        item_polygon=ItemPolygon(x, y, width, height) if upright else None,
        advanced_info='{"Parag":{"ParagNo":1}}',
    )


def test_three_detections_of_one_printed_line_are_one_line() -> None:
    assert visual_lines(OFFICIAL) == [[0], [1], [2], [3], [4], [5], [6, 7, 8]]


def test_the_text_of_the_published_page_has_seven_lines() -> None:
    lines = page_text(OFFICIAL).split("\n")
    assert len(lines) == 7
    assert lines[-1] == "后不费解。至于排序和筛选的便利，更是一句话就够了。"
    assert lines[5] == "这些年来我们用过的工具当中， 只有表格让人在打开之"


def test_a_turned_page_is_read_in_its_upright_frame() -> None:
    turned = [
        TextDetection(
            detected_text=detection.detected_text,
            advanced_info=detection.advanced_info,
            item_polygon=detection.item_polygon,
            polygon=[Point(-vertex.y, vertex.x) for vertex in detection.polygon or []],
        )
        for detection in OFFICIAL
    ]
    assert visual_lines(turned) == visual_lines(OFFICIAL)


def test_polygons_serve_where_there_is_no_item_polygon() -> None:
    assert visual_lines([at(0, 0, 50, 20, upright=False), at(55, 1, 50, 20, upright=False)]) == [[0, 1]]
    assert visual_lines([at(0, 0, 50, 20), at(55, 1, 50, 20, upright=False)]) == [[0, 1]]
    assert visual_lines([TextDetection(detected_text="a"), TextDetection(detected_text="b")]) == [[0], [1]]


@pytest.mark.parametrize(
    ("case", "following"),
    [
        ("the line below", at(0, 30, 100, 20)),
        ("half a line lower", at(105, 12, 100, 20)),
        ("the next column, a line height and more away", at(125, 0, 100, 20)),
        ("to the left", at(-120, 0, 100, 20)),
        ("over the first", at(50, 0, 100, 20)),
        ("upright writing", at(105, 0, 12, 20, "abc")),
        ("without height", at(105, 0, 100, 0)),
    ],
)
def test_what_does_not_continue_the_line_begins_one(case: str, following: TextDetection) -> None:
    assert visual_lines([at(0, 0, 100, 20), following]) == [[0], [1]], case


@pytest.mark.parametrize("x", [92, 100, 119])
def test_what_begins_where_the_last_ended_continues_the_line(x: int) -> None:
    assert visual_lines([at(0, 0, 100, 20), at(x, 2, 100, 20)]) == [[0, 1]]


def turned(detections: list[TextDetection], degrees: float, *, item_polygons: bool = False) -> list[TextDetection]:
    """The same page, turned clockwise, as the service gives it: polygons begin where the text begins."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [
        TextDetection(
            detected_text=detection.detected_text,
            advanced_info=detection.advanced_info,
            item_polygon=detection.item_polygon if item_polygons else None,
            polygon=[
                Point(round(vertex.x * cosine - vertex.y * sine), round(vertex.x * sine + vertex.y * cosine))
                for vertex in detection.polygon or []
            ],
        )
        for detection in detections
    ]


@pytest.mark.parametrize("degrees", [0, 8, -8, 45, 90, 98, 180, 270, 351.5])
def test_a_turned_or_skewed_page_reads_alike_from_its_polygons_alone(degrees: float) -> None:
    assert visual_lines(turned(OFFICIAL, degrees)) == visual_lines(OFFICIAL)
    assert page_text(turned(OFFICIAL, degrees)) == page_text(OFFICIAL)


@pytest.mark.parametrize("degrees", [0, 8, 90, 180, 270])
@pytest.mark.parametrize("item_polygons", [True, False])
def test_two_columns_stay_two_on_a_turned_page(degrees: float, item_polygons: bool) -> None:
    columns = [at(x, y, 200, 20, f"{x} {y}") for x in (0, 230) for y in (0, 30, 60)]
    assert visual_lines(turned(columns, degrees, item_polygons=item_polygons)) == [[index] for index in range(6)]


@pytest.mark.parametrize("upright", [True, False])
def test_a_line_that_runs_to_the_left_stays_in_its_parts_and_in_its_order(upright: bool) -> None:
    parts = [at(300, 0, 200, 20, "שלום עולם", upright=upright), at(50, 0, 240, 20, "זה מבחן", upright=upright)]
    assert page_text(parts) == "שלום עולם\nזה מבחן"


@pytest.mark.parametrize("upright", [True, False])
def test_columns_of_vertical_writing_are_a_line_each(upright: bool) -> None:
    columns = [at(x, 0, 20, 200, "縦書きの文", upright=upright) for x in (100, 75, 50)]
    assert visual_lines(columns) == [[0], [1], [2]]
    assert visual_lines(columns[::-1]) == [[0], [1], [2]]


@pytest.mark.parametrize(
    "without",
    [
        {"polygon": None, "item_polygon": None},
        {"polygon": [], "item_polygon": None},
        {"polygon": [Point(0, 0)], "item_polygon": None},
        {"polygon": [Point(105, 0)] * 4, "item_polygon": None},
    ],
)
def test_a_place_that_is_missing_or_senseless_begins_a_line(without: dict[str, Any]) -> None:
    placeless = msgspec.structs.replace(at(105, 0, 50, 20), **without)
    for one, other in ((at(0, 0, 100, 20), placeless), (placeless, at(160, 0, 50, 20)), (placeless, placeless)):
        assert visual_lines([one, other]) == [[0], [1]]


@pytest.mark.parametrize("advanced_info", [None, "", "xx", "{}", '{"Parag":{"ParagNo":0}}', '{"Parag":null}'])
def test_without_a_paragraph_the_places_alone_decide(advanced_info: str | None) -> None:
    line = [at(0, 0, 100, 20, "one"), at(105, 0, 100, 20, "line"), at(0, 30, 100, 20, "two")]
    line = [msgspec.structs.replace(part, advanced_info=advanced_info) for part in line]
    assert page_text(line) == "one line\ntwo"


def test_polygons_that_begin_at_another_corner_are_read_upright() -> None:
    parts = [at(x, 0, 50, 20, upright=False) for x in (0, 55)]
    for part in parts:
        assert part.polygon is not None
        part.polygon = part.polygon[3:] + part.polygon[:3]
    assert visual_lines(parts) == [[0, 1]]


def test_two_columns_in_row_order_are_not_fused() -> None:
    rows = [at(x, y, 200, 20) for y in (0, 30, 60) for x in (0, 230)]
    assert visual_lines(rows) == [[index] for index in range(6)]


def test_another_paragraph_begins_a_line() -> None:
    assert visual_lines([at(0, 0, 100, 20), at(105, 0, 100, 20)], paragraphs=[1, 2]) == [[0], [1]]
    assert visual_lines([at(0, 0, 100, 20), at(105, 0, 100, 20)], paragraphs=[None, None]) == [[0, 1]]


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("two", "words", "two words"),
        ("two ", " words", "two words"),
        ("文字", "识别", "文字识别"),
        ("2026", "年", "2026年"),
        ("经验，", "Python", "经验，Python"),
        ("かな", "カナ", "かなカナ"),
        ("한국", "소관", "한국 소관"),
        ("price:", "12", "price: 12"),
        ("", "alone", "alone"),
        ("alone", " ", "alone"),
    ],
)
def test_words_are_joined_with_a_space_and_han_with_nothing(first: str, second: str, joined: str) -> None:
    assert page_text([at(0, 0, 100, 20, first), at(105, 0, 100, 20, second)]) == joined


def test_a_page_without_detections_has_no_text() -> None:
    assert page_text([]) == ""
    assert visual_lines([]) == []


def test_detections_without_text_leave_no_empty_line() -> None:
    assert page_text([at(0, 0, 9, 9, "a"), at(0, 20, 9, 9, " "), TextDetection(), at(0, 40, 9, 9, "b")]) == "a\nb"


@given(st.lists(st.tuples(*[st.integers(-50, 200)] * 2, *[st.integers(0, 60)] * 2, st.booleans()), max_size=12))
def test_nothing_is_sorted_and_nothing_is_lost(boxes: list[tuple[int, int, int, int, bool]]) -> None:
    detections = [at(x, y, width, height, upright=upright) for x, y, width, height, upright in boxes]
    assert [index for line in visual_lines(detections) for index in line] == list(range(len(boxes)))
