"""From the body of a call to its image and options, by the action's own parameter list. Looks into no image."""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ..api.actions import ACTION, MAX_IMAGE_BASE64
from .refusal import Refusal

_TYPES: Final[Mapping[str, type]] = {
    "ImageBase64": str,
    "ImageUrl": str,
    "IsPdf": bool,
    "PdfPageNumber": int,
    "EnableDetectText": bool,
    "EnableDetectSplit": bool,
    "ConfigID": str,
    "IsWords": bool,
    "WordsType": str,
}
_MAINLAND_ONLY: Final = frozenset({"IsWords", "WordsType"})
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"ConfigID": ("OCR", "MulOCR"), "WordsType": ("0", "1", "2")}


@dataclass(frozen=True, slots=True)
class Request:
    """One call's parameters, as a scenario's ``match`` and an engine see them.

    :param action: ``X-TC-Action``
    :param parameters: all that were sent, without the image
    :param image: the image's or PDF's bytes; None for an ``ImageUrl`` that was not fetched, and where base64 was none
    :param url: ``ImageUrl``, which wins where both are given
    :param sha256: lower hex, of the image that was sent
    :param page: ``PdfPageNumber``, 1 where there was none
    :param base64_length: characters of ``ImageBase64``, None where there was none
    """

    action: str
    parameters: Mapping[str, Any]
    image: bytes | None = None
    url: str | None = None
    sha256: str | None = None
    page: int = 1
    base64_length: int | None = None

    @property
    def identity(self) -> str:
        """What is read: the URL or the image's SHA-256, with the page."""
        return f"{self.url or self.sha256}#{self.page}"


@dataclass(frozen=True, slots=True)
class Options:
    """The checked parameters of a call: how its page is to be read.

    :param is_pdf: ``IsPdf``: the image is a PDF
    :param page: ``PdfPageNumber``, from 1
    :param detect_text: ``EnableDetectText``: look for text; else the image is one line
    :param detect_split: ``EnableDetectSplit``: look for small text on a large image
    :param config_id: ``ConfigID``: ``OCR`` or ``MulOCR``
    :param is_words: ``IsWords``: give each character its place
    :param words_type: ``WordsType``: ``0`` all, ``1`` handwriting, ``2`` print
    """

    is_pdf: bool = False
    page: int = 1
    detect_text: bool = True
    detect_split: bool = False
    config_id: str = "OCR"
    is_words: bool = False
    words_type: str = "0"


def read_request(body: bytes, *, action: str = ACTION) -> Request:
    """Take a body apart, without judging its parameters: only what is no JSON object is refused."""
    try:
        parameters = json.loads(body)
    except ValueError:
        parameters = None
    if not isinstance(parameters, dict):
        raise Refusal("InvalidParameter", "The body of the request is not a JSON object.")
    parameters = {name: value for name, value in parameters.items() if value is not None}
    encoded, url, page = (
        parameters.pop("ImageBase64", None),
        parameters.get("ImageUrl"),
        parameters.get("PdfPageNumber"),
    )
    if encoded is not None and not isinstance(encoded, str):
        parameters["ImageBase64"] = encoded
        encoded = None
    url = url if isinstance(url, str) and url else None
    image = _decode(encoded) if encoded is not None and url is None else None
    return Request(
        action=action,
        parameters=parameters,
        image=image,
        url=url,
        sha256=None if image is None else sha256(image).hexdigest(),
        page=page if type(page) is int else 1,
        base64_length=None if encoded is None else len(encoded),
    )


def _decode(encoded: str) -> bytes | None:
    if len(encoded) > MAX_IMAGE_BASE64:
        return None
    try:
        return binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:
        return None


def check_parameters(request: Request, *, international: bool) -> Options:
    """The options of a call, or a Refusal for the first parameter that is not as the action has it.

    :param international: the international site, whose parameter list lacks ``IsWords`` and ``WordsType``
    """
    known = _TYPES.keys() - (_MAINLAND_ONLY if international else frozenset())
    for name, value in request.parameters.items():
        if name not in known:
            raise Refusal("UnknownParameter", f"The parameter `{name}` is not recognized.")
        if type(value) is not _TYPES[name]:
            raise Refusal("InvalidParameter", f"The parameter `{name}` must be of type `{_TYPES[name].__name__}`.")
        if name in _CHOICES and value not in _CHOICES[name]:
            raise Refusal("InvalidParameterValue", f"The value of `{name}` must be one of {', '.join(_CHOICES[name])}.")
    if request.page < 1:
        raise Refusal("InvalidParameterValue.InvalidParameterValueLimit", "`PdfPageNumber` begins at 1.")
    given = request.parameters
    ordinary = given.get("ConfigID", "OCR") == "OCR"
    is_words = ordinary and given.get("IsWords", False)
    return Options(
        is_pdf=given.get("IsPdf", False),
        page=request.page,
        detect_text=given.get("EnableDetectText", True),
        detect_split=ordinary and given.get("EnableDetectSplit", False),
        config_id=given.get("ConfigID", "OCR"),
        is_words=is_words,
        words_type=given.get("WordsType", "0") if ordinary and not is_words else "0",
    )


def check_source(request: Request) -> None:
    """Raise a Refusal unless there is a URL, or an image that is not empty, not too long, and in base64."""
    if request.url is not None:
        return
    if request.base64_length is None:
        if "ImageUrl" in request.parameters:
            raise Refusal("FailedOperation.DownLoadError", "File download failed: `ImageUrl` is empty.")
        raise Refusal("MissingParameter", "One of `ImageBase64` and `ImageUrl` must be given.")
    if request.base64_length == 0:
        raise Refusal("FailedOperation.EmptyImageError", "The image is empty.")
    if request.base64_length > MAX_IMAGE_BASE64:
        raise Refusal("LimitExceeded.TooLargeFileError", "The file is too large: at most 10M after base64 encoding.")
    if request.image is None:
        raise Refusal("FailedOperation.ImageDecodeFailed", "Image decoding failed: `ImageBase64` is not base64.")
