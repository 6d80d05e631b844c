"""An answer with ``TextDetections`` as typed values; whatever can be read of its JSON is read.

A valid body takes the fast path, msgspec's typed decoding. Any other takes the tolerant one: numbers in strings are
read, fractions rounded, unknown fields ignored, and what has the wrong type or does not fit int32 is None. So what
leaves this module is safe to put in a table: integers fit int32, texts are valid UTF-8, angles are finite.

Fields and quirks: Tencent Cloud API 3.0, ocr 2018-11-19 (`Angel` is the service's own misspelling of `Angle`, and in
sibling actions the only one).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..exceptions import TransportError
from .detection import UNREADABLE, Corners, ItemPolygon, Point, TextDetection, Word, WordPolygon
from .scalars import int32, number, short_int, text

_INNER_FIELDS: Final = frozenset({"TextDetections", "Angle", "Angel", "RequestId", "Error"})
_CORNERS: Final = ("LeftTop", "RightTop", "RightBottom", "LeftBottom")


class Answer(msgspec.Struct, gc=False, rename="pascal"):
    """The object `Response`; an error answer is one without detections."""

    text_detections: list[TextDetection] | None = None
    angle: float | None = None
    angel: float | None = None
    language: str | None = None
    request_id: str | None = None

    @property
    def detections(self) -> list[TextDetection]:
        """The text detections in the service's order, empty where it gave none."""
        return self.text_detections or []

    @property
    def page_angle(self) -> float | None:
        """Degrees, clockwise positive, in (-180, 180]; None where the service gave none."""
        return normalise_angle(self.angel if self.angle is None else self.angle)


class _Body(msgspec.Struct, gc=False, rename="pascal"):
    response: Answer


_BODY: Final = msgspec.json.Decoder(_Body)


def read_answer(body: bytes) -> Answer:
    """Read the service's body, ``{"Response": {...}}``.

    :param body: the answer's bytes, as the service gave them
    :raise TransportError: ``Transport.Foreign``, when the body is not JSON or has no object ``Response``
    """
    try:
        return _BODY.decode(body).response
    except UNREADABLE:
        return _answer(_object(_parse(body), "Response"))


def answer_from(value: Mapping[str, Any] | bytes | bytearray | memoryview | str) -> Answer:
    """Read an answer in any form a client gives it: bytes, text or mapping, with or without the envelope ``Response``.

    :param value: the service's body, or what Tencent's SDK makes of it (`call`, `call_json`, `to_json_string`)
    :raise TransportError: ``Transport.Foreign``, when it is not an answer
    """
    if isinstance(value, Mapping):
        try:
            body = msgspec.json.encode(value)
        except (*UNREADABLE, TypeError, OverflowError):
            return _answer(_inner(value))
    else:
        body = value.encode(errors="surrogatepass") if isinstance(value, str) else bytes(value)
    try:
        return _BODY.decode(body).response
    except UNREADABLE:
        return _answer(_inner(_parse(body)))


def normalise_angle(angle: float | None) -> float | None:
    """Bring degrees into (-180, 180]: 359.99 is -0.01; None for what is not a finite number."""
    if angle is None or not math.isfinite(angle):
        return None
    turned = math.remainder(angle, 360.0)
    return 180.0 if turned == -180.0 else turned + 0.0  # + 0.0: never minus zero


# The tolerant path, from here on.


def _parse(body: bytes) -> object:
    try:
        try:
            return json.loads(body, parse_int=short_int, strict=False)
        except UnicodeDecodeError:
            return json.loads(body.decode("utf-8-sig", errors="replace"), parse_int=short_int, strict=False)
    except ValueError:
        raise _foreign(f"the answer is not JSON, {len(body)} bytes") from None
    except RecursionError:
        raise _foreign(f"the answer is nested too deeply to be the service's, {len(body)} bytes") from None


def _foreign(seen: str) -> TransportError:
    return TransportError("Transport.Foreign", seen)


def _object(value: object, name: str) -> Mapping[str, Any]:
    inner = value.get(name) if isinstance(value, Mapping) else None
    if not isinstance(inner, Mapping):
        raise _foreign(f"the answer has no object {name}")
    return inner


def _inner(value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping) and "Response" not in value and not _INNER_FIELDS.isdisjoint(value):
        return value
    return _object(value, "Response")


def _answer(response: Mapping[str, Any]) -> Answer:
    detections = response.get("TextDetections")
    return Answer(
        text_detections=[_detection(entry) for entry in detections] if isinstance(detections, list) else None,
        angle=number(response.get("Angle")),
        angel=number(response.get("Angel")),
        language=text(response.get("Language")),
        request_id=text(response.get("RequestId")),
    )


def _detection(entry: object) -> TextDetection:
    if not isinstance(entry, Mapping):  # kept, so that a detection's number stays its place in the answer
        return TextDetection()
    words = entry.get("Words")
    word_polygons = entry.get("WordCoordPoint")
    corners = entry.get("WordPolygon")
    return TextDetection(
        detected_text=text(entry.get("DetectedText")),
        confidence=int32(entry.get("Confidence")),
        polygon=_points(entry.get("Polygon")),
        advanced_info=text(entry.get("AdvancedInfo")),
        item_polygon=_item_polygon(entry.get("ItemPolygon")),
        words=[_word(word) for word in words] if isinstance(words, list) else None,
        word_coord_point=[_word_polygon(at) for at in word_polygons] if isinstance(word_polygons, list) else None,
        word_polygon=[_corners(at) for at in corners] if isinstance(corners, list) else None,
        language=text(entry.get("Language")),
    )


def _word(word: object) -> Word:
    if not isinstance(word, Mapping):
        return Word()
    return Word(character=text(word.get("Character")), confidence=int32(word.get("Confidence")))


def _word_polygon(at: object) -> WordPolygon:
    return WordPolygon(_points(at.get("WordCoordinate")) if isinstance(at, Mapping) else None)


def _corners(at: object) -> Corners:
    named = [at.get(name) if isinstance(at, Mapping) else None for name in _CORNERS]
    return Corners(*(found[0] if (found := _points([corner])) else None for corner in named))


def _points(value: object) -> list[Point] | None:
    if not isinstance(value, list):
        return None
    points = []
    for vertex in value:
        x, y = (int32(vertex.get("X")), int32(vertex.get("Y"))) if isinstance(vertex, Mapping) else (None, None)
        if x is None or y is None:
            return None
        points.append(Point(x, y))
    return points


def _item_polygon(value: object) -> ItemPolygon | None:
    if not isinstance(value, Mapping):
        return None
    x, y, width, height = (int32(value.get(name)) for name in ("X", "Y", "Width", "Height"))
    if x is None or y is None or width is None or height is None:
        return None
    return ItemPolygon(x, y, width, height)
