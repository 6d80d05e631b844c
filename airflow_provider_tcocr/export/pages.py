"""The pages of one document, from rows of the two tables, as both exports take them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

from ..arrow.reading import READ_COLUMNS, Row, page_rows

PAGE_COLUMNS: Final = ("page", "document_uri", "error_code", "width", "height")
DETECTION_COLUMNS: Final = (*READ_COLUMNS, "words")


@dataclass(frozen=True, slots=True)
class ReadPage:
    """What is known of one page.

    :param number: from 1
    :param document_uri: where its document is
    :param size: width and height in pixels, as the table of pages has them; None where it has none
    :param error_code: why it was not read, None where it was
    :param rows: its rows of the detections table, in the service's order
    """

    number: int
    document_uri: str
    size: tuple[int, int] | None
    error_code: str | None = None
    rows: tuple[Row, ...] = field(default=(), repr=False)


def read_pages(pages: pa.Table, detections: pa.Table) -> list[ReadPage]:
    """The pages of one document, in their order; where a page has two rows, the later one.

    :param pages: its rows of the pages table, with :data:`PAGE_COLUMNS`
    :param detections: its rows of the detections table, with :data:`DETECTION_COLUMNS`
    """
    rows = {page: rows for _, page, rows in page_rows(detections)}
    found = {
        row["page"]: ReadPage(
            number=row["page"],
            document_uri=row["document_uri"],
            size=None if row["width"] is None or row["height"] is None else (row["width"], row["height"]),
            error_code=row["error_code"],
            rows=tuple(rows.get(row["page"], ())),
        )
        for row in pages.to_pylist()
    }
    return list(found.values())
