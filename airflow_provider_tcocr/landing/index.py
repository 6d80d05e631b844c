"""The rows of the journal in memory, without their answers, by what is to be paid for only once. Does no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from ..arrow.rows import EMPTY, RECOGNIZED

DONE: Final = frozenset({RECOGNIZED, EMPTY})


class RowPlace(NamedTuple):
    """Where a row of the journal is: its part, and its number there from 0."""

    part: str
    row: int


class Entry(NamedTuple):
    """One row of the journal, without its answer; flat, since a batch holds one a page.

    :param version: the document's cheap version, None where it was never contacted
    :param content: the SHA-256 of the document's bytes, None where they were never held
    :param page_count: pages that the document has, None where that is not known
    :param at: microseconds since the epoch
    :param own: whether this run has landed it
    :param part: where it is, with ``row``
    """

    version: str | None
    content: str | None
    page_count: int | None
    page: int
    status: str
    at: int
    record: str
    own: bool
    part: str
    row: int

    @property
    def place(self) -> RowPlace:
        """Where it is."""
        return RowPlace(self.part, self.row)

    @property
    def done(self) -> bool:
        """Whether the page is paid for and need not be asked again."""
        return self.status in DONE

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Of two rows of a page the one of smaller rank counts: a done one, the earlier of two, else the later."""
        return (not self.done, self.at if self.done else -self.at, self.record)


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """By what a document is known, so that it is paid for only once.

    :param identity: the hash of its document_id or URI
    :param version: ETag, or size and mtime; None where it is never contacted
    :param content: the SHA-256 of its bytes, None where they are not held (yet)
    """

    identity: str
    version: str | None = None
    content: str | None = None

    def matches(self, entry: Entry) -> bool:
        """Whether a row is of this version of the document."""
        if self.version is not None and entry.version == self.version:
            return True
        if self.content is not None and entry.content == self.content:
            return True
        return self.version is None and self.content is None and entry.version is None and entry.content is None


class RawIndex:
    """The rows of one action and one set of options."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Entry, ...]] = {}

    def add(self, rows: Iterable[tuple[str, Entry]]) -> int:
        """Add rows, as identity and entry; a copy of a row that a merge made replaces it.

        :return: how many they are
        """
        found: dict[str, list[Entry]] = {}
        for identity, entry in rows:
            found.setdefault(identity, []).append(entry)
        for identity, entries in found.items():
            records = {entry.record for entry in entries}
            kept = [entry for entry in self._entries.get(identity, ()) if entry.record not in records]
            self._entries[identity] = (*kept, *entries)  # another thread may be reading the old tuple
        return sum(map(len, found.values()))

    def drop(self, parts: Collection[str]) -> None:
        """Forget parts that have vanished."""
        for identity, entries in list(self._entries.items()):
            kept = tuple(entry for entry in entries if entry.part not in parts)
            if not kept:
                del self._entries[identity]
            elif len(kept) < len(entries):
                self._entries[identity] = kept

    def pages_of(self, key: DocumentKey) -> dict[int, Entry]:
        """The row that counts for each page of a document, failed ones too."""
        best: dict[int, Entry] = {}
        for entry in self._entries.get(key.identity, ()):
            if key.matches(entry) and (entry.page not in best or entry.rank < best[entry.page].rank):
                best[entry.page] = entry
        return best

    def count(self, identities: Iterable[str]) -> int:
        """How many rows there are of these documents, in any version."""
        return sum(len(self._entries.get(identity, ())) for identity in identities)

    def is_done(self, key: DocumentKey, page: int) -> bool:
        """Whether a page is paid for, by us or by a twin."""
        return any(
            entry.done and entry.page == page and key.matches(entry) for entry in self._entries.get(key.identity, ())
        )
