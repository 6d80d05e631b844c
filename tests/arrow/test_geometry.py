"""Polygons on their way back to the user's original."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_tcocr.api.detection import ItemPolygon, Point
from airflow_provider_tcocr.api.scalars import INT32_MAX, INT32_MIN
from airflow_provider_tcocr.arrow.geometry import mapped, scaled

int32 = st.integers(INT32_MIN, INT32_MAX)


def test_a_halved_image_is_doubled() -> None:
    assert mapped([Point(1, 2), Point(3, 4)], (2, 0, 0, 0, 2, 0)) == [Point(2, 4), Point(6, 8)]
    assert scaled(ItemPolygon(1, 2, 3, 4), (2, 0, 0, 0, 2, 0)) == ItemPolygon(2, 4, 6, 8)


def test_a_quarter_turn_moves_vertices_and_leaves_the_upright_box() -> None:
    turn = (0, -1, 100, 1, 0, 0)
    assert mapped([Point(10, 20)], turn) == [Point(80, 10)]
    assert scaled(ItemPolygon(1, 2, 3, 4), turn) == ItemPolygon(1, 2, 3, 4)


def test_vertices_are_rounded() -> None:
    assert mapped([Point(1, 1)], (0.6, 0, 0, 0, 0.4, 0)) == [Point(1, 0)]


@pytest.mark.parametrize("factor", [1e300, math.inf, math.nan])
def test_what_leaves_int32_is_none(factor: float) -> None:
    assert mapped([Point(1, 1)], (factor, 0, 0, 0, factor, 0)) is None
    assert scaled(ItemPolygon(1, 1, 1, 1), (factor, 0, 0, 0, factor, 0)) is None


@given(
    st.builds(Point, int32, int32), st.builds(ItemPolygon, int32, int32, int32, int32), st.tuples(*[st.floats()] * 6)
)
def test_any_transform_gives_int32_or_none(
    vertex: Point, box: ItemPolygon, transform: tuple[float, float, float, float, float, float]
) -> None:
    for moved in mapped([vertex], transform) or []:
        assert max(abs(moved.x), abs(moved.y)) <= 2**31
    resized = scaled(box, transform)
    assert resized is None or max(map(abs, (resized.x, resized.y, resized.width, resized.height))) <= 2**31
