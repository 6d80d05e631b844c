"""Recognizes a document's format by its first bytes, never by its name. Decodes nothing."""

from __future__ import annotations

from typing import Final

HEAD: Final = 1024
"""Bytes from the start of a document that are examined."""

SENT_AS_IT_IS: Final = frozenset({"PNG", "JPEG", "BMP"})
"""Images that the service reads, by its documentation of ImageBase64; PDF is another matter."""

SUFFIXES: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".pdf", ".tif", ".tiff", ".webp", ".gif"}
    | {".jp2", ".j2k", ".jpx", ".pbm", ".pgm", ".ppm", ".pnm"}
)
"""Suffixes of the names that are taken as documents in a folder."""

_BMP_HEADERS: Final = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
)


def kind_of(head: bytes) -> str | None:
    """The format, by Pillow's name for it or ``PDF``; None if it is not one that is read.

    :param head: the first :data:`HEAD` bytes; a PDF may begin with other bytes
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if len(head) > 2 and head[0:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    return "PDF" if b"%PDF-" in head[:HEAD] else None
