"""Visual lines rebuilt from text detections, for a page's text; the service's order is the reading order, and is kept.

A detection is not always a line: the service may give one printed line in several. Neighbours in its order are joined
when all of this holds:

- they have the same paragraph, or neither has one;
- they overlap vertically by more than 60 % of the lower one's height;
- the next begins where the last ends, to the right: no farther away than the taller one's height (the gutter between
  two columns is wider), and no more than half the lower one's height before it;
- neither is upright writing.

Boxes are the item polygons, upright whatever the page's angle, where both have one; else the polygons, turned so that
the first one's text runs to the right. A line that runs right to left is left in the parts the service gave.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple
from unicodedata import east_asian_width

from ..api.detection import Point, TextDetection

_LEAST_OVERLAP: Final = 0.6
_WIDEST_GAP: Final = 1.0
_DEEPEST_INTRUSION: Final = 0.5
_UPRIGHT: Final = 1.5
_HANGUL: Final = (("\u1100", "\u11ff"), ("\u3130", "\u318f"), ("\ua960", "\ua97f"), ("\uac00", "\ud7ff"))


class Box(NamedTuple):
    """An upright box in pixels of the frame in which the text runs to the right."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top


def page_text(detections: Sequence[TextDetection], *, paragraphs: Sequence[int | None] | None = None) -> str:
    """The page's text: one visual line a line, in the service's order.

    Texts are stripped; detections without text are left out. Parts of a line are joined with a space, or with nothing
    where a Han character, kana or full-width punctuation mark is on either side of the joint.

    :param detections: a page's, as the service gave them
    :param paragraphs: the detections' paragraphs, where they are known already
    """
    lines = visual_lines(detections, paragraphs=paragraphs)
    if len(lines) == len(detections):  # each detection is a line, as on most pages
        texts = [(detection.detected_text or "").strip() for detection in detections]
    else:
        texts = [line_text(detections, line) for line in lines]
    return "\n".join(filter(None, texts))


def line_text(detections: Sequence[TextDetection], line: Sequence[int]) -> str:
    """The text of one visual line.

    :param line: the indices of its detections, as :func:`visual_lines` gives them
    """
    text = (detections[line[0]].detected_text or "").strip()
    for index in line[1:]:
        text = joined(text, (detections[index].detected_text or "").strip())
    return text


def visual_lines(
    detections: Sequence[TextDetection], *, paragraphs: Sequence[int | None] | None = None
) -> list[list[int]]:
    """The indices of the detections that make up each visual line, in the service's order throughout.

    :param detections: a page's, as the service gave them
    :param paragraphs: the detections' paragraphs, where they are known already
    """
    if paragraphs is None:
        paragraphs = [detection.paragraph for detection in detections]
    lines: list[list[int]] = [[0]] if detections else []
    for index in range(1, len(detections)):
        if paragraphs[index] == paragraphs[index - 1] and _continues(detections[index - 1], detections[index]):
            lines[-1].append(index)
        else:
            lines.append([index])
    return lines


def boxes(last: TextDetection, following: TextDetection) -> tuple[Box, Box] | None:
    """Two detections in one frame, in which the first one's text runs to the right; None where one has no polygon."""
    one, two = last.item_polygon, following.item_polygon
    if one is not None and two is not None:
        return (
            Box(one.x, one.y, one.x + one.width, one.y + one.height),
            Box(two.x, two.y, two.x + two.width, two.y + two.height),
        )
    if not last.polygon or not following.polygon:
        return None
    cosine, sine = _direction(last)
    return _turned(last.polygon, cosine, sine), _turned(following.polygon, cosine, sine)


def is_upright(box: Box, detection: TextDetection) -> bool:
    """Whether the characters are written below each other: the box is much taller than wide and has more than two."""
    return box.height > _UPRIGHT * box.width and len((detection.detected_text or "").strip()) > 2


def joined(before: str, after: str) -> str:
    """Two texts that follow each other on the page, with a space between them where their script has spaces."""
    if not before or not after:
        return before or after
    return f"{before}{after}" if is_unspaced(before[-1]) or is_unspaced(after[0]) else f"{before} {after}"


def is_unspaced(character: str) -> bool:
    """Whether the character belongs to a script written without spaces; Hangul is wide, yet spaced."""
    if character < "\u1100" or any(first <= character <= final for first, final in _HANGUL):
        return False
    return east_asian_width(character) in "WF"


def _continues(last: TextDetection, following: TextDetection) -> bool:
    one, two = last.item_polygon, following.item_polygon
    if one and two and (two.y >= one.y + one.height or two.x + one.height + two.height < one.x + one.width):
        return False  # the common case, a line below or to the left: decided without building boxes
    both = boxes(last, following)
    if both is None:
        return False
    a, b = both
    lower, taller = sorted((a.height, b.height))
    gap = b.left - a.right
    return (
        lower > 0
        and -_DEEPEST_INTRUSION * lower <= gap <= _WIDEST_GAP * taller
        and min(a.bottom, b.bottom) - max(a.top, b.top) > _LEAST_OVERLAP * lower
        and b.left > a.left
        and not is_upright(a, last)
        and not is_upright(b, following)
    )


def _direction(detection: TextDetection) -> tuple[float, float]:
    """The direction of the text, as cosine and sine: the service begins a polygon where its text begins.

    A first edge much shorter than the second is not the text's, if it has more than two characters: then to the right.
    """
    if detection.polygon is None or len(detection.polygon) != 4:
        return 1.0, 0.0
    first, second, third, _ = detection.polygon
    across, down = second.x - first.x, second.y - first.y
    length = math.hypot(across, down)
    if not length or is_upright(Box(0, 0, length, math.hypot(third.x - second.x, third.y - second.y)), detection):
        return 1.0, 0.0
    return across / length, down / length


def _turned(polygon: Sequence[Point], cosine: float, sine: float) -> Box:
    xs = [vertex.x * cosine + vertex.y * sine for vertex in polygon]
    ys = [vertex.y * cosine - vertex.x * sine for vertex in polygon]
    return Box(min(xs), min(ys), max(xs), max(ys))
