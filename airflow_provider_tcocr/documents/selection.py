"""Parses which pages are wanted: numbers and ranges, from either end. Knows no document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ..exceptions import ConfigurationError, DocumentError

_LARGEST: Final = 2**31 - 1
_PART: Final = re.compile(r"(-?[0-9]{1,10})(?:(-)(-?[0-9]{1,10})?)?")
_RULE: Final = 'pages is "all", a number, a range such as "2-5", or a list of them; -1 is the last page'


@dataclass(frozen=True, slots=True)
class PageSelection:
    """Pages from 1; a negative number counts from the end.

    :param parts: (first, last) of each range, a single page being a range of one
    """

    parts: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, pages: object) -> PageSelection:
        """Read what a user wrote.

        :param pages: ``"all"``, ``3``, ``-1``, ``"2-5"``, ``"4-"`` (to the end), ``"1,3,7-9"``, ``[1, 3, -1]``
        :raise ConfigurationError: it is none of these
        """
        if isinstance(pages, PageSelection):
            return pages
        parts = tuple(sorted(set(_parts(pages))))
        if not parts:
            raise ConfigurationError(f"pages names no page; {_RULE}")
        return ALL if (1, -1) in parts else cls(parts)

    def union(self, other: PageSelection) -> PageSelection:
        """The pages of both."""
        return PageSelection.parse([self, other])

    def resolve(self, page_count: int) -> tuple[list[int], list[int]]:
        """The pages that a document has, and those asked for that it lacks; both ascending, each once.

        A page asked for by its number must be there. A range takes what there is of it, so that "1-3" bounds a folder
        of long and short documents; of one wholly beyond the end, the first page is reported as lacking. A page
        that is counted from the end is lacking under its own number: -5 as page 5. One list always names a page.
        """
        if self.parts == ALL.parts and page_count > 0:
            return list(range(1, page_count + 1)), []
        found: set[int] = set()
        missing: set[int] = set()
        for first, last in self.parts:
            start, end = (page if page > 0 else page_count + 1 + page for page in (first, last))
            there = range(max(start, 1), min(end, page_count) + 1)
            found.update(there)
            if not there:
                missing.add(max(abs(first), page_count + 1))
        return sorted(found), sorted(missing)

    def __str__(self) -> str:
        """The canonical form: what :meth:`parse` reads back as the same."""
        return "all" if self.parts == ALL.parts else ",".join(_written(first, last) for first, last in self.parts)


def _parts(pages: object) -> Iterable[tuple[int, int]]:
    if isinstance(pages, PageSelection):
        yield from pages.parts
    elif isinstance(pages, str):
        for text in pages.split(","):
            yield _part(text.strip())
    elif isinstance(pages, int) and not isinstance(pages, bool):
        yield _range(pages, pages, pages)
    elif isinstance(pages, (list, tuple, set, frozenset, range)):
        for item in pages:
            if not isinstance(item, (int, str, PageSelection)):
                raise ConfigurationError(f"pages: {item!r:.80} is not a page; {_RULE}")
            yield from _parts(item)
    else:
        raise ConfigurationError(f"pages: {type(pages).__name__} is not a page selection; {_RULE}")


def _part(text: str) -> tuple[int, int]:
    if text.lower() == "all":
        return 1, -1
    matched = _PART.fullmatch(text.replace(" ", ""))
    if matched is None:
        raise ConfigurationError(f"pages: {text!r:.80} is not understood; {_RULE}")
    first = int(matched[1])
    if matched[2] is None:
        return _range(first, first, text)
    return _range(first, -1 if matched[3] is None else int(matched[3]), text)


def _range(first: int, last: int, given: object) -> tuple[int, int]:
    if 0 in (first, last):
        raise ConfigurationError(f"pages: {given!r:.80} names page 0; pages count from 1")
    if max(abs(first), abs(last)) > _LARGEST:
        raise ConfigurationError(f"pages: {given!r:.80} is larger than any page number")
    if (first > 0) == (last > 0) and first > last:
        raise ConfigurationError(f"pages: {given!r:.80} runs backwards")
    return first, last


def _written(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


ALL: Final = PageSelection(((1, -1),))
"""Every page."""


def out_of_range(page: int, page_count: int) -> DocumentError:
    """The error for a page that was asked for and does not exist."""
    return DocumentError("Document.PageOutOfRange", f"page {page} was asked for; the document has {page_count}")
