"""Visual lines rebuilt from text detections, for a page's text; the service's order is the reading order, and is kept.

A detection is not always a line: the service may give one printed line in several. Neighbours in its order are joined
when all of this holds:

- they have the same paragraph, or neither has one;
- they overlap vertically by more than 60 % of the lower one's height;
- the next begins where the last ends, to the right: no farther away than the taller one's height (the gutter between
  two columns is wider), and no more than half the lower one's height before it;
- neither is upright writing.

Boxes are the item polygons, upright whatever the page's angle, where both have one, else the bounds of the polygons. A
line that runs right to left stays in the parts in which it was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple
from unicodedata import east_asian_width

from ..api.answer import TextDetection

_LEAST_OVERLAP: Final = 0.6
_WIDEST_GAP: Final = 1.0
_DEEPEST_INTRUSION: Final = 0.5
_UPRIGHT: Final = 1.5
_HANGUL: Final = (("\u1100", "\u11ff"), ("\u3130", "\u318f"), ("\ua960", "\ua97f"), ("\uac00", "\ud7ff"))


class _Box(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int


def page_text(detections: Sequence[TextDetection], *, paragraphs: Sequence[int | None] | None = None) -> str:
    """The page's text: one visual line a line, in the service's order.

    Texts are stripped; detections without text are left out. Parts of a line are joined with a space, or with nothing
    where a Han character, kana or full-width punctuation mark stands on either side of the joint.

    :param paragraphs: the detections' paragraphs, where they are known already
    """
    lines: list[str] = []
    for line in visual_lines(detections, paragraphs=paragraphs):
        text = (detections[line[0]].detected_text or "").strip()
        for index in line[1:]:
            text = _joined(text, (detections[index].detected_text or "").strip())
        if text:
            lines.append(text)
    return "\n".join(lines)


def visual_lines(
    detections: Sequence[TextDetection], *, paragraphs: Sequence[int | None] | None = None
) -> list[list[int]]:
    """The indices of the detections that make up each visual line, in the service's order throughout.

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


def _continues(last: TextDetection, following: TextDetection) -> bool:
    one, two = last.item_polygon, following.item_polygon
    if one is not None and two is not None:
        if two.y >= one.y + one.height or two.x + one.height + two.height < one.x + one.width:
            return False  # the common case, a line below or to the left: decided without building boxes
        a = _Box(one.x, one.y, one.x + one.width, one.y + one.height)
        b = _Box(two.x, two.y, two.x + two.width, two.y + two.height)
    else:
        bounds, following_bounds = _bounds(last), _bounds(following)
        if bounds is None or following_bounds is None:
            return False
        a, b = bounds, following_bounds
    lower, taller = sorted((a.bottom - a.top, b.bottom - b.top))
    gap = b.left - a.right
    return (
        lower > 0
        and -_DEEPEST_INTRUSION * lower <= gap <= _WIDEST_GAP * taller
        and min(a.bottom, b.bottom) - max(a.top, b.top) > _LEAST_OVERLAP * lower
        and b.left > a.left
        and not _is_upright(a, last)
        and not _is_upright(b, following)
    )


def _bounds(detection: TextDetection) -> _Box | None:
    if not detection.polygon:
        return None
    xs = [vertex.x for vertex in detection.polygon]
    ys = [vertex.y for vertex in detection.polygon]
    return _Box(min(xs), min(ys), max(xs), max(ys))


def _is_upright(box: _Box, detection: TextDetection) -> bool:
    """Whether the characters stand below each other: a box much taller than wide that holds more than two."""
    return box.bottom - box.top > _UPRIGHT * (box.right - box.left) and len((detection.detected_text or "").strip()) > 2


def _joined(before: str, after: str) -> str:
    if not before or not after:
        return before or after
    return f"{before}{after}" if _is_unspaced(before[-1]) or _is_unspaced(after[0]) else f"{before} {after}"


def _is_unspaced(character: str) -> bool:
    """Whether the character belongs to a script written without spaces; Hangul is wide, yet spaced."""
    if character < "\u1100" or any(first <= character <= final for first, final in _HANGUL):
        return False
    return east_asian_width(character) in "WF"
