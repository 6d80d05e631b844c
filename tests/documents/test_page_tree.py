"""PDFs that count their pages wrongly: what is there is read, what is not is one failure."""

import zlib

import pytest

from airflow_provider_tcocr.documents import PdfSettings, as_document, isolated, open_document, page_tree, pdfs
from airflow_provider_tcocr.exceptions import DocumentError

WIDTHS = [72, 144, 216]


def pages(data, *, dpi=72):
    """The width of each page; None where it cannot be read."""
    with open_document(data, pdf=PdfSettings(dpi)) as opened:
        return [width_of(opened, number) for number in range(1, opened.page_count + 1)]


def width_of(opened, number):
    try:
        return opened.page(number).width
    except DocumentError:
        return None


def tree(make, *nodes):
    """A PDF with these nodes, from number 2 on; 6, 7 and 8 are its pages."""
    free = [b"null"] * (4 - len(nodes))
    leaves = [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d 72]>>" % width for width in WIDTHS]
    return make.assembled([b"<</Type/Catalog/Pages 2 0 R>>", *nodes, *free, *leaves])


def packed(make):
    """A PDF whose page tree is in an object stream."""
    objects = {1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]/Count 1>>"}
    objects |= {n: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d 72]>>" % w for n, w in enumerate(WIDTHS, 3)}
    places, body = b"", b""
    for number, content in objects.items():
        places += b"%d %d " % (number, len(body))
        body += content + b" "
    stream = zlib.compress(places + body)
    written = b"%PDF-1.5\n"
    entries = [b"\0\0\0\0"] + [b"\2\0\6" + bytes([index]) for index in range(5)] + [b"\1\0\x09\0"]
    written += b"6 0 obj\n<</Type/ObjStm/N 5/First %d/Filter/FlateDecode/Length %d>>stream\n%s\nendstream\nendobj\n" % (
        len(places),
        len(stream),
        stream,
    )
    entries.append(b"\1" + len(written).to_bytes(2, "big") + b"\0")
    table = b"".join(entries)
    place = len(written)
    written += b"7 0 obj\n<</Type/XRef/Size 8/W[1 2 1]/Root 1 0 R/Length %d>>stream\n%s\nendstream\nendobj\n" % (
        len(table),
        table,
    )
    return written + b"startxref\n%d\n%%%%EOF" % place


LEFT_OUT = {
    "the root counts too few": lambda make: tree(make, b"<</Type/Pages/Kids[6 0 R 7 0 R 8 0 R]/Count 1>>"),
    "a node below it, too": lambda make: tree(
        make,
        b"<</Type/Pages/Kids[6 0 R 3 0 R]/Count 2>>",
        b"<</Type/Pages/Parent 2 0 R/Kids[7 0 R 8 0 R]/Count 1>>",
    ),
    "only a node below it": lambda make: tree(
        make, b"<</Type/Pages/Kids[6 0 R 3 0 R]>>", b"<</Type/Pages/Parent 2 0 R/Kids[7 0 R 8 0 R]/Count 1>>"
    ),
    "what counts is elsewhere": lambda make: tree(
        make, b"<</Type/Pages/Kids 4 0 R/Count 3 0 R>>", b"1", b"[6 0 R 7 0 R 8 0 R]"
    ),
    "other bytes before its start": lambda make: b"x" * 99 + LEFT_OUT["the root counts too few"](make),
    "its table of objects is elsewhere": lambda make: LEFT_OUT["the root counts too few"](make).replace(
        b"startxref\n", b"startxref\n9"
    ),
    "its tree is packed": packed,
}


@pytest.mark.parametrize("dpi", [72, None])
@pytest.mark.parametrize("made", LEFT_OUT.values(), ids=LEFT_OUT)
def test_pages_that_a_pdf_does_not_count_are_read(make, made, dpi):
    assert pages(made(make), dpi=dpi) == (WIDTHS if dpi else [None] * 3)


def test_pages_have_what_they_inherit_whatever_is_counted(make):
    tree_of_one = tree(make, b"<</Type/Pages/Kids[6 0 R]/Count 1/Rotate 90/CropBox[0 0 36 36]>>")
    assert pages(tree_of_one) == [36]
    assert pages(tree_of_one.replace(b"Kids[6 0 R]", b"Kids[6 0 R 7 0 R]")) == [36, 36]


def test_a_pdf_that_claims_pages_which_are_not_there_fails_one_for_all_of_them(make):
    for kids, claimed in ((b"", 90_000), (b" 99 0 R" * 5, 7), (b" 99 0 R" * 5, 2)):
        root = b"<</Type/Pages/Kids[6 0 R 7 0 R%s]/Count %d>>" % (kids, claimed)
        assert pages(tree(make, root)) == [72, 144, None]


def test_what_is_broken_in_the_tree_hides_no_page_behind_it(make):
    assert pages(tree(make, b"<</Type/Pages/Kids[6 0 R null 99 0 R 7 0 R]/Count 2>>")) == [72, None, None, 144]


def test_a_tree_that_goes_in_a_circle_has_the_pages_that_it_claims(make):
    circle = b"<</Type/Pages/Parent 2 0 R/Kids[7 0 R 2 0 R]/Count 1>>"
    assert pages(tree(make, b"<</Type/Pages/Kids[6 0 R 3 0 R]/Count 2>>", circle)) == [72, 144]


def test_more_pages_than_are_read_are_refused_whatever_is_claimed(make, monkeypatch):
    for module in (page_tree, pdfs):
        monkeypatch.setattr(module, "MAX_PAGES", 2)
    for claimed in (1, 3):
        data = tree(make, b"<</Type/Pages/Kids[6 0 R 7 0 R 8 0 R]/Count %d>>" % claimed)
        with pytest.raises(
            DocumentError, match=r"Document\.Bomb.*the paper has or claims too many pages: more than 2,"
        ):
            pdfs.Pdf(data, name="the paper", settings=PdfSettings(), limit=10**6)


def test_a_process_that_did_not_count_the_pages_has_all_of_them(make):
    with open_document(LEFT_OUT["the root counts too few"](make), pdf=PdfSettings(72)) as opened:
        assert opened.page_count == 3
        for process in isolated._POOL._free:
            process.kill()
            process._popen.wait()
        assert [width_of(opened, number) for number in (3, 1)] == [216, 72]


def test_pages_that_a_large_pdf_does_not_count_are_read_from_its_file(make, tmp_path, monkeypatch):
    monkeypatch.setattr("airflow_provider_tcocr.documents.content.MAX_IN_MEMORY", 100)
    path = tmp_path / "large.pdf"
    path.write_bytes(LEFT_OUT["other bytes before its start"](make))
    assert pages(as_document(path)) == WIDTHS
    assert len(path.read_bytes()) == len(LEFT_OUT["other bytes before its start"](make))
