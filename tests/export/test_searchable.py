"""The searchable PDF: its pages look as they did, and PDFium finds the words where they are seen."""

from __future__ import annotations

import io
import json
import math
import sys

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageDraw

from airflow_provider_tcocr.documents import open_document
from airflow_provider_tcocr.documents.page import way_back
from airflow_provider_tcocr.exceptions import ConfigurationError, DocumentError

from .conftest import Said, detection, write_dataset

SIZE = (800, 600)
WORDS = {
    "Invoice": (60, 50, 200, 80),
    "number": (60, 100, 180, 130),
    "发票号码": (400, 100, 520, 130),
    "Ünïcode": (300, 300, 430, 330),
}


def picture(size=SIZE, mode="RGB"):
    """A page with something in each of its quarters, so that no two ways to turn it look alike."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.rectangle((10, 10, width // 3, height // 4), fill="navy")
    draw.rectangle((width // 2, height // 2, width - 20, height - 40), fill="darkgreen")
    draw.ellipse((20, height // 2, width // 4, height - 20), fill="gray")
    return image.convert(mode)


def saved(path, image, **how):
    image.save(path, **how)
    return path


def differs(one, other):
    """How far two pictures are from each other: 0 to 255, the mean over all channels."""
    difference = ImageChops.difference(one.convert("RGB"), other.convert("RGB").resize(one.size))
    histogram = difference.histogram()
    return sum(count * (at % 256) for at, count in enumerate(histogram)) / (3 * one.width * one.height)


def turned(point, degrees, middle):
    """Where a point lies when the page is turned clockwise round its middle."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = point[0] - middle[0], point[1] - middle[1]
    return middle[0] + x * cosine - y * sine, middle[1] + x * sine + y * cosine


def near(found, box, size, slack=3):
    """Whether a word was found once, in the middle of a box."""
    ((x, y),) = found
    wanted = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return abs(x * size[0] - wanted[0]) < slack and abs(y * size[1] - wanted[1]) < slack


@pytest.mark.parametrize("degrees", [0, 1.5, 8, -8, 90, 98, 180, 270])
def test_words_are_found_where_they_are_seen_however_the_page_lies(tmp_path, read, degrees):
    middle = (SIZE[0] / 2, SIZE[1] / 2)
    path = saved(tmp_path / "scan.png", picture())
    said = [detection(text, box, degrees=degrees, middle=middle) for text, box in WORDS.items()]
    write_dataset(tmp_path / "out", str(path), [Said(said, SIZE)]).searchable_pdf(str(path), tmp_path / "found.pdf")
    pdf = read(tmp_path / "found.pdf")
    for word, one in zip(WORDS, said, strict=True):
        xs, ys = ([vertex[name] for vertex in one["Polygon"]] for name in ("X", "Y"))
        assert near(pdf.middles(word), (min(xs), min(ys), max(xs), max(ys)), SIZE), word
    assert differs(pdf.picture(scale=SIZE[0] / pdf.pdf[0].get_size()[0]), picture()) < 1


LATIN = "recognition understands unquestionable characteristics nevertheless 2,000"
CHINESE = "本软件包的维护者应当首先阅读新维护者指南,然后打开终端并输入以下命令:安装构建工具和开发文件。"


@pytest.mark.parametrize("degrees", [0, 1.5, 3, 8, -8, 12, 98])
@pytest.mark.parametrize("how", ["", "-raw", "-layout"])
def test_pdftotext_finds_each_word_of_a_skewed_page(tmp_path, poppler, degrees, how):
    size, middle = (1200, 1200), (600.0, 600.0)
    boxes = [(150, top, 1050, top + 24) for top in range(400, 800, 40)]
    said = [detection(f"{number} {LATIN}", box, degrees=degrees, middle=middle) for number, box in enumerate(boxes)]
    path = saved(tmp_path / "scan.png", picture(size))
    write_dataset(tmp_path / "out", str(path), [Said(said, size)]).searchable_pdf(str(path), tmp_path / "x.pdf")
    pdf = poppler(tmp_path / "x.pdf", size)
    text = pdf.text(*filter(None, [how]))
    assert {word: text.split().count(word) for word in LATIN.split()} == dict.fromkeys(LATIN.split(), len(boxes))


