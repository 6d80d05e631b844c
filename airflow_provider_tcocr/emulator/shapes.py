"""Odd shapes of an answer that a client must survive: each a function from the envelope to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

HUGE_BYTES: Final = 50_000_000


def _no_request_id(envelope: dict[str, Any]) -> Any:
    return {"Response": {name: value for name, value in envelope["Response"].items() if name != "RequestId"}}


def _no_response(envelope: dict[str, Any]) -> Any:
    return {"Result": envelope["Response"]}


def _null_response(envelope: dict[str, Any]) -> Any:
    return {"Response": None}


def _list_response(envelope: dict[str, Any]) -> Any:
    return {"Response": [envelope["Response"]]}


def _null_error(envelope: dict[str, Any]) -> Any:
    return {"Response": {**envelope["Response"], "Error": None}}


def _null_detections(envelope: dict[str, Any]) -> Any:
    return {"Response": {**envelope["Response"], "TextDetections": None, "Angle": None}}


def _no_detections(envelope: dict[str, Any]) -> Any:
    return {"Response": {"RequestId": envelope["Response"].get("RequestId")}}


def _old_angle(envelope: dict[str, Any]) -> Any:
    response = dict(envelope["Response"])
    response["Angel"] = response.pop("Angle", 0.0)
    return {"Response": response}


def _null_fields(envelope: dict[str, Any]) -> Any:
    """Every field of a detection but its text is null."""
    return _each(envelope, lambda detection: {**dict.fromkeys(detection), "DetectedText": detection["DetectedText"]})


def _missing_fields(envelope: dict[str, Any]) -> Any:
    """A detection has its text and its confidence, and nothing else."""
    return _each(envelope, lambda detection: {name: detection[name] for name in ("DetectedText", "Confidence")})


def _unknown_fields(envelope: dict[str, Any]) -> Any:
    changed = _each(envelope, lambda detection: {**detection, "Glyphs": {"Count": 3}, "Tags": ["new"]})
    return {"Response": {**changed["Response"], "PageSize": {"Width": 1, "Height": 2}, "Model": "v9"}, "Trace": "t"}


def _huge(envelope: dict[str, Any]) -> Any:
    return {"Response": {**envelope["Response"], "Padding": "x" * HUGE_BYTES}}


def _each(envelope: dict[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    response = dict(envelope["Response"])
    response["TextDetections"] = [change(detection) for detection in response.get("TextDetections") or []]
    return {"Response": response}


def _numbers_as_strings(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _numbers_as_strings(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_numbers_as_strings(inner) for inner in value]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


SHAPES: Final[Mapping[str, Callable[[dict[str, Any]], Any]]] = {
    "no-request-id": _no_request_id,
    "no-response": _no_response,
    "null-response": _null_response,
    "list-response": _list_response,
    "null-error": _null_error,
    "null-detections": _null_detections,
    "no-detections": _no_detections,
    "old-angle": _old_angle,
    "null-fields": _null_fields,
    "missing-fields": _missing_fields,
    "unknown-fields": _unknown_fields,
    "numbers-as-strings": _numbers_as_strings,
    "huge": _huge,
}
"""The shapes by name; ``huge`` adds 50 MB to the answer."""
