"""Makes the service's answer as JSON values: detections, coordinates and angle, in its own names and rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from .language import language_of
from .request import Options

UPRIGHT: Final = 359.989990234375
"""What the service says of an upright page; published answers never say 0."""

CORNERS: Final = ("LeftTop", "RightTop", "RightBottom", "LeftBottom")
"""The names of a handwritten character's corners, clockwise."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character of a detection, where words were asked for."""

    text: str
    confidence: float
    polygon: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Turn:
    """The rotation that makes a page upright: by the angle, on a canvas enlarged to hold the whole page.

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


def response(detections: Sequence[dict[str, Any]], *, angle: float, options: Options) -> dict[str, Any]:
    """The content of ``Response`` without its RequestId: exactly the fields that the action has.

    :param detections: as :func:`detection` makes them
    :param angle: as the service publishes it
    """
    page = {"Angle": angle, "Angel": angle, "Language": _language(detections, options), "PdfPageSize": 0}
    return {"TextDetections": [_shaped(entry, options) for entry in detections]} | {
        name: page[name] for name in options.action.page_fields
    }


def _shaped(entry: dict[str, Any], options: Options) -> dict[str, Any]:
    fields = options.action.detection_fields
    if "CandWord" in fields:  # EnglishOCR: by words, and without paragraphs
        letters = [[word] for word in entry["Words"]] if options.cand_word else []
        entry = entry | _words(entry) | {"CandWord": [{"CandWords": one} for one in letters], "AdvancedInfo": "{}"}
    if "WordPolygon" in fields:
        places = [place["WordCoordinate"] for place in entry["WordCoordPoint"]]
        entry = entry | {"WordPolygon": [dict(zip(CORNERS, place, strict=True)) for place in places]}
    return {name: entry[name] for name in fields if name in entry}


def _words(entry: dict[str, Any]) -> dict[str, Any]:
    """The characters of a detection joined to words: from the first one's left corners to the last one's right."""
    characters = list(zip(entry["Words"], entry["WordCoordPoint"], strict=True))
    words, places = [], []
    for text in entry["DetectedText"].split() if characters else ():
        own, characters = characters[: len(text)], characters[len(text) :]
        first, last = own[0][1]["WordCoordinate"], own[-1][1]["WordCoordinate"]
        words.append({"Confidence": min(one["Confidence"] for one, _ in own), "Character": text})
        places.append({"WordCoordinate": [first[0], last[1], last[2], first[3]]})
    return {"Words": words, "WordCoordPoint": places}


def _language(detections: Sequence[dict[str, Any]], options: Options) -> str:
    """The language that was asked for, or guessed by script; ``zh`` is Chinese, English and both."""
    if options.language_type not in ("zh", "zh_rare", "auto", "mix"):
        return options.language_type
    found = language_of("".join(entry["DetectedText"] for entry in detections))
    return "zh" if found == "en" else found


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
