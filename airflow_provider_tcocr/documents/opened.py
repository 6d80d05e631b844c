"""Opens a document of any format and prepares its pages. Leaves each format to its own module."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Final, Self

from ..api.actions import ACTION, ACTIONS, Site
from ..exceptions import ConfigurationError, DocumentError
from . import images
from .content import Content, read_content
from .cos import CosAccess
from .document import Document
from .isolated import IsolatedPdf
from .kinds import HEAD, kind_of
from .page import PreparedPage
from .pdfs import PdfSettings, Sheet
from .selection import out_of_range

_SITE: Final = ACTIONS[ACTION].mainland

FALLBACK_DPI: Final = 200
"""The resolution at which a page is rendered that cannot be sent as a PDF of its own."""

DEFAULT: Final = PdfSettings()


class OpenedDocument:
    """A document that was read and whose pages are counted; made by :func:`open_document`, for any thread.

    :param content: its bytes
    :param name: its name in errors
    :param pdf: how it is sent, if it is a PDF
    :param site: the service's limits for a page
    """

    def __init__(self, content: Content, *, name: str, pdf: PdfSettings, site: Site) -> None:
        self._content = content
        self._name = name
        self._dpi = pdf.dpi
        self._site = site
        self._lock = threading.Lock()
        self._sha256: str | None = None
        self._pdf: IsolatedPdf | None = None
        head = content.head(HEAD)
        if not head:
            raise DocumentError("Document.Empty", f"{name} is empty: 0 bytes")
        kind = kind_of(head)
        if kind is None:
            message = f"{name} is neither an image nor a PDF that can be read"
            raise DocumentError("Document.UnknownType", message)
        self._kind = kind
        if kind == "PDF":
            source = content.stream() if content.data is None else content.data
            self._pdf = IsolatedPdf(source, name=name, settings=pdf, limit=site.max_bytes)
            self.page_count = self._pdf.page_count
        else:
            self._frames = images.frames(content.stream(), kind=kind, name=name)
            self.page_count = len(self._frames)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_pdf(self) -> bool:
        """Whether its pages are rendered."""
        return self._pdf is not None

    @property
    def size(self) -> int:
        """Bytes of it that are held in memory."""
        return len(self._content.data or b"")

    @property
    def content_sha256(self) -> str:
        """The SHA-256 of the document's bytes, in hex."""
        with self._lock:
            if self._sha256 is None:
                self._sha256 = self._content.sha256()
            return self._sha256

    def page(self, number: int) -> PreparedPage:
        """Make one page ready to be sent.

        :param number: from 1
        :raise DocumentError: for this page cannot be prepared; others may
        """
        self._check(number)
        if self._pdf is not None:
            return self._pdf_page(self._pdf, number)
        with self._lock:  # there is one file, with one position
            return self._image_page(number)

    def sheet(self, number: int) -> Sheet | None:
        """The geometry of a page in its PDF; None if the document is not a PDF.

        :param number: from 1
        :raise DocumentError: for this page
        """
        self._check(number)
        return None if self._pdf is None else self._pdf.sheet(number)

    def stream(self) -> IO[bytes]:
        """The document's bytes, to be read while no other thread uses it."""
        stream = self._content.stream()
        stream.seek(0)
        return stream

    def close(self) -> None:
        """Release the bytes."""
        with self._lock:
            if self._pdf is not None:
                self._pdf.close()
            self._content.close()

    def _check(self, number: int) -> None:
        if not 1 <= number <= self.page_count:
            raise out_of_range(number, self.page_count)

    def _pdf_page(self, pdf: IsolatedPdf, number: int) -> PreparedPage:
        single = pdf.extract(number) if self._dpi is None else None
        return single or pdf.render(number, dpi=self._dpi or FALLBACK_DPI)

    def _image_page(self, number: int) -> PreparedPage:
        data = self._content.data
        fits = data is not None and len(data) <= self._site.max_bytes and self._kind in self._site.formats
        return images.prepare(
            self._content.stream(),
            kind=self._kind,
            name=self._name,
            frame=self._frames[number - 1],
            data=data if fits else None,
            limit=self._site.max_bytes,
        )


def check_pdf_dpi(pdf_dpi: object) -> None:
    """Raise a ConfigurationError for what is neither None nor a whole number of pixels an inch from 36 to 1200."""
    whole = isinstance(pdf_dpi, int) and not isinstance(pdf_dpi, bool)
    if pdf_dpi is not None and not (whole and 36 <= pdf_dpi <= 1200):  # type: ignore[operator]
        raise ConfigurationError(f"pdf_dpi is a whole number from 36 to 1200, or None, not {pdf_dpi!r:.80}")


def open_document(
    document: Document | bytes,
    *,
    pdf: PdfSettings = DEFAULT,
    cos: CosAccess | None = None,
    site: Site = _SITE,
) -> OpenedDocument:
    """Read a document and count its pages; blocks, so call it in a thread, and close the result.

    :param document: the document, or its bytes
    :param pdf: how PDFs are opened and sent
    :param cos: signs for ``cos://``
    :param site: the service's limits for a page; any will do if none is sent
    :raise DocumentError: it cannot be opened; the message is for its owner, and contains no signature
    :raise ConfigurationError: the dpi are wrong, or documents of its scheme cannot be read
    """
    check_pdf_dpi(pdf.dpi)
    if isinstance(document, bytes):
        name, content = "the document", Content(document)
    else:
        name, content = document.document_uri, read_content(document, cos=cos)
    try:
        return OpenedDocument(content, name=name, pdf=pdf, site=site)
    except BaseException:
        content.close()
        raise


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens all documents of a batch with the same settings; for any thread.

    :param pdf: how PDFs are opened and sent
    :param cos: signs for ``cos://``
    :param site: the service's limits for a page
    """

    pdf: PdfSettings
    cos: CosAccess | None
    site: Site

    def open(self, document: Document | bytes) -> OpenedDocument:
        """As :func:`open_document`."""
        return open_document(document, pdf=self.pdf, cos=self.cos, site=self.site)

    def only_page(self, document: Document) -> PreparedPage:
        """The only page of a document that the service could not fetch by its URL; blocks.

        :raise DocumentError: it cannot be opened, or has more than one page
        """
        with self.open(document) as opened:
            if opened.page_count > 1:
                message = f"{document.document_uri} has {opened.page_count} pages; use transfer='bytes'"
                raise DocumentError("Document.ManyPages", message)
            return opened.page(1)
