"""Finds out which pages of a document are paid for and which are left. Blocking, so run in threads; makes no call."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..documents import (
    Document,
    OpenedDocument,
    Opener,
    out_of_range,
    travels_as_url,
    version_of,
)
from ..exceptions import ConfigurationError, DocumentError
from ..landing.index import DocumentKey, Entry, RawIndex

_FIRST: Final = (1,)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDocument(DocumentKey):
    """A document's part of the dataset; flat, since a batch holds one for each document.

    :param pages: those that the dataset has of it, ascending
    """

    document: Document
    pages: tuple[int, ...]

    def rows_in(self, index: RawIndex) -> list[Entry]:
        """The rows that count for its pages, in the order of the pages; a page may have none."""
        rows = index.pages_of(self)
        return [rows[page] for page in self.pages if page in rows]


@dataclass(slots=True)
class Examined:
    """A document and what is left to do for it.

    :param todo: pages to recognize
    :param refused: pages that cannot be sent, and why
    :param reused: pages that are paid for
    :param opened: the open document, where its bytes are to be sent; closed when the last page is done
    :param position: of the document in the dataset, from 0
    """

    planned: PlannedDocument
    page_count: int | None
    todo: list[int]
    refused: dict[int, DocumentError] = field(default_factory=dict)
    reused: int = 0
    opened: OpenedDocument | None = None
    position: int = 0
    pages_left: int = field(init=False)
    """Pages that are not done yet."""

    def __post_init__(self) -> None:
        self.pages_left = len(self.todo)

    @property
    def document(self) -> Document:
        """The document."""
        return self.planned.document

    def close(self) -> None:
        """Close the document, which may wait for a page that is being drawn or converted; twice is no error."""
        if self.opened is not None:
            self.opened.close()


@dataclass(frozen=True, slots=True)
class Examiner:
    """Examines documents, one at a call; holds what is the same for all.

    :param index: the rows of the journal
    :param transfer: ``auto``, ``url`` or ``bytes``
    :param opener: opens those whose bytes are needed
    :param since: microseconds since the epoch; pages that failed since then are not tried again
    """

    index: RawIndex
    transfer: str
    opener: Opener
    since: int | None = None

    def by_name(self, document: Document) -> Examined | None:
        """Examine without opening: a URL, or a document whose every page is paid for at its present version.

        :return: None where the document must be opened
        """
        identity = identity_of(document)
        if travels_as_url(document, self.transfer):
            return self._examined(document, DocumentKey(identity), page_count=1)
        version = version_of(document)
        if version is None:
            return None
        key = DocumentKey(identity, version)
        rows = self.index.pages_of(key)
        page_count = _page_count(rows)
        if page_count is None:
            return None
        wanted, missing = document.pages.resolve(page_count)
        if missing or self._todo(wanted, rows):
            return None
        key = replace(key, content=_only_content(rows))
        return Examined(_planned(document, key, wanted), page_count, [], reused=len(wanted))

    def by_content(self, document: Document) -> Examined:
        """Open the document and compare its bytes with what was paid for."""
        identity, version = identity_of(document), version_of(document)
        try:
            opened = self.opener.open(document)
        except DocumentError as error:
            return self._failed(document, DocumentKey(identity, version), error)
        except (ConfigurationError, MemoryError):
            raise
        except Exception as error:
            odd = DocumentError("Document.Unreadable", f"the document cannot be opened ({type(error).__name__})")
            return self._failed(document, DocumentKey(identity, version), odd)
        try:
            key = DocumentKey(identity, version, opened.content_sha256)
            examined = self._examined(document, key, page_count=opened.page_count)
        except BaseException:
            opened.close()
            raise
        if examined.todo:
            examined.opened = opened
        else:
            opened.close()
        return examined

    def as_known(self, document: Document) -> Examined | None:
        """A document that is not to be opened any more, as the journal knows it, with nothing left to do.

        :return: None where the journal has no row of it
        """
        key = DocumentKey(identity_of(document), version_of(document))
        rows = self.index.pages_of(key)
        page_count = _page_count(rows)
        wanted, missing = document.pages.resolve(page_count) if page_count else (list(rows), [])
        pages = sorted({*wanted, *missing} & rows.keys())
        if not pages:
            return None
        key = replace(key, content=_only_content(rows))
        reused = sum(rows[page].done for page in pages)
        return Examined(_planned(document, key, pages), page_count, [], reused=reused)

    def _examined(self, document: Document, key: DocumentKey, *, page_count: int) -> Examined:
        wanted, missing = document.pages.resolve(page_count)
        rows = self.index.pages_of(key)
        todo = self._todo(wanted, rows)
        refused = {page: out_of_range(page, page_count) for page in missing}
        planned = _planned(document, key, sorted({*wanted, *missing}))
        return Examined(planned, page_count, todo, refused, reused=len(wanted) - len(todo))

    def _failed(self, document: Document, key: DocumentKey, error: DocumentError) -> Examined:
        """A document that fails as a whole: its page 1, or where its pages are known, all that are not paid for."""
        rows = self.index.pages_of(key)
        page_count = _page_count(rows)
        wanted, missing = document.pages.resolve(page_count) if page_count else ([1], [])
        left = self._todo(wanted, rows)
        refused = dict.fromkeys(left, error) | {page: out_of_range(page, page_count or 0) for page in missing}
        planned = _planned(document, key, sorted({*wanted, *missing}))
        return Examined(planned, page_count, [], refused, reused=len(wanted) - len(left))

    def _todo(self, wanted: Sequence[int], rows: Mapping[int, Entry]) -> list[int]:
        """The pages that are still to be recognized."""
        return [page for page in wanted if page not in rows or not self._stands(rows[page])]

    def _stands(self, entry: Entry) -> bool:
        return entry.done or (self.since is not None and entry.at >= self.since)


def identity_of(document: Document) -> str:
    """The hash of a document's identity, by which it is paid for only once; the identity itself may be secret."""
    return hashlib.sha256(document.identity.encode("utf-8", "surrogatepass")).hexdigest()


def _planned(document: Document, key: DocumentKey, pages: Sequence[int]) -> PlannedDocument:
    """A document of the plan. Most have one page, and share that tuple, since a plan holds many of them."""
    shared = _FIRST if len(pages) == 1 and pages[0] == 1 else tuple(pages)
    return PlannedDocument(key.identity, key.version, key.content, document=document, pages=shared)


def _page_count(rows: Mapping[int, Entry]) -> int | None:
    return next((entry.page_count for entry in rows.values() if entry.page_count is not None), None)


def _only_content(rows: dict[int, Entry]) -> str | None:
    contents = {entry.content for entry in rows.values()}
    return contents.pop() if len(contents) == 1 else None
