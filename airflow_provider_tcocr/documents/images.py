"""Images through Pillow: checked, turned upright, converted, shrunk until they fit. Every fault is a DocumentError."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final

from ..exceptions import DocumentError
from .encoding import fit, shrunk
from .kinds import SENT_AS_IT_IS
from .memory import MAX_DECODED, MEMORY
from .modes import PLAIN, plain
from .page import PreparedPage, way_back
from .structure import bare_png, jpeg_2000_bits, jpeg_is_whole, png_is_whole
from .tiffs import OnePage, mend_layout, page_places

if TYPE_CHECKING:
    from PIL import Image, ImageFile

MAX_PIXELS: Final = 200_000_000
"""Pixels of the largest image that is opened: as many as the largest that phones make."""

MAX_FRAMES: Final = 100_000

_HEADERS: Final = 2**22
"""Bytes within which an image's headers end, its colour profile included."""

_SMALLEST_DRAFT: Final = 8
_ORIENTATION: Final = 0x0112
_BYTES_A_PIXEL: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I": 8, "F": 8}
_DECODER_BYTES_A_PIXEL: Final = {"WEBP": 12, "JPEG2000": 12}


def frames(stream: IO[bytes], *, kind: str, name: str) -> list[int]:
    """Where the pages of an image begin: those of a TIFF at its directories, the one of every other image at 0.

    :raise DocumentError: its header cannot be read, or exceeds the limits
    """
    if kind != "TIFF":
        with _open(stream, kind=kind, name=name):
            return [0]
    with _reading(kind=kind, name=name):
        found = page_places(stream, most=MAX_FRAMES + 1)
    if len(found) > MAX_FRAMES:
        raise DocumentError("Document.Bomb", f"{name} has more than {MAX_FRAMES} frames")
    return found


def prepare(stream: IO[bytes], *, kind: str, name: str, frame: int, data: bytes | None, limit: int) -> PreparedPage:
    """Prepare one image for the service.

    :param stream: the document, to be decoded if it must be
    :param kind: its format
    :param name: its name in errors
    :param frame: where it begins, as :func:`frames` returned it
    :param data: the document's bytes, if they can be sent as they are
    :param limit: the most bytes to send
    :raise DocumentError: for this image
    """
    with _open(stream, kind=kind, name=name, frame=frame) as image:
        deep = kind == "PNG" and any("16" in str(tile[3]) for tile in image.tile)
        if data is not None and kind in SENT_AS_IT_IS and not deep:
            _check_whole(image, kind=kind, data=data, name=name)
            return PreparedPage(data, False, image.width, image.height)
        done = [] if kind in SENT_AS_IT_IS else [f"converted from {_named(kind)}"]
        if deep:  # not every reader takes sixteen bits a channel
            done.append("converted to 8 bits a channel")
        return _converted(image, kind=kind, name=name, done=done, limit=limit)


def _converted(image: Image.Image, *, kind: str, name: str, done: list[str], limit: int) -> PreparedPage:
    late = kind == "PNG"  # its EXIF may follow its pixels, and asking for it would decode them
    orientation = 1 if late else _orientation(image)
    width, height = image.size
    if kind == "TIFF" and orientation >= 5:  # Pillow gives a TIFF's size as it will be once it is upright
        width, height = height, width
    turned = "exif" in image.info if late else orientation != 1
    scale, needed = _draft(image, kind=kind, turned=turned, name=name)
    with MEMORY.hold(needed):
        image.load()
        orientation = _orientation(image) if late else orientation
        data, steps, factor = fit(plain(_upright(image)), lossless=kind != "JPEG", limit=limit)
    if orientation != 1:
        done.append("turned upright")
    if scale > 1:
        steps = [steps[0], shrunk(scale * factor)]
    if not (done or steps):
        steps = ["re-encoded as PNG"]
    transform = way_back(orientation, width=width, height=height, scale=scale * factor)
    return PreparedPage(data, False, width, height, ", ".join([*done, *steps]), transform)


def opaque(data: bytes, *, kind: str, name: str) -> bytes:
    """An image as it is, or, if parts of it are transparent, one that shows them white.

    :param data: a page as it is sent
    """
    with _open(io.BytesIO(data), kind=kind, name=name) as image:
        if not image.has_transparency_data:
            return data
        with MEMORY.hold(_needed(image, kind=kind, turned=False, scale=1)):
            return fit(plain(image), lossless=True)[0]


@contextmanager
def _open(stream: IO[bytes], *, kind: str, name: str, frame: int = 0) -> Iterator[ImageFile.ImageFile]:
    """An image whose header is read and whose size is within limits; all of Pillow's errors are DocumentErrors."""
    from PIL import Image

    # A process-wide filter for Pillow's own modules: what it warns of (a bomb by half, broken EXIF) is handled here,
    # and catch_warnings is not thread-safe.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    with _reading(kind=kind, name=name):
        Image.init()
        stream.seek(0)
        with _recognized(stream, kind, frame) as image:
            _refuse_bomb(image, name=name)
            if kind == "JPEG2000" and not image.mode.startswith("I;16"):
                _refuse_deep(stream, name=name)
            yield image


