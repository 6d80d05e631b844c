"""A page as it is sent, with the transform back to the user's own pixels. Prepares none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

Transform = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x = a x' + b y' + c, y = d x' + e y' + f, from the sent image to the user's original.

The same tuple as in `arrow`, which this floor may not import.
"""

IDENTITY: Final[Transform] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """One page, ready to be sent.

    :param data: what is sent, raw and not base64; at most what the action takes
    :param is_pdf: it is a PDF of one page
    :param width: pixels of the user's original, or of the rendered page; None for a PDF
    :param height: as ``width``
    :param prepared: what was done to it, None if it is sent byte for byte
    :param transform: from the sent image's pixels to those of ``width`` and ``height``; None where they are the same
    """

    data: bytes = field(repr=False)
    is_pdf: bool
    width: int | None
    height: int | None
    prepared: str | None = None
    transform: Transform | None = None


def way_back(orientation: int, *, width: int, height: int, scale: int) -> Transform | None:
    """The transform from an upright, shrunk image to the stored one.

    :param orientation: EXIF's, 1 to 8: how the stored image is turned
    :param width: of the stored image
    :param height: of the stored image
    :param scale: how many times smaller the sent image is
    """
    s, w, h = float(scale), float(width), float(height)
    transform: Transform = {
        2: (-s, 0.0, w, 0.0, s, 0.0),
        3: (-s, 0.0, w, 0.0, -s, h),
        4: (s, 0.0, 0.0, 0.0, -s, h),
        5: (0.0, s, 0.0, s, 0.0, 0.0),
        6: (0.0, s, 0.0, -s, 0.0, h),
        7: (0.0, -s, w, -s, 0.0, h),
        8: (0.0, -s, w, s, 0.0, 0.0),
    }.get(orientation, (s, 0.0, 0.0, 0.0, s, 0.0))
    return None if transform == IDENTITY else transform
