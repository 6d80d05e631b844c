"""Reads the body of a call: its image and options, checked by the action's own parameter list. Decodes no image."""

from __future__ import annotations

import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ..api.actions import ACTION, ACTIONS, MAX_IMAGE_BASE64, Action, Site
from .refusal import Refusal

_IMAGE: Final[Mapping[str, type]] = {"ImageBase64": str, "ImageUrl": str}
_WORDS: Final = ("is_words", "enable_word_polygon", "enable_coord_point", "enable_cand_word")
_PDF: Final[Mapping[str, type]] = {"IsPdf": bool, "PdfPageNumber": int}


@dataclass(frozen=True, slots=True)
class Request:
    """One call's parameters, as a scenario's ``match`` and an engine see them.

    :param action: ``X-TC-Action``
    :param parameters: all that were sent, without the image
    :param image: the image's or PDF's bytes; None for an ``ImageUrl`` that was not fetched, and for invalid base64
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
        """The URL or the image's SHA-256, with the page."""
        return f"{self.url or self.sha256}#{self.page}"


@dataclass(frozen=True, slots=True)
class Options:
    """The checked parameters of a call: how its page is to be read.

    :param action: what is called
    :param site: what it takes at the site that is called
    :param is_pdf: ``IsPdf``: the image is a PDF
    :param page: ``PdfPageNumber``, from 1
    :param detect_text: ``EnableDetectText``: look for text; else the image is one line
    :param detect_split: ``EnableDetectSplit``: look for small text on a large image
    :param config_id: ``ConfigID``: ``OCR`` or ``MulOCR``
    :param is_words: characters with their polygons are asked for, by whichever name the action has for it
    :param words_type: ``"1"`` for handwriting only, by whichever name
    :param cand_word: ``EnableCandWord``: give candidates for words
    :param language_type: ``auto`` and ``mix`` leave it to the engine
    """

    action: Action = ACTIONS[ACTION]
    site: Site = ACTIONS[ACTION].mainland
    is_pdf: bool = False
    page: int = 1
    detect_text: bool = True
    detect_split: bool = False
    config_id: str = "OCR"
    is_words: bool = False
    words_type: str = "0"
    cand_word: bool = False
    language_type: str = "zh"


def read_request(body: bytes, *, action: str = ACTION) -> Request:
    """Parse a body without checking its parameters: only what is not a JSON object is refused."""
    try:
        parameters = json.loads(body)
    except (ValueError, RecursionError):
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
    """The options of a call, or a Refusal for the first parameter that the action does not take.

    :param international: the international site, whose parameter lists lack some
    """
    action = ACTIONS[request.action]
    options = {
        option.parameter: option for option in action.options.values() if not (international and option.mainland_only)
    }
    types = {**_IMAGE, **(_PDF if action.takes_pdf else {}), **{name: option.type for name, option in options.items()}}
    for name, value in request.parameters.items():
        if name not in types:
            raise Refusal("UnknownParameter", f"The parameter `{name}` is not recognized.")
        if type(value) is not types[name]:
            raise Refusal("InvalidParameter", f"The parameter `{name}` must be of type `{types[name].__name__}`.")
        choices = options[name].choices if name in options else ()
        if choices and value not in choices:
            raise Refusal("InvalidParameterValue", f"The value of `{name}` must be one of {', '.join(choices)}.")
    if request.page < 1:
        raise Refusal("InvalidParameterValue.InvalidParameterValueLimit", "`PdfPageNumber` begins at 1.")

    def effective(name: str) -> Any:
        """An option's effective value: the default where a rule voids it, None where the action lacks the option."""
        option = action.options.get(name)
        if option is None:
            return None
        without_effect = (option.only_with and effective(option.only_with[0]) != option.only_with[1]) or (
            option.not_with and effective(option.not_with)
        )
        return option.default if without_effect else request.parameters.get(option.parameter, option.default)

    return Options(
        action=action,
        site=action.site(international=international),
        is_pdf=request.parameters.get("IsPdf", False),
        page=request.page,
        detect_text=effective("enable_detect_text") is not False,
        detect_split=bool(effective("enable_detect_split")),
        config_id=effective("config_id") or "OCR",
        is_words=any(effective(name) for name in _WORDS),
        words_type="1" if effective("scene") == "only_hw" else effective("words_type") or "0",
        cand_word=bool(effective("enable_cand_word")),
        language_type=effective("language_type") or "zh",
    )


def check_source(request: Request, site: Site) -> None:
    """Raise a Refusal unless there is a URL, or an image that is not empty, not too long, and in base64."""
    if request.url is not None and not site.by_url:
        raise Refusal("FailedOperation.DownLoadError", "`ImageUrl` is not supported outside the Chinese mainland.")
    if request.url is not None:
        return
    if request.base64_length is None:
        if "ImageUrl" in request.parameters:
            raise Refusal("FailedOperation.DownLoadError", "File download failed: `ImageUrl` is empty.")
        raise Refusal("MissingParameter", "One of `ImageBase64` and `ImageUrl` must be given.")
    if request.base64_length == 0:
        raise Refusal("FailedOperation.EmptyImageError", "The image is empty.")
    if request.base64_length > site.max_base64:
        message = f"The file is too large: at most {site.max_base64 // 1_000_000}M after base64 encoding."
        raise Refusal("LimitExceeded.TooLargeFileError", message)
    if request.image is None:
        raise Refusal("FailedOperation.ImageDecodeFailed", "Image decoding failed: `ImageBase64` is not base64.")
