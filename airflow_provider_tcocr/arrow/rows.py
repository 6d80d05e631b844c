"""Collects pages as rows of the two tables, in memory; reads and writes no file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import pyarrow as pa

from ..api.answer import Answer, read_answer
from ..api.detection import TextDetection, paragraph_number
from .detections import DetectionColumns
from .geometry import Transform
from .lines import page_text
from .schema import PAGES_SCHEMA

Status: TypeAlias = Literal["recognized", "empty", "failed"]
RECOGNIZED: Final = "recognized"
EMPTY: Final = "empty"
FAILED: Final = "failed"

_PAGE_BYTES: Final = 400
_TEXTS: Final = ("document_id", "document_uri", "error_code", "error_message", "prepared")
_AS_THEY_ARE: Final = (
    "page",
    "status",
    "action",
    "options",
    "attempts",
    "recognized_at",
    "latency_ms",
    "width",
    "height",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """One page as the tables take it.

    :param document_id: the user's, else the URI
    :param document_uri: the URI, its query string removed
    :param page: from 1
    :param status: ``recognized``, ``empty`` or ``failed``
    :param action: the action that was called
    :param options: canonical JSON
    :param answer: the service's body, exactly as given; not read of a failed page
    :param error_code: the service's or ours; None unless the page failed
    :param error_message: the text that goes with it, and what to do
    :param request_id: where None, the answer's own is taken
    :param prepared: what was done to the page before it was sent
    :param attempts: calls made for it
    :param recognized_at: microseconds since the epoch, UTC
    :param latency_ms: milliseconds of the call that succeeded, None where none did
    :param width: pixels of the user's original
    :param height: pixels of the user's original
    :param transform: from the image that was sent to the user's original; None where they are the same
    """

    document_id: str
    document_uri: str
    page: int
    status: Status
    action: str
    options: str
    answer: bytes | None = None
    error_code: str | None = None
    error_message: str | None = None
    request_id: str | None = None
    prepared: str | None = None
    attempts: int = 0
    recognized_at: int = 0
    latency_ms: int | None = None
    width: int | None = None
    height: int | None = None
    transform: Transform | None = None


class DatasetTables:
    """Collects pages, and gives them back as one record batch a table.

    Rows keep the order in which they were appended. Take them every few hundred pages or by :attr:`pending_bytes`: a
    column's texts must not reach 2 GiB.
    """

    def __init__(self) -> None:
        self._pages = _PageColumns()
        self._detections = DetectionColumns()

    @property
    def pending_pages(self) -> int:
        """Pages appended and not taken yet."""
        return len(self._pages)

    @property
    def pending_detections(self) -> int:
        """Detections appended and not taken yet."""
        return len(self._detections)

    @property
    def pending_bytes(self) -> int:
        """Roughly the memory that is held: the size of the answers, which is about twice that of their columns."""
        return self._pages.size + self._detections.size

    def append(self, page: PageRow) -> None:
        """Add one page, and the detections of a recognized one.

        :param page: the page with its answer
        :raise TransportError: when the page's answer is not the service's JSON; then nothing was added
        """
        answer = read_answer(page.answer) if page.answer is not None and page.status != FAILED else Answer()
        self.append_answer(page, answer, size=len(page.answer or b""))

    def append_answer(self, page: PageRow, answer: Answer, *, size: int = 0) -> None:
        """Add one page whose answer has been read already.

        :param page: the page; its own answer is not looked at
        :param answer: the answer, read
        :param size: the answer's bytes, for :attr:`pending_bytes`
        """
        detections = answer.detections if page.status == RECOGNIZED else []
        paragraphs = [paragraph_number(detection.advanced_info) for detection in detections]
        text = None if page.status == FAILED else page_text(detections, paragraphs=paragraphs)
        if detections:
            self._detections.append(
                detections,
                page=(_encodable(page.document_id), _encodable(page.document_uri), page.page),
                paragraphs=paragraphs,
                language=answer.language,
                transform=page.transform,
                size=size,
            )
        self._pages.append(page, answer, text=text, detections=detections)

    def take_pages(self) -> pa.RecordBatch:
        """The pages so far, with the schema of the pages table; they are pending no longer."""
        columns, self._pages = self._pages, _PageColumns()
        return columns.record_batch()

    def take_detections(self) -> pa.RecordBatch:
        """The detections so far, with the schema of the detections table; they are pending no longer."""
        columns, self._detections = self._detections, DetectionColumns()
        return columns.record_batch()


class _PageColumns:
    def __init__(self) -> None:
        self.columns: dict[str, list[Any]] = {name: [] for name in PAGES_SCHEMA.names}
        self.size = 0

    def __len__(self) -> int:
        return len(self.columns["page"])

    def append(self, page: PageRow, answer: Answer, *, text: str | None, detections: list[TextDetection]) -> None:
        confidences = [detection.confidence or 0 for detection in detections]
        columns = self.columns
        for name in _AS_THEY_ARE:
            columns[name].append(getattr(page, name))
        for name in _TEXTS:
            value = getattr(page, name)
            columns[name].append(None if value is None else _encodable(value))
        columns["angle"].append(None if page.status == FAILED else answer.page_angle)
        columns["text"].append(text)
        columns["detections"].append(len(detections))
        columns["confidence_mean"].append(sum(confidences) / len(confidences) if confidences else None)
        columns["confidence_min"].append(min(confidences, default=None))
        columns["request_id"].append(page.request_id or answer.request_id)
        self.size += _PAGE_BYTES + len(text or "")

    def record_batch(self) -> pa.RecordBatch:
        arrays = [pa.array(self.columns[field.name], field.type) for field in PAGES_SCHEMA]
        return pa.RecordBatch.from_arrays(arrays, schema=PAGES_SCHEMA)


def _encodable(text: str) -> str:
    """The text, with what UTF-8 cannot encode (stray bytes of a file's name) escaped, so that names stay distinct."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()
