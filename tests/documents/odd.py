"""Documents that are well, each in a way of its own: what the formats allow and programs do, and readers forget."""

from __future__ import annotations

import gzip
import io
import re
import struct
import zlib

from PIL import Image, TiffImagePlugin

from tests.documents.crafted import doubled, lie, paper, png, scan, tiff
from tests.documents.made import as_bytes

GREY = scan().tobytes()
SIZE = (600, 400)


def lost_table(form: str) -> bytes:
    """A PDF whose table of objects is not where it should be, or wrong."""
    if form == "moved":
        return re.sub(rb"startxref\n\d+", b"startxref\n7", paper())
    return re.sub(rb"\d{10} 00000 n", b"0000000001 00000 n", paper())


def drawing_itself() -> bytes:
    drawn = b"<</Length 5%s>>stream\n/F Do\nendstream"
    form = drawn % b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 4 0 R>>>>"
    return paper(page=b"/Contents[5 0 R 3 0 R]/Resources<</XObject<</F 4 0 R>>>>", more=(form, drawn % b""))


def locked_with_a_certificate() -> bytes:
    lock = b"/Root 1 0 R/ID[<00><00>]/Encrypt<</Filter/Adobe.PubSec/SubFilter/adbe.pkcs7.s5/V 4/R 4>>"
    return paper().replace(b"/Root 1 0 R", lock)


def with_a_lying_jpeg_2000() -> bytes:
    """The PDF says 10 x 10 pixels, the picture 8,000 x 8,000."""
    data = lie("JPEG2000", 8, ">II", size=8000, after=b"\xff\x4f\xff\x51")
    picture = (
        b"<</Type/XObject/Subtype/Image/Width 10/Height 10/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/JPXDecode"
        b"/Length %d>>stream\n%s\nendstream" % (len(data), data)
    )
    drawn = b"<</Length 5>>stream\n/I Do\nendstream"
    return paper(page=b"/Contents[5 0 R 3 0 R]/Resources<</XObject<</I 4 0 R>>>>", more=(picture, drawn))


def interlaced_png() -> bytes:
    pixels = scan().load()
    rows = b""
    for across, down, left, top in (
        *((8, 8, 0, 0), (8, 8, 4, 0), (4, 8, 0, 4), (4, 4, 2, 0), (2, 4, 0, 2), (2, 2, 1, 0), (1, 2, 0, 1)),
    ):
        for y in range(top, SIZE[1], down):
            rows += b"\0" + bytes(pixels[x, y] for x in range(left, SIZE[0], across))
    return grey_png((b"IDAT", zlib.compress(rows)), interlaced=1)


def wordy_png(kind: bytes, head: bytes) -> bytes:
    """With two megabytes of text, packed into two kilobytes."""
    rows = b"".join(b"\0" + GREY[at : at + SIZE[0]] for at in range(0, len(GREY), SIZE[0]))
    return grey_png((kind, head + zlib.compress(bytes(2_000_000))), (b"IDAT", zlib.compress(rows)))


def grey_png(*chunks: tuple[bytes, bytes], interlaced: int = 0) -> bytes:
    return png((b"IHDR", struct.pack(">IIBBBBB", *SIZE, 8, 0, 0, 0, interlaced)), *chunks, (b"IEND", b""))


def two_pictures(form: str) -> bytes:
    return as_bytes(scan(), form, save_all=True, append_images=[Image.new("L", SIZE, 200)])


def long_headed_jpeg(count: int) -> bytes:
    """With so many segments of 64 KB before the picture."""
    data = as_bytes(scan("RGB"), "JPEG")
    return data[:2] + (b"\xff\xe1\xff\xff" + b"Exif\0\0".ljust(65_533, b"x")) * count + data[2:]


def deep_jpeg() -> bytes:
    """That says it has twelve bits a channel."""
    data = as_bytes(scan("RGB"), "JPEG")
    at = data.index(b"\xff\xc0") + 4
    return data[:at] + b"\x0c" + data[at + 1 :]


def grey_tiff(packing: str, scale: float, *, kind: int = 1, first: float | None = None, least: float = 0) -> bytes:
    """A TIFF of numbers.

    :param packing: of one, as :mod:`struct` names it
    :param kind: 1 are whole numbers, 2 those with a sign, 3 floats
    :param first: what stands in place of the first
    """
    values = [value * scale + least for value in GREY]
    values[0] = values[0] if first is None else first
    numbers = values if kind == 3 else map(int, values)
    data = struct.pack(f"<{len(values)}{packing}", *numbers)
    return tiff(*SIZE, [data], tags=plain(8 * struct.calcsize(packing), kind=kind))


