"""Pages as hOCR 1.2, the interchange format of OCR: XHTML with coordinates in its titles. Writes no file.

<http://kba.github.io/hocr-spec/1.2/>: pixels from the top left; ``ppageno`` from 0; a baseline is a line in the frame
whose origin is the bottom left of the line's box; ``textangle`` counts degrees against the clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from .. import __version__
from .pages import ReadPage
from .words import PlacedLine, Quad, Word, bounds, placed_lines, readable

_HEAD: Final = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" \
"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="und" lang="und">
<head>
<title>%s</title>
<meta http-equiv="Content-Type" content="text/html; charset=utf-8" />
<meta name="ocr-system" content="airflow-provider-tcocr {__version__}" />
<meta name="ocr-capabilities" content="ocr_page ocr_par ocr_line ocrx_word" />
<meta name="ocr-number-of-pages" content="%d" />
</head>
<body>
"""
_FOOT: Final = "</body>\n</html>\n"
_LIES: Final = 45.0


def hocr(title: str, pages: Sequence[ReadPage]) -> str:
    """One document as hOCR.

    :param title: what it is called
    :param pages: in their order; one without detections is kept, empty. Where a page's size is not known, the bounds
        of its text are taken
    """
    parts = [_HEAD % (escape(readable(title)), len(pages))]
    for page in pages:
        parts.extend(_page(page))
    return "".join(parts) + _FOOT


def _page(page: ReadPage) -> Iterator[str]:
    width, height = page.size or (
        max((row["right"] or 0 for row in page.rows), default=0),
        max((row["bottom"] or 0 for row in page.rows), default=0),
    )
    image = readable(page.document_uri).replace('"', "%22")
    title = f'image "{image}"; bbox 0 0 {width} {height}; ppageno {page.number - 1}'
    yield f'<div class="ocr_page" id="page_{page.number}" title={quoteattr(title)}>\n'
    lines = placed_lines(page.rows, size=(width, height))
    for paragraph, group in groupby(lines, key=lambda line: line.paragraph):
        in_paragraph = list(group)
        box = _bbox([word.quad for line in in_paragraph for word in line.words])
        yield f'<p class="ocr_par" id="par_{page.number}_{paragraph}" title="{box}">\n'
        for line in in_paragraph:
            yield _line(line)
        yield "</p>\n"
    yield "</div>\n"


def _line(line: PlacedLine) -> str:
    words = "".join(_word(word) + (" " if word.spaced else "") for word in line.words)
    title = "; ".join([_bbox([word.quad for word in line.words]), *_lie(line)])
    return f'<span class="ocr_line" title="{title}">{words}</span>\n'


def _word(word: Word) -> str:
    direction = ' dir="rtl"' if word.right_to_left else ""
    title = f"{_bbox([word.quad])}; x_wconf {word.confidence}"
    return f'<span class="ocrx_word" title="{title}"{direction}>{escape(word.text)}</span>'


def _lie(line: PlacedLine) -> list[str]:
    """A line's direction: its baseline, or, when it is turned by more than 45 degrees, its angle."""
    if line.column:
        return []
    by_place = line.words[::-1] if line.words[0].right_to_left else line.words
    start, end = by_place[0].quad[3], by_place[-1].quad[2]
    across, down = end[0] - start[0], end[1] - start[1]
    clockwise = math.degrees(math.atan2(down, across))
    if abs(clockwise) > _LIES:
        return [f"textangle {-clockwise % 360:.4g}"]
    left, _, _, bottom = bounds([word.quad for word in line.words])
    slope = down / across if across else 0.0
    constant = start[1] + slope * (left - start[0]) - bottom
    return [f"baseline {slope:.4g} {constant:.4g}"]


def _bbox(quads: Sequence[Quad]) -> str:
    return "bbox " + " ".join(str(max(0, edge)) for edge in bounds(quads))
