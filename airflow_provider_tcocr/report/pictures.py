"""Makes a page's picture: opens its document again, shrinks the page, and maps it to the coordinates of the tables."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..documents import OpenedDocument, PdfSettings, PreparedPage, as_document, open_document
from ..documents.encoding import encoded
from ..documents.memory import MAX_DECODED
from ..documents.page import IDENTITY, Transform
from ..exceptions import TencentCloudOcrError
from .bounds import PICTURE_BYTES

if TYPE_CHECKING:
    from PIL import Image

_WIDTH: Final = 1000
_HEIGHT: Final = 3000
_PDF_DPI: Final = 116
_QUALITIES: Final = (75, 50, 25)
_SHAPE: Final = 0.01
"""By how much a page's shape may differ from the tables': rendered at another resolution, it is rounded differently."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page's picture.

    :param data: WebP, at most ``PICTURE_BYTES``
    :param width: of the page as it is in the tables, in pixels
    :param height: as ``width``
    :param matrix: SVG's, from a square of side 1 that the picture fills to ``width`` and ``height``
    """

    data: bytes = field(repr=False)
    width: int
    height: int
    matrix: Transform


class NoPictureError(Exception):
    """A page has no picture; the text says why."""


class Pictures:
    """Opens each document once, if its pages come one after the other; to be closed.

    :param fetch: http(s) documents are fetched, by their URL without its query; else they are not contacted
    :param password: opens encrypted PDFs
    :param conn_id: the connection that has it, as errors call it
    """

    def __init__(self, *, fetch: bool, password: str | None = None, conn_id: str | None = None) -> None:
        self._fetch = fetch
        self._pdf = PdfSettings(_PDF_DPI, password, conn_id)
        self._uri: str | None = None
        self._opened: OpenedDocument | str | None = None

    def of(self, row: dict[str, Any]) -> Picture:
        """The picture of one page.

        :param row: of the table of pages
        :raise NoPictureError: it has none
        """
        if row["document_uri"] != self._uri:
            self.close()
            self._uri, self._opened = row["document_uri"], self._open(row["document_uri"])
        if isinstance(self._opened, OpenedDocument):
            try:
                return _picture(self._opened.page(row["page"]), row, rendered=self._opened.is_pdf)
            except TencentCloudOcrError as error:
                raise NoPictureError(f"The page cannot be drawn: {error}") from error
        raise NoPictureError(self._opened)

    def close(self) -> None:
        """Close the document that is open."""
        if isinstance(self._opened, OpenedDocument):
            self._opened.close()
        self._uri = self._opened = None

    def _open(self, uri: str) -> OpenedDocument | str:
        """The document, or why there is none."""
        try:
            document = as_document(uri)
            if document.scheme in ("http", "https") and not self._fetch:
                return "The document is behind a URL, which a report contacts only with --fetch."
            return open_document(document, pdf=self._pdf)
        except TencentCloudOcrError as error:
            return f"The document cannot be opened any more: {error}"


def _picture(page: PreparedPage, row: dict[str, Any], *, rendered: bool) -> Picture:
    assert page.width is not None  # a rendered page, or an image
    assert page.height is not None
    width, height = row["width"] or page.width, row["height"] or page.height
    if rendered and not row["width"] and row["detections"]:
        raise NoPictureError("The service rendered the page at a resolution of its own, so nothing can be drawn on it.")
    if abs(page.width * height / (page.height * width) - 1) > _SHAPE:
        change = f"it has {page.width} x {page.height} pixels now, and had {width} x {height}"
        raise NoPictureError(f"The document has changed: {change}.")
    data, (across, down) = _small(page)
    a, b, c, d, e, f = page.transform or IDENTITY
    x, y = width / page.width, height / page.height
    return Picture(data, width, height, (a * across * x, d * across * y, b * down * x, e * down * y, c * x, f * y))


def _small(page: PreparedPage) -> tuple[bytes, tuple[int, int]]:
    """A page as a small WebP, and the size in pixels that it had."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(page.data)) as image:
            size = image.size
            image.draft(None, (_WIDTH, _HEIGHT))  # a JPEG is decoded smaller
            if image.width * image.height * 4 > MAX_DECODED:
                raise NoPictureError("The page is too large for a picture.")
            return _fitting(_plain(image)), size
    except NoPictureError:
        raise
    except Exception as error:  # whatever Pillow throws at a broken image
        raise NoPictureError("The page cannot be drawn: its image is broken.") from error


def _plain(image: Image.Image) -> Image.Image:
    """At most ``_WIDTH`` by ``_HEIGHT``, grey or RGB, with transparency laid on white."""
    from PIL import Image

    small = image.convert("RGBA" if image.has_transparency_data else "L" if image.mode in ("1", "L") else "RGB")
    small.thumbnail((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC, reducing_gap=2.0)
    if small.mode == "RGBA":
        white = Image.new("RGBA", small.size, "white")
        return Image.alpha_composite(white, small).convert("RGB")
    return small


def _fitting(image: Image.Image) -> bytes:
    while True:
        for quality in _QUALITIES:
            data = encoded(image, limit=PICTURE_BYTES, format="WEBP", quality=quality, method=2)
            if data is not None:
                return data
        image = image.reduce(2)
