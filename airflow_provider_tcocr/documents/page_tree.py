"""Counts the pages of a PDF whose own count may be wrong, and makes a PDF that counts them all. Draws none.

PDFium opens as many pages as the PDF counts, and no call of it reports others. But a page that it adds goes to the end
of the page tree: once the PDF is opened again, the page after the counted ones is either the added one or one that was
not counted.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, Final

from ..exceptions import DocumentError
from .kinds import HEAD

if TYPE_CHECKING:
    import pypdfium2 as pdfium

    Opening = Callable[[IO[bytes]], pdfium.PdfDocument]

MAX_PAGES: Final = 100_000
"""Pages beyond which a PDF's count is not believed."""

_ADDED: Final = (13.5, 17.25)
"""Width and height of an added page in points: a size that no document has, and that a float represents exactly."""

_MORE: Final = (8, 512, 32_768)
"""How many pages are added, in one attempt after another, until the added ones are found.

The first is more than 1, because broken entries of the tree count as pages too. Each page costs 2 kB and 20 µs.
"""


def pages_of(pdf: pdfium.PdfDocument, file: IO[bytes], opening: Opening) -> int:
    """The number of pages of a PDF; above MAX_PAGES if it has more, or far more than it claims.

    Of the pages that are missing at its end only the first counts: its failure represents all of them.

    :param pdf: open, with at most MAX_PAGES pages
    :param file: the same PDF, to read from
    :param opening: opens it once more
    """
    claimed = len(pdf)
    with contextlib.suppress(DocumentError, RuntimeError):  # PDFium's errors are RuntimeErrors
        for more in _MORE:
            with opening(extended(file, opening, more)) as longer:
                last = end = _last(longer)
                while _size(longer, end) == _ADDED:
                    end -= 1
                if claimed < end < last and _is_as_good(longer, pdf):
                    return min(_last(longer, end) + 1, end)
                if end < last or last < claimed + more:  # its count is right, or its tree is an endless cycle
                    break
        else:
            return MAX_PAGES + 1
    return min(_last(pdf) + 1, claimed)


def extended(file: IO[bytes], opening: Opening, more: int) -> IO[bytes]:
    """The PDF with a count that is higher by ``more``: of the pages that it left out, then of added blank ones."""
    import pypdfium2.raw as raw

    updated = _Updated(file)
    with opening(file) as pdf:
        for _ in range(more):
            page = pdf.new_page(*_ADDED)
            page.set_cropbox(0, 0, *_ADDED)  # it would inherit that of the tree, and its rotation
            page.set_rotation(0)
            page.close()
        pdf.save(updated, flags=raw.FPDF_INCREMENTAL)
    return updated  # type: ignore[return-value]


def _is_as_good(longer: pdfium.PdfDocument, pdf: pdfium.PdfDocument) -> bool:
    """Whether the longer PDF has the same counted pages; an update can undo what PDFium repairs on opening."""
    return all(_size(longer, number) == _size(pdf, number) for number in range(1, len(pdf) + 1))


def _last(pdf: pdfium.PdfDocument, end: int | None = None) -> int:
    """The number of the last page that exists, up to an end; 0 if there is none."""
    return next((number for number in range(len(pdf) if end is None else end, 0, -1) if _size(pdf, number)), 0)


def _size(pdf: pdfium.PdfDocument, number: int) -> tuple[float, float] | None:
    """A page's width and height; None if there is no such page."""
    import pypdfium2.raw as raw

    size = raw.FS_SIZEF()
    return (size.width, size.height) if raw.FPDF_GetPageSizeByIndexF(pdf.raw, number - 1, size) else None


class _Updated(io.RawIOBase):
    """A file and what is written after its end. PDFium writes the file's own bytes first; they are not kept twice."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        self._update = io.BytesIO()
        file.seek(0)
        self._place = max(file.read(HEAD).find(b"%PDF-"), 0)  # what is before its start is not written
        file.seek(0)

    def write(self, block: Any) -> int:
        self._update.write(memoryview(block)[max(self._size - self._place, 0) :])
        self._place += len(block)
        return len(block)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place}.get(whence)
        self._place = offset + (self._size + len(self._update.getbuffer()) if start is None else start)
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any) -> int:
        self._file.seek(min(self._place, self._size))
        count = self._file.readinto(buffer)  # type: ignore[attr-defined]
        self._update.seek(max(self._place - self._size, 0))
        count += self._update.readinto(memoryview(buffer)[count:])
        self._place += count
        return int(count)
