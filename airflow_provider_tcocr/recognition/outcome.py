"""What became of a page, and its row: a recognition, an empty page, or a failure that is data. Makes no call."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from ..api.faults import NO_TEXT
from ..arrow.rows import EMPTY, FAILED, RECOGNIZED, PageRow, Status
from ..client.client import Reply
from ..documents import Document, PreparedPage
from ..exceptions import ApiError, DocumentError, TransportError


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one page ended.

    :param status: ``recognized``, ``empty`` or ``failed``
    :param answer: the service's body as it gave it, None where none came
    :param attempts: calls made for the page
    :param finished_at: microseconds since the epoch, UTC
    :param page: what was sent when bytes were sent, None for a URL
    """

    status: Status
    answer: bytes | None = field(default=None, repr=False)
    error_code: str | None = None
    error_message: str | None = None
    request_id: str | None = None
    attempts: int = 0
    latency_ms: int | None = None
    finished_at: int = field(default_factory=lambda: time.time_ns() // 1000)
    page: PreparedPage | None = field(default=None, repr=False)

    @classmethod
    def of_reply(cls, reply: Reply, *, attempts: int, page: PreparedPage | None) -> Outcome:
        """The outcome of a successful call; without any detection it is an empty page."""
        return cls(
            status=RECOGNIZED if reply.detects else EMPTY,
            answer=reply.body,
            request_id=reply.request_id,
            attempts=attempts,
            latency_ms=reply.latency_ms,
            page=page,
        )

    @classmethod
    def of_error(
        cls,
        error: TransportError | ApiError | DocumentError,
        *,
        attempts: int = 0,
        page: PreparedPage | None = None,
    ) -> Outcome:
        """A failed page, or an empty one where the service says so; without attempts, a page that cannot be sent."""
        if not isinstance(error, ApiError):
            return cls(status=FAILED, error_code=error.code, error_message=error.message, attempts=attempts, page=page)
        blank = error.code == NO_TEXT
        return cls(
            status=EMPTY if blank else FAILED,
            answer=error.answer,
            error_code=None if blank else error.code,
            error_message=None if blank else f"{error.message} {error.advice}".strip(),
            request_id=error.request_id,
            attempts=attempts,
            page=page,
        )

    def row(self, document: Document, page: int, *, action: str, options: str) -> PageRow:
        """The page's row, for a table or the journal.

        :param options: canonical JSON
        """
        sent = self.page
        return PageRow(
            document_id=document.document_id,
            document_uri=document.document_uri,
            page=page,
            status=self.status,
            action=action,
            options=options,
            answer=self.answer,
            error_code=self.error_code,
            error_message=self.error_message,
            request_id=self.request_id,
            prepared=sent.prepared if sent else None,
            attempts=self.attempts,
            recognized_at=self.finished_at,
            latency_ms=self.latency_ms,
            width=sent.width if sent else None,
            height=sent.height if sent else None,
            transform=sent.transform if sent else None,
        )
