"""Reads the structure of PNG, JPEG and JPEG 2000: whether one is cut off, what its header says. Decodes nothing."""

from __future__ import annotations

import tempfile
from typing import IO, Final

_DRAWN: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf"})
"""The chunks of a PNG that are needed to draw it upright."""

_IN_MEMORY: Final = 2**23
_CODESTREAM: Final = b"\xff\x4f\xff\x51"
"""How the codestream of JPEG 2000 begins, whatever contains it: its size follows, then its channels."""


def png_is_whole(data: bytes) -> bool:
    """Whether it has pixels, and an end after them."""
    at, pixels = 8, False
    while at + 12 <= len(data):
        pixels |= data[at + 4 : at + 8] == b"IDAT"
        if data[at + 4 : at + 8] == b"IEND":
            return pixels
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return False


def jpeg_is_whole(data: bytes) -> bool:
    """Whether the end marker follows the first scan; a thumbnail before the scan has one of its own."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            at += 1
        elif data[at + 1] == 0xDA:
            return data.rfind(b"\xff\xd9", at) > 0  # from the end, where it is, or 5 MB take as long as their hash
        elif data[at + 1] in (0xFF, 0x00, 0x01) or 0xD0 <= data[at + 1] <= 0xD8:
            at += 1 if data[at + 1] == 0xFF else 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def bare_png(stream: IO[bytes]) -> IO[bytes]:
    """A copy with only the chunks that are drawn."""
    stream.seek(0)
    target = tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="tcocr-")  # noqa: SIM115 (closed when it is forgotten)
    target.write(stream.read(8))
    while len(head := stream.read(8)) == 8:
        rest = int.from_bytes(head[:4], "big") + 4  # its CRC
        if head[4:] in _DRAWN:
            target.write(head + stream.read(rest))
        else:
            stream.seek(rest, 1)
    target.seek(0)
    return target


def jpeg_2000_size(data: bytes) -> tuple[int, int]:
    """Width and height of a JPEG 2000; 0 and 0 if it is not one."""
    _, found, after = data.partition(_CODESTREAM)
    right, bottom, left, top = (int.from_bytes(after[at : at + 4], "big") for at in range(4, 20, 4))
    return (right - left, bottom - top) if found else (0, 0)


def jpeg_2000_bits(data: bytes) -> int:
    """The most bits that a channel of a JPEG 2000 has; 0 if it is not one."""
    _, _, after = data.partition(_CODESTREAM)
    count = int.from_bytes(after[36:38], "big")
    return max(((bits & 0x7F) + 1 for bits in after[38 : 38 + 3 * count : 3]), default=0)
