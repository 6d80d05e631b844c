"""An answer as nearly every one is, read without an object a vertex: its places stay JSON until a column takes them.

Plain is an answer in which each detection has a text, a confidence, four vertices and an item polygon, all of it in the
types of the service's documentation, and none has words. Whatever else comes is :mod:`~.answer`'s to read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from .answer import Head
from .scalars import Int32

_DIGITS: Final = b"-0123456789"
_SPACE: Final = b" \t\r\n"
_COLUMN: Final = bytes.maketrans(b",", b"\n")
_ALIKE: Final = bytes.maketrans(b"123456789", b"000000000")
_TOO_LONG: Final = b"0" * 10
"""Digits of a number that may not fit int32; no place on a page has as many."""

_NAMES: Final = b'{}[]":XYWidthHeg' + _SPACE
_KEYS: Final = b'"X"', b'"Y"', b'"Width"', b'"Height"'
_POLYGON: Final = b'[{"X":,"Y":},{"X":,"Y":},{"X":,"Y":},{"X":,"Y":}]'
_ITEM_POLYGON: Final = b'{"X":,"Y":,"Width":,"Height":}'


class PlainDetection(msgspec.Struct, gc=False, rename="pascal"):
    """One entry of `TextDetections`.

    :param polygon: its JSON
    :param item_polygon: its JSON
    """

    detected_text: str
    confidence: Int32
    polygon: msgspec.Raw
    item_polygon: msgspec.Raw
    advanced_info: str | None = None
    words: tuple[()] | None = None
    word_coord_point: tuple[()] | None = None
    word_polygon: tuple[()] | None = None
    language: str | None = None


class PlainAnswer(Head, gc=False, kw_only=True):
    """The object `Response`, with a detection at least."""

    text_detections: list[PlainDetection]


class PlainPage(NamedTuple):
    """An answer, and the places of its detections as lines of digits.

    :param vertices: the X and the Y of each polygon's four vertices in turn
    :param sides: the X, Y, width and height of each item polygon in turn
    """

    answer: PlainAnswer
    vertices: bytes
    sides: bytes


class _Body(msgspec.Struct, gc=False, rename="pascal"):
    response: PlainAnswer


_BODY: Final = msgspec.json.Decoder(_Body)


def read_plain(body: bytes) -> PlainPage | None:
    """Read the service's body, ``{"Response": {...}}``; None where that takes :func:`~.answer.read_answer`.

    :param body: the answer's bytes, as the service gave them
    :return: lines of which each is a number that fits int32
    """
    try:
        answer = _BODY.decode(body).response
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    detections = answer.text_detections
    vertices = _numbers([detection.polygon for detection in detections], _POLYGON)
    sides = _numbers([detection.item_polygon for detection in detections], _ITEM_POLYGON)
    return PlainPage(answer, vertices, sides) if vertices and sides else None


def _numbers(texts: list[msgspec.Raw], form: bytes) -> bytes:
    """The numbers in JSON that is of a form but for them and for its spaces, a line each; nothing where it is not."""
    joined, many = b",".join(texts), len(texts)
    alike = joined.translate(None, _DIGITS + _SPACE) == b",".join([form] * many)
    if not alike or any(joined.count(key) != form.count(key) * many for key in _KEYS):  # a digit in a name is no number
        return b""
    lines = joined.translate(_COLUMN, _NAMES)
    return b"" if _TOO_LONG in lines.translate(_ALIKE) else lines
