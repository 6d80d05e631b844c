"""Reads the bytes of an HTTP answer as the call's result or its error; `Response.Error` is always checked.

The content type is never trusted: proxies add charsets, and errors come inside HTTP 200.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import msgspec

from ..exceptions import ApiError, TransportError
from .faults import error_of
from .scalars import short_int

_ON_THE_WAY = {413: "RequestSizeLimitExceeded", 429: "RequestLimitExceeded"}
"""Refusals of a proxy, under the service's own codes: the call was not carried out."""

_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_MAX_TEXT = 500


class Opened(NamedTuple):
    """What is known of a successful call before its answer is decoded.

    :param request_id: the service's RequestId, None where it gave none
    :param detects: whether there is any text detection
    """

    request_id: str | None
    detects: bool


class _Response(msgspec.Struct, gc=False):
    Error: Any = None
    RequestId: Any = None
    TextDetections: msgspec.Raw = msgspec.Raw(b"")  # passed over, not decoded


class _Body(msgspec.Struct, gc=False):
    Response: _Response


_QUERY = re.compile(rb"(https?:(?:\\?/){2}[^\s?\"'<>]*)(?:\?(?:[^\s\"'<>\\]|\\[^\"nrt])*)?", re.IGNORECASE)
"""Of a URL without a query it matches the whole, too: what was looked at is not looked at again from its middle on."""

_USER = re.compile(rb"(https?:(?:\\?/){2})[^\s/?\"'<>\\]*@", re.IGNORECASE)
_FILLED_ARRAY = re.compile(rb"\[\s*[^\s\]]")
_BODY = msgspec.json.Decoder(_Body)


def utf8(body: bytes, content_type: str = "") -> bytes:
    """The body in UTF-8, the same bytes unless they are not UTF-8 and the header declares another charset."""
    try:
        body.decode()
        return body.removeprefix(b"\xef\xbb\xbf")
    except UnicodeDecodeError as error:
        declared = _CHARSET.search(content_type)
        if declared:
            try:
                return body.decode(declared[1]).encode()
            except (LookupError, UnicodeError):
                pass
        raise TransportError("Transport.Foreign", "the answer is in an unknown charset") from error


def open_answer(body: bytes, *, action: str, status: int = 200) -> Opened:
    """Tell a call's success from its failure, in one pass over the answer.

    :param body: the answer in UTF-8
    :param action: for the error's text
    :param status: the HTTP status
    :raise ApiError: by the error's code, when the service refused
    :raise TransportError: when the body is not the service's
    """
    try:
        response = _BODY.decode(body).Response
    except (msgspec.MsgspecError, RecursionError, ValueError):
        response = _loosely(body, status, action)
    request_id = (_text(response.RequestId) or "")[:_MAX_TEXT] or None
    if response.Error is not None:
        told = (without_queries(text.encode()).decode() for text in _code_and_message(response.Error))
        code, message = (text[:_MAX_TEXT] for text in told)
        raise error_of(code, message, request_id=request_id, action=action)
    detects = _FILLED_ARRAY.match(memoryview(response.TextDetections)) is not None
    if not (detects or 200 <= status < 300):  # a recognized page is paid for, whatever status a proxy sets
        raise _foreign(body, status, action)
    return Opened(request_id, detects)


def without_queries(refusal: bytes) -> bytes:
    """An error answer whose URLs have lost queries and passwords: the service may quote the URL it could not fetch."""
    return _QUERY.sub(rb"\1", _USER.sub(rb"\1", refusal))


def decode(body: bytes, *, action: str = "", status: int = 200) -> dict[str, Any]:
    """The inner object of an answer, whatever the action; lone surrogates, NaN and control characters pass.

    An integer of more digits than any of the service's is None.
    """
    try:
        response = json.loads(body, parse_int=short_int, strict=False)["Response"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise _foreign(body, status, action) from None
    if not isinstance(response, dict):
        raise _foreign(body, status, action)
    return response


def _loosely(body: bytes, status: int, action: str) -> _Response:
    """What a strict decoder refuses may still be an answer that was paid for."""
    response = decode(body, action=action, status=status)
    detections = response.get("TextDetections")
    found = b"[0]" if isinstance(detections, list) and detections else b""
    return _Response(response.get("Error"), response.get("RequestId"), msgspec.Raw(found))


def _code_and_message(error: object) -> tuple[str, str]:
    if isinstance(error, dict):
        code, message = _text(error.get("Code")), _text(error.get("Message"))
        return code or "InternalError.NoCode", message or "the service gave no message"
    return "InternalError.NoCode", _text(error) or "the service gave an error of an unknown shape"


def _text(value: object) -> str | None:
    if value is None:
        return None
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        text = "a value nested too deeply to be shown"
    return text.encode("utf-8", "replace").decode() or None


def _foreign(body: bytes, status: int, action: str = "") -> TransportError | ApiError:
    if (code := _ON_THE_WAY.get(status)) is not None:
        return error_of(code, f"HTTP {status} on the way to the service", request_id=None, action=action)
    kind = "HTML" if body.lstrip()[:1] == b"<" else "empty" if not body.strip() else "not the service's JSON"
    return TransportError("Transport.Foreign", f"HTTP {status}, the body is {kind}, {len(body)} bytes", status=status)
