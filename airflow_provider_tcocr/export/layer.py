"""Makes the words of a page the content stream of an invisible text layer. Opens and writes no file."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from ..arrow.lines import is_unspaced
from .glyphless import Codes
from .words import EM, PlacedLine, Vertex, Word, advance

PixelToPoint: TypeAlias = Callable[[Vertex], Vertex]
"""From a pixel of the page that was read to a point of the PDF's page."""

_INVISIBLE: Final = 3
"""The text rendering mode that neither fills nor strokes."""

_LEVEL: Final = 0.4
"""Points by which a level word may rise or fall."""

_STEEPEST: Final = 0.36
"""The slope, as a tangent, beyond which no reader takes a text for one along a side: 20 degrees."""

_STEP: Final = 1.25
"""Heights of a letter by which the text under a level piece may rise: less cuts more words, more displaces them."""

_HIGHER: Final = 1.2
"""The height of a level piece in heights of a letter: PDFium joins pieces to a line only where they overlap."""

_MARKS: Final = (
    r"\s!-/:-@\[-`{-~\xa1-\xbf\u2010-\u206f\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_CLAUSE: Final = re.compile(f"[{_MARKS}]*[^{_MARKS}]+[{_MARKS}]*|[{_MARKS}]+")

_SAME: Final = 0.01
"""Pixels by which two positions may differ and still be the same."""


def layer(lines: Sequence[PlacedLine], *, to_point: PixelToPoint, font: str, codes: Codes) -> bytes:
    """The content stream that lays words over a page, each where it is seen.

    :param lines: the page's lines, in pixels
    :param to_point: where a pixel lies in the page's own space
    :param font: the font's name in the page's resources, its slash included
    :param codes: of the document; new characters are added
    """
    shown = "".join(
        f"{frame.matrix(_width(text.rstrip()))} Tm <{codes.encode(text)}> Tj\n"
        for text, frame in _shown(lines, to_point)
    )
    return f"q BT {font} 1 Tf {_INVISIBLE} Tr\n{shown}ET Q\n".encode("ascii")


def _shown(lines: Sequence[PlacedLine], to_point: PixelToPoint) -> Iterator[tuple[str, _Frame]]:
    """All texts, each with its frame, and a space where PDFium would take a line for the left part of the last one."""
    last = None
    for line in lines:
        pieces = [piece for run in _runs(line.words) for piece in _laid(run, to_point)]
        if last is not None and pieces[0][1].is_level_before(last):
            yield " ", last.raised()
        yield from pieces
        last = pieces[-1][1]


def _laid(run: Word, to_point: PixelToPoint) -> Iterator[tuple[str, _Frame]]:
    """The texts of a run, each with its frame.

    Readers recognize a word only if its baseline is level (poppler: to half a point), so a skewed run is laid in level
    pieces, like stairs.
    """
    frame, whole = _Frame.of(run, to_point), _width(run.text)
    text = run.text + " " * run.spaced
    if frame.reads_level(max(map(_width, text.split()), default=whole) / whole):
        yield text, frame
        return
    start = 0.0
    for piece in _pieces(text, most=whole * frame.level_share):
        inked = _width(piece.rstrip())
        yield piece, frame.part(start / whole, (start + inked) / whole).levelled()
        start += _width(piece)


def _pieces(text: str, *, most: float) -> Iterator[str]:
    """A text in words with their spaces; a long one without spaces in clauses, or in parts of them.

    :param most: the greatest width of a piece, in units of the letters' height; only a word may exceed it
    """
    for token in re.findall(r"\S+\s*", text):
        piece = ""
        for part in _parts(token, most=most):
            if piece and _width((piece + part).rstrip()) > most:
                yield piece
                piece = ""
            piece += part
        yield piece


def _parts(token: str, *, most: float) -> Iterator[str]:
    """A token's clauses, with the marks around them; where the script has no spaces, in parts of equal length."""
    for clause in _CLAUSE.findall(token):
        count = math.ceil(_width(clause.rstrip()) / most) if any(map(is_unspaced, clause)) else 1
        size = math.ceil(len(clause) / count)
        yield from (clause[start : start + size] for start in range(0, len(clause), size))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a text is on the page, in points: its bottom left, the vector along it, and the vector up to its top."""

    origin: Vertex
    along: Vertex
    up: Vertex

    @classmethod
    def of(cls, word: Word, to_point: PixelToPoint) -> _Frame:
        top_left, top_right, bottom_right, bottom_left = map(to_point, word.quad)
        if word.right_to_left:
            top_left, bottom_left, bottom_right = top_right, bottom_right, bottom_left
        along = bottom_right[0] - bottom_left[0], bottom_right[1] - bottom_left[1]
        return cls(bottom_left, along, (top_left[0] - bottom_left[0], top_left[1] - bottom_left[1]))

    def reads_level(self, longest: float) -> bool:
        """Whether readers find its words: it runs along a side of the page, or is clearly oblique.

        :param longest: the share of it that its longest word takes
        """
        slope, length = sorted(map(abs, self.along))
        return slope * longest <= _LEVEL or slope > _STEEPEST * length

    @property
    def level_share(self) -> float:
        """The share of it that may be laid level."""
        return _STEP * math.hypot(*self.up) / min(map(abs, self.along))

    def part(self, start: float, end: float) -> _Frame:
        """From one share of its length to another."""
        x, y = self.origin
        share = end - start
        return _Frame(
            (x + self.along[0] * start, y + self.along[1] * start),
            (self.along[0] * share, self.along[1] * share),
            self.up,
        )

    def levelled(self) -> _Frame:
        """The frame turned to the nearer side of the page, around the same middle, and a little taller."""
        lies = abs(self.along[0]) >= abs(self.along[1])
        along = (self.along[0], 0.0) if lies else (0.0, self.along[1])
        up = (0.0, self.up[1] * _HIGHER) if lies else (self.up[0] * _HIGHER, 0.0)
        x, y = (
            start + (length + height - level - upright) / 2
            for start, length, height, level, upright in zip(self.origin, self.along, self.up, along, up, strict=True)
        )
        return _Frame((x, y), along, up)

    def is_level_before(self, other: _Frame) -> bool:
        """Whether it begins left of another at about the same height, where that runs horizontally."""
        x, y = self.origin
        lies = abs(other.along[0]) > abs(other.along[1])
        return lies and x < other.origin[0] and abs(y - other.origin[1]) < abs(other.up[1])

    def raised(self) -> _Frame:
        """A frame above its beginning, as wide as high."""
        height = self.up[1]
        return _Frame((self.origin[0], self.origin[1] + 2 * height), (height, 0.0), self.up)

    def matrix(self, width: float) -> str:
        """The text matrix that makes a text of this width fill it."""
        numbers = (self.along[0] / width, self.along[1] / width, *self.up, *self.origin)
        return " ".join(f"{number:.4f}" for number in numbers)


def _runs(words: Sequence[Word]) -> Iterator[Word]:
    """The words, joined where the second begins exactly where the first and its space end."""
    run: Word | None = None
    for word in words:
        if run is not None and _leads_to(run, word):
            quad = (run.quad[0], word.quad[1], word.quad[2], run.quad[3])
            run = replace(word, text=f"{run.text} {word.text}", quad=quad)
        else:
            if run is not None:
                yield run
            run = word
    if run is not None:
        yield run


def _leads_to(one: Word, other: Word) -> bool:
    if not one.spaced or one.right_to_left or other.right_to_left:
        return False
    share = _width(one.text + " ") / _width(one.text)
    return all(
        abs(start + (end - start) * share - following) < _SAME
        for corner, edge in ((0, 1), (3, 2))
        for start, end, following in zip(one.quad[corner], one.quad[edge], other.quad[corner], strict=True)
    )


def _width(text: str) -> float:
    """A text's width in units of the letters' height; 1 for combining marks alone."""
    return sum(map(advance, text)) / EM or 1.0
