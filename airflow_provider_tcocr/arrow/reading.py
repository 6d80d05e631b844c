"""A page's detections as a person reads them: visual lines, grouped into paragraphs. Keeps the order of the rows.

The service numbers the paragraphs. Where it gave no number, or 0, a line continues the paragraph of the line above it
when it begins close below that and is about as high.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, Final, TypeAlias

import pyarrow as pa

from ..api.detection import ItemPolygon, Point, TextDetection
from .lines import boxes, is_upright, line_text, visual_lines

Row: TypeAlias = Mapping[str, Any]

LINES_SCHEMA: Final = pa.schema(
    [
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("page", pa.int32(), nullable=False),
        pa.field("line", pa.int32(), nullable=False),  # on its page, from 0
        pa.field("paragraph", pa.int32(), nullable=False),  # on its page, from 1
        pa.field("text", pa.string(), nullable=False),
        pa.field("confidence", pa.int32(), nullable=False),  # the least of its detections'
        pa.field("left", pa.int32()),  # the bounds of its detections' polygons; null where none has one
        pa.field("top", pa.int32()),
        pa.field("right", pa.int32()),
        pa.field("bottom", pa.int32()),
    ]
)
"""One row a visual line that has text, in reading order."""

READ_COLUMNS: Final = (
    *("document_id", "page", "detection", "text", "confidence", "left", "top", "right", "bottom"),
    *("polygon", "item_polygon", "paragraph"),
)
"""The columns of the detections table that are needed."""

_ROWS: Final = 10_000
"""Lines that are held as Python objects at a time."""

_WIDEST_SPACING: Final = 0.9
_LEAST_OVERLAP: Final = 0.3
_TALLEST_NEIGHBOUR: Final = 1.5


@dataclass(frozen=True, slots=True)
class Line:
    """One visual line.

    :param text: its detections' texts, joined
    :param paragraph: on its page, from 1
    :param detections: rows of the detections table, in the service's order
    """

    text: str
    paragraph: int
    detections: tuple[Row, ...]


def page_rows(detections: pa.Table) -> Iterator[tuple[str, int, list[Row]]]:
    """Each page that has detections, as document_id, page and rows.

    :param detections: rows of the detections table, those of a page together
    """
    key, rows = None, list[Row]()
    for batch in detections.to_batches():
        for row in batch.to_pylist():
            if rows and (row["detection"] == 0 or key != (row["document_id"], row["page"])):
                yield rows[0]["document_id"], rows[0]["page"], rows
                rows = []
            key = row["document_id"], row["page"]
            rows.append(row)
    if rows:
        yield rows[0]["document_id"], rows[0]["page"], rows


def page_lines(rows: Sequence[Row]) -> list[Line]:
    """The visual lines of one page; those without text are left out.

    :param rows: of the detections table, all of one page, in the service's order
    """
    detections = [_detection(row) for row in rows]
    numbers = [row["paragraph"] for row in rows]
    found = [
        (text, line) for line in visual_lines(detections, paragraphs=numbers) if (text := line_text(detections, line))
    ]
    lines = [Line(text, 1, tuple(rows[index] for index in line)) for text, line in found[:1]]
    for (_, above), (text, line) in pairwise(found):
        first, second = above[0], line[0]
        if numbers[first] != numbers[second]:
            goes_on = False
        else:
            goes_on = bool(numbers[first]) or _goes_on(detections[first], detections[second])
        paragraph = lines[-1].paragraph + (not goes_on)
        lines.append(Line(text, paragraph, tuple(rows[index] for index in line)))
    return lines


def lines_table(detections: pa.Table) -> pa.Table:
    """One row a visual line, in :data:`LINES_SCHEMA`.

    :param detections: rows of the detections table, those of a page together, with :data:`READ_COLUMNS`
    """
    found = (
        {
            "document_id": document_id,
            "page": page,
            "line": number,
            "paragraph": line.paragraph,
            "text": line.text,
            "confidence": min(row["confidence"] for row in line.detections),
            **_bounds(line.detections),
        }
        for document_id, page, rows in page_rows(detections)
        for number, line in enumerate(page_lines(rows))
    )
    batches = (
        pa.RecordBatch.from_pylist(some, schema=LINES_SCHEMA) for some in iter(lambda: [*islice(found, _ROWS)], [])
    )
    return pa.Table.from_batches(batches, schema=LINES_SCHEMA)


def _bounds(rows: Sequence[Row]) -> dict[str, int | None]:
    placed = [row for row in rows if row["left"] is not None]
    return {
        name: outer((row[name] for row in placed), default=None)
        for name, outer in (("left", min), ("top", min), ("right", max), ("bottom", max))
    }


def _detection(row: Row) -> TextDetection:
    polygon, box = row["polygon"], row["item_polygon"]
    return TextDetection(
        detected_text=row["text"],
        polygon=None if polygon is None else [Point(**vertex) for vertex in polygon],
        item_polygon=None if box is None else ItemPolygon(**box),
    )


def _goes_on(above: TextDetection, below: TextDetection) -> bool:
    """Whether a line continues the paragraph of the line above it, by their boxes."""
    both = boxes(above, below)
    if both is None:
        return False
    one, two = both
    lower, taller = sorted((one.height, two.height))
    return (
        0 < taller <= _TALLEST_NEIGHBOUR * lower
        and one.top < two.top
        and two.top - one.bottom < _WIDEST_SPACING * lower
        and min(one.right, two.right) - max(one.left, two.left) > _LEAST_OVERLAP * min(one.width, two.width)
        and not is_upright(one, above)
        and not is_upright(two, below)
    )
