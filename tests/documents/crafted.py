"""Documents that are seldom met and hard to make: sixteen bits, tiles, lies, bombs, polyglots."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from PIL import Image

from tests.documents.made import APPEARANCE, as_bytes, assembled, noise, sheet

SPOT = (120, 60, 200, 120)
"""Where something dark stands on every page that can be read: left, top, right, bottom in the user's own pixels."""


def scan(mode: str = "L", *, size: tuple[int, int] = (600, 400)) -> Image.Image:
    image = Image.new("L", size, 255)
    image.paste(0, SPOT)
    return image.convert("RGB").convert(mode) if mode in ("P", "RGBA", "CMYK") else image.convert(mode)


def photo(width: int, height: int) -> Image.Image:
    """Noise that compresses badly, with the spot on it."""
    grain = noise(width, height, mode="L").point(lambda value: 180 + value // 4)
    image = Image.merge("RGB", (grain, grain.transpose(Image.Transpose.ROTATE_180), grain))
    image.paste("black", SPOT)
    return image


def turned(form: str, orientation: int, *, image: Image.Image | None = None, **how: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return as_bytes(image or scan("RGB"), form, exif=exif.tobytes(), **how)


def deep_png(mode: str) -> bytes:
    """Sixteen bits a channel, which Pillow does not write in colour."""
    row = 600 * len(mode) * 2
    pixels = doubled(scan(mode).tobytes())
    rows = b"".join(b"\0" + pixels[at : at + row] for at in range(0, len(pixels), row))
    header = struct.pack(">IIBBBBB", 600, 400, 16, 2 if mode == "RGB" else 0, 0, 0, 0)
    return png((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))


def doubled(data: bytes) -> bytes:
    """Each byte twice: eight bits as sixteen."""
    wide = bytearray(2 * len(data))
    wide[::2] = wide[1::2] = data
    return bytes(wide)


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def tiff(width: int, height: int, blocks: list[bytes], *, tags: dict[int, list[int]], order: str = "<") -> bytes:
    """What Pillow does not write: tiles, sixteen bits in colour, a size that is a lie."""
    tags = {256: [width], 257: [height], 259: [1], **tags}
    places, lengths = (324, 325) if 322 in tags else (273, 279)
    at = 8 + 2 + 12 * (len(tags) + 2) + 4
    beyond = at + 4 * (sum(len(values) for values in tags.values() if len(values) > 1) + 2 * len(blocks))
    tags[places] = [beyond + sum(map(len, blocks[:number])) for number in range(len(blocks))]
    tags[lengths] = [len(block) for block in blocks]
    entries, values = b"", b""
    for tag, numbers in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        inline = packed if len(numbers) == 1 else struct.pack(f"{order}I", at + len(values))
        entries += struct.pack(f"{order}HHI", tag, 4, len(numbers)) + inline
        values += b"" if len(numbers) == 1 else packed
    directory = struct.pack(f"{order}H", len(tags)) + entries + struct.pack("<I", 0) + values
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(f"{order}I", 8) + directory.ljust(beyond - 8, b"\0") + b"".join(blocks)


def tiled_tiff() -> bytes:
    image = scan(size=(640, 400))
    boxes = [(x, y, x + 64, y + 80) for y in range(0, 400, 80) for x in range(0, 640, 64)]
    tags = {258: [8], 262: [1], 277: [1], 322: [64], 323: [80]}
    return tiff(640, 400, [image.crop(box).tobytes() for box in boxes], tags=tags)


def deep_tiff() -> bytes:
    tags = {258: [16, 16, 16], 262: [2], 277: [3], 278: [400]}
    return tiff(600, 400, [doubled(scan("RGB").tobytes())], tags=tags)


def circular_tiff() -> bytes:
    """Its only directory names itself as the next."""
    data = as_bytes(scan(), "TIFF")
    (at,) = struct.unpack("<I", data[4:8])
    (count,) = struct.unpack("<H", data[at : at + 2])
    end = at + 2 + 12 * count
    return data[:end] + struct.pack("<I", at) + data[end + 4 :]


def ycck_jpeg() -> bytes:
    """A CMYK JPEG whose Adobe marker says that its first three channels are luma and chroma."""
    luma = Image.merge(
        "CMYK",
        [Image.new("L", (600, 400), value) for value in (255, 128, 128)] + [scan().point(lambda value: 255 - value)],
    )
    data = as_bytes(luma, "JPEG", quality=95)
    at = data.index(b"Adobe")
    return data[: at + 11] + b"\x02" + data[at + 12 :]


def lie(form: str, place: int, packing: str, *, size: int = 65_000, after: bytes | None = None) -> bytes:
    """A small image that says that it is huge.

    :param place: of both sides, from the start or from what ``after`` names
    """
    data = as_bytes(scan("RGB"), form)
    at = place + (0 if after is None else data.index(after))
    lied = struct.pack(packing, size, size)
    return data[:at] + lied + data[at + len(lied) :]


def png_bomb(side: int) -> bytes:
    return png((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)), (b"IDAT", b""), (b"IEND", b""))


def tiff_bomb(width: int, height: int, *, channels: int = 1) -> bytes:
    tags = {258: [8] * channels, 262: [2 if channels == 3 else 1], 277: [channels], 278: [height]}
    return tiff(width, height, [bytes(99)], tags=tags)


def webp_bomb() -> bytes:
    """A whole WebP of 16,384 x 16,384 pixels of one colour: five trees of one leaf each, and no bit for a pixel."""
    bits = [(0x2F, 8), (16_383, 14), (16_383, 14), (0, 1), (0, 3), (0, 1), (0, 1), (0, 1)]
    bits += [(1, 1), (0, 1), (0, 1), (0, 1)] * 5
    number = place = 0
    for value, width in bits:
        number |= value << place
        place += width
    packed = number.to_bytes((place + 7) // 8, "little")
    packed += b"\0" * (len(packed) % 2)
    return b"RIFF" + struct.pack("<I", 12 + len(packed)) + b"WEBPVP8L" + struct.pack("<I", len(packed)) + packed


def animated(form: str) -> bytes:
    later = Image.new("RGB", (600, 400), "white")
    return as_bytes(scan("RGB"), form, save_all=True, append_images=[later, later], **lossless(form))


def lossless(form: str) -> dict[str, object]:
    return {"lossless": True} if form == "WEBP" else {}


def pages_of_a_fax() -> bytes:
    sheets = [scan("1") for _ in range(3)]
    return as_bytes(sheets[0], "TIFF", save_all=True, append_images=sheets[1:], compression="group4")


def also_a_zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("inside.txt", "hello")
    return paper() + target.getvalue()


def paper(
    *, pages: int = 1, page: bytes = b"/Contents 3 0 R", catalog: bytes = b"", more: tuple[bytes, ...] = ()
) -> bytes:
    """A PDF whose pages, of 72 x 72 points, bear the spot, in pixels of 200 dpi.

    :param page: entries of each page
    :param more: further objects, from number 4 on
    """
    content = b"%g %g %g %g re f" % _points(SPOT)
    first = 4 + len(more)
    kids = b" ".join(b"%d 0 R" % (first + number) for number in range(pages))
    return assembled(
        [
            b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
            b"<</Type/Pages/Kids[%s]/Count %d/MediaBox[0 0 72 72]>>" % (kids, pages),
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
            *more,
            *([b"<</Type/Page/Parent 2 0 R%s>>" % page] * pages),
        ]
    )


def _points(box: tuple[int, int, int, int]) -> tuple[float, ...]:
    left, top, right, bottom = (edge * 0.36 for edge in box)
    return left, 72 - bottom, right - left, bottom - top


def form() -> bytes:
    field = b"<</Type/Annot/Subtype/Widget/FT/Tx/T(f)/F 4/Rect[10 10 30 30]/AP<</N 5 0 R>>>>"
    return paper(page=b"/Annots[4 0 R]", catalog=b"/AcroForm<</Fields[4 0 R]>>", more=(field, APPEARANCE))


def poster() -> bytes:
    """A white picture over the whole page, and the spot on it."""
    packed = zlib.compress(b"\xff" * 190_000_000, 1)
    picture = (
        b"<</Type/XObject/Subtype/Image/Width 19000/Height 10000/BitsPerComponent 8/ColorSpace/DeviceGray"
        b"/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed)
    )
    under = b"q 72 0 0 72 0 0 cm /I Do Q"
    under = b"<</Length %d>>stream\n%s\nendstream" % (len(under), under)
    entries = b"/Contents[5 0 R 3 0 R]/Resources<</XObject<</I 4 0 R>>>>"
    return paper(page=entries, more=(picture, under))


def clear(mode: str, form: str) -> bytes:
    """Black on nothing."""
    picture = Image.new("RGBA", (600, 400), (255, 255, 255, 0))
    picture.paste((0, 0, 0, 255), SPOT)
    return as_bytes(picture.convert(mode), form, **lossless(form))


def clear_palette() -> bytes:
    picture = Image.new("P", (600, 400), 0)
    picture.putpalette([255, 255, 255, 0, 0, 0])
    picture.paste(1, SPOT)
    return as_bytes(picture, "PNG", transparency=0)


def laughs() -> bytes:
    """A page whose forms draw each other, ten times each and thirty deep."""
    forms = [_form(b"/F Do\n" * 10, draws=6 + deep) for deep in range(29)]
    return _alone(b"/F Do", *forms, _form(b"0 0 9 9 re f"))


def ouroboros() -> bytes:
    """A page whose form draws itself."""
    return _alone(b"/F Do", _form(b"/F Do\n" * 3, draws=5))


def swollen() -> bytes:
    """A page of 5 MB whose content unpacks to 900."""
    packer, lines = zlib.compressobj(1), b"0 0 1 1 re f\n" * 80_000
    content = b"".join([packer.compress(lines) for _ in range(900)]) + packer.flush()
    return _alone(content, packed=b"/Filter/FlateDecode")


def slow() -> bytes:
    """A page that takes minutes of a processor and little memory, and a blank one."""
    side = 2000
    pixels = zlib.compress(bytes(range(250)) * (side * side // 250), 1)
    picture = b"<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/DeviceGray" % (
        side,
        side,
    )
    more = picture + b"/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(pixels), pixels)
    return sheet(b"q 72 3 -3 72 0 0 cm /I Do Q\n" * 20_000, page=b"/Resources<</XObject<</I 6 0 R>>>>", more=(more,))


def _alone(content: bytes, *more: bytes, packed: bytes = b"") -> bytes:
    """A PDF of one page; its form F is the first of what is more, number 5."""
    pages = b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 72 72]>>"
    page = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>"
    stream = b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), packed, content)
    return assembled([b"<</Type/Catalog/Pages 2 0 R>>", pages, page, stream, *more])


def _form(content: bytes, *, draws: int | None = None) -> bytes:
    entry = b"" if draws is None else b"/Resources<</XObject<</F %d 0 R>>>>" % draws
    head = b"<</Type/XObject/Subtype/Form/BBox[0 0 72 72]%s/Length %d>>" % (entry, len(content))
    return head + b"stream\n%s\nendstream" % content