@pytest.mark.parametrize(("degrees", "least"), [(0, 1), (3, 0.98), (8, 0.9), (-8, 0.9), (98, 0.9)])
def test_pdftotext_finds_the_words_of_skewed_chinese_where_they_are_seen(tmp_path, poppler, degrees, least):
    """Of every two characters that stand in one clause: there is no telling which of them are a word."""
    size, middle = (1400, 1400), (700.0, 700.0)
    boxes = [(150, top, 1270, top + 24) for top in range(500, 860, 40)]
    said = [detection(CHINESE, box, degrees=degrees, middle=middle) for box in boxes]
    path = saved(tmp_path / "scan.png", picture(size))
    write_dataset(tmp_path / "out", str(path), [Said(said, size)]).searchable_pdf(str(path), tmp_path / "x.pdf")
    pdf = poppler(tmp_path / "x.pdf", size)
    pairs = [(at, CHINESE[at : at + 2]) for at in range(len(CHINESE) - 1) if CHINESE[at : at + 2].isalnum()]
    found = 0
    for at, pair in pairs:
        middles = pdf.middles(pair)
        for left, top, right, bottom in boxes:
            x = left + (right - left) * (at + 1) / len(CHINESE)
            seen = turned((x, (top + bottom) / 2), degrees, middle)
            found += any(math.dist(one, seen) < 20 for one in middles)
    assert found >= least * len(pairs) * len(boxes)


def test_each_word_of_a_line_has_its_own_place_and_the_line_can_be_searched_whole(tmp_path, read):
    path = saved(tmp_path / "scan.png", picture())
    line = detection("three words here", (100, 100, 420, 120))
    part = detection("and more", (430, 100, 590, 120))
    write_dataset(tmp_path / "out", str(path), [Said([line, part], SIZE)]).searchable_pdf(
        str(path), tmp_path / "found.pdf"
    )
    pdf = read(tmp_path / "found.pdf")
    assert pdf.text().split() == ["three", "words", "here", "and", "more"]
    assert len(pdf.middles("words here and")) == 1
    ((three, _),) = pdf.middles("three")
    ((here, _),) = pdf.middles("here")
    assert 100 < three * SIZE[0] < 200 < 320 < here * SIZE[0] < 420


def test_lines_stay_in_their_order_where_the_second_begins_left_of_the_first_and_as_high(tmp_path, read):
    path = saved(tmp_path / "scan.png", picture())
    said = [detection("the first", (400, 100, 500, 130)), detection("the second", (100, 100, 220, 130))]
    write_dataset(tmp_path / "out", str(path), [Said(said, SIZE)]).searchable_pdf(str(path), tmp_path / "x.pdf")
    assert read(tmp_path / "x.pdf").text().split() == ["the", "first", "the", "second"]


def test_the_places_of_characters_are_used_where_the_service_gave_them(tmp_path, read):
    path = saved(tmp_path / "scan.png", picture())
    given = detection("ab cd", (100, 100, 700, 130))
    boxes = [(100, 110), (110, 120), (660, 680), (680, 700)]
    given["Words"] = [{"Character": one, "Confidence": 90} for one in "abcd"]
    given["WordCoordPoint"] = [
        {"WordCoordinate": detection("", (left, 100, right, 130))["Polygon"]} for left, right in boxes
    ]
    write_dataset(tmp_path / "out", str(path), [Said([given], SIZE)]).searchable_pdf(str(path), tmp_path / "x.pdf")
    pdf = read(tmp_path / "x.pdf")
    assert near(pdf.middles("ab"), (100, 100, 120, 130), SIZE)
    assert near(pdf.middles("cd"), (660, 100, 700, 130), SIZE)


def test_vertical_columns_are_found_and_read_downwards(tmp_path, read):
    path = saved(tmp_path / "scan.png", picture())
    said = [detection("縦書きの文", (500, 100, 530, 300)), detection("次の行です", (450, 100, 480, 300))]
    write_dataset(tmp_path / "out", str(path), [Said(said, SIZE)]).searchable_pdf(str(path), tmp_path / "x.pdf")
    pdf = read(tmp_path / "x.pdf")
    assert near(pdf.middles("縦書きの文"), (500, 100, 530, 300), SIZE)
    ((_, top),) = pdf.middles("縦")
    ((_, low),) = pdf.middles("文")
    assert top < low


