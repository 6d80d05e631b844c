"""Maps polygons from the image that was sent to the user's original: pure arithmetic, integers within int32."""

from __future__ import annotations

import math
from typing import TypeAlias

from ..api.detection import ItemPolygon, Point
from ..api.scalars import INT32_MAX, INT32_MIN

Transform: TypeAlias = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x = a x' + b y' + c, y = d x' + e y' + f, from the sent image to the user's original."""


def mapped(polygon: list[Point], transform: Transform) -> list[Point] | None:
    """The polygon's vertices in the original, rounded; None where one of them does not fit int32."""
    a, b, c, d, e, f = transform
    try:
        vertices = [
            Point(round(a * vertex.x + b * vertex.y + c), round(d * vertex.x + e * vertex.y + f)) for vertex in polygon
        ]
    except (OverflowError, ValueError):  # infinite, or not a number
        return None
    return vertices if all(_fits(vertex.x) and _fits(vertex.y) for vertex in vertices) else None


def scaled(box: ItemPolygon, transform: Transform) -> ItemPolygon | None:
    """The upright box at the original's scale; its frame is one of its own, so it is neither turned nor moved."""
    a, b, _, d, e, _ = transform
    scale = math.sqrt(abs(a * e - b * d))
    try:
        x, y, width, height = (round(scale * side) for side in (box.x, box.y, box.width, box.height))
    except (OverflowError, ValueError):
        return None
    if not (_fits(x) and _fits(y) and _fits(width) and _fits(height)):
        return None
    return ItemPolygon(x, y, width, height)


def _fits(value: int) -> bool:
    return INT32_MIN <= value <= INT32_MAX
