"""Images: byte for byte where they fit, else converted or shrunk with a way back to the user's own pixels."""

import io
import zlib
from pathlib import Path

import pytest
from PIL import Image

from airflow_provider_tcocr.api.actions import ACTIONS, Site
from airflow_provider_tcocr.documents import encoding, images, open_document
from airflow_provider_tcocr.exceptions import DocumentError


def only_page(data, **arguments):
    with open_document(data, **arguments) as opened:
        assert opened.page_count == 1
        return opened.page(1)


def seen(page):
    image = Image.open(io.BytesIO(page.data))
    image.load()
    return image


def back(page, x, y):
    a, b, c, d, e, f = page.transform or (1, 0, 0, 0, 1, 0)
    return a * x + b * y + c, d * x + e * y + f


def spot(image):
    """The bounds of what is dark."""
    return image.convert("L").point(lambda value: 255 if value < 128 else 0).getbbox()


def spot_of_the_original(page):
    left, top, right, bottom = spot(seen(page))
    corners = [back(page, x, y) for x, y in ((left, top), (right, bottom))]
    return (*map(min, zip(*corners, strict=True)), *map(max, zip(*corners, strict=True)))


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        ("PNG", "RGB"),
        ("PNG", "L"),
        ("PNG", "1"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("PNG", "LA"),
        ("JPEG", "L"),
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("BMP", "RGB"),
        ("BMP", "1"),
    ],
)
def test_an_image_that_the_service_reads_and_that_fits_goes_byte_for_byte(make, form, mode):
    data = make.as_bytes(make.marked().convert("RGB").convert(mode), form)
    page = only_page(data)
    assert page.data == data
    assert (page.is_pdf, page.width, page.height, page.prepared, page.transform) == (False, 60, 40, None, None)


def test_a_cmyk_jpeg_is_a_jpeg(sample):
    data = Path(sample("omp_baiona_cmyk.jpg")).read_bytes()
    assert only_page(data).data == data


@pytest.mark.parametrize("form", ["TIFF", "WEBP", "GIF", "JPEG2000", "PPM"])
def test_what_the_service_does_not_read_is_converted(make, form):
    page = only_page(
        make.as_bytes(make.marked().convert("RGB"), form, **({"lossless": True} if form == "WEBP" else {}))
    )
    assert page.data.startswith(b"\x89PNG")
    assert (page.width, page.height, page.transform) == (60, 40, None)
    assert page.prepared.startswith("converted from ")
    assert spot(seen(page)) == (12, 6, 16, 10)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "PA", "CMYK", "YCbCr", "LAB", "I;16", "I", "F"])
def test_every_mode_of_a_tiff_is_made_one_that_the_service_reads(make, mode):
    image = make.marked()
    if mode == "I;16":
        image = image.convert("I").point(lambda value: value * 256).convert("I;16")
    elif mode in ("PA", "YCbCr", "LAB"):
        image = (
            image.convert("RGB").convert("YCbCr") if mode == "YCbCr" else image.convert("LA" if mode == "PA" else "L")
        )
    else:
        image = image.convert("RGB").convert(mode)
    page = only_page(make.as_bytes(image, "TIFF"))
    assert seen(page).mode in ("1", "L", "P", "RGB")
    assert spot(seen(page)) == (12, 6, 16, 10)


