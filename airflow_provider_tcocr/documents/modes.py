"""Converts any Pillow mode to one that PNG supports and the service reads. Opens and encodes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import Image

PLAIN: Final = frozenset({"1", "L", "P", "RGB"})

_STRIP: Final = 256
_PHOTOMETRIC: Final = 262
_WHITE_IS_ZERO: Final = 0
_SAMPLE_FORMAT: Final = 339
_UNSIGNED: Final = (1,)
_SIGNED: Final = (2,)
_GROUNDS: Final = (255, 0, 255)
"""The colours tried for transparent parts: white; black if nothing is visible on white; else white after all."""

_CONTRAST: Final = 31
"""The difference from its background at which a grey is visible."""


def plain(image: Image.Image) -> Image.Image:
    """An image in one of the modes of :data:`PLAIN`; transparent parts become white, or black around white content.

    :param image: loaded, and of a TIFF still with its tags
    """
    from PIL import ImageOps

    if image.mode == "P" and "transparency" in image.info:
        return _opaque_palette(image)
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        return _opaque(image)
    if image.mode == "L" and _tag(image, _SAMPLE_FORMAT) == _SIGNED:
        return image.point(lambda value: value ^ 0x80)
    if image.mode.startswith(("I", "F")):
        grey = _grey(image)
        # With eight bits or fewer, Pillow inverts it itself.
        return ImageOps.invert(grey) if _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO else grey
    return image if image.mode in PLAIN else image.convert("RGB")


def halved(image: Image.Image) -> Image.Image:
    """An image in mode 1 or P at half its size in L or RGB; at its own size it would take four times its memory."""
    from PIL import Image

    mode = "L" if image.mode == "1" else "RGB"
    half = Image.new(mode, ((image.width + 1) // 2, (image.height + 1) // 2))
    for top, part in _strips(image):
        half.paste(part.convert(mode).reduce(2), (0, top // 2))
    return half


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """The strips of an image from top to bottom, since each step of a conversion makes a copy."""
    for top in range(0, image.height, _STRIP):
        yield top, image.crop((0, top, image.width, min(top + _STRIP, image.height)))


def _opaque(image: Image.Image) -> Image.Image:
    from PIL import Image

    shades = image.mode in ("1", "L", "LA", "La")
    laid = Image.new("L" if shades else "RGB", image.size)
    for ground in _GROUNDS:
        laid.paste(ground if shades else (ground,) * 3, (0, 0, *image.size))
        for top, part in _strips(image):
            part = part.convert("LA" if shades else "RGBA")
            laid.paste(part, (0, top), part)
        if _is_seen(laid, ground):
            break
    return laid


def _opaque_palette(image: Image.Image) -> Image.Image:
    """As :func:`_opaque`, by changing the palette and not the pixels."""
    image.apply_transparency()
    colours = image.getpalette("RGBA") or []
    for ground in _GROUNDS:
        image.putpalette(
            [
                (colour * alpha + ground * (255 - alpha)) // 255
                for at in range(0, len(colours), 4)
                for *rgb, alpha in [colours[at : at + 4]]
                for colour in rgb
            ]
        )
        if _is_seen(image, ground):
            break
    return image


def _is_seen(image: Image.Image, ground: int) -> bool:
    """Whether any of it is visible on a background of this grey."""
    edges = (edge for _, part in _strips(image) for edge in part.convert("L").getextrema())
    return any(abs(edge - ground) >= _CONTRAST for edge in edges)  # type: ignore[operator]


def _grey(image: Image.Image) -> Image.Image:
    """Values of more than eight bits, scaled to eight."""
    if image.mode.startswith("I;16"):
        deep = image if image.mode == "I;16" else image.convert("I")
        highest = int(deep.getextrema()[1])  # type: ignore[arg-type]
        step = 1.0 if highest < 256 else 1 / 16 if highest < 4096 else 1 / 256
        return deep.point(lambda value: value * step + 0.0).convert("L")
    if image.mode == "I" and _tag(image, _SAMPLE_FORMAT, _UNSIGNED) == _UNSIGNED:
        image = _unsigned(image)
    low, high = _extrema(image)
    scale = 255.0 / (high - low) if high > low else 0.0
    return image.point(lambda value: value * scale - low * scale).convert("L")


def _unsigned(image: Image.Image) -> Image.Image:
    """Unsigned values of 32 bits, which Pillow reads as signed."""
    from PIL import Image

    return Image.frombytes("F", image.size, image.tobytes(), "raw", "F;32N")


def _extrema(image: Image.Image) -> tuple[float, float]:
    """The least and the greatest of the finite values."""
    low, high = (float(edge) for edge in image.getextrema())  # type: ignore[arg-type]
    if math.isfinite(high - low):
        return low, high
    import pyarrow as pa
    import pyarrow.compute as pc

    count = image.width * image.height
    values = pa.Array.from_buffers(pa.float32(), count, [None, pa.py_buffer(image.tobytes())])
    found = pc.min_max(values.filter(pc.is_finite(values))).as_py()
    return found["min"] or 0.0, found["max"] or 0.0


def _tag(image: Image.Image, number: int, default: object = None) -> object:
    """A tag of a TIFF."""
    return getattr(image, "tag_v2", {}).get(number, default)