def packed_tiff(bits: int, *, white: int = 1, backwards: bool = False) -> bytes:
    """A TIFF of pixels that are no whole bytes.

    :param white: 1 where the greatest is white, 0 where it is black
    :param backwards: a byte's lowest bit comes first
    """
    most = (1 << bits) - 1
    numbers = (value * most // 255 for value in GREY)
    digits = "".join(f"{number if white else most - number:0{bits}b}" for number in numbers)
    data = int(digits, 2).to_bytes(len(digits) // 8, "big")
    if backwards:
        data = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)
    return tiff(*SIZE, [data], tags=plain(bits, white=white) | ({266: [2]} if backwards else {}))


def plain(bits: int, *, kind: int = 1, white: int = 1) -> dict[int, list[int]]:
    return {258: [bits], 262: [white], 277: [1], 278: [SIZE[1]], 339: [kind]}


def inverted_tiff() -> bytes:
    """Sixteen bits, of which the greatest is black."""
    data = doubled(bytes(255 - value for value in GREY))
    return tiff(*SIZE, [data], tags=plain(16, white=0))


def tiff_of_deep_planes() -> bytes:
    """Three channels of sixteen bits, each apart."""
    tags = {258: [16] * 3, 262: [2], 277: [3], 278: [SIZE[1]], 284: [2]}
    return tiff(*SIZE, [doubled(GREY)] * 3, tags=tags)


def tiff_with_a_thumbnail() -> bytes:
    """Two pages, each followed by a small copy of it."""
    target = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(target, True) as writer:
        for _ in range(2):
            scan().save(writer, "TIFF")
            writer.newFrame()
            scan().reduce(4).save(writer, "TIFF", tiffinfo={254: 1})
            writer.newFrame()
    return target.getvalue()


def tiff_of_channels(space: int, rest: bytes, *, apart: bool = False) -> bytes:
    """A TIFF of three channels: the grey one, and two that are the same everywhere, or all grey and each apart."""
    tags = {258: [8, 8, 8], 262: [space], 277: [3], 278: [SIZE[1]], **({284: [2]} if apart else {530: [1, 1]})}
    return tiff(*SIZE, [GREY] * 3 if apart else [b"".join(bytes([value]) + rest for value in GREY)], tags=tags)


def mixed_tiff() -> bytes:
    """Four frames, each of its own mode and compression."""
    target = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(target, True) as writer:
        for mode, how in (("1", "group3"), ("RGB", "jpeg"), ("L", "tiff_lzw"), ("CMYK", "packbits")):
            scan(mode).save(writer, "TIFF", compression=how)
            writer.newFrame()
    return target.getvalue()


def bmp(bits: int, data: bytes, *, packed: int = 0, top_down: bool = False, masks: bytes = b"") -> bytes:
    """A BMP.

    :param packed: 0 not, 1 and 2 by runs, 3 with masks that tell the channels
    """
    palette = b"".join(
        bytes([step * 255 // ((1 << bits) - 1)] * 3 + [0]) for step in range(1 << bits if bits <= 8 else 0)
    )
    height = -SIZE[1] if top_down else SIZE[1]
    header = struct.pack("<IiiHHIIiiII", 40, SIZE[0], height, 1, bits, packed, len(data), 0, 0, 0, 0) + masks + palette
    start = 14 + len(header)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + header + data


def rows_up() -> list[bytes]:
    return [GREY[at : at + SIZE[0]] for at in range(len(GREY) - SIZE[0], -1, -SIZE[0])]


def runs(bits: int) -> bytes:
    """The rows of a BMP as runs of at most 254 pixels."""
    data = b""
    for row in rows_up():
        for run in re.finditer(rb"(.)\1{0,253}", row, re.DOTALL):
            data += bytes([len(run[0]), run[1][0] if bits == 8 else run[1][0] >> 4 << 4 | run[1][0] >> 4])
        data += b"\0\0"
    return data + b"\0\1"


def pixels_up(white: bytes) -> bytes:
    """The rows of a BMP, its pixels black (zero) or white."""
    return b"".join(white if value else bytes(len(white)) for row in rows_up() for value in row)


def netpbm(magic: str, words: bytes, most: int = 255) -> bytes:
    return b"%s\n# a comment\n%d %d\n%d\n" % (magic.encode(), *SIZE, most) + words


def packed_pdf() -> bytes:
    return gzip.compress(paper())