@pytest.mark.parametrize("top", [255, 4000, 65535])
def test_sixteen_bits_become_eight_that_can_be_read(make, top):
    deep = make.marked().convert("I").point(lambda value: value * (top // 255)).convert("I;16")
    for form in ("PNG", "TIFF"):
        assert spot(seen(only_page(make.as_bytes(deep, form)))) == (12, 6, 16, 10)


def test_what_is_transparent_becomes_white_when_it_is_converted(make):
    image = Image.new("RGBA", (60, 600), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (12, 506, 16, 510))
    page = only_page(make.as_bytes(image, "WEBP", lossless=True))
    assert spot(seen(page)) == (12, 506, 16, 510)
    palette = Image.new("P", (60, 600), 0)
    palette.putpalette([0, 0, 0, 0, 0, 0])
    palette.paste(1, (12, 506, 16, 510))
    assert spot(seen(only_page(make.as_bytes(palette, "GIF", transparency=0)))) == (12, 506, 16, 510)


def test_white_on_what_is_transparent_is_seen_when_it_is_converted(make):
    shades, palette = Image.new("LA", (60, 600), (255, 0)), Image.new("P", (60, 600), 0)
    shades.paste((255, 255), (12, 506, 16, 510))
    palette.putpalette([255] * 6)
    palette.paste(1, (12, 506, 16, 510))
    for data in (
        make.as_bytes(shades, "TIFF"),
        make.as_bytes(shades.convert("RGBA"), "WEBP", lossless=True),
        make.as_bytes(palette, "GIF", transparency=0),
    ):
        assert seen(only_page(data)).convert("L").getbbox() == (12, 506, 16, 510)


@pytest.mark.parametrize("colour", [0, 255])
def test_nothing_on_what_is_transparent_is_white_when_it_is_converted(make, colour):
    clear = Image.new("RGBA", (60, 40), (colour, colour, colour, 0))
    for data in (make.as_bytes(clear, "TIFF"), make.as_bytes(clear, "GIF")):
        assert seen(only_page(data)).convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize("form", ["TIFF", "WEBP"])
def test_a_profile_of_colours_goes_with_no_image_that_is_converted(make, form):
    page = only_page(make.as_bytes(make.marked().convert("RGB"), form, icc_profile=bytes(2**21), lossless=True))
    assert len(page.data) < 2000
    assert "icc_profile" not in seen(page).info


def test_each_frame_of_a_tiff_is_a_page(make):
    frames = [make.marked(60 + 10 * number, 40) for number in range(3)]
    data = make.as_bytes(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    with open_document(data) as opened:
        assert opened.page_count == 3
        assert [opened.page(number).width for number in (3, 1, 2)] == [80, 60, 70]


@pytest.mark.parametrize("form", ["GIF", "WEBP"])
def test_of_an_animation_the_first_frame_is_the_page(make, form):
    frames = [make.marked().convert("RGB"), Image.new("RGB", (60, 40), "white")]
    page = only_page(make.as_bytes(frames[0], form, save_all=True, append_images=frames[1:]))
    assert spot(seen(page)) is not None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["WEBP", "TIFF"])
def test_an_image_that_is_converted_is_turned_upright_and_the_way_leads_back(make, form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    how = {"lossless": True} if form == "WEBP" else {}
    page = only_page(make.as_bytes(make.marked().convert("RGB"), form, exif=exif.tobytes(), **how))
    assert (page.width, page.height) == (60, 40)
    assert seen(page).size == ((40, 60) if orientation >= 5 else (60, 40))
    assert ("turned upright" in page.prepared) == (orientation != 1)
    assert spot_of_the_original(page) == (12, 6, 16, 10)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_that_is_too_large_is_halved_and_the_way_leads_back(make, orientation):
    image = Image.new("L", (601, 403), 255)
    image.paste(0, (120, 60, 160, 100))
    image.paste(make.noise(200, 200, mode="L").point(lambda value: 200 + value // 5), (350, 150))
    exif = Image.Exif()
    exif[0x0112] = orientation
    page = only_page(make.as_bytes(image, "JPEG", quality=95, exif=exif.tobytes()), site=Site(max_base64=8000))
    assert len(page.data) <= 6000
    assert page.prepared.endswith(("halved", "quartered"))
    assert (page.width, page.height) == (601, 403)
    found = spot_of_the_original(page)
    assert all(abs(one - other) <= 4 for one, other in zip(found, (120, 60, 160, 100), strict=True))


def test_an_image_that_fits_keeps_its_bytes_and_its_geometry_whatever_exif_says(make):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = make.as_bytes(make.marked(), "JPEG", exif=exif.tobytes())
    page = only_page(data)
    assert (page.data, page.width, page.height, page.transform) == (data, 60, 40, None)


def test_a_large_photo_is_encoded_again_before_it_is_made_smaller(make):
    page = only_page(make.as_bytes(make.noise(2600, 2000), "PNG", compress_level=0))
    assert page.prepared == "re-encoded as JPEG 85"
    assert (page.width, page.height, page.transform) == (2600, 2000, None)
    assert seen(page).size == (2600, 2000)


def test_an_image_is_shrunk_below_the_limit_of_the_action(make):
    data = make.as_bytes(make.noise(1700, 1400), "PNG")
    smaller = ACTIONS["GeneralFastOCR"].mainland
    assert smaller.max_bytes < len(data) <= ACTIONS["GeneralAccurateOCR"].mainland.max_bytes
    assert only_page(data).data == data
    page = only_page(data, site=smaller)
    assert len(page.data) <= 5_250_000
    assert page.prepared == "re-encoded as JPEG 85"


def test_a_bitmap_goes_as_it_is_only_where_the_action_reads_bitmaps(make):
    data = make.as_bytes(make.marked(), "BMP")
    assert only_page(data, site=ACTIONS["GeneralEfficientOCR"].mainland).data == data
    page = only_page(data, site=ACTIONS["EnglishOCR"].mainland)
    assert (page.prepared, Image.open(io.BytesIO(page.data)).format) == ("re-encoded as PNG", "PNG")


def test_what_was_done_is_told_even_where_only_the_compression_is_better(make):
    page = only_page(make.as_bytes(Image.new("RGB", (2000, 1500), "white"), "PNG", compress_level=0))
    assert (page.prepared, page.transform) == ("re-encoded as PNG", None)
    deep = make.marked().convert("I").point(lambda value: value * 256).convert("I;16")
    assert only_page(make.as_bytes(deep, "PNG")).prepared == "converted to 8 bits a channel"


def test_a_jpeg_too_large_for_the_memory_is_decoded_smaller(make, monkeypatch):
    image = Image.new("RGB", (801, 601), "white")
    image.paste("black", (160, 80, 240, 120))
    monkeypatch.setattr(images, "MAX_DECODED", 601 * 801)
    small = Site(max_base64=4000)
    page = only_page(make.as_bytes(image, "JPEG", subsampling=0), site=small)
    assert (page.width, page.height) == (801, 601)
    assert page.transform == (2.0, 0.0, 0.0, 0.0, 2.0, 0.0)
    assert spot_of_the_original(page) == pytest.approx((160, 80, 240, 120), abs=8)
    with pytest.raises(
        DocumentError, match=r"Document\.Bomb"
    ):  # its coefficients are held whole, however it is drafted
        only_page(make.as_bytes(image, "JPEG", subsampling=0, progressive=True), site=small)
    with pytest.raises(DocumentError, match=r"Document\.Bomb"):
        only_page(make.as_bytes(image, "TIFF"))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "JPEG2000", "PPM"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_truncated_image_is_unreadable(make, form, share):
    whole = make.as_bytes(make.noise(200, 120), form)
    cut = whole[: max(int(len(whole) * share), 20)]
    with pytest.raises(DocumentError) as raised:
        only_page(cut)
    assert raised.value.code in ("Document.Unreadable", "Document.UnknownType")


def test_a_thumbnails_end_is_not_the_images_end(make):
    thumbnail = make.as_bytes(make.marked(), "JPEG")
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0" + thumbnail
    whole = make.as_bytes(make.noise(200, 120), "JPEG", exif=exif)
    assert only_page(whole).data == whole
    with pytest.raises(DocumentError, match="cut off"):
        only_page(whole[:-500])


@pytest.mark.parametrize("tail", [b"\0" * 40, b"SEFT trailer of a phone"])
def test_what_follows_the_end_of_an_image_does_no_harm(make, tail):
    for form in ("JPEG", "PNG"):
        data = make.as_bytes(make.marked(), form) + tail
        assert only_page(data).data == data


def test_a_bomb_is_refused_before_it_is_decoded(make):
    small = make.as_bytes(Image.new("1", (1, 1)), "PNG")
    header = b"IHDR" + (40_000).to_bytes(4, "big") + (40_000).to_bytes(4, "big") + small[24:29]

    bomb = small[:12] + header + zlib.crc32(header).to_bytes(4, "big") + small[33:]
    with pytest.raises(DocumentError, match="40000 x 40000") as raised:
        only_page(bomb)
    assert raised.value.code == "Document.Bomb"


def test_a_file_named_jpg_is_what_its_bytes_say(make, tmp_path):
    from airflow_provider_tcocr.documents import as_document

    path = tmp_path / "scan.jpg"
    path.write_bytes(make.pdf((100, 100)))
    with open_document(as_document(path)) as opened:
        assert opened.page(1).prepared == "rendered at 200 dpi"


def test_a_g4_fax_becomes_a_png_of_one_bit(sample):
    from airflow_provider_tcocr.documents import as_document

    with open_document(as_document(sample("lept_feyn.tif"))) as opened:
        page = opened.page(1)
    assert seen(page).mode == "1"
    assert (page.width, page.height) == (2528, 3300)
    assert page.prepared == "converted from TIFF"


@pytest.mark.parametrize("place", [2**31, 300])
def test_a_tiff_whose_second_directory_is_broken_still_has_its_first_page(make, place):
    data = make.as_bytes(make.marked(), "TIFF")
    at = int.from_bytes(data[4:8], "little")
    end = at + 2 + 12 * int.from_bytes(data[at : at + 2], "little")
    with open_document(data[:end] + place.to_bytes(4, "little") + data[end + 4 :]) as opened:
        assert opened.page_count == 2
        assert opened.page(1).width == 60
        with pytest.raises(DocumentError, match=r"Document\.Unreadable"):
            opened.page(2)


@pytest.mark.parametrize("place", ["before", "behind"])
def test_a_deep_png_is_turned_wherever_its_exif_lies(make, place):
    deep = make.as_bytes(make.marked().convert("I").point(lambda value: value * 256).convert("I;16"), "PNG")
    exif = b"MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    chunk = len(exif).to_bytes(4, "big") + b"eXIf" + exif + zlib.crc32(b"eXIf" + exif).to_bytes(4, "big")
    at = deep.index(b"IDAT" if place == "before" else b"IEND") - 4
    page = only_page(deep[:at] + chunk + deep[at:])
    assert (page.width, page.height, seen(page).size) == (60, 40, (40, 60))
    assert spot_of_the_original(page) == (12, 6, 16, 10)


def test_a_png_too_large_for_the_memory_is_refused_before_its_pixels_are_decoded(make, monkeypatch):
    data = make.as_bytes(make.noise(200, 120), "PNG")
    broken = data[:2000] + bytes(1000) + data[3000:]
    monkeypatch.setattr(images, "MAX_DECODED", 1000)
    with pytest.raises(DocumentError, match=r"Document\.Bomb"):
        only_page(broken, site=Site(max_base64=4000))


def test_a_jpeg_2000_of_deep_colours_is_refused_since_its_white_would_come_out_black(make):
    assert only_page(make.as_bytes(make.marked().convert("RGB"), "JPEG2000")).prepared == "converted from JPEG 2000"
    deep = make.marked().convert("I").point(lambda value: value * 257).convert("I;16")
    assert spot(seen(only_page(make.as_bytes(deep, "JPEG2000")))) == (12, 6, 16, 10)
    data = make.as_bytes(make.marked().convert("RGB"), "JPEG2000")
    at = data.index(b"\xff\x4f\xff\x51") + 4 + 38
    told = data[:at] + bytes([15, 1, 1] * 3) + data[at + 9 :]
    with pytest.raises(DocumentError, match="more than 8 bits") as raised:
        only_page(told)
    assert raised.value.code == "Document.Unreadable"


@pytest.mark.parametrize("alpha", [0, bytes([0, 128, 255])], ids=["one colour", "by palette"])
def test_a_palette_is_laid_on_white_without_its_pixels_being_copied(make, alpha):
    picture = Image.new("P", (60, 40), 0)
    picture.putpalette([9, 9, 9, 0, 0, 0, 200, 0, 0])
    picture.paste(1, (12, 6, 16, 10))
    picture.paste(2, (30, 20, 40, 30))
    form = "GIF" if alpha == 0 else "PNG"
    page = only_page(make.as_bytes(picture, form, transparency=alpha), site=Site(max_base64=4000, formats=()))
    assert seen(page).mode == "P"
    colours = seen(page).convert("RGB")
    grey = (0, 0, 0) if alpha == 0 else (127, 127, 127)
    assert [colours.getpixel(at) for at in ((0, 0), (13, 7), (35, 25))] == [(255, 255, 255), grey, (200, 0, 0)]


def test_grey_that_is_transparent_stays_grey(make):
    image = Image.new("LA", (60, 40), (0, 0))
    image.paste((0, 255), (12, 6, 16, 10))
    page = only_page(make.as_bytes(image, "PNG"), site=Site(max_base64=4000, formats=()))
    assert (seen(page).mode, spot(seen(page))) == ("L", (12, 6, 16, 10))


@pytest.mark.parametrize("mode", ["1", "P"])
def test_a_palette_too_large_for_the_memory_as_colours_is_halved_on_the_way(make, monkeypatch, mode):
    image = make.noise(401, 301, mode="L").point(lambda value: 150 + value // 4)
    image.paste(0, (120, 60, 160, 100))
    image = image.convert("1") if mode == "1" else image.convert("P")
    monkeypatch.setattr(encoding, "MAX_DECODED", 401 * 301 * 4)
    data, steps, factor = encoding.fit(image, lossless=False, limit=1_000_000)
    assert (steps, factor) == (["re-encoded as JPEG 85", "halved"], 2)
    assert Image.open(io.BytesIO(data)).size == (201, 151)
    if mode == "P":
        assert spot(Image.open(io.BytesIO(data))) == pytest.approx((60, 30, 80, 50), abs=1)
