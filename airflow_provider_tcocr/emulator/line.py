"""One line of text as the engine found it: its sides, its characters, its mapping back to the image's own pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from .answer import Glyph, Point


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text.

    :param polygon: from the text's own top left, in the direction of reading
    """

    text: str
    score: float
    polygon: tuple[Point, Point, Point, Point]
    glyphs: tuple[Glyph, ...] = ()

    @property
    def sides(self) -> tuple[float, float]:
        """Its length and its height."""
        (left, top), (right, above), _, (below, bottom) = self.polygon
        return ((right - left) ** 2 + (above - top) ** 2) ** 0.5, ((below - left) ** 2 + (bottom - top) ** 2) ** 0.5

    def turned_back(self, *, quarters: int, width: int, height: int, scale: float) -> Self:
        """The line in the image's own pixels, with its points in the same order.

        :param quarters: quarter turns clockwise by which the image is turned
        :param width: of the image, in the array's pixels
        :param scale: the array's pixels for one of the image
        """

        def back(point: Point) -> Point:
            x, y = point
            x, y = ((x, y), (width - y, x), (width - x, height - y), (y, height - x))[quarters]
            return x / scale, y / scale

        first, second, third, fourth = self.polygon
        glyphs = tuple(
            Glyph(glyph.text, glyph.confidence, [back(corner) for corner in glyph.polygon]) for glyph in self.glyphs
        )
        return type(self)(self.text, self.score, (back(first), back(second), back(third), back(fourth)), glyphs)


def glyphs_of(text: str, score: float, polygon: Sequence[Point], words: Any) -> tuple[Glyph, ...]:
    """The characters of a line; where the engine's do not make up its text, the line is divided evenly."""
    found = [word for word in words if isinstance(word, tuple | list) and len(word) == 3 and word[2] is not None]
    letters = [character for character in text if not character.isspace()]
    if [str(word[0]) for word in found] == letters:
        return tuple(
            Glyph(letter, float(own), [(float(x), float(y)) for x, y in corners]) for letter, own, corners in found
        )
    first, second, third, fourth = polygon

    def between(start: Point, end: Point, share: float) -> Point:
        return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share

    divided = []
    for place, character in enumerate(text):
        if not character.isspace():
            near, far = place / len(text), (place + 1) / len(text)
            upper = between(first, second, near), between(first, second, far)
            lower = between(fourth, third, far), between(fourth, third, near)
            divided.append(Glyph(character, score, [*upper, *lower]))
    return tuple(divided)
