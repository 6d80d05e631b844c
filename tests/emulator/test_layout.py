"""Lines into reading order, paragraphs and the page's angle: geometry on plain numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_tcocr.emulator.answer import UPRIGHT, Turn, detection, published_angle
from airflow_provider_tcocr.emulator.layout import Box, paragraphs, reading_order, skew


def line(left: float, top: float, width: float, height: float = 20) -> Box:
    return Box(left, top, width, height)


def test_a_row_is_read_from_left_to_right_even_when_it_is_not_quite_level() -> None:
    boxes = [line(300, 98, 100), line(0, 100, 100), line(150, 103, 100), line(0, 140, 100)]
    assert reading_order(boxes) == [[1, 2, 0], [3]]


def test_a_table_is_read_by_its_rows() -> None:
    boxes = [line(400 * column, 40 * row, 60) for row in range(8) for column in range(3)]
    assert reading_order(boxes) == [[3 * row, 3 * row + 1, 3 * row + 2] for row in range(8)]


def test_a_receipt_is_read_by_its_rows() -> None:
    names = [line(0, 30 * row, 80 + 37 * row % 160) for row in range(10)]
    prices = [line(520, 30 * row, 60) for row in range(10)]
    assert reading_order(names + prices) == [[row, row + 10] for row in range(10)]


@pytest.mark.parametrize("shift", [0, 7, 13])
def test_running_text_in_two_columns_is_read_column_by_column(shift: int) -> None:
    title = [line(0, 0, 1000, 30)]
    left = [line(0, 60 + 26 * row, 470) for row in range(12)]
    right = [line(530, 60 + shift + 26 * row, 470) for row in range(12)]
    foot = [line(0, 60 + 26 * 13, 1000)]
    order = [place for row in reading_order([*title, *right, *left, *foot]) for place in row]
    assert order == [0, *range(13, 25), *range(1, 13), 25]


def test_three_columns_are_read_one_by_one() -> None:
    boxes = [line(350 * column, 26 * row, 300) for row in range(9) for column in range(3)]
    order = [place for row in reading_order(boxes) for place in row]
    assert order == [3 * row + column for column in range(3) for row in range(9)]


@settings(deadline=None)
@given(
    st.lists(
        st.builds(line, st.integers(0, 900), st.integers(0, 900), st.integers(1, 600), st.integers(1, 60)), max_size=30
    )
)
def test_every_line_is_read_once_and_has_a_paragraph_counted_without_gaps(boxes: list[Box]) -> None:
    rows = reading_order(boxes)
    assert sorted(place for row in rows for place in row) == list(range(len(boxes)))
    numbers = paragraphs(rows, boxes)
    first_seen = list(dict.fromkeys(numbers[place] for row in rows for place in row))
    assert first_seen == list(range(1, len(first_seen) + 1))


def test_a_paragraph_ends_at_a_gap_an_indent_and_another_size() -> None:
    boxes = [
        line(100, 0, 800),
        line(100, 24, 800),
        line(140, 48, 760),
        line(100, 72, 800),
        line(100, 120, 800),
        line(100, 146, 800, 40),
    ]
    assert paragraphs(reading_order(boxes), boxes) == {0: 1, 1: 1, 2: 2, 3: 2, 4: 3, 5: 4}


def test_neighbours_on_a_row_share_a_paragraph_and_far_ones_do_not() -> None:
    boxes = [line(0, 0, 100), line(120, 0, 100), line(400, 0, 100)]
    assert paragraphs(reading_order(boxes), boxes) == {0: 1, 1: 1, 2: 2}


def test_the_skew_is_that_of_the_long_lines() -> None:
    def slanted(length: float, degrees: float) -> list[tuple[float, float]]:
        x, y = length * math.cos(math.radians(degrees)), length * math.sin(math.radians(degrees))
        return [(0, 0), (x, y), (x, y + 10), (0, 10)]

    assert skew([slanted(500, 3), slanted(400, 3), slanted(60, -40), slanted(8, 60)]) == pytest.approx(3)
    assert skew([]) == 0


@pytest.mark.parametrize(
    ("degrees", "published"), [(0, UPRIGHT), (-0.001, UPRIGHT), (-2, 358), (450, 90), (8.04, 8.04)]
)
def test_an_angle_is_published_from_0_to_360_and_an_upright_page_near_360(degrees: float, published: float) -> None:
    assert published_angle(degrees) == pytest.approx(published)


@settings(deadline=None)
@given(st.floats(0, 360), st.floats(0, 1000), st.floats(0, 700))
def test_a_turn_there_and_back_ends_where_it_began(angle: float, x: float, y: float) -> None:
    turn = Turn(angle, 1000, 700)
    upright = turn.upright((x, y))
    assert min(upright) > -1e-6
    assert turn.original(upright) == pytest.approx((x, y), abs=1e-6)


def test_the_item_polygon_of_a_page_on_its_side_lies_along_the_text() -> None:
    polygon = [(2121.0, 581.0), (2117.0, 1112.0), (2054.0, 1112.0), (2057.0, 581.0)]
    found = detection("The", confidence=0.996, polygon=polygon, turn=Turn(90, 2200, 1700), paragraph=1)
    assert found["ItemPolygon"] == {"X": 581, "Y": 79, "Width": 531, "Height": 64}
    assert found["Polygon"][0] == {"X": 2121, "Y": 581}
    assert found["AdvancedInfo"] == '{"Parag":{"ParagNo":1}}'
    assert found["Confidence"] == 100