def test_words_that_run_to_the_left_are_found(tmp_path, read):
    path = saved(tmp_path / "scan.png", picture())
    said = [detection("שלום עולם", (100, 100, 300, 130)), detection("مرحبا", (100, 200, 200, 230))]
    write_dataset(tmp_path / "out", str(path), [Said(said, SIZE)]).searchable_pdf(str(path), tmp_path / "x.pdf")
    pdf = read(tmp_path / "x.pdf")
    ((first, _),) = pdf.middles("שלום")
    ((second, _),) = pdf.middles("עולם")
    assert second < first
    assert len(pdf.middles("مرحبا")) == 1


@pytest.mark.parametrize(
    ("name", "mode", "how"),
    [
        ("grey.png", "L", {}),
        ("bits.png", "1", {}),
        ("palette.png", "P", {}),
        ("clear.png", "RGBA", {}),
        ("clear-grey.png", "LA", {}),
        ("plain.bmp", "RGB", {}),
        ("photo.jpg", "RGB", {"quality": 95}),
        ("grey.jpg", "L", {"quality": 95}),
        ("press.jpg", "CMYK", {"quality": 95}),
        ("fax.tif", "1", {"compression": "group4"}),
        ("photo.webp", "RGB", {"lossless": True}),
        ("old.gif", "P", {}),
        ("dense.png", "L", {"dpi": (300, 300)}),
        ("senseless.png", "L", {"dpi": (1, 1)}),
    ],
)
def test_every_format_becomes_a_page_that_looks_the_same_and_can_be_searched(tmp_path, read, name, mode, how):
    path = saved(tmp_path / name, picture(mode=mode), **how)
    write_dataset(tmp_path / "out", str(path), [Said([detection("Invoice", WORDS["Invoice"])], SIZE)]).searchable_pdf(
        str(path), tmp_path / "x.pdf"
    )
    pdf = read(tmp_path / "x.pdf")
    assert near(pdf.middles("Invoice"), WORDS["Invoice"], SIZE)
    width, height = pdf.pdf[0].get_size()
    assert abs(width / height - 4 / 3) < 0.01
    assert abs(width - SIZE[0] * 72 / (300 if name == "dense.png" else 200)) < 1
    # Between CMYK and RGB every program has its own way; inverted it would be beyond 100.
    assert differs(pdf.picture(scale=SIZE[0] / width), picture(mode=mode)) < (12 if mode == "CMYK" else 4)


def test_what_is_transparent_is_seen_white(tmp_path, read):
    image = Image.new("RGBA", SIZE, (255, 0, 0, 0))
    path = saved(tmp_path / "clear.png", image)
    write_dataset(tmp_path / "out", str(path), [Said([detection("a", (0, 0, 9, 9))], SIZE)]).searchable_pdf(
        str(path), tmp_path / "x.pdf"
    )
    assert read(tmp_path / "x.pdf").picture().getpixel((50, 50)) == (255, 255, 255)


def test_a_jpeg_goes_in_byte_for_byte(tmp_path):
    path = saved(tmp_path / "photo.jpg", picture(), quality=60)
    write_dataset(tmp_path / "out", str(path), [Said([detection("a", (0, 0, 9, 9))], SIZE)]).searchable_pdf(
        str(path), tmp_path / "x.pdf"
    )
    with pikepdf.open(tmp_path / "x.pdf") as pdf:
        (image,) = pdf.pages[0].resources.XObject.values()
        assert image.read_raw_bytes() == path.read_bytes()
    assert (tmp_path / "x.pdf").stat().st_size < path.stat().st_size + 4096


def test_a_fax_stays_as_small_as_it_is(tmp_path):
    draw = ImageDraw.Draw(image := Image.new("1", SIZE, 1))
    for top in range(20, 560, 30):
        draw.text((40, top), "the quick brown fox jumps over the lazy dog " * 2)
    path = saved(tmp_path / "fax.tif", image, compression="group4")
    write_dataset(tmp_path / "out", str(path), [Said([detection("a", (0, 0, 9, 9))], SIZE)]).searchable_pdf(
        str(path), tmp_path / "x.pdf"
    )
    with pikepdf.open(tmp_path / "x.pdf") as pdf:
        (picture_of_it,) = pdf.pages[0].resources.XObject.values()
        assert len(picture_of_it.read_raw_bytes()) <= 1.05 * path.stat().st_size


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_that_was_turned_upright_is_seen_upright_with_its_words(tmp_path, read, orientation):
    """A stored image with the tag, converted before it was sent: the tables' pixels are the stored ones."""
    upright = picture()
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "phone.webp", stored, lossless=True, exif=exif.tobytes())
    back = way_back(orientation, width=stored.width, height=stored.height, scale=1)
    said = Said([detection("Invoice", WORDS["Invoice"])], stored.size, transform=back)
    write_dataset(tmp_path / "out", str(path), [said]).searchable_pdf(str(path), tmp_path / "x.pdf")
    pdf = read(tmp_path / "x.pdf")
    assert near(pdf.middles("Invoice"), WORDS["Invoice"], SIZE)
    assert differs(pdf.picture(scale=SIZE[0] / pdf.pdf[0].get_size()[0]), upright) < 1


