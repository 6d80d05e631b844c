"""The torture set: documents as buckets hold them, with what becomes of each. The table in the docs is made of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.documents import crafted
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
]  # fmt: skip

CASES = [*NAMES, *AS_THEY_ARE, *CONVERTED, *SHRUNK, *PDFS, *BROKEN, *BOMBS]
