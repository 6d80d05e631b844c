"""PDFs: counted, rendered at known pixels, or cut into single pages."""

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from airflow_provider_tcocr.api.actions import Site
from airflow_provider_tcocr.documents import PdfSettings, as_document, open_document
from airflow_provider_tcocr.documents.pdfs import MAX_RENDERED
from airflow_provider_tcocr.exceptions import ConfigurationError, DocumentError


def seen(page):
    image = Image.open(io.BytesIO(page.data))
    image.load()
    return image


def test_a_page_is_rendered_at_200_dpi_unless_told_otherwise(make):
    with open_document(make.pdf((144, 72))) as opened:
        page = opened.page(1)
    assert (page.width, page.height, page.prepared) == (400, 200, "rendered at 200 dpi")
    assert (page.is_pdf, page.transform) == (False, None)
    assert seen(page).size == (400, 200)
    with open_document(make.pdf((144, 72)), pdf=PdfSettings(72)) as opened:
        assert (opened.page(1).width, opened.page(1).prepared) == (144, "rendered at 72 dpi")


def test_a_rotated_page_is_rendered_as_a_person_sees_it(make):
    with open_document(make.pdf((144, 72), page_entry=b"/Rotate 90")) as opened:
        page = opened.page(1)
    assert (page.width, page.height) == (200, 400)
    dark = seen(page).convert("L").point(lambda value: 255 if value < 128 else 0)
    assert dark.getbbox()[:2] == (0, 0)


def test_pages_are_counted(sample):
    counts = {"deb_maint-guide.zh-cn.pdf": 63, "omp_multipage.pdf": 6, "omp_cardinal.pdf": 4, "omp_blank.pdf": 1}
    for name, count in counts.items():
        with open_document(as_document(sample(name))) as opened:
            assert opened.page_count == count


def test_an_encrypted_pdf_is_told_apart_from_a_broken_one(sample):
    for name, code in (("pypdf_encrypted-file.pdf", "Encrypted"), ("omp_invalid.pdf", "Unreadable")):
        with pytest.raises(DocumentError) as raised, open_document(as_document(sample(name))):
            pass
        assert raised.value.code == f"Document.{code}"
        assert name in raised.value.message


@pytest.mark.parametrize("dpi", [72, None])
def test_a_password_opens_an_encrypted_pdf_whose_page_goes_without_encryption(make, dpi):
    settings = PdfSettings(dpi, "sesame", "the_lock")
    with open_document(make.encrypted(b"sesame"), pdf=settings) as opened:
        page = opened.page(1)
    assert page.is_pdf == (dpi is None)
    if dpi is None:
        with open_document(page.data, pdf=PdfSettings(72)) as opened:
            page = opened.page(1)
    assert seen(page).convert("L").point(lambda value: 255 - value).getbbox() == (0, 52, 20, 72)
    assert "sesame" not in repr(settings)


@pytest.mark.parametrize("password", [None, "sesame"])
def test_a_pdf_that_is_only_kept_from_change_opens_with_any_password_or_none(make, password):
    with open_document(make.encrypted(b""), pdf=PdfSettings(200, password, "the_lock")) as opened:
        assert opened.page(1).width == 200


def test_a_password_does_no_harm_where_none_is_needed(make):
    with open_document(make.pdf((72, 72)), pdf=PdfSettings(200, "sesame", "the_lock")) as opened:
        assert opened.page(1).width == 200


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (PdfSettings(), "pdf_password_conn_id"),
        (PdfSettings(200, "wrongPassword", "the_lock"), "the password of connection 'the_lock' does not open it"),
    ],
)
def test_an_absent_or_wrong_password_is_told_and_never_shown(make, settings, told):
    with pytest.raises(DocumentError, match=told) as raised, open_document(make.encrypted(b"sesame"), pdf=settings):
        pass
    assert raised.value.code == "Document.Encrypted"
    assert "wrongPassword" not in f"{raised.value} {raised.value.__cause__}"


def test_what_ails_one_pdf_is_not_told_of_the_next(make):
    codes = []
    for data in (make.encrypted(b"sesame"), make.pdf()):
        with pytest.raises(DocumentError) as raised, open_document(data):
            pass
        codes.append(raised.value.code)
    assert codes == ["Document.Encrypted", "Document.Unreadable"]


LAYER = b"<</Type/OCG/Name(layer)>>"


def annotated(make, entries, *, catalog=b""):
    annotation = b"<</Type/Annot/Rect[10 10 30 30]/AP<</N 7 0 R>>%s>>" % entries
    return make.sheet(b"", page=b"/Annots[6 0 R]", catalog=catalog, more=(annotation, make.APPEARANCE))


