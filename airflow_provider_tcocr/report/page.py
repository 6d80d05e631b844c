"""One page as the report's script reads it: JSON with texts cut to what a person reads. Opens and writes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..api.faults import Fault, fault_of
from .html import encoded_json
from .pictures import Picture

PAGE_COLUMNS: Final = [
    *("document_id", "document_uri", "page", "status", "error_code", "error_message", "angle", "detections"),
    *("confidence_mean", "confidence_min", "request_id", "prepared", "width", "height"),
]
DETECTION_COLUMNS: Final = ["document_id", "page", "text", "confidence", "polygon"]

_LONGEST: Final = 300


def head(row: Mapping[str, Any], *, picture: Picture | None, note: str | None) -> dict[str, Any]:
    """A page without its detections: at most some 11 KB of JSON.

    :param row: of :data:`PAGE_COLUMNS`
    :param note: why it has no picture
    """
    page: dict[str, Any] = {name: cut(row[name]) for name in PAGE_COLUMNS}
    if row["status"] == "failed":
        page["error_message"], page["advice"] = _reason_and_advice(row["error_code"] or "", row["error_message"] or "")
    if picture is not None:
        page |= {"width": picture.width, "height": picture.height, "matrix": picture.matrix}
    return page | {"note": cut(note)}


def details(detections: Iterable[Mapping[str, Any]], *, limit: int) -> tuple[bytes, int]:
    """A page's detections as ``[text, confidence, [x, y, x, y, ...]]``, and how many of them are left out.

    :param detections: rows of :data:`DETECTION_COLUMNS`
    :param limit: bytes
    """
    encoded: list[bytes] = []
    size, left_out = 2, 0
    for row in detections:
        vertices = [side for vertex in row["polygon"] or () for side in (vertex["x"], vertex["y"])]
        one = encoded_json([row["text"], row["confidence"], vertices])
        if size + len(one) + 1 > limit:
            left_out += 1
        else:
            size += len(one) + 1
            encoded.append(one)
    return b"[" + b",".join(encoded) + b"]", left_out


def cut(value: Any) -> Any:
    """A text cut to what a person reads, None for a number that JSON does not have, any other value as it is."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if not isinstance(value, str) or len(value) <= _LONGEST else value[:_LONGEST] + " …"


def service_fault(code: str, message: str = "") -> Fault | None:
    """What the table of the service's codes says; None for a code of ours, whose message says it all."""
    return None if code.startswith(("Document.", "Transport.")) else fault_of(code, message)


def _reason_and_advice(code: str, message: str) -> tuple[str, str]:
    """The reason and the advice, which the row of a service's error holds as one text."""
    fault = service_fault(code, message)
    return (cut(message.removesuffix(fault.advice).rstrip()), fault.advice) if fault else (cut(message), "")
