"""The body of a call as bytes: the image goes in as base64 without passing a JSON encoder."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from .options import Options


def url_body(url: str, options: Options) -> bytes:
    """The body that has the service fetch the image itself (within 3 seconds, at most 10 MB).

    :param url: http(s); it may bear a signature, so the body is as secret as the URL
    """
    return encode({"ImageUrl": url, **options.parameters()})


def image_body(image: bytes, options: Options, *, is_pdf: bool = False) -> bytes:
    """The body that carries the image, or with `is_pdf` a PDF of one page.

    :param image: the raw bytes, at most what the action takes; the body is a third longer
    """
    rest: dict[str, bool | str | int] = {**options.parameters()}
    if is_pdf:
        rest |= {"IsPdf": True, "PdfPageNumber": 1}
    tail = b"," + encode(rest)[1:] if rest else b"}"
    return b"".join((b'{"ImageBase64":"', b64encode(image), b'"', tail))


def encode(params: Mapping[str, Any]) -> bytes:
    """Any action's parameters as the JSON that is signed and sent."""
    return json.dumps(params, separators=(",", ":"), ensure_ascii=False).encode()