def test_each_frame_of_a_tiff_is_a_page_and_one_that_cannot_be_opened_is_left_out(tmp_path, read):
    frames = [picture(), picture((600, 800)), picture()]
    path = saved(tmp_path / "fax.tif", frames[0], save_all=True, append_images=frames[1:])
    pages = [
        Said([detection("first", (50, 50, 150, 80))], SIZE),
        Said([detection("second", (50, 50, 150, 80))], (600, 800)),
        Said([], SIZE, error_code="Document.Unreadable"),
    ]
    write_dataset(tmp_path / "out", str(path), pages).searchable_pdf(str(path), tmp_path / "x.pdf")
    pdf = read(tmp_path / "x.pdf")
    assert [pdf.text(number).strip() for number in (1, 2)] == ["first", "second"]
    assert len(pdf.pdf) == 2


@pytest.fixture
def paper(tmp_path):
    """A PDF of four pages, alike but for their /Rotate, with a crop box, inherited resources and an outline."""
    with pikepdf.new() as pdf:
        for rotation in (0, 90, 180, 270):
            page = pdf.add_blank_page(page_size=(400, 600))
            page.obj.CropBox = [50, 100, 350, 500]
            page.obj.Rotate = rotation
            del page.obj["/Resources"]
            # A mark at (100, 400) of 80 by 20; what follows leaves the page's matrix in a mess.
            page.obj.Contents = pdf.make_stream(b"0 0 0 rg 100 400 80 20 re f q 3 0 0 3 7 7 cm q")
        pdf.Root.Pages.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary())
        with pdf.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("Chapter", 2))
        pdf.save(tmp_path / "paper.pdf")
    return tmp_path / "paper.pdf"


def marks(reader, pages, scale):
    """Where the mark of each page is seen, in pixels."""
    pictures = [reader.picture(number, scale).convert("L").point(lambda value: 255 * (value < 128)) for number in pages]
    return [(picture.size, picture.getbbox()) for picture in pictures]


def test_a_pdf_keeps_its_pages_and_gets_words_where_they_are_seen(tmp_path, read, paper):
    before = read(paper)
    seen = marks(before, range(1, 5), 200 / 72)
    pages = [Said([detection(f"mark{number}", box)], size) for number, (size, box) in enumerate(seen, 1)]
    dataset = write_dataset(tmp_path / "out", str(paper), pages)
    dataset.searchable_pdf(str(paper), tmp_path / "x.pdf")
    after = read(tmp_path / "x.pdf")
    for number, (size, box) in enumerate(seen, 1):
        middles = after.middles(f"mark{number}", number)
        # Rotated pages: the mark's long side is upright there, and the word fills it as a column would.
        assert near(middles, box, size), number
        assert after.picture(number).tobytes() == before.picture(number).tobytes()
        x, y = 140, 410
        left, bottom, right, top = after.pdf[number - 1].get_textpage().get_charbox(0, loose=True)
        assert left - 80 < x < right + 80
        assert bottom - 80 < y < top + 80
    assert [one.get_title() for one in after.pdf.get_toc()] == ["Chapter"]


def test_pages_that_were_not_read_stay(tmp_path, read, paper):
    ((size, box),) = marks(read(paper), [1], 200 / 72)
    write_dataset(tmp_path / "out", str(paper), [Said([detection("first", box)], size)]).searchable_pdf(
        str(paper), tmp_path / "x.pdf"
    )
    pdf = read(tmp_path / "x.pdf")
    assert [pdf.text(number).strip() for number in range(1, 5)] == ["first", "", "", ""]


