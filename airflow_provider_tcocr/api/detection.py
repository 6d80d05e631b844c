"""One text detection as typed values, and the paragraph that its `AdvancedInfo` names. Decodes no whole answer.

Fields and quirks: Tencent Cloud API 3.0, ocr 2018-11-19 (`Polygon` may be null; `AdvancedInfo` is a string that holds
JSON, or not; the actions give the polygons of words in two forms).
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Annotated, Final

import msgspec

from .scalars import INT32_MAX, INT32_MIN, int32, short_int

_Int32 = Annotated[int, msgspec.Meta(ge=INT32_MIN, le=INT32_MAX)]
_LONGEST_CACHED: Final = 64
UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)
"""What decoding raises for text that is not as it should be; a UnicodeError is a ValueError."""


class Point(msgspec.Struct, gc=False, rename="pascal"):
    """A vertex in pixels of the image that was sent; a list with a vertex that is not whole is None altogether."""

    x: _Int32
    y: _Int32


class ItemPolygon(msgspec.Struct, gc=False, rename="pascal"):
    """The upright box of a text detection after the page's rotation was corrected, in pixels."""

    x: _Int32
    y: _Int32
    width: _Int32
    height: _Int32


class Word(msgspec.Struct, gc=False, rename="pascal"):
    """One character of a text detection, of EnglishOCR one word, with its confidence 0-100."""

    character: str | None = None
    confidence: _Int32 | None = None


class WordPolygon(msgspec.Struct, gc=False, rename="pascal"):
    """Where the character of the same index is, clockwise from its top left."""

    word_coordinate: list[Point] | None = None


class Corners(msgspec.Struct, gc=False, rename="pascal"):
    """Where a character of a handwritten text detection is: GeneralHandwritingOCR names the corners."""

    left_top: Point | None = None
    right_top: Point | None = None
    right_bottom: Point | None = None
    left_bottom: Point | None = None

    @property
    def polygon(self) -> list[Point] | None:
        """Clockwise from the top left; None where a corner is missing."""
        corners = [self.left_top, self.right_top, self.right_bottom, self.left_bottom]
        whole = [corner for corner in corners if corner is not None]
        return whole if len(whole) == len(corners) else None


class TextDetection(msgspec.Struct, gc=False, rename="pascal"):
    """One entry of `TextDetections`, in the service's order."""

    detected_text: str | None = None
    confidence: _Int32 | None = None
    polygon: list[Point] | None = None
    advanced_info: str | None = None
    item_polygon: ItemPolygon | None = None
    words: list[Word] | None = None
    word_coord_point: list[WordPolygon] | None = None
    word_polygon: list[Corners] | None = None
    language: str | None = None

    @property
    def word_polygons(self) -> list[list[Point] | None]:
        """The polygons of the words, in whichever of the two forms the action gives them; empty where it gives none."""
        if self.word_coord_point:
            return [place.word_coordinate for place in self.word_coord_point]
        return [corners.polygon for corners in self.word_polygon or ()]

    @property
    def paragraph(self) -> int | None:
        """The paragraph's number, from 1; None where the service gave none."""
        return paragraph_number(self.advanced_info)


class _Paragraph(msgspec.Struct, gc=False, rename="pascal"):
    parag_no: _Int32 | None = None


class _AdvancedInfo(msgspec.Struct, gc=False, rename="pascal"):
    parag: _Paragraph | None = None


_ADVANCED_INFO: Final = msgspec.json.Decoder(_AdvancedInfo)


def paragraph_number(advanced_info: str | None) -> int | None:
    """The `ParagNo` in an `AdvancedInfo`, as the service numbers paragraphs; None for any other text.

    A page repeats a handful of short texts, so they are read once and remembered.
    """
    if not advanced_info:
        return None
    if len(advanced_info) <= _LONGEST_CACHED:
        return _remembered_paragraph_number(advanced_info)
    return _read_paragraph_number(advanced_info)


def _read_paragraph_number(advanced_info: str) -> int | None:
    try:
        paragraph = _ADVANCED_INFO.decode(advanced_info).parag
        return None if paragraph is None else paragraph.parag_no
    except UNREADABLE:
        pass
    try:
        found = json.loads(advanced_info, parse_int=short_int)
    except (ValueError, RecursionError):
        return None
    paragraph = found.get("Parag") if isinstance(found, dict) else None
    return int32(paragraph.get("ParagNo")) if isinstance(paragraph, dict) else None


_remembered_paragraph_number = lru_cache(maxsize=1024)(_read_paragraph_number)
