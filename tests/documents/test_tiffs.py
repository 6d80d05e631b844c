"""TIFFs: each directory is a page of its own, whatever the others are; a copy of one is none."""

import io
import struct
import zlib

import pytest
from PIL import Image, TiffImagePlugin

from airflow_provider_tcocr.documents import open_document
from airflow_provider_tcocr.documents.tiffs import OnePage, page_places
from airflow_provider_tcocr.exceptions import DocumentError
from tests.documents import crafted

KIND = 254
XMP = 700
WHOLE, REDUCED, PAGE, MASK = 0, 1, 2, 4


def tiff(*frames, **how):
    """A TIFF of frames, each an image and the tags that it has beside its own."""
    target = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(target) as writer:
        for image, tags in frames:
            image.save(writer, "TIFF", tiffinfo=tags, **how)
            writer.newFrame()
    return target.getvalue()


def sheet(width=60, height=40):
    return Image.new("L", (width, height), 255)


def shades(numbers, packing, *, order="<", sort=1, white=1, packed=False):
    """What becomes of a TIFF of one row of numbers, as it is sent."""
    row = struct.pack(f"{order}{len(numbers)}{packing}", *numbers)
    tags = {258: [8 * struct.calcsize(packing)], 259: [8 if packed else 1], 262: [white], 277: [1], 278: [1]}
    block = zlib.compress(row) if packed else row
    with open_document(crafted.tiff(len(numbers), 1, [block], tags=tags | {339: [sort]}, order=order)) as opened:
        return list(Image.open(io.BytesIO(opened.page(1).data)).tobytes())


def sizes(data):
    with open_document(data) as opened:
        pages = [opened.page(number) for number in range(1, opened.page_count + 1)]
    return [(page.width, page.height) for page in pages]


def test_smaller_copies_of_a_page_are_no_pages():
    pages = [(sheet(), {KIND: WHOLE}), (sheet(30, 20), {KIND: REDUCED}), (sheet(70, 50), {KIND: PAGE})]
    assert sizes(tiff(*pages, (sheet(35, 25), {KIND: PAGE | REDUCED}))) == [(60, 40), (70, 50)]


def test_a_mask_is_no_page():
    assert sizes(tiff((sheet(), {KIND: WHOLE}), (sheet(), {KIND: MASK}))) == [(60, 40)]


def test_what_claims_to_be_a_smaller_copy_and_is_none_is_a_page():
    assert sizes(tiff((sheet(), {KIND: WHOLE}), (sheet(), {KIND: REDUCED}))) == [(60, 40)] * 2
    assert sizes(tiff((sheet(), {KIND: REDUCED}), (sheet(30, 20), {KIND: REDUCED}))) == [(60, 40), (30, 20)]


@pytest.mark.parametrize("big", [False, True])
def test_a_frame_that_cannot_be_read_takes_none_of_the_later_ones_with_it(big):
    foreign = {258: 7}  # seven bits a pixel, which nobody reads
    data = tiff((sheet(), {}), (sheet(50, 30), {}), (sheet(70, 50), {}), big_tiff=big)
    with io.BytesIO(data) as stream:
        place = page_places(stream, most=9)[1]
    at = data.index(b"\x02\x01", place)
    data = data[: at + (12 if big else 8)] + bytes([foreign[258]]) + data[at + (13 if big else 9) :]
    with open_document(data) as opened:
        assert opened.page_count == 3
        assert (opened.page(1).width, opened.page(3).width) == (60, 70)
        with pytest.raises(DocumentError, match=r"Document\.Unreadable"):
            opened.page(2)


@pytest.mark.parametrize("big", [False, True])
def test_a_page_is_read_without_the_directories_before_it(big):
    data = bytearray(tiff((sheet(), {}), (sheet(70, 50), {}), big_tiff=big))
    first, second = page_places(io.BytesIO(data), most=9)
    data[first : first + 12] = bytes(12)
    with Image.open(OnePage(io.BytesIO(data), second)) as page:
        page.load()
        assert page.size == (70, 50)


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_only_its_own_tag_says_how_a_tiff_is_turned(make, compression):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    with open_document(tiff((make.marked(), {XMP: xmp}), compression=compression)) as opened:
        page = opened.page(1)
    assert (page.width, page.height, page.transform, page.prepared) == (60, 40, None, "converted from TIFF")
    assert Image.open(io.BytesIO(page.data)).size == (60, 40)


UNSIGNED, SIGNED, FLOATS = 1, 2, 3


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("packing", "sort", "order", "numbers"),
    [
        ("H", UNSIGNED, "<", [0, 20_000, 40_000, 65_535]),
        ("H", UNSIGNED, ">", [0, 20_000, 40_000, 65_535]),
        ("b", SIGNED, "<", [-128, -50, 28, 127]),
        ("h", SIGNED, "<", [-32_768, -12_768, 7_232, 32_767]),
        ("h", SIGNED, ">", [-32_768, -12_768, 7_232, 32_767]),
        ("I", UNSIGNED, "<", [0, 1_310_720_000, 2_621_440_000, 2**32 - 1]),
        ("i", SIGNED, "<", [-20_000, 0, 20_000, 45_535]),
        ("i", SIGNED, ">", [-20_000, 0, 20_000, 45_535]),
        ("f", FLOATS, "<", [0, 0.2, 0.4, 0.6553]),
        ("f", FLOATS, ">", [0, 0.2, 0.4, 0.6553]),
    ],
)
def test_the_greatest_number_is_white_whatever_the_numbers_are(packing, sort, order, numbers, packed):
    found = shades(numbers, packing, sort=sort, order=order, packed=packed)
    assert found == pytest.approx([0, 78, 156, 255], abs=1)


@pytest.mark.parametrize(
    ("packing", "sort", "numbers"),
    [
        ("H", UNSIGNED, [0, 20_000, 40_000, 65_535]),
        ("f", FLOATS, [0, 0.2, 0.4, 0.6553]),
        ("B", UNSIGNED, [0, 78, 156, 255]),
    ],
)
def test_it_is_black_where_the_tiff_says_that_white_is_zero(packing, sort, numbers):
    assert shades(numbers, packing, sort=sort, white=0) == pytest.approx([255, 177, 99, 0], abs=1)


@pytest.mark.parametrize("order", "<>")
def test_planes_of_sixteen_bits_lie_where_they_lie(make, order):
    plane = struct.pack(f"{order}{60 * 40}H", *(value * 257 for value in make.marked().tobytes()))
    tags = {258: [16] * 3, 262: [2], 277: [3], 278: [40], 284: [2]}
    with open_document(crafted.tiff(60, 40, [plane] * 3, tags=tags, order=order)) as opened:
        sent = Image.open(io.BytesIO(opened.page(1).data))
    assert sent.convert("L").point(lambda value: 255 - value).getbbox() == (12, 6, 16, 10)