def test_a_page_that_has_text_is_left_alone_unless_it_is_asked_for(tmp_path, read, paper):
    ((size, box),) = marks(read(paper), [1], 200 / 72)
    first = write_dataset(tmp_path / "1", str(paper), [Said([detection("first", box)], size)])
    once = tmp_path / "once.pdf"
    first.searchable_pdf(str(paper), once)
    second = write_dataset(tmp_path / "2", str(once), [Said([detection("second", box)], size)])
    second.searchable_pdf(str(once), tmp_path / "kept.pdf")
    second.searchable_pdf(str(once), tmp_path / "over.pdf", over_text=True)
    assert read(tmp_path / "kept.pdf").text().split() == ["first"]
    assert sorted(read(tmp_path / "over.pdf").text().split()) == ["first", "second"]


def test_a_pdf_that_needs_no_password_is_written_without_its_encryption(tmp_path, read, paper):
    locked = tmp_path / "locked.pdf"
    with pikepdf.open(paper) as pdf:
        pdf.save(locked, encryption=pikepdf.Encryption(owner="secret", user=""))
    ((size, box),) = marks(read(locked), [1], 200 / 72)
    write_dataset(tmp_path / "out", str(locked), [Said([detection("first", box)], size)]).searchable_pdf(
        str(locked), tmp_path / "x.pdf"
    )
    assert read(tmp_path / "x.pdf").text().strip() == "first"
    with pikepdf.open(tmp_path / "x.pdf") as pdf:
        assert not pdf.is_encrypted


@pytest.fixture
def locked(tmp_path, paper, monkeypatch, read):
    """The paper, which opens with the password of ``the_lock`` only, and a dataset of it."""
    for name, password in (("THE_LOCK", "plantedExport"), ("WRONG_LOCK", "plantedWrong"), ("NO_LOCK", None)):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps({"conn_type": "generic", "password": password}))
    path = tmp_path / "locked.pdf"
    with pikepdf.open(paper) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="plantedOwner", user="plantedExport"))
    ((size, box),) = marks(read(paper), [1], 200 / 72)
    return path, write_dataset(tmp_path / "out", str(path), [Said([detection("first", box)], size)])


def test_a_pdf_that_needs_a_password_is_opened_with_that_of_a_connection_and_keeps_it(tmp_path, locked, read):
    path, dataset = locked
    dataset.searchable_pdf(str(path), tmp_path / "x.pdf", pdf_password_conn_id="the_lock")
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(tmp_path / "x.pdf")
    with pikepdf.open(tmp_path / "x.pdf", password="plantedExport") as pdf:
        pdf.save(tmp_path / "open.pdf")
    assert read(tmp_path / "open.pdf").text().strip() == "first"


def test_the_password_is_not_needed_where_a_pdf_opens_without_it(tmp_path, locked, paper):
    _, dataset = locked
    dataset.searchable_pdf(
        dataset.documents()[0], tmp_path / "x.pdf", source=paper, pdf_password_conn_id="the_lock", over_text=True
    )
    with pikepdf.open(tmp_path / "x.pdf") as pdf:
        assert not pdf.is_encrypted


@pytest.mark.parametrize(
    ("conn_id", "error", "told"),
    [
        (None, DocumentError, r"Document\.Encrypted: .*pdf_password_conn_id"),
        ("wrong_lock", DocumentError, r"Document\.Encrypted: .*connection 'wrong_lock' does not open it"),
        ("no_lock", ConfigurationError, "connection 'no_lock' has no password"),
        ("nowhere", ConfigurationError, "there is no connection 'nowhere'"),
    ],
)
def test_a_pdf_that_stays_locked_is_told_with_its_reason_and_without_a_secret(tmp_path, locked, conn_id, error, told):
    path, dataset = locked
    with pytest.raises(error, match=told) as caught:
        dataset.searchable_pdf(str(path), tmp_path / "x.pdf", pdf_password_conn_id=conn_id)
    assert "planted" not in str(caught.value)
    assert not (tmp_path / "x.pdf").exists()


def test_a_large_pdf_is_worked_on_in_its_file(tmp_path, read, paper, monkeypatch):
    monkeypatch.setattr("airflow_provider_tcocr.documents.content.MAX_IN_MEMORY", 100)
    seen = marks(read(paper), [1, 2], 200 / 72)
    pages = [Said([detection(f"mark{number}", box)], size) for number, (size, box) in enumerate(seen, 1)]
    write_dataset(tmp_path / "out", str(paper), pages).searchable_pdf(str(paper), tmp_path / "x.pdf")
    assert [read(tmp_path / "x.pdf").text(number).strip() for number in (1, 2)] == ["mark1", "mark2"]


