"""Where each word of a page is, from the rows of its detections. Pure arithmetic, in pixels of the original.

The service gives the polygon of a detection, and of its characters where they were asked for (`is_words`). Without
those, a detection's polygon is divided among its words by the usual widths of their characters.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ..arrow.reading import Row, page_lines

Vertex: TypeAlias = tuple[float, float]
Quad: TypeAlias = tuple[Vertex, Vertex, Vertex, Vertex]
"""Top left, top right, bottom right, bottom left, as the reader sees the text."""

EM: Final = 1000
"""The unit of :func:`advance`: parts of the letters' height."""

ADVANCES: Final = (0, 300, 540, 700, EM)
"""All values of :func:`advance`: of combining marks, narrow letters, letters, capitals, what is as wide as high."""

_NARROW: Final = frozenset("!'(),.:;I[]`fijlrt|·")
_BROAD: Final = frozenset("@MWmw%")
_COLUMN: Final = 1.5
_UNREADABLE: Final = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word: characters between spaces.

    :param quad: where it is
    :param confidence: 0-100
    :param spaced: a space follows it on its line
    :param right_to_left: its script runs to the left
    """

    text: str
    quad: Quad
    confidence: int
    spaced: bool
    right_to_left: bool


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A visual line with its words.

    :param paragraph: on its page, from 1
    :param column: the characters are written below each other, each of them upright
    """

    words: tuple[Word, ...]
    paragraph: int
    column: bool


def placed_lines(rows: Sequence[Row], *, size: tuple[float, float]) -> list[PlacedLine]:
    """The lines of one page with the place of each word.

    :param rows: of the detections table, all of one page, in the service's order
    :param size: of the page, which stands for the polygon of a detection that has none
    """
    lines = []
    for line in page_lines(rows):
        words: list[Word] = []
        columns = set()
        left = line.text
        for row in line.detections:
            text = row["text"].strip()
            left = left[len(text) :]
            quad, column = _reading_quad(row, size)
            columns.add(column)
            words.extend(_words(row, text, quad, column=column, spaced=left.startswith(" ")))
            left = left.lstrip()
        if words:
            lines.append(PlacedLine(tuple(words), line.paragraph, columns == {True}))
    return lines


def advance(character: str) -> int:
    """How far a character usually moves the next one, in :data:`EM`."""
    nothing, narrow, usual, capital, full = ADVANCES
    if unicodedata.combining(character):
        return nothing
    if character in _NARROW or character.isspace():
        return narrow
    if unicodedata.east_asian_width(character) in "WF" or character in _BROAD:
        return full
    return capital if character.isupper() else usual


def readable(text: str) -> str:
    """The text without characters that XML or a PDF's text may not contain."""
    return _UNREADABLE.sub("", text)


def bounds(quads: Sequence[Quad]) -> tuple[int, int, int, int]:
    """The upright box around some quads: left, top, right, bottom, in whole pixels."""
    xs = [x for quad in quads for x, _ in quad]
    ys = [y for quad in quads for _, y in quad]
    return math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys))


def _words(row: Row, text: str, quad: Quad, *, column: bool, spaced: bool) -> Iterator[Word]:
    given = None if column else _given_places(row, text)
    total = sum(map(advance, text)) or 1
    leftward = _runs_left(text)
    tokens = list(re.finditer(r"\S+", text))
    for number, token in enumerate(tokens):
        shown = readable(token[0])
        if not shown:
            continue
        start, end = (sum(map(advance, text[:edge])) / total for edge in token.span())
        if leftward:
            start, end = 1 - end, 1 - start
        place = _between(quad, start, end)
        if given is not None:
            first, last = given[token.start()], given[token.end() - 1]
            place = (first[0], last[1], last[2], first[3])
        yield Word(
            text=shown,
            quad=place,
            confidence=max(0, min(100, row["confidence"])),
            spaced=spaced if number == len(tokens) - 1 else True,
            right_to_left=_runs_left(shown),
        )


def _given_places(row: Row, text: str) -> dict[int, Quad] | None:
    """The quad of each character of the text that is not a space; None unless the service gave all of them."""
    words: list[Mapping[str, Any]] = [word for word in row.get("words") or () if word["character"].strip()]
    inked = [index for index, character in enumerate(text) if not character.isspace()]
    if not words or _runs_left(text) or "".join(text.split()) != "".join(word["character"] for word in words):
        return None
    places: dict[int, Quad] = {}
    indices = iter(inked)
    for word in words:
        quad = _vertices(word["polygon"])
        if quad is None or not _convex(quad):
            return None
        for part in range(len(word["character"])):  # a "word" may hold several characters
            size = len(word["character"])
            places[next(indices)] = _between(quad, part / size, (part + 1) / size)
    return places


def _reading_quad(row: Row, size: tuple[float, float]) -> tuple[Quad, bool]:
    """A detection's quad, from where its text begins, and whether it is a column of upright characters."""
    quad = _vertices(row["polygon"])
    if quad is None or not _convex(quad):
        quad = _upright(row, size)
    across, down = math.dist(quad[0], quad[1]), math.dist(quad[1], quad[2])
    box = row["item_polygon"]
    if box is not None and across < down and box["width"] > box["height"]:
        # The text runs along the long edge, and the first edge is the short one: not where the text begins.
        following, before = quad[1:] + quad[:1], quad[3:] + quad[:3]
        return (following if following[1][0] - following[0][0] > before[1][0] - before[0][0] else before), False
    if down > _COLUMN * across and len(row["text"].strip()) > 2:
        return quad[1:] + quad[:1], True  # laid on its side, so that it runs down
    return quad, False


def _upright(row: Row, size: tuple[float, float]) -> Quad:
    """The bounds of a polygon that is not a convex quadrangle; the whole page where there is no polygon."""
    left, top, right, bottom = (row[name] for name in ("left", "top", "right", "bottom"))
    if left is None:
        left, top, (right, bottom) = 0, 0, size
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _vertices(polygon: Sequence[Mapping[str, int]] | None) -> Quad | None:
    if polygon is None or len(polygon) != 4:
        return None
    one, two, three, four = ((float(vertex["x"]), float(vertex["y"])) for vertex in polygon)
    return one, two, three, four


def _convex(quad: Quad) -> bool:
    """Whether its edges turn the same way at every corner, so that it has a height everywhere."""
    turns = [
        (b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])
        for a, b, c in zip(quad, quad[1:] + quad[:1], quad[2:] + quad[:2], strict=True)
    ]
    return all(turn > 0 for turn in turns) or all(turn < 0 for turn in turns)


def _between(quad: Quad, start: float, end: float) -> Quad:
    """The part of a quad from one share of its length to another."""
    top_left, top_right, bottom_right, bottom_left = quad
    return (
        _at(top_left, top_right, start),
        _at(top_left, top_right, end),
        _at(bottom_left, bottom_right, end),
        _at(bottom_left, bottom_right, start),
    )


def _at(one: Vertex, other: Vertex, share: float) -> Vertex:
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def _runs_left(text: str) -> bool:
    """Whether the first letter that has a direction runs to the left."""
    strong = (unicodedata.bidirectional(character) for character in text)
    return next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L"
