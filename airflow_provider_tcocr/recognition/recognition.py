"""The recognition of one page, as the hook returns it: plain values, and an Arrow table on demand."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..arrow import DatasetTables, PageRow

if TYPE_CHECKING:
    import pyarrow as pa

_OF_THE_PAGE = ("document_id", "document_uri", "page")


@dataclass(frozen=True)
class Recognition:
    """One page: read, empty, or failed with a reason. Coordinates are pixels of the user's own image.

    :param row: what is known of the page, its answer included
    """

    row: PageRow = field(repr=False)

    @property
    def document_id(self) -> str:
        """The user's id, else the URI without its query."""
        return self.row.document_id

    @property
    def document_uri(self) -> str:
        """The URI without its query."""
        return self.row.document_uri

    @property
    def page(self) -> int:
        """From 1."""
        return self.row.page

    @property
    def status(self) -> str:
        """``recognized``, ``empty`` or ``failed``."""
        return self.row.status

    @property
    def error_code(self) -> str | None:
        """The service's code or ours, None where the page was read."""
        return self.row.error_code

    @property
    def error_message(self) -> str | None:
        """What went wrong and what to do, None where the page was read."""
        return self.row.error_message

    @property
    def request_id(self) -> str | None:
        """The service's RequestId."""
        return self.row.request_id

    @property
    def answer(self) -> bytes | None:
        """The service's whole answer as it gave it (UTF-8 JSON), None where none came."""
        return self.row.answer

    @property
    def text(self) -> str | None:
        """The page's text in reading order, visual lines rebuilt; None for a failed page."""
        text: str | None = self._page["text"]
        return text

    @property
    def angle(self) -> float | None:
        """Degrees in (-180, 180], clockwise positive; None where the service gave none."""
        angle: float | None = self._page["angle"]
        return angle

    @property
    def detections(self) -> list[dict[str, Any]]:
        """The detections in the service's order, with the column names of the table ``detections``."""
        return [
            {name: value for name, value in row.items() if name not in _OF_THE_PAGE}
            for row in self.to_table().to_pylist()
        ]

    def to_table(self) -> pa.Table:
        """The detections, one row each, in DETECTIONS_SCHEMA."""
        return self._tables[1]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: what the single operator pushes to XCom for a page."""
        return {
            "page": self.page,
            "status": self.status,
            "text": self.text,
            "angle": self.angle,
            "request_id": self.request_id,
            "error_code": self.error_code,
            "error_message": self.error_message,
            "detections": self.detections,
        }

    @cached_property
    def _tables(self) -> tuple[dict[str, Any], Any]:
        import pyarrow as pa

        tables = DatasetTables()
        tables.append(self.row)
        page = tables.take_pages().to_pylist()[0]
        return page, pa.Table.from_batches([tables.take_detections()])

    @property
    def _page(self) -> dict[str, Any]:
        return self._tables[0]

    def __repr__(self) -> str:
        return f"Recognition({self.document_id!r}, page {self.page}, {self.status})"