def layered(make, off):
    catalog = b"/OCProperties<</OCGs[6 0 R]/D<</OFF[%s]>>>>" % (b"6 0 R" if off else b"")
    page = b"/Resources<</Properties<</L 6 0 R>>>>"
    return make.sheet(b"/OC /L BDC 10 10 20 20 re f EMC", page=page, catalog=catalog, more=(LAYER,))


DRAWN = (10, 42, 30, 62)
FIELD = b"/Subtype/Widget/FT/Tx/T(f)/F 4"
FORM = b"/AcroForm<</Fields[6 0 R]>>"
AS_A_PERSON_SEES_THEM = {
    "a stamp": (lambda make: annotated(make, b"/Subtype/Stamp/F 4"), DRAWN),
    "a free text": (lambda make: annotated(make, b"/Subtype/FreeText/F 4"), DRAWN),
    "a hidden stamp": (lambda make: annotated(make, b"/Subtype/Stamp/F 2"), None),
    "a stamp that is printed and not shown": (lambda make: annotated(make, b"/Subtype/Stamp/F 36"), None),
    "a field that is filled in": (lambda make: annotated(make, FIELD, catalog=FORM), DRAWN),
    "a layer that is on": (lambda make: layered(make, False), DRAWN),
    "a layer that is off": (lambda make: layered(make, True), None),
}


@pytest.mark.parametrize("dpi", [72, None])
@pytest.mark.parametrize(("made", "box"), AS_A_PERSON_SEES_THEM.values(), ids=AS_A_PERSON_SEES_THEM)
def test_forms_annotations_and_layers_are_sent_as_a_person_sees_them(make, made, box, dpi):
    """A page that would lose a field or a layer's state by being cut out is drawn here instead."""
    with open_document(made(make), pdf=PdfSettings(dpi)) as opened:
        page = opened.page(1)
    if page.is_pdf:
        with open_document(page.data, pdf=PdfSettings(72)) as opened:
            page = opened.page(1)
    dark = seen(page).convert("L").point(lambda value: 255 - value).getbbox()
    times = page.width / 72
    assert dark == box or [round(edge / times) for edge in dark] == [*box]


@pytest.mark.parametrize("dpi", [200, None])
def test_a_bomb_inside_a_pdf_is_refused_and_does_no_harm(sample, dpi):
    with open_document(as_document(sample("omp_hugemono.pdf")), pdf=PdfSettings(dpi)) as opened:
        assert opened.page_count == 1
        with pytest.raises(DocumentError, match="35000 x 35000") as raised:
            opened.page(1)
    assert raised.value.code == "Document.Bomb"


def test_a_picture_that_promises_too_much_fails_its_page_only(make):
    with (
        open_document(make.pdf((100, 100), picture=(60_000, 60_000))) as opened,
        pytest.raises(DocumentError, match=r"Document\.Bomb: page 1"),
    ):
        opened.page(1)
    with open_document(make.pdf((100, 100), picture=(8, 8))) as opened:
        assert opened.page(1).width == 278


@pytest.mark.parametrize("box", [(14_400, 14_400), (200_000, 20), (1, 1), (14_400, 1)])
def test_a_page_of_any_size_is_rendered_with_bounded_pixels(make, box):
    with open_document(make.pdf(box)) as opened:
        page = opened.page(1)
    assert 1 <= page.width * page.height <= MAX_RENDERED * 1.01
    assert max(page.width, page.height) <= 20_001
    assert page.prepared.startswith("rendered at ")


def test_without_dpi_each_page_is_a_pdf_of_its_own(make):
    import pypdfium2 as pdfium

    with open_document(make.pdf((100, 100), (200, 100)), pdf=PdfSettings(None)) as opened:
        page = opened.page(2)
    assert (page.is_pdf, page.width, page.height, page.transform) == (True, None, None, None)
    assert page.prepared == "one-page PDF"
    with pdfium.PdfDocument(page.data) as single:
        assert len(single) == 1
        assert single.get_page_size(0) == (200, 100)


def test_without_dpi_a_pdf_of_one_page_goes_byte_for_byte(make):
    data = make.pdf((100, 100))
    with open_document(data, pdf=PdfSettings(None)) as opened:
        assert (opened.page(1).data, opened.page(1).prepared) == (data, None)


