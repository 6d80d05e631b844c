"""Decodes an image or a PDF page to pixels, and refuses bombs before that. Reads no text."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from .document import check_kind
from .refusal import Refusal
from .request import Options

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

MAX_PIXELS: Final = 89_000_000
"""An image of more pixels is refused by its header; Pillow's own alarm is a little higher."""

MAX_PAGE_PIXELS: Final = 25_000_000
"""Pixels of the largest rendering; a larger page is rendered at less than 200 dpi."""

KEPT_SIDE: Final = 4000
"""Pixels to which a longer side is reduced; the engine would reduce it in any case."""

PDF_DPI: Final = 200

_PDFIUM: Final = threading.Lock()
"""Held around every call into PDFium, which is not thread-safe."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """An image to read.

    :param array: rows, columns and blue, green, red
    :param width: of the image as it came, or of the rendered page; the array may be smaller
    :param height: likewise
    """

    array: NDArray[np.uint8]
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Pixels of the array for one of the image."""
        return float(self.array.shape[1] / self.width)


def decode(content: bytes, *, options: Options) -> Pixels:
    """The pixels of an image or of one page of a PDF, or a Refusal."""
    if check_kind(content, is_pdf=options.is_pdf, site=options.site) == "pdf":
        return _render(content, page=options.page)
    return _decode(content)


def _decode(content: bytes) -> Pixels:
    from PIL import Image, ImageOps

    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG", "BMP")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(image.width, image.height)
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            width, height = (image.height, image.width) if turned else image.size
            image.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
            upright = ImageOps.exif_transpose(image)
            return Pixels(_array(_reduced(_on_white(upright))), width, height)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as failure:
        raise _too_large() from failure
    except Refusal:
        raise
    except Exception as failure:  # Pillow's plugins raise whatever a broken file leads them to
        raise Refusal("FailedOperation.ImageDecodeFailed", "Image decoding failed.") from failure


def _too_large(*size: int) -> Refusal:
    sides = " x ".join(map(str, size)) or "more than twice the limit"
    return Refusal("FailedOperation.ImageSizeTooLarge", f"The image is too large: {sides} pixels.")


def _on_white(image: Image.Image) -> Image.Image:
    """The image in RGB: palettes are looked up, transparency is laid on white, 16 bits become 8."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        _, high = image.getextrema()
        scale = 255.0 / 65535.0 if isinstance(high, int | float) and high > 255 else 1.0
        return image.convert("F").point(lambda value: value * scale).convert("L").convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    return image.convert("RGB")


def _reduced(image: Image.Image) -> Image.Image:
    factor = -(-max(image.size) // KEPT_SIDE)
    return image.reduce(factor) if factor > 1 and min(image.size) >= factor else image


def _array(image: Image.Image) -> NDArray[np.uint8]:
    """An RGB image as rows of blue, green, red."""
    import numpy

    return numpy.ascontiguousarray(numpy.asarray(image)[:, :, ::-1])


def _render(content: bytes, *, page: int) -> Pixels:
    import pypdfium2

    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as failure:
            raise _unparsed() from failure
        try:
            if page > len(document):
                raise Refusal(
                    "InvalidParameterValue.InvalidParameterValueLimit",
                    f"`PdfPageNumber` is {page}, and the PDF has {len(document)} pages.",
                )
            document.init_forms()
            sheet = document[page - 1]
            array = _draw(sheet)
        except pypdfium2.PdfiumError as failure:
            raise _unparsed() from failure
        finally:
            document.close()
    return Pixels(array, int(array.shape[1]), int(array.shape[0]))


def _draw(sheet: Any) -> NDArray[np.uint8]:
    width, height = sheet.get_size()
    if width <= 0 or height <= 0:
        raise _unparsed()
    scale = min(PDF_DPI / 72, (MAX_PAGE_PIXELS / (width * height)) ** 0.5)
    bitmap = sheet.render(scale=scale, rev_byteorder=False, force_bitmap_format=None)
    image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    return _array(image)


def _unparsed() -> Refusal:
    return Refusal("FailedOperation.PDFParseFailed", "PDF parsing failed.")