def test_a_pdf_without_known_pixels_is_refused_with_the_reason(tmp_path, paper):
    dataset = write_dataset(tmp_path / "out", str(paper), [Said([detection("a", (0, 0, 9, 9))], (None, None))])
    with pytest.raises(ConfigurationError, match="pdf_dpi"):
        dataset.searchable_pdf(str(paper), tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()


def test_an_image_that_went_by_its_url_has_its_own_pixels(tmp_path, read):
    path = saved(tmp_path / "scan.png", picture())
    said = Said([detection("Invoice", WORDS["Invoice"])], (None, None))
    dataset = write_dataset(tmp_path / "out", "https://example.com/scan.png", [said])
    dataset.searchable_pdf("https://example.com/scan.png", tmp_path / "x.pdf", source=path)
    assert near(read(tmp_path / "x.pdf").middles("Invoice"), WORDS["Invoice"], SIZE)


@pytest.mark.parametrize("name", ["scan.png", "paper.pdf"])
def test_a_document_that_changed_is_refused(tmp_path, paper, name):
    saved(tmp_path / "scan.png", picture())
    path = tmp_path / name
    dataset = write_dataset(tmp_path / "out", str(path), [Said([detection("a", (0, 0, 9, 9))], (900, 600))])
    with pytest.raises(ConfigurationError, match="the document changed"):
        dataset.searchable_pdf(str(path), tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()


def test_a_document_that_is_gone_is_told(tmp_path):
    dataset = write_dataset(tmp_path / "out", "/nowhere/scan.png", [Said([detection("a", (0, 0, 9, 9))], SIZE)])
    with pytest.raises(DocumentError, match=r"Document\.Missing: there is no /nowhere/scan\.png"):
        dataset.searchable_pdf("/nowhere/scan.png", tmp_path / "x.pdf")
    with pytest.raises(ConfigurationError, match="has no document 'other'"):
        dataset.searchable_pdf("other", tmp_path / "x.pdf")


def test_an_image_that_pillow_takes_for_a_bomb_is_told(tmp_path, monkeypatch):
    path = saved(tmp_path / "scan.png", picture())
    dataset = write_dataset(tmp_path / "out", str(path), [Said([detection("a", (0, 0, 9, 9))], SIZE)])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(DocumentError, match=r"Document\.Bomb"):
        dataset.searchable_pdf(str(path), tmp_path / "x.pdf")


@pytest.mark.parametrize(
    ("there", "spoiled"),
    [
        (b"R ]", b"R >> ]"),  # pikepdf: no /Kids
        (b"<< >> /Type /Page >>", b"<< >> /Type /Page > /X [0 a] >"),  # pikepdf: no such page
        (b"", b""),  # img2pdf: a page longer than any
    ],
)
def test_what_can_be_read_but_not_written_is_told_without_the_librarys_words(tmp_path, there, spoiled):
    path = tmp_path / "odd.pdf"
    with pikepdf.new() as pdf:
        for _ in range(2):
            pdf.add_blank_page(page_size=(200, 100))
        pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.disable, static_id=True)
    path.write_bytes(path.read_bytes().replace(there, spoiled, 1))
    if not there:
        saved(path, Image.new("L", (45000, 10)), format="PNG")
    with open_document(path.read_bytes()) as opened:
        drawn = [opened.page(number + 1) for number in range(opened.page_count)]
    pages = [Said([detection("a", (0, 0, 9, 9))], (one.width, one.height)) for one in drawn]
    dataset = write_dataset(tmp_path / "out", str(path), pages)
    with pytest.raises(DocumentError, match=r"^Document\.Unreadable: the document cannot be put into a searchable PDF"):
        dataset.searchable_pdf(str(path), tmp_path / "x.pdf")
    assert not (tmp_path / "x.pdf").exists()


def test_a_document_of_which_no_page_could_be_opened_is_told(tmp_path):
    path = saved(tmp_path / "scan.png", picture())
    dataset = write_dataset(tmp_path / "out", str(path), [Said([], SIZE, error_code="Document.Unreadable")])
    with pytest.raises(ConfigurationError, match="none of the document's pages"):
        dataset.searchable_pdf(str(path), tmp_path / "x.pdf")


@pytest.mark.parametrize("missing", ["pikepdf", "img2pdf"])
def test_without_the_extra_its_name_is_told(tmp_path, monkeypatch, missing):
    path = saved(tmp_path / "scan.png", picture())
    dataset = write_dataset(tmp_path / "out", str(path), [Said([detection("a", (0, 0, 9, 9))], SIZE)])
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ConfigurationError, match=r"airflow-provider-tcocr\[export\]"):
        dataset.searchable_pdf(str(path), tmp_path / "x.pdf")


