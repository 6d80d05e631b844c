"""Estimates the memory that the pictures of a PDF page take, and refuses those too large. Decodes none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..exceptions import DocumentError
from .images import MAX_PIXELS
from .memory import MAX_DECODED
from .structure import jpeg_2000_size

if TYPE_CHECKING:
    import pypdfium2 as pdfium

_JPEG_2000: Final = "JPXDecode"
_JPEG_2000_BYTES: Final = 12
_FAX: Final = (1_000_000_000, 1 / 8)
_WHOLE: Final = {
    "JBIG2Decode": _FAX,
    "CCITTFaxDecode": _FAX,
    _JPEG_2000: (MAX_DECODED // _JPEG_2000_BYTES, _JPEG_2000_BYTES),
}
"""Pictures that PDFium decodes whole, by their filter: pixels of the largest that is opened, bytes a pixel. An A0 sheet
at 600 dpi has 558 M pixels. All others are decoded line by line."""


def decoded_bytes(page: pdfium.PdfPage, *, name: str) -> int:
    """The bytes that a page's pictures take if they are decoded whole, however small the page.

    :param name: the page's name in errors
    :raise DocumentError: a picture is too large
    """
    import pypdfium2.raw as raw

    needed = 0
    for picture in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        filters = picture.get_filters()
        width, height = _coded_size(picture) if _JPEG_2000 in filters else picture.get_px_size()
        whole = [_WHOLE[name] for name in filters if name in _WHOLE]
        if width * height > min((most for most, _ in whole), default=MAX_PIXELS):
            message = f"{name} contains a picture of {width} x {height} pixels, too large to open"
            raise DocumentError("Document.Bomb", message)
        needed = max([needed, *(int(width * height * a_pixel) for _, a_pixel in whole)])
    return needed


def _coded_size(picture: pdfium.PdfImage) -> tuple[int, int]:
    """The larger of a JPEG 2000 picture's two sizes, the PDF's and its own: PDFium decodes all of it."""
    width, height = picture.get_px_size()
    own_width, own_height = jpeg_2000_size(bytes(picture.get_data(decode_simple=True)))
    return max(width, own_width), max(height, own_height)
