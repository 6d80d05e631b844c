"""Tells the kind of a file by its first bytes, and whether the action takes it. Decodes nothing."""

from __future__ import annotations

from typing import Literal

from ..api.actions import Site
from .refusal import Refusal

Kind = Literal["png", "jpeg", "bmp", "pdf"]

_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)


def sniff(content: bytes) -> Kind | None:
    """The kind of a file that the service reads, None for any other."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"BM") and int.from_bytes(content[14:18], "little") in _BMP_HEADERS:
        return "bmp"
    if b"%PDF-" in content[:1024]:
        return "pdf"
    return None


def check_kind(content: bytes, *, is_pdf: bool, site: Site) -> Kind:
    """The kind of a file, or a Refusal where the action does not take it.

    :param is_pdf: the ``IsPdf`` of the call; with it both images and PDFs are taken
    :param site: what the action takes
    """
    if not content:
        raise Refusal("FailedOperation.EmptyImageError", "The image is empty.")
    kind = sniff(content)
    if kind is None or (kind != "pdf" and kind.upper() not in site.formats):
        formats = ", ".join(sorted(site.formats))
        raise Refusal("FailedOperation.UnKnowFileTypeError", f"Unknown file type: images may be {formats}.")
    if kind == "pdf" and not is_pdf:
        raise Refusal(
            "FailedOperation.UnKnowFileTypeError", "Unknown file type: a PDF is read only where `IsPdf` is true."
        )
    return kind
