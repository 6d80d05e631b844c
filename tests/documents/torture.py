"""The torture set: documents as buckets hold them, with what becomes of each. The table in the docs is made of it."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PIL import Image

from tests.documents import crafted, odd
from tests.documents.crafted import SPOT, animated, clear, lie, paper, photo, scan, turned
from tests.documents.made import as_bytes, encrypted, pdf

OVER = bytes(8_000_000)
"""Behind the end of an image: it is too long to be sent as it is."""


@dataclass(frozen=True)
class Case:
    """One document.

    :param what: in the words of the docs
    :param name: of its file
    :param make: gives its bytes
    :param sent: the format in which its pages go, None where none does
    :param prepared: as in the table
    :param row: the status of its rows, or the code of its one failed row
    :param spot: as SPOT, where it stands elsewhere
    """

    what: str
    name: str
    make: Callable[[], bytes]
    sent: str | None
    prepared: str | None = None
    row: str = "recognized"
    pages: int = 1
    spot: tuple[int, int, int, int] = SPOT

    @property
    def shown(self) -> str:
        """The name as the tables have it."""
        return os.fsencode(self.name).decode(errors="replace")


def image(form: str, mode: str = "L", **how: object) -> Callable[[], bytes]:
    return lambda: as_bytes(scan(mode), form, **how)


def named(what: str, name: str) -> Case:
    return Case(f"a name {what}", name, image("PNG"), "PNG")


def read(what: str, name: str, make: Callable[[], bytes], *done: str, sent: str | None = None, **more: object) -> Case:
    """A document whose pages are recognized; unless told, it goes as PNG where something was done to it."""
    form = name.rpartition(".")[2].upper().replace("JPG", "JPEG")
    return Case(what, name, make, sent or ("PNG" if done else form), ", ".join(done) or None, **more)


def refused(code: str, what: str, name: str, make: Callable[[], bytes] | bytes) -> Case:
    return Case(what, name, (lambda: make) if isinstance(make, bytes) else make, None, None, f"Document.{code}")


def cut(form: str, name: str, share: float) -> Case:
    def make() -> bytes:
        whole = paper() if form == "PDF" else as_bytes(photo(400, 300), form)
        return whole[: int(len(whole) * share)]

    told = "JPEG 2000" if form == "JPEG2000" else form
    return refused("Unreadable", f"{told}, cut off after {share:.0%}", name, make)


def from_tiff(what: str, name: str, make: Callable[[], bytes], *done: str, **more: object) -> Case:
    return read(f"TIFF, {what}", name, make, "converted from TIFF", *done, **more)


TURN = "turned upright"
SMALLER = "re-encoded as JPEG 85"
DRAWN = "rendered at 200 dpi"

NAMES = [
    named("with spaces", "a b  c.png"),
    named("in Chinese", "发票 2026年.png"),
    named("with emoji", "🧾👩‍💻.png"),
    named("with percent signs", "50%41%.png"),
    named("with a number sign", "#1.png"),
    named("with a question mark", "what?X-Amz-Signature=1.png"),
    named("with a line break", "line\nbreak.png"),
    named("of 255 bytes", "长" * 83 + "aa.png"),
    named("with wildcards", "[a]*.png"),
    named("that begins with a dash", "-rf.png"),
    named("that is no UTF-8", os.fsdecode(b"caf\xe9.png")),
    named("in capitals", "SCAN.PNG"),
]
AS_THEY_ARE = [
    *(read(f"PNG, {told}", f"{mode}.png", image("PNG", mode)) for mode, told in (
        ("L", "grey"), ("RGB", "colour"), ("1", "one bit"), ("P", "palette"),
    )),
    read("PNG, palette with transparency", "clear-palette.png", crafted.clear_palette),
    read("PNG, grey with alpha", "LA.png", partial(clear, "LA", "PNG")),
    read("PNG, colour with alpha", "RGBA.png", partial(clear, "RGBA", "PNG")),
    *(read(f"JPEG, {told}", f"{mode}.jpg", image("JPEG", mode)) for mode, told in (
        ("L", "grey"), ("RGB", "colour"), ("CMYK", "CMYK"),
    )),
    read("JPEG, YCCK", "ycck.jpg", crafted.ycck_jpeg),
    read("JPEG, progressive", "progressive.jpg", image("JPEG", "RGB", progressive=True)),
    *(read(f"BMP, {told}", f"{mode}.bmp", image("BMP", mode)) for mode, told in (
        ("RGB", "colour"), ("P", "palette"), ("1", "one bit"),
    )),
    *(read(f"JPEG, EXIF orientation {number}", f"exif-{number}.jpg", partial(turned, "JPEG", number))
      for number in range(1, 9)),
    read("PNG with other bytes behind its end", "tail.png", lambda: as_bytes(scan(), "PNG") + b"tail"),
]  # fmt: skip
CONVERTED = [
    *(read(f"PNG, 16 bits, {told}", f"deep-{mode}.png", partial(crafted.deep_png, mode),
           "converted to 8 bits a channel") for mode, told in (("L", "grey"), ("RGB", "colour"))),
    from_tiff("fax (G4) of three pages", "fax.tif", crafted.pages_of_a_fax, pages=3),
    *(from_tiff(told, f"{how}.tif", image("TIFF", "RGB", compression=how)) for how, told in (
        ("raw", "not compressed"), ("tiff_lzw", "LZW"), ("tiff_adobe_deflate", "deflate"), ("jpeg", "JPEG inside"),
    )),
    *(from_tiff(told, f"{mode}.tif", image("TIFF", mode)) for mode, told in (
        ("1", "one bit"), ("P", "palette"), ("CMYK", "CMYK"),
    )),
    from_tiff("tiles", "tiles.tif", crafted.tiled_tiff),
    from_tiff("16 bits, colour", "deep.tif", crafted.deep_tiff),
    from_tiff("16 bits, grey", "deep-grey.tif",
              lambda: as_bytes(scan().convert("I").point(lambda value: value * 257).convert("I;16"), "TIFF")),
    from_tiff("with alpha", "clear.tif", partial(clear, "RGBA", "TIFF")),
    from_tiff("whose directories go in a circle", "circle.tif", crafted.circular_tiff),
    *(from_tiff(f"EXIF orientation {number}", f"exif-{number}.tif", partial(turned, "TIFF", number),
                *[TURN][: number - 1]) for number in range(1, 9)),
    *(read(f"WebP, EXIF orientation {number}", f"exif-{number}.webp", partial(turned, "WEBP", number, lossless=True),
           "converted from WebP", *[TURN][: number - 1]) for number in range(1, 9)),
    read("WebP with alpha", "clear.webp", partial(clear, "RGBA", "WEBP"), "converted from WebP"),
    read("WebP, animated: the first frame", "animated.webp", partial(animated, "WEBP"), "converted from WebP"),
    read("GIF, animated: the first frame", "animated.gif", partial(animated, "GIF"), "converted from GIF"),
    read("JPEG 2000", "scan.jp2", image("JPEG2000", "RGB"), "converted from JPEG 2000"),
    *(read(f"PNM, {told}", f"scan.{suffix}", image("PPM", mode), "converted from PNM") for mode, suffix, told in (
        ("1", "pbm", "one bit"), ("L", "pgm", "grey"), ("RGB", "ppm", "colour"),
    )),
]  # fmt: skip
SHRUNK = [
    read("BMP of 36 MB", "long.bmp", lambda: as_bytes(scan("RGB", size=(4000, 3000)), "BMP"), "re-encoded as PNG"),
    read("PNG photo of 5 megapixels, 16 MB", "photo.png", lambda: as_bytes(photo(2600, 2000), "PNG", compress_level=0),
         SMALLER, sent="JPEG"),
    read("JPEG photo of 24 megapixels, 14 MB", "photo.jpg", lambda: as_bytes(photo(6000, 4000), "JPEG", quality=95),
         SMALLER, "halved", sent="JPEG"),
    *(read(f"JPEG over the limit, EXIF orientation {number}", f"long-exif-{number}.jpg",
           lambda number=number: turned("JPEG", number) + OVER, *([TURN] if number > 1 else []), SMALLER, sent="JPEG")
      for number in (1, 3, 6, 8)),
    read("JPEG photo of 108 megapixels", "huge.jpg", lambda: as_bytes(scan("RGB", size=(12_000, 9_000)), "JPEG") + OVER,
         SMALLER, "halved", sent="JPEG"),
    from_tiff("fax of 170 megapixels", "plan.tif",
              lambda: as_bytes(scan("1", size=(12_500, 13_600)), "TIFF", compression="group4")),
    from_tiff("colour, 60 megapixels", "large.tif",
              lambda: as_bytes(scan("RGB", size=(10_000, 6_000)), "TIFF", compression="tiff_lzw")),
]  # fmt: skip
PDFS = [
    read("PDF of three pages", "three.pdf", partial(paper, pages=3), DRAWN, pages=3),
    read("PDF, page turned by 90 degrees", "turned.pdf", partial(paper, page=b"/Contents 3 0 R/Rotate 90"), DRAWN,
         spot=(80, 120, 140, 200)),
    read("PDF form, filled in", "form.pdf", crafted.form, DRAWN, spot=(28, 117, 83, 172)),
    read("PDF named .jpg", "really-a.pdf.jpg", paper, DRAWN),
    read("PDF that is also a ZIP", "polyglot.pdf", crafted.also_a_zip, DRAWN),
    read("PDF with other bytes before its start", "junk.pdf", lambda: b"HTTP/1.1 200 OK\r\n\r\n" + paper(), DRAWN),
    read("PDF, only kept from being changed", "owner.pdf", lambda: encrypted(b""), DRAWN, spot=(0, 144, 56, 200)),
    refused("Encrypted", "PDF that opens with a password, none given", "locked.pdf", lambda: encrypted(b"sesame")),
    read("PDF with a picture of 190 megapixels", "poster.pdf", crafted.poster, DRAWN),
    refused("Unreadable", "PDF without pages", "none.pdf", lambda: pdf()),
]  # fmt: skip
BROKEN = [
    refused("Empty", "nothing: 0 bytes", "empty.png", b""),
    refused("UnknownType", "text", "text.jpg", b"hello, world\n" * 99),
    refused("UnknownType", "HTML named .png", "page.png", b"<!DOCTYPE html><title>404</title>"),
    refused("Unreadable", "HTML that speaks of %PDF-", "page.pdf", b"<html>%PDF-1.7 is how a PDF begins</html>"),
    refused("UnknownType", "ZIP named .tif", "zip.tif", b"PK\3\4" + bytes(400)),
    refused("Unreadable", "PNG that ends after its header", "header.png", lambda: as_bytes(scan(), "PNG")[:33]),
    *(cut(form, f"cut-{share}.{suffix}", share) for form, suffix in (
        ("PNG", "png"), ("JPEG", "jpg"), ("BMP", "bmp"), ("TIFF", "tif"), ("GIF", "gif"), ("WEBP", "webp"),
        ("JPEG2000", "jp2"), ("PPM", "ppm"),
    ) for share in (0.05, 0.5, 0.95)),
    cut("PDF", "cut.pdf", 0.3),
]  # fmt: skip
BOMBS = [
    refused("Bomb", "PNG, 35,000 x 35,000 pixels", "bomb.png", partial(crafted.png_bomb, 35_000)),
    refused("Bomb", "JPEG, 65,000 x 65,000 pixels", "bomb.jpg", partial(lie, "JPEG", 5, ">HH", after=b"\xff\xc0")),
    refused("Bomb", "BMP, 65,000 x 65,000 pixels", "bomb.bmp", partial(lie, "BMP", 18, "<ii")),
    refused("Bomb", "GIF, 65,000 x 65,000 pixels", "bomb.gif", partial(lie, "GIF", 6, "<HH")),
    refused("Bomb", "TIFF, 65,000 x 65,000 pixels", "bomb.tif", partial(crafted.tiff_bomb, 65_000, 65_000)),
    refused("Bomb", "WebP, 16,384 x 16,384 pixels in 40 bytes", "bomb.webp", crafted.webp_bomb),
    refused("Bomb", "JPEG 2000, 65,000 x 65,000 pixels", "bomb.jp2", partial(lie, "JPEG2000", 4, ">II", after=b"ihdr")),
    refused("Bomb", "PNM, 65,000 x 65,000 pixels", "bomb.pgm", b"P5 65000 65000 255\n"),
    refused("Bomb", "TIFF in colour, 120 megapixels", "bomb-120.tif",
            partial(crafted.tiff_bomb, 12_000, 10_000, channels=3)),
    refused("Bomb", "PDF with a picture of 60,000 x 60,000 pixels", "bomb.pdf",
            lambda: pdf((72, 72), picture=(60_000, 60_000))),
    refused("Bomb", "PDF whose forms draw each other, 30 deep", "laughs.pdf", crafted.laughs),
    refused("Bomb", "PDF, form that draws itself", "ouroboros.pdf", crafted.ouroboros),
    refused("Bomb", "PDF, content that unpacks to 900 MB", "swollen.pdf", crafted.swollen),
]  # fmt: skip

ODD = [
    named("with spaces round it", " a .png"),
    named("with a tab and a carriage return", "a\t\r.png"),
    named("that turns its direction", "rtl\u202egnp.png"),
    named("with a backslash and quotes", "a\\b'\"`$c.png"),
    named("with a terminal's control characters", "\x1b[31m\x7f.png"),
    read("PDF whose table of objects is elsewhere", "moved.pdf", partial(odd.lost_table, "moved"), DRAWN),
    read("PDF whose table of objects is wrong", "wrong.pdf", partial(odd.lost_table, "wrong"), DRAWN),
    read("PDF, page box with its corners exchanged", "box.pdf",
         partial(paper, page=b"/Contents 3 0 R/MediaBox[72 72 0 0]"), DRAWN),
    read("PDF, page box that begins left of the origin", "left.pdf",
         partial(paper, page=b"/Contents 3 0 R/MediaBox[-36 0 72 72]"), DRAWN, spot=(220, 60, 300, 120)),
    read("PDF, cropped page turned by 90 degrees", "crop.pdf",
         partial(paper, page=b"/Contents 3 0 R/CropBox[18 18 72 72]/Rotate 90"), DRAWN, spot=(30, 70, 90, 150)),
    read("PDF, page turned by 450 degrees", "450.pdf", partial(paper, page=b"/Contents 3 0 R/Rotate 450"), DRAWN,
         spot=(80, 120, 140, 200)),
    read("PDF, units of ten points", "unit.pdf", partial(paper, page=b"/Contents 3 0 R/UserUnit 10"), DRAWN),
    read("PDF, parts of the content missing", "parts.pdf", partial(paper, page=b"/Contents[null 99 0 R 3 0 R]"), DRAWN),
    read("PDF that counts its pages wrongly", "count.pdf", lambda: paper().replace(b"/Count 1/", b"/Count -1/"), DRAWN),
    read("PDF with a script that never ends", "script.pdf",
         partial(paper, catalog=b"/OpenAction<</S/JavaScript/JS(while\\(1\\){})>>"), DRAWN),
    read("PDF with a form that draws itself", "itself.pdf", odd.drawing_itself, DRAWN),
    refused("Encrypted", "PDF locked with a certificate", "certificate.pdf", odd.locked_with_a_certificate),
    refused("Bomb", "PDF with a picture larger than it says", "liar.pdf", odd.with_a_lying_jpeg_2000),
    refused("UnknownType", "PDF in a GZIP", "gzip.pdf", odd.packed_pdf),
    refused("UnknownType", "PostScript named .pdf", "eps.pdf", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    read("PNG of one row", "row.png", lambda: as_bytes(Image.new("L", (4000, 1)), "PNG"), spot=(0, 0, 4000, 1)),
    read("PNG, twenty times as wide as high", "20.png", lambda: as_bytes(scan(size=(8000, 400)), "PNG")),
    read("PNG, interlaced", "interlaced.png", odd.interlaced_png),
    read("PNG, two bits", "two.png", lambda: as_bytes(scan().quantize(4), "PNG", bits=2)),
    read("PNG, animated", "animated.png", partial(odd.two_pictures, "PNG")),
    read("PNG with 2 MB of packed text", "text.png", partial(odd.wordy_png, b"zTXt", b"k\0\0")),
    read("PNG with 2 MB of packed XMP", "xmp.png", partial(odd.wordy_png, b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0")),
    refused("Unreadable", "PNG without pixels", "none.png", odd.grey_png),
    read("JPEG, two pictures in one (MPO)", "stereo.jpg", partial(odd.two_pictures, "MPO"), sent="MPO"),
    read("JPEG, two one behind the other", "twice.jpg", lambda: as_bytes(scan("RGB"), "JPEG") * 2),
    read("JPEG with 1 MB of EXIF", "exif.jpg", partial(odd.long_headed_jpeg, 20)),
    read("JPEG with 9 MB of EXIF", "exif-9.jpg", partial(odd.long_headed_jpeg, 140), SMALLER, sent="JPEG"),
    read("JPEG with restart markers", "restart.jpg", image("JPEG", "RGB", restart_marker_rows=1)),
    read("JPEG, EXIF orientation 99", "exif-99.jpg", partial(turned, "JPEG", 99)),
    refused("Unreadable", "JPEG, 12 bits", "twelve.jpg", odd.deep_jpeg),
    refused("Unreadable", "JPEG of no height", "flat.jpg", partial(lie, "JPEG", 5, ">HH", size=0, after=b"\xff\xc0")),
    *(from_tiff(told, f"odd-{number}.tif", make) for number, (told, make) in enumerate([
        ("floats", partial(odd.grey_tiff, "f", 1 / 255, kind=3)),
        ("floats, one of them infinite", partial(odd.grey_tiff, "f", 1 / 255, kind=3, first=float("inf"))),
        ("32 bits with a sign", partial(odd.grey_tiff, "i", 1000, kind=2)),
        ("16 bits with a sign", partial(odd.grey_tiff, "h", 100, kind=2, least=-9000)),
        ("12 bits in 16", partial(odd.grey_tiff, "H", 16)),
        ("12 bits", partial(odd.packed_tiff, 12)),
        ("4 bits", partial(odd.packed_tiff, 4)),
        ("2 bits", partial(odd.packed_tiff, 2)),
        ("white is 0, 8 bits", partial(odd.packed_tiff, 8, white=0)),
        ("white is 0, one bit", partial(odd.packed_tiff, 1, white=0)),
        ("bits backwards", partial(odd.packed_tiff, 1, backwards=True)),
        ("each channel apart", partial(odd.tiff_of_channels, 2, b"", apart=True)),
        ("L*a*b*", partial(odd.tiff_of_channels, 8, b"\0\0")),
        ("YCbCr", partial(odd.tiff_of_channels, 6, b"\x80\x80")),
        ("BigTIFF", image("TIFF", big_tiff=True)),
        ("32 bits without a sign", partial(odd.grey_tiff, "I", 16_843_009)),
        ("white is 0, 16 bits", odd.inverted_tiff),
        ("each channel of 16 bits apart", odd.tiff_of_deep_planes),
    ])),
    from_tiff("two pages, each with a thumbnail", "thumbs.tif", odd.tiff_with_a_thumbnail, pages=2),
    from_tiff("floats, the first no number", "nan.tif",
              partial(odd.grey_tiff, "f", 1 / 255, kind=3, first=float("nan")), spot=(0, 0, 200, 120)),
    from_tiff("four frames of other kinds", "mixed.tif", odd.mixed_tiff, pages=4),
    read("WebP, lossless", "lossless.webp", image("WEBP", "RGB", lossless=True), "converted from WebP"),
    read("WebP with broken EXIF", "broken-exif.webp", image("WEBP", "RGB", lossless=True, exif=b"Exif\0\0bad"),
         "converted from WebP"),
    read("GIF, interlaced", "interlaced.gif", image("GIF", interlace=1), "converted from GIF"),
    read("GIF without its end", "no-end.gif", lambda: as_bytes(scan(), "GIF")[:-1], "converted from GIF"),
    *(read(f"JPEG 2000, {told}", f"{mode.replace(';', '')}.j2k", partial(as_bytes, scan(mode), "JPEG2000", no_jp2=True),
           "converted from JPEG 2000") for mode, told in (("L", "grey"), ("RGBA", "alpha"))),
    read("BMP, top down", "top.bmp", partial(odd.bmp, 8, odd.GREY, top_down=True)),
    read("BMP, runs, 8 bits", "rle8.bmp", lambda: odd.bmp(8, odd.runs(8), packed=1)),
    read("BMP, runs, 4 bits", "rle4.bmp", lambda: odd.bmp(4, odd.runs(4), packed=2)),
    read("BMP, 15 bits", "555.bmp", lambda: odd.bmp(16, odd.pixels_up(b"\xff\x7f"))),
    read("BMP, 16 bits, by masks", "565.bmp", lambda: odd.bmp(
        16, odd.pixels_up(b"\xff\xff"), packed=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))),
    read("BMP, 32 bits", "32.bmp", lambda: odd.bmp(32, odd.pixels_up(b"\xff\xff\xff\0"))),
    *(read(f"PNM, {told}", f"odd.{suffix}", make, "converted from PNM") for told, suffix, make in (
        ("in digits", "ppm", lambda: odd.netpbm("P2", b" ".join(b"%d" % value for value in odd.GREY))),
        ("16 bits", "pgm", lambda: odd.netpbm("P5", crafted.doubled(odd.GREY), 65535)),
        ("two shades", "pnm", lambda: odd.netpbm("P5", bytes(value // 255 for value in odd.GREY), 1)),
    )),
    *(refused("UnknownType", f"{told} named .png", f"{told}.png", head + bytes(400)) for told, head in (
        ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), ("AVIF", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1"),
        ("JPEG XL", b"\xff\x0a"), ("SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>'), ("ICO", b"\0\0\1\0\1\0"),
        ("Photoshop", b"8BPS\0\1"), ("DjVu", b"AT&TFORM\0\0\0\x20DJVMDIRM"),
    )),
]  # fmt: skip

CASES = [*NAMES, *AS_THEY_ARE, *CONVERTED, *SHRUNK, *PDFS, *BROKEN, *BOMBS, *ODD]