def _refuse_deep(stream: IO[bytes], *, name: str) -> None:
    """Refuse a JPEG 2000 whose white Pillow would make black: it rounds 65,535 up to 256, which becomes 0."""
    place = stream.tell()
    stream.seek(0)
    if jpeg_2000_bits(stream.read(_HEADERS)) > 8:
        message = f"{name} is a JPEG 2000 in colour with more than 8 bits a channel, which is not read"
        raise DocumentError("Document.Unreadable", message)
    stream.seek(place)


@contextmanager
def _reading(*, kind: str, name: str) -> Iterator[None]:
    """Any error becomes a DocumentError."""
    from PIL import Image

    try:
        yield
    except DocumentError:
        raise
    except Image.DecompressionBombError:
        raise DocumentError("Document.Bomb", f"{name} would take too much memory when opened") from None
    except Exception as error:
        message = f"{name} is a {_named(kind)} that cannot be read: broken, cut off, or of an unsupported kind"
        raise DocumentError("Document.Unreadable", message) from error


def _recognized(stream: IO[bytes], kind: str, frame: int) -> ImageFile.ImageFile:
    from PIL import Image

    if kind == "TIFF":
        page = Image.OPEN[kind][0](OnePage(stream, frame), "")  # type: ignore[arg-type]
        mend_layout(page)
        page.info.pop("xmp", None)  # a TIFF's orientation is its tag's; Pillow would turn it by its XMP, too
        return page
    try:
        return Image.OPEN[kind][0](stream, "")
    except ValueError:  # Pillow's error for texts that are long when unpacked, which are not needed
        if kind != "PNG":
            raise
        return Image.OPEN[kind][0](bare_png(stream), "")


def _check_whole(image: Image.Image, *, kind: str, data: bytes, name: str) -> None:
    """Refuse an image that is cut off, without decoding it if that takes long."""
    if kind == "BMP":
        with MEMORY.hold(_needed(image, kind=kind, turned=False, scale=1)):
            image.load()
    elif not (png_is_whole(data) if kind == "PNG" else jpeg_is_whole(data)):
        raise DocumentError("Document.Unreadable", f"{name} is a {kind} that is cut off")


def _draft(image: Image.Image, *, kind: str, turned: bool, name: str) -> tuple[int, int]:
    """Have a JPEG too large for the memory decoded smaller; return how many times smaller, and the bytes it takes."""
    scale = 1
    while (needed := _needed(image, kind=kind, turned=turned, scale=scale)) > MAX_DECODED:
        scale *= 2
        if kind != "JPEG" or scale > _SMALLEST_DRAFT:
            raise _bomb(name, image.width, image.height)
    if scale > 1:
        image.draft(None, (max(image.width // scale, 1), max(image.height // scale, 1)))
    return scale, needed


def _needed(image: Image.Image, *, kind: str, turned: bool, scale: int) -> int:
    """The most bytes that decoding an image and making it plain take at any time, roughly."""
    pixels = image.width * image.height
    a_pixel = _BYTES_A_PIXEL.get(image.mode, 4)
    if turned or image.mode not in PLAIN or ("transparency" in image.info and image.mode != "P"):
        a_pixel *= 2
    needed = pixels // scale**2 * (a_pixel + _DECODER_BYTES_A_PIXEL.get(kind, 0))
    if image.info.get("progressive"):  # the decoder holds all coefficients, two bytes each, whatever the draft
        layers = [(across, down) for _, across, down, *_ in getattr(image, "layer", ())] or [(1, 1)] * 3
        whole = max(across for across, _ in layers) * max(down for _, down in layers)
        needed += 2 * pixels * sum(across * down for across, down in layers) // max(whole, 1)
    return needed


def _upright(image: Image.Image) -> Image.Image:
    """Turned as EXIF says; Pillow has already done so to a TIFF when it loaded it, and removed the tag."""
    from PIL import ImageOps

    return ImageOps.exif_transpose(image) if _exif(image).get(_ORIENTATION, 1) != 1 else image


def _orientation(image: Image.Image) -> int:
    tags = getattr(image, "tag_v2", None) or _exif(image)
    found = tags.get(_ORIENTATION, 1)
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _exif(image: Image.Image) -> Mapping[int, Any]:
    try:
        return image.getexif()
    except Exception:  # broken EXIF raises any error in Pillow, and the image is as good without it
        return {}


def _named(kind: str) -> str:
    return {"WEBP": "WebP", "JPEG2000": "JPEG 2000", "PPM": "PNM"}.get(kind, kind)


def _refuse_bomb(image: Image.Image, *, name: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _bomb(name, image.width, image.height)


def _bomb(name: str, width: int, height: int) -> DocumentError:
    message = f"{name} has {width} x {height} pixels, which would take too much memory when opened"
    return DocumentError("Document.Bomb", message)
