"""PDFs through PDFium: counted, rendered with their forms, cut into single pages.

PDFium is not thread-safe: this module runs in a process of one thread, :mod:`~.drawing`.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Final

from ..exceptions import DocumentError
from .encoding import fit_rendered
from .page import PreparedPage, way_back
from .page_tree import MAX_PAGES, extended, pages_of
from .pictures import decoded_bytes

if TYPE_CHECKING:
    import pypdfium2 as pdfium

    from .page_tree import Opening

MAX_RENDERED: Final = 25_000_000
"""Pixels of the largest rendering; a larger page is rendered at fewer dpi. A4 at 200 dpi has 3.9 M, A2 15.5 M."""

_WORKING_BYTES: Final = 12
"""Bytes a pixel that encoding a rendered page takes: the page, a copy with fewer shades, its channels."""

_LARGEST_SIDE: Final = 20_000
_POINTS_AN_INCH: Final = 72

_GLANCE_DPI: Final = 36
"""Enough to see whether any part of a page is missing."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The geometry of a page in its file.

    :param box: left, bottom, right and top of its visible part, in points, before it is turned
    :param rotation: degrees clockwise by which it is turned to be shown: 0, 90, 180 or 270
    :param has_text: it contains text that can be searched, visible or not
    """

    box: tuple[float, float, float, float]
    rotation: int
    has_text: bool


@dataclass(frozen=True, slots=True)
class PdfSettings:
    """How PDFs are opened and sent.

    :param dpi: pixels an inch of a rendered page; None sends one-page PDFs
    :param password: opens encrypted ones
    :param password_conn_id: the connection that has the password, named in errors
    """

    dpi: int | None = 200
    password: str | None = field(default=None, repr=False)
    password_conn_id: str | None = None


class Pdf:
    """An open PDF; :meth:`close` it.

    :param source: its bytes, or a file that stays open and whose position nobody else changes
    :param name: its name in errors
    :param settings: their password is tried if it is encrypted
    :param limit: the most bytes of a page to send
    :param page_count: its pages; 0 counts them
    """

    def __init__(
        self,
        source: bytes | IO[bytes],
        *,
        name: str,
        settings: PdfSettings,
        limit: int,
        page_count: int = 0,
    ) -> None:
        self._name = name
        self._limit = limit
        self._whole = source if isinstance(source, bytes) and len(source) <= limit else None
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        opening = partial(_open, name=name, settings=settings)
        self._pdf = opening(source)
        try:
            self.page_count = page_count or _counted(self._pdf, file, opening, name=name)
            left_out = self.page_count - len(self._pdf)
            if left_out > 0:
                self._pdf.close()
                self._pdf = opening(extended(file, opening, left_out))
        except BaseException:
            self._pdf.close()
            raise

    def close(self) -> None:
        """Close it in PDFium."""
        self._pdf.close()

    def weight(self, number: int, *, dpi: int) -> int:
        """The bytes that it takes to draw a page and to encode it, roughly.

        :param number: from 1
        :param dpi: pixels an inch
        :raise DocumentError: this page is broken, or contains a picture that is too large
        """
        with self._page(number) as page:
            needed = decoded_bytes(page, name=f"page {number} of {self._name}")
            width, height = page.get_size()
            return needed + int(width * height * _scale(page, dpi) ** 2) * _WORKING_BYTES

    def render(self, number: int, *, dpi: int) -> PreparedPage:
        """Draw a page as a viewer shows it; call :meth:`weight` first, which refuses what takes too much.

        :param number: from 1
        :param dpi: pixels an inch; fewer if the page is too large for them
        :raise DocumentError: for this page
        """
        with self._page(number) as page:
            scale = _scale(page, dpi)
            bitmap = page.render(scale=scale, rev_byteorder=True)
            try:
                image = bitmap.to_pil().convert("RGB")
            finally:
                bitmap.close()
        data, steps, factor = fit_rendered(image, limit=self._limit)
        done = [f"rendered at {scale * _POINTS_AN_INCH:.4g} dpi", *steps]
        back = way_back(1, width=image.width, height=image.height, scale=factor)
        return PreparedPage(data, False, image.width, image.height, ", ".join(done), back)

    def extract(self, number: int) -> PreparedPage | None:
        """A page as a PDF of its own; None if that is too large to be sent, or does not look the same.

        Form fields and the layers' state are in the document's catalog, so an extracted page lacks them.

        :param number: from 1
        :raise DocumentError: for this page
        """
        import pypdfium2.raw as raw

        with self._page(number) as page:
            decoded_bytes(page, name=f"page {number} of {self._name}")
            encrypted = raw.FPDF_GetSecurityHandlerRevision(self._pdf.raw) != -1
            if self.page_count == 1 and self._whole is not None and not encrypted:
                return PreparedPage(self._whole, True, None, None)
            single = _new()
            try:
                single.import_pages(self._pdf, [number - 1])
                target = io.BytesIO()
                single.save(target)
            finally:
                single.close()
            data = target.getvalue()
            alike = len(data) <= self._limit and _glance(page) == _glance_at(data)
        return PreparedPage(data, True, None, None, "one-page PDF") if alike else None

    def sheet(self, number: int) -> Sheet:
        """The geometry of a page, without drawing it.

        :param number: from 1
        :raise DocumentError: for this page
        """
        with self._page(number) as page:
            text = page.get_textpage()
            try:
                has_text = bool(text.get_text_bounded().strip())
            finally:
                text.close()
            return Sheet(page.get_bbox(), page.get_rotation(), has_text)

    @contextmanager
    def _page(self, number: int) -> Iterator[pdfium.PdfPage]:
        try:
            page = self._pdf[number - 1]
            try:
                yield page
            finally:
                page.close()
        except DocumentError:
            raise
        except Exception as error:
            message = f"page {number} of {self._name} cannot be read: this page of the PDF is broken"
            raise DocumentError("Document.Unreadable", message) from error


def _open(source: bytes | IO[bytes], *, name: str, settings: PdfSettings) -> pdfium.PdfDocument:
    import pypdfium2 as pdfium
    import pypdfium2.raw as raw

    # PDFium keeps its last error until the next one: without this, one PDF would get another's.
    raw.FPDF_LoadMemDocument64(b" ", 1, None)
    try:
        try:
            pdf = pdfium.PdfDocument(source)
        except pdfium.PdfiumError as error:
            if error.err_code != raw.FPDF_ERR_PASSWORD or settings.password is None:
                raise
            pdf = pdfium.PdfDocument(source, password=settings.password)
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            message = (
                "it needs a password: name a connection that has it as pdf_password_conn_id"
                if settings.password is None
                else f"the password of connection {settings.password_conn_id!r} does not open it"
            )
            raise DocumentError("Document.Encrypted", f"{name} is an encrypted PDF: {message}") from error
        if error.err_code == raw.FPDF_ERR_SECURITY:
            message = f"{name} is an encrypted PDF, in a way that is not supported"
            raise DocumentError("Document.Encrypted", message) from error
        raise DocumentError("Document.Unreadable", f"{name} is a broken PDF") from error
    except Exception as error:
        raise DocumentError("Document.Unreadable", f"{name} is a broken PDF") from error
    with contextlib.suppress(pdfium.PdfiumError):  # a page is drawn without its forms rather than not at all
        pdf.init_forms()
    return pdf


def _counted(pdf: pdfium.PdfDocument, file: IO[bytes], opening: Opening, *, name: str) -> int:
    """The number of pages, as far as it is believed."""
    count = len(pdf)
    if not count:
        raise DocumentError("Document.Unreadable", f"{name} is a PDF without pages")
    if count <= MAX_PAGES:
        count = pages_of(pdf, file, opening)
    if count > MAX_PAGES:
        message = f"{name} has or claims too many pages: more than {MAX_PAGES}, or far more than it claims"
        raise DocumentError("Document.Bomb", message)
    return count


def _new() -> pdfium.PdfDocument:
    import pypdfium2 as pdfium

    return pdfium.PdfDocument.new()


def _scale(page: pdfium.PdfPage, dpi: int) -> float:
    """Pixels a point: those of the dpi, fewer where the page would have too many."""
    width, height = page.get_size()
    scale = dpi / _POINTS_AN_INCH
    scale *= min(1.0, math.sqrt(MAX_RENDERED / max(width * height * scale * scale, 1.0)))
    return float(scale * min(1.0, _LARGEST_SIDE / max(width * scale, height * scale, 1.0)))


def _glance(page: pdfium.PdfPage) -> bytes:
    """A small picture of a page, for comparison."""
    bitmap = page.render(scale=_scale(page, _GLANCE_DPI))
    try:
        return bytes(bitmap.buffer)
    finally:
        bitmap.close()


def _glance_at(single: bytes) -> bytes:
    """That of a one-page PDF."""
    import pypdfium2 as pdfium

    with pdfium.PdfDocument(single) as pdf:
        return _glance(pdf[0])