@pytest.mark.parametrize("form", ["path", "text", "uri", "file", "store"])
def test_the_pdf_goes_wherever_it_is_told_to(tmp_path, request, form):
    path = saved(tmp_path / "scan.png", picture())
    dataset = write_dataset(tmp_path / "out", str(path), [Said([detection("a", (0, 0, 9, 9))], SIZE)])
    target = tmp_path / "x.pdf"
    if form == "store":
        bucket = request.getfixturevalue("bucket")
        dataset.searchable_pdf(str(path), f"{request.getfixturevalue('s3')}/x.pdf")
        written = bucket.get_object(Bucket="lake", Key="x.pdf")["Body"].read()
    elif form == "file":
        memory = io.BytesIO()
        dataset.searchable_pdf(str(path), memory, source=path.read_bytes())
        written = memory.getvalue()
    else:
        dataset.searchable_pdf(
            str(path), {"path": target, "text": str(target), "uri": f"file://{target}"}[form], source=str(path)
        )
        written = target.read_bytes()
    with pikepdf.open(io.BytesIO(written)) as pdf:
        assert len(pdf.pages) == 1


HOSTILE = [
    {"Polygon": None},
    {"Polygon": []},
    {"Polygon": [{"X": 5, "Y": 5}] * 4},
    {"Polygon": [{"X": 5, "Y": 5}] * 7},
    {"Polygon": [{"X": -(2**31), "Y": 2**31 - 1}, {"X": 2**31 - 1, "Y": 0}, {"X": 0, "Y": 0}, {"X": 1, "Y": 9}]},
    {"Polygon": [{"X": 0, "Y": 0}, {"X": 9, "Y": 0}, {"X": 0, "Y": 9}, {"X": 9, "Y": 9}]},
    {"Polygon": [{"X": 0, "Y": 0}, {"X": 99, "Y": 99}, {"X": 99, "Y": 0}, {"X": 0, "Y": 99}]},
    {"Polygon": [{"X": 10, "Y": 10}, {"X": 110, "Y": 10}, {"X": 110, "Y": 20}, {"X": 10, "Y": 10}]},
    {"Polygon": None, "ItemPolygon": None, "AdvancedInfo": "xx"},
    {"ItemPolygon": {"X": 0, "Y": 0, "Width": -5, "Height": 0}},
    {"Confidence": 2**31 - 1},
    {"Words": [{"Character": "x"}], "WordCoordPoint": [{"WordCoordinate": None}]},
    {"Words": [{}, {}], "WordCoordPoint": []},
]


@pytest.mark.parametrize("odd", HOSTILE)
def test_whatever_the_answer_holds_a_readable_pdf_with_its_text_comes_of_it(tmp_path, read, odd):
    path = saved(tmp_path / "scan.png", picture())
    said = [detection("well", (50, 50, 150, 80)), detection("odd", (200, 200, 300, 230), **odd)]
    write_dataset(tmp_path / "out", str(path), [Said(said, SIZE)]).searchable_pdf(str(path), tmp_path / "x.pdf")
    assert near(read(tmp_path / "x.pdf").middles("well"), (50, 50, 150, 80), SIZE)
    with pikepdf.open(tmp_path / "x.pdf") as pdf:
        assert pdf.check_pdf_syntax() == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(a) \\ <b>", "(a)\\<b>"),
        ("\x00\x07nul", "nul"),
        ("half\ud800", "half\ufffd"),
        ("e\u0301t\u00e9", "e\u0301t\u00e9"),
        ("a\u3000b", "ab"),
        ("𠮷野家", "𠮷野家"),
        ("100%", "100%"),
        ("", ""),
    ],
)
def test_any_text_may_be_in_it(tmp_path, read, text, found):
    path = saved(tmp_path / "scan.png", picture())
    said = [detection("well", (50, 50, 150, 80)), detection(text, (50, 100, 150, 120))]
    write_dataset(tmp_path / "out", str(path), [Said(said, SIZE)]).searchable_pdf(str(path), tmp_path / "x.pdf")
    assert "".join(read(tmp_path / "x.pdf").text().split()) == "well" + found
