"""Bytes into pixels: every colour model looks right, broken files have their codes, bombs are never decoded."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest

pytest.importorskip("numpy", reason="the extra emulator is not installed")

from PIL import Image

from airflow_provider_tcocr.emulator import Options, Refusal
from airflow_provider_tcocr.emulator.pixels import MAX_PAGE_PIXELS, decode

PDF = Options(is_pdf=True)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def colour(content: bytes) -> tuple[int, ...]:
    """Blue, green and red of the first pixel."""
    return tuple(int(value) for value in decode(content, options=Options()).array[0, 0])


def refusal(content: bytes, options: Options | None = None) -> str:
    with pytest.raises(Refusal) as refused:
        decode(content, options=options or Options())
    return refused.value.code


def sheet(width: int, height: int) -> bytes:
    """A PDF of one empty page."""
    return b"%PDF-1.4\n" + (
        b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]>>endobj trailer<</Root 1 0 R>>" % (width, height)
    )


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGB", (4, 4), (10, 20, 30)), (30, 20, 10)),
        (Image.new("L", (4, 4), 77), (77, 77, 77)),
        (Image.new("1", (4, 4), 1), (255, 255, 255)),
        (Image.new("P", (4, 4), 0), (0, 0, 0)),
        (Image.new("RGB", (4, 4), (200, 100, 50)).quantize(4), (50, 100, 200)),
        (Image.new("RGBA", (4, 4), (0, 0, 0, 0)), (255, 255, 255)),
        (Image.new("LA", (4, 4), (0, 255)), (0, 0, 0)),
        (Image.new("I;16", (4, 4), 65535), (255, 255, 255)),
        (Image.new("I;16", (4, 4), 32768), (127, 127, 127)),
    ],
)
def test_every_kind_of_png_has_its_colours(image: Image.Image, expected: tuple[int, ...]) -> None:
    assert colour(encoded(image)) == pytest.approx(expected, abs=2)


def test_cmyk_and_bitmaps_have_their_colours() -> None:
    assert colour(encoded(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG")) == pytest.approx((255, 255, 255), abs=2)
    assert colour(encoded(Image.new("RGB", (8, 8), (10, 20, 30)), "BMP")) == (30, 20, 10)


def test_a_photo_is_turned_as_its_camera_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = decode(encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif), options=Options())
    assert (pixels.width, pixels.height) == (20, 40)
    assert pixels.array.shape == (40, 20, 3)


def test_a_large_image_is_reduced_and_its_size_remembered() -> None:
    pixels = decode(encoded(Image.new("1", (9000, 3000))), options=Options())
    assert (pixels.width, pixels.height) == (9000, 3000)
    assert pixels.array.shape == (1000, 3000, 3)
    assert pixels.scale == pytest.approx(1 / 3)


@pytest.mark.parametrize("side", [9500, 40_000, 2**31 - 1])
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    data = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    header = struct.pack(">I", len(data)) + b"IHDR" + data + struct.pack(">I", zlib.crc32(b"IHDR" + data))
    content = b"\x89PNG\r\n\x1a\n" + header + b"\0\0\0\0IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    assert refusal(content) == "FailedOperation.ImageSizeTooLarge"


def test_half_a_file_cannot_be_decoded() -> None:
    whole = encoded(Image.effect_noise((64, 64), 50))
    assert refusal(whole[: len(whole) // 2]) == "FailedOperation.ImageDecodeFailed"
    assert refusal(b"\xff\xd8\xff\xe0 and then something else") == "FailedOperation.ImageDecodeFailed"


def test_a_pdf_page_is_rendered_at_200_dpi() -> None:
    pixels = decode(sheet(72, 144), options=PDF)
    assert (pixels.width, pixels.height) == (200, 400)


def test_a_huge_pdf_page_is_rendered_smaller() -> None:
    pixels = decode(sheet(14_000, 14_000), options=PDF)
    assert pixels.width * pixels.height <= MAX_PAGE_PIXELS * 1.01


def test_pdfs_that_cannot_be_read_have_their_codes() -> None:
    assert refusal(b"%PDF-1.4\nnothing more", PDF) == "FailedOperation.PDFParseFailed"
    assert refusal(sheet(72, 72), Options(is_pdf=True, page=2)) == "InvalidParameterValue.InvalidParameterValueLimit"
    assert refusal(sheet(72, 72)) == "FailedOperation.UnKnowFileTypeError"
