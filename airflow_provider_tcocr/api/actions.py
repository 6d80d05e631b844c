"""The facts of the service that other modules count with: names, versions, limits. Nothing is decided here."""

from __future__ import annotations

from typing import Final

SERVICE: Final = "ocr"
VERSION: Final = "2018-11-19"
ACTION: Final = "GeneralAccurateOCR"
DEFAULT_ENDPOINT: Final = "ocr.intl.tencentcloudapi.com"

DEFAULT_QPS: Final = 10
"""Calls a second that an account has by default for the action (its SDK's docstring)."""

MAX_IMAGE_BASE64: Final = 10_000_000
"""Characters of base64 that surely pass: the documented "10M", read as 10^7; the unit is not defined."""

MAX_IMAGE_BYTES: Final = MAX_IMAGE_BASE64 // 4 * 3
"""Raw bytes whose base64 fits (7,500,000)."""


def is_international(host: str) -> bool:
    """Tell whether an endpoint's host is the international site: ``.intl.`` in it, and no other.

    :param host: a host name, without scheme
    """
    return ".intl." in host.lower()
