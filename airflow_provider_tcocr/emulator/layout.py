"""Finds reading order, paragraphs and skew of a page from the boxes of its lines. Pure geometry, without an image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from .answer import Point

_COLUMN_LINES: Final = 4
"""Lines that a column of running text has at least."""

_COLUMN_FILL: Final = 0.6
"""The share of its width that its median line fills; cells of a table fill less, and are read row by row."""

_COLUMN_WIDTH: Final = 8.0
"""The width of its median line in line heights, at least."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box on the upright page."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """The height of its centre."""
        return self.top + self.height / 2


def skew(polygons: Sequence[Sequence[Point]]) -> float:
    """The degrees by which lines fall to the right: the median of the clearly wide lines, weighted by length."""
    weighed = []
    for first, second, _, last in polygons:
        width, height = math.dist(first, second), math.dist(first, last)
        if width > 2 * height:
            weighed.append((math.degrees(math.atan2(second[1] - first[1], second[0] - first[0])), width))
    return _weighted_median(weighed)


def _weighted_median(weighed: Sequence[tuple[float, float]]) -> float:
    half = sum(weight for _, weight in weighed) / 2
    for value, weight in sorted(weighed):
        half -= weight
        if half <= 0:
            return value
    return 0.0


def reading_order(boxes: Sequence[Box]) -> list[list[int]]:
    """The indices of the boxes, as visual lines in reading order.

    From top to bottom, in a line from left to right; running text in columns is read column by column.
    """
    return _read(list(range(len(boxes))), boxes)


def _read(places: list[int], boxes: Sequence[Box]) -> list[list[int]]:
    bands = _bands(places, boxes)
    for start, end in _runs(bands, boxes):
        inside = [place for band in bands[start:end] for place in band]
        gutter = _gutter(inside, boxes)
        if gutter is not None:
            above = [place for band in bands[:start] for place in band]
            below = [place for band in bands[end:] for place in band]
            left = [place for place in inside if boxes[place].right <= gutter]
            right = [place for place in inside if boxes[place].right > gutter]
            return [row for part in (above, left, right, below) if part for row in _read(part, boxes)]
    return _rows(places, boxes)


def _runs(bands: Sequence[Sequence[int]], boxes: Sequence[Box]) -> list[tuple[int, int]]:
    """Runs of bands that may have columns, the longest first: enough lines, half of them wide, a gap somewhere."""
    found = []
    for start in range(len(bands)):
        covered: list[tuple[float, float]] = []
        lines = wide = 0
        for end in range(start, len(bands)):
            for place in bands[end]:
                box = boxes[place]
                covered = _covering(covered, box)
                lines += 1
                wide += box.width >= _COLUMN_WIDTH / 2 * box.height
            if len(covered) > 1 and lines >= 2 * _COLUMN_LINES and 2 * wide >= lines:
                found.append((start, end + 1))
    return sorted(found, key=lambda run: run[0] - run[1])


def _covering(covered: Sequence[tuple[float, float]], box: Box) -> list[tuple[float, float]]:
    """The horizontal stretches that are covered, with one more box."""
    apart = [stretch for stretch in covered if stretch[1] < box.left or stretch[0] > box.right]
    touched = [stretch for stretch in covered if not (stretch[1] < box.left or stretch[0] > box.right)]
    left = min([box.left, *(stretch[0] for stretch in touched)])
    return [*apart, (left, max([box.right, *(stretch[1] for stretch in touched)]))]


def _bands(places: list[int], boxes: Sequence[Box]) -> list[list[int]]:
    """Groups of boxes, from top to bottom, that a horizontal line can separate; a box counts with its middle half."""
    bands: list[list[int]] = []
    reached = -math.inf
    for place in sorted(places, key=lambda place: boxes[place].top + boxes[place].height / 4):
        box = boxes[place]
        if box.top + box.height / 4 >= reached:
            bands.append([])
        bands[-1].append(place)
        reached = max(reached, box.bottom - box.height / 4)
    return bands


def _gutter(places: list[int], boxes: Sequence[Box]) -> float | None:
    """Where a vertical line separates two columns of running text, None where there are none."""
    ordered = sorted(places, key=lambda place: boxes[place].left)
    line = median(boxes[place].height for place in places)
    reached = -math.inf
    for count, place in enumerate(ordered):
        gap = boxes[place].left - reached
        if (
            count
            and gap >= 0.5 * line
            and all(
                _running(part, boxes) or (len(part) >= 2 * _COLUMN_LINES and _gutter(part, boxes) is not None)
                for part in (ordered[:count], ordered[count:])
            )
        ):
            return reached + gap / 2
        reached = max(reached, boxes[place].right)
    return None


def _running(places: list[int], boxes: Sequence[Box]) -> bool:
    if len(places) < _COLUMN_LINES:
        return False
    width = max(boxes[place].right for place in places) - min(boxes[place].left for place in places)
    middle = median(boxes[place].width for place in places)
    return middle >= _COLUMN_FILL * width and middle >= _COLUMN_WIDTH * median(boxes[place].height for place in places)


def _rows(places: list[int], boxes: Sequence[Box]) -> list[list[int]]:
    rows: list[list[int]] = []
    for place in sorted(places, key=lambda place: boxes[place].middle):
        box = boxes[place]
        if rows:
            middle = median(boxes[other].middle for other in rows[-1])
            height = median(boxes[other].height for other in rows[-1])
            if abs(box.middle - middle) < 0.5 * min(box.height, height):
                rows[-1].append(place)
                continue
        rows.append([place])
    return [sorted(row, key=lambda place: boxes[place].left) for row in rows]


def paragraphs(rows: Sequence[Sequence[int]], boxes: Sequence[Box]) -> dict[int, int]:
    """The paragraph of each box, counted from 1 in reading order.

    :param rows: visual lines in reading order
    """
    found: dict[int, int] = {}
    last = 0
    above: Sequence[int] = ()
    for row in rows:
        for position, place in enumerate(row):
            neighbour = row[position - 1] if position else None
            if neighbour is not None and _beside(boxes[neighbour], boxes[place]):
                found[place] = found[neighbour]
                continue
            upper = next((other for other in above if _under(boxes[other], boxes[place])), None)
            if upper is None:
                last += 1
            found[place] = last if upper is None else found[upper]
        above = row
    return found


def _beside(left: Box, right: Box) -> bool:
    return right.left - left.right < 2 * min(left.height, right.height)


def _under(upper: Box, lower: Box) -> bool:
    height = min(upper.height, lower.height)
    overlap = min(upper.right, lower.right) - max(upper.left, lower.left)
    return (
        -height < lower.top - upper.bottom < 0.9 * height
        and overlap > 0.3 * min(upper.width, lower.width)
        and max(upper.height, lower.height) < 1.5 * height
        and lower.left - upper.left <= 1.2 * height
    )
