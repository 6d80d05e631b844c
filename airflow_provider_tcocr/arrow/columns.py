"""Arrow arrays from flat buffers of 32-bit integers, so that a column of integers costs no Python object a value."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from ..api.detection import Point
from .geometry import Transform, mapped
from .schema import POINT, POLYGON

Ints: TypeAlias = "array[int]"

_CORNERS: Final = 4


def ints(values: Iterable[int] = ()) -> Ints:
    """A growing buffer of 32-bit integers."""
    return array("i", values)


def offsets() -> Ints:
    """A growing buffer of list offsets; the first is 0."""
    return array("i", (0,))


def validity(valid: Sequence[bool]) -> pa.Buffer | None:
    """The validity bitmap of a column, None where no value is null."""
    return None if all(valid) else pa.array(valid, pa.bool_()).buffers()[1]


def int32_array(values: Ints, valid: pa.Buffer | None = None) -> pa.Array:
    """A column of int32 over the buffer, which must not grow any more."""
    return pa.Array.from_buffers(pa.int32(), len(values), [valid, pa.py_buffer(values)])


def list_array(dtype: pa.DataType, starts: Ints, elements: pa.Array, valid: pa.Buffer | None = None) -> pa.Array:
    """A list column: the row i holds the elements from starts[i] to starts[i + 1]."""
    return pa.Array.from_buffers(dtype, len(starts) - 1, [valid, pa.py_buffer(starts)], children=[elements])


def struct_array(dtype: pa.DataType, fields: Sequence[pa.Array], valid: pa.Buffer | None = None) -> pa.Array:
    """A struct column over columns of one length."""
    return pa.Array.from_buffers(dtype, len(fields[0]), [valid], children=list(fields))


def repeated(values: Sequence[Any], counts: Ints, dtype: pa.DataType) -> pa.Array:
    """Each value as often as its count says."""
    places = ints()
    for place, count in enumerate(counts):
        places.extend(array("i", (place,)) * count)
    return pa.array(values, dtype).take(int32_array(places))


class PolygonColumn:
    """A list column of polygons, null where there is none."""

    def __init__(self) -> None:
        self.starts = offsets()
        self.valid: list[bool] = []
        self.xs = ints()
        self.ys = ints()
        self.all_have_corners = True
        """Whether every polygon has four vertices, as nearly always."""

    def extend(self, polygons: Sequence[list[Point] | None], transform: Transform | None = None) -> None:
        """Add polygons, through the transform; None, and one without vertices, is null."""
        if transform is not None:
            polygons = [mapped(polygon, transform) if polygon else None for polygon in polygons]
        xs: list[int] = []
        ys: list[int] = []
        for polygon in polygons:
            if polygon and len(polygon) == _CORNERS:  # unpacked takes half the time
                a, b, c, d = polygon
                xs += (a.x, b.x, c.x, d.x)
                ys += (a.y, b.y, c.y, d.y)
            else:
                self.all_have_corners = False
                xs += [vertex.x for vertex in polygon or ()]
                ys += [vertex.y for vertex in polygon or ()]
        sizes = [len(polygon or ()) for polygon in polygons]
        self.xs.fromlist(xs)
        self.ys.fromlist(ys)
        self.starts.fromlist(list(accumulate(sizes, initial=self.starts.pop())))
        self.valid += map(bool, sizes)

    def array(self) -> pa.Array:
        """The column over its buffers, which must not grow any more."""
        points = struct_array(POINT, [int32_array(self.xs), int32_array(self.ys)])
        return list_array(POLYGON, self.starts, points, validity(self.valid))

    def bounds(self) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
        """Columns of each polygon's left, top, right and bottom, null where there is no polygon."""
        (left, right), (top, bottom) = self._extremes(self.xs), self._extremes(self.ys)
        return left, top, right, bottom

    def _extremes(self, values: Ints) -> tuple[pa.Array, pa.Array]:
        if self.all_have_corners:
            corners = [int32_array(values[corner::_CORNERS]) for corner in range(_CORNERS)]
            return pc.min_element_wise(*corners), pc.max_element_wise(*corners)
        spans = [values[start:end] or ints((0,)) for start, end in pairwise(self.starts)]
        valid = validity(self.valid)
        return int32_array(ints([min(span) for span in spans]), valid), int32_array(
            ints([max(span) for span in spans]), valid
        )