def test_a_page_too_large_for_a_pdf_of_its_own_is_rendered_instead(make):
    data = make.pdf((100, 100), (100, 100))
    with open_document(data, pdf=PdfSettings(None)) as opened:
        assert opened.page(1).is_pdf
    with open_document(data, pdf=PdfSettings(None), site=Site(max_base64=536)) as opened:
        page = opened.page(1)
    assert len(page.data) <= 402
    assert not page.is_pdf
    assert page.prepared.startswith("rendered at 200 dpi")


@pytest.mark.parametrize("dpi", [200, None])
def test_what_is_uploaded_is_at_most_60_percent_of_the_whole_file_a_page(sample, dpi):
    path = Path(sample("deb_maint-guide.zh-cn.pdf"))
    pages = range(1, 64, 9 if dpi else 1)
    with open_document(as_document(path), pdf=PdfSettings(dpi)) as opened:
        sent = sum(len(opened.page(number).data) for number in pages)
    assert sent <= 0.6 * len(pages) * path.stat().st_size


def test_a_drawn_page_keeps_its_letters_within_a_sixteenth_of_each_channel(sample):
    import pypdfium2 as pdfium
    from PIL import ImageChops

    path = sample("deb_maint-guide.zh-cn.pdf")
    with open_document(as_document(path)) as opened:
        sent = seen(opened.page(9)).convert("RGB")
    with pdfium.PdfDocument(path) as plain:
        drawn = plain[8].render(scale=200 / 72).to_pil().convert("RGB")
    assert max(high for _, high in ImageChops.difference(sent, drawn).getextrema()) < 16


def test_a_page_beyond_the_last_is_out_of_range(make):
    with open_document(make.pdf((100, 100))) as opened:
        for number in (0, 2, -1):
            with pytest.raises(DocumentError) as raised:
                opened.page(number)
            assert raised.value.code == "Document.PageOutOfRange"


def test_a_broken_page_is_an_error_of_that_page_only(make):
    broken = make.pdf((100, 100), (200, 100)).replace(b"4 0 obj\n<</Type/Page/", b"4 0 obj\n<</Type/Pane/")
    with open_document(broken) as opened:
        outcomes = []
        for number in range(1, opened.page_count + 1):
            try:
                outcomes.append(opened.page(number).width)
            except DocumentError as error:
                outcomes.append(error.code)
    assert 278 in outcomes


@pytest.mark.parametrize("dpi", [0, -1, 5000, "200", 1.5, True])
def test_a_wrong_dpi_is_refused(make, dpi):
    with pytest.raises(ConfigurationError, match="pdf_dpi"), open_document(make.pdf((9, 9)), pdf=PdfSettings(dpi)):
        pass


def test_threads_may_ask_for_pages_of_several_pdfs_at_once(make, sample):
    with (
        open_document(as_document(sample("omp_cardinal.pdf"))) as one,
        open_document(make.pdf(*[(50 + number, 50) for number in range(8)])) as other,
        ThreadPoolExecutor(6) as threads,
    ):
        few = threads.map(one.page, [1, 2, 1, 2])
        many = threads.map(other.page, range(1, 9))
        assert [page.width for page in many] == [-(-(50 + number) * 200 // 72) for number in range(8)]
        first, second, *again = few
        assert again == [first, second]


def test_a_sheet_tells_how_a_page_lies_in_the_file(make, sample):
    with open_document(make.pdf((144, 72), page_entry=b"/Rotate 90/CropBox[10 20 500 60]")) as opened:
        sheet = opened.sheet(1)
        assert (sheet.box, sheet.rotation, sheet.has_text) == ((10, 20, 144, 60), 90, False)
        assert opened.stream().read(5) == b"%PDF-"
        with pytest.raises(DocumentError, match=r"Document\.PageOutOfRange"):
            opened.sheet(2)
    with open_document(as_document(sample("deb_maint-guide.zh-cn.pdf"))) as opened:
        assert opened.sheet(9).has_text
    with open_document(make.as_bytes(make.marked(), "PNG")) as opened:
        assert opened.sheet(1) is None


def test_a_large_pdf_is_read_from_its_file(make, tmp_path, monkeypatch):
    monkeypatch.setattr("airflow_provider_tcocr.documents.content.MAX_IN_MEMORY", 100)
    path = tmp_path / "large.pdf"
    path.write_bytes(make.pdf((72, 72), (144, 72)))
    for dpi in (72, None):
        with open_document(as_document(path), pdf=PdfSettings(dpi)) as opened:
            assert opened.page_count == 2
            assert [opened.page(number).width for number in (2, 1)] == ([144, 72] if dpi else [None, None])
            assert len(opened.content_sha256) == 64
