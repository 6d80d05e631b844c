"""Makes a document a searchable PDF: its pages as they are, over an invisible layer of what was read.

The pages of a PDF are not changed, outlines, forms and pictures included. Images become pages without loss: JPEG and
most PNG byte for byte. Needs the extra `export` (pikepdf, img2pdf).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from ..documents import OpenedDocument, PreparedPage
from ..documents.images import opaque
from ..documents.kinds import kind_of
from ..documents.memory import MEMORY
from ..documents.page import IDENTITY, Transform
from ..documents.pdfs import Sheet
from ..exceptions import ConfigurationError, DocumentError, TencentCloudOcrError
from .glyphless import NAME, Codes, font_file
from .layer import PixelToPoint, layer
from .pages import ReadPage
from .words import EM, Vertex, placed_lines

if TYPE_CHECKING:
    import pikepdf

_POINTS_AN_INCH: Final = 72
_LIKELY_DPI: Final = (100, 2400)
"""Of a scan; programs that know no resolution write 72 or 96."""
_USUAL_DPI: Final = 200


def write_searchable(
    document: OpenedDocument,
    pages: Sequence[ReadPage],
    target: BinaryIO,
    *,
    over_text: bool = False,
    password: str | None = None,
) -> None:
    """Write a document with its text layer.

    :param document: open, and used by no other thread meanwhile
    :param pages: what was read; a PDF keeps its other pages too. Of a document of images only these become pages, but
        for those that could not be opened when they were to be read
    :param target: where the PDF goes, written once and in order
    :param over_text: lay text over pages of a PDF that have text of their own, too; else they stay as they are
    :param password: of a PDF that does not open without one; what is written opens with it too
    :raise DocumentError: a page cannot be opened, or not be put into a PDF
    :raise ConfigurationError: the extra is not installed; a page is not the one that was read; its pixels are not known
    """
    try:
        import img2pdf  # noqa: F401 (so that a missing one is noticed here)
        import pikepdf  # noqa: F401
    except ImportError:
        message = "a searchable PDF needs the extra: pip install 'airflow-provider-tcocr[export]'"
        raise ConfigurationError(message) from None
    try:
        _write(document, pages, target, over_text=over_text, password=password)
    except (TencentCloudOcrError, OSError):
        raise
    except Exception as error:  # pikepdf and img2pdf raise many kinds, as a file can be broken in many ways
        message = "the document cannot be put into a searchable PDF: it is broken, or larger than a page can be"
        raise DocumentError("Document.Unreadable", message) from error


def _write(
    document: OpenedDocument, pages: Sequence[ReadPage], target: BinaryIO, *, over_text: bool, password: str | None
) -> None:
    import pikepdf

    is_pdf = document.sheet(1) is not None
    openable = [page for page in pages if not (page.error_code or "").startswith("Document.")]
    images = [] if is_pdf else [document.page(page.number) for page in openable]
    source = cast("BinaryIO", document.stream()) if is_pdf else _as_pdf(images)
    locked = is_pdf and _is_locked(source)
    with pikepdf.open(source, password=(locked and password) or "") as pdf:
        if is_pdf:
            placed = _on_sheets(pdf, document, openable, over_text=over_text)
        else:
            placed = _on_images(pdf, images, openable)
        _lay(pdf, placed)
        pdf.save(target, encryption=locked)


def _is_locked(source: BinaryIO) -> bool:
    """Whether a PDF opens with a password only."""
    import pikepdf

    try:
        pikepdf.open(source).close()
    except pikepdf.PasswordError:
        return True
    finally:
        source.seek(0)
    return False


def _as_pdf(images: Sequence[PreparedPage]) -> BinaryIO:
    """A PDF with one page for each image, which fills it."""
    import img2pdf

    if not images:
        raise ConfigurationError("none of the document's pages could be opened, so there is nothing to show")
    target = io.BytesIO()
    img2pdf.convert(
        [io.BytesIO(_shown(image.data)) for image in images],
        outputstream=target,
        layout_fun=_layout,
        rotation=img2pdf.Rotation.ifvalid,
        nodate=True,
    )
    target.seek(0)
    return target


def _shown(data: bytes) -> bytes:
    """An image as a PDF page takes it: without transparency, and black and white as a fax where that is smaller."""
    from PIL import Image

    kind = kind_of(data)
    assert kind is not None
    data = opaque(data, kind=kind, name="the document")
    try:
        image = Image.open(io.BytesIO(data))
    except Image.DecompressionBombError:  # the page was sent as it is; img2pdf would open it
        raise DocumentError("Document.Bomb", "the document's image is too large to be put into a PDF") from None
    with image:
        if image.mode != "1":
            return data
        fax = io.BytesIO()
        with MEMORY.hold(image.width * image.height):
            image.save(fax, "TIFF", compression="group4", dpi=image.info.get("dpi", (_USUAL_DPI, _USUAL_DPI)))
        return min(data, fax.getvalue(), key=len)


def _layout(width: float, height: float, dpi: tuple[float, float]) -> tuple[float, float, float, float]:
    """The page's and the image's size in points, for img2pdf."""
    across, down = (one if _LIKELY_DPI[0] <= one <= _LIKELY_DPI[1] else _USUAL_DPI for one in dpi)
    size = max(3.0, width * _POINTS_AN_INCH / across), max(3.0, height * _POINTS_AN_INCH / down)
    return *size, *size


def _on_images(
    pdf: pikepdf.Pdf, images: Sequence[PreparedPage], pages: Sequence[ReadPage]
) -> Iterator[tuple[pikepdf.Page, ReadPage, PixelToPoint]]:
    from PIL import Image

    for page, image, read in zip(pdf.pages, images, pages, strict=True):
        assert image.width is not None
        assert image.height is not None
        size = image.width, image.height
        if read.size not in (None, size):
            raise _changed(read)
        with Image.open(io.BytesIO(image.data)) as sent:
            shown = sent.size
        left, bottom, right, top = map(float, page.mediabox)
        to_point = _onto(Sheet((left, bottom, right, top), 0, False), shown, image.transform)
        yield page, replace(read, size=size), to_point


def _on_sheets(
    pdf: pikepdf.Pdf, document: OpenedDocument, pages: Sequence[ReadPage], *, over_text: bool
) -> Iterator[tuple[pikepdf.Page, ReadPage, PixelToPoint]]:
    for read in pages:
        sheet = document.sheet(read.number)
        assert sheet is not None
        if not read.rows or (sheet.has_text and not over_text):
            continue
        if read.size is None:
            raise ConfigurationError(
                f"page {read.number} was sent as a PDF of its own (pdf_dpi=None), so the positions of its words are "
                "not known: recognize it with a pdf_dpi"
            )
        left, bottom, right, top = sheet.box
        seen = (right - left, top - bottom) if sheet.rotation % 180 == 0 else (top - bottom, right - left)
        if abs(read.size[0] * seen[1] - read.size[1] * seen[0]) > 2 * sum(seen):  # two pixels by rounding
            raise _changed(read)
        yield pdf.pages[read.number - 1], read, _onto(sheet, read.size)


def _onto(sheet: Sheet, size: tuple[int, int], transform: Transform | None = None) -> PixelToPoint:
    """Where a pixel lies on the page.

    :param size: of the page as it is seen, in pixels
    :param transform: from those to the pixels of the words; None where they are the same
    """
    left, bottom, right, top = sheet.box
    a, b, c, d, e, f = transform or IDENTITY
    determinant = a * e - b * d

    def to_point(pixel: Vertex) -> Vertex:
        x, y = pixel[0] - c, pixel[1] - f
        across = (e * x - b * y) / determinant / size[0]
        down = (a * y - d * x) / determinant / size[1]
        across, down = {
            0: (across, down),
            90: (down, 1 - across),
            180: (1 - across, 1 - down),
            270: (1 - down, across),
        }[sheet.rotation]
        return left + across * (right - left), top - down * (top - bottom)

    return to_point


def _changed(page: ReadPage) -> ConfigurationError:
    return ConfigurationError(
        f"page {page.number} has another shape than the one that was recognized: the document changed"
    )


def _lay(pdf: pikepdf.Pdf, placed: Iterable[tuple[pikepdf.Page, ReadPage, PixelToPoint]]) -> None:
    """Put the words under each page, and the one font of all of them into the file."""
    import pikepdf

    codes = Codes()
    font = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Font))
    for page, read, to_point in placed:
        assert read.size is not None
        lines = placed_lines(read.rows, size=read.size)
        name = page.add_resource(font, pikepdf.Name.Font, prefix="Tcocr")
        # Before the page's own operators, so that whatever state these leave behind has no effect.
        text = layer(lines, to_point=to_point, font=str(name), codes=codes)
        page.contents_add(pdf.make_stream(text), prepend=True)
    name = pikepdf.Name(f"/{NAME}")
    descriptor = pikepdf.Dictionary(
        Type=pikepdf.Name.FontDescriptor,
        FontName=name,
        Flags=4,
        FontBBox=[0, 0, EM, EM],
        ItalicAngle=0,
        Ascent=EM,
        Descent=0,
        CapHeight=EM,
        StemV=80,
        FontFile2=pdf.make_stream(font_file()),
    )
    descendant = pikepdf.Dictionary(
        Type=pikepdf.Name.Font,
        Subtype=pikepdf.Name.CIDFontType2,
        BaseFont=name,
        CIDSystemInfo=pikepdf.Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=EM,
        W=[1, codes.widths()],
        CIDToGIDMap=pdf.make_stream(codes.glyphs()),
    )
    font.Subtype = pikepdf.Name.Type0
    font.BaseFont = name
    font.Encoding = pikepdf.Name("/Identity-H")
    font.DescendantFonts = [pdf.make_indirect(descendant)]
    font.ToUnicode = pdf.make_stream(codes.to_unicode())
