"""The service's answer as JSON values: detections, coordinates and the angle, named and rounded as the service does."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

UPRIGHT: Final = 359.989990234375
"""What the service says of an upright page; published answers never say 0."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character of a detection, where words were asked for."""

    text: str
    confidence: float
    polygon: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Turn:
    """The turn that sets a page upright: by the angle, on a canvas grown to hold the whole page.

    :param angle: degrees, clockwise, by which the page is turned now
    :param width: of the image as it came, in pixels
    :param height: likewise
    """

    angle: float
    width: float
    height: float

    def _axes(self) -> tuple[float, float, float, float]:
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        corners = ((0.0, 0.0), (self.width, 0.0), (self.width, self.height), (0.0, self.height))
        left = min(x * cos + y * sin for x, y in corners)
        top = min(y * cos - x * sin for x, y in corners)
        return cos, sin, left, top

    def upright(self, point: Point) -> Point:
        """Where a point of the image lies on the upright page."""
        cos, sin, left, top = self._axes()
        x, y = point
        return x * cos + y * sin - left, y * cos - x * sin - top

    def original(self, point: Point) -> Point:
        """Where a point of the upright page lies in the image."""
        cos, sin, left, top = self._axes()
        u, v = point[0] + left, point[1] + top
        return u * cos - v * sin, u * sin + v * cos


def detection(
    text: str,
    *,
    confidence: float,
    polygon: Sequence[Point],
    turn: Turn,
    paragraph: int,
    glyphs: Iterable[Glyph] = (),
    language: str | None = None,
) -> dict[str, Any]:
    """One entry of ``TextDetections``.

    :param confidence: 0 to 1
    :param polygon: four points of the image, from the text's own top left, in the direction of reading
    :param paragraph: from 1
    :param language: for ``MulOCR``, None leaves the field out
    """
    left, top = turn.upright(polygon[0])
    letters = list(glyphs)
    entry: dict[str, Any] = {
        "DetectedText": text,
        "Confidence": percent(confidence),
        "Polygon": coordinates(polygon),
        "AdvancedInfo": f'{{"Parag":{{"ParagNo":{paragraph}}}}}',
        "ItemPolygon": {
            "X": round(left),
            "Y": round(top),
            "Width": round(math.dist(polygon[0], polygon[1])),
            "Height": round(math.dist(polygon[0], polygon[3])),
        },
        "Words": [{"Confidence": percent(glyph.confidence), "Character": glyph.text} for glyph in letters],
        "WordCoordPoint": [{"WordCoordinate": coordinates(glyph.polygon)} for glyph in letters],
    }
    if language is not None:
        entry["Language"] = language
    return entry


def coordinates(polygon: Sequence[Point]) -> list[dict[str, int]]:
    """Points as the service writes them: whole pixels."""
    return [{"X": round(x), "Y": round(y)} for x, y in polygon]


def percent(score: float) -> int:
    """A score of 0 to 1 as the service's 0 to 100."""
    return max(0, min(100, round(score * 100)))


def published_angle(degrees: float) -> float:
    """An angle as the service writes it: clockwise, 0 to 360, an upright page a hundredth short of a whole turn."""
    turned = round(degrees % 360, 2)
    return UPRIGHT if turned in (0.0, 360.0) else turned
