"""Consecutive pages with plain answers on their way into both tables: their numbers are read by Arrow, all at once.

Arrow's CSV reader takes a column of digits ten times as fast as Python makes objects of JSON. Whether a page is plain
is decided before; here nothing is refused.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import pyarrow as pa
import pyarrow.csv as csv

from ..api.answer import ItemPolygon, TextDetection, paragraph_number
from ..api.plain import PlainDetection, PlainPage
from .columns import Ints, ints
from .lines import lines_text, neighbours, page_text

_INT32: Final = csv.ConvertOptions(column_types={"": pa.int32()}, null_values=[])


@dataclass(frozen=True, slots=True)
class PlainRun:
    """The detections of some pages, column by column; all but `counts` and `page_texts` have an entry a detection.

    :param counts: detections of each page
    :param vertices: x and y of each polygon's four vertices in turn
    :param sides: x, y, width and height of each item polygon in turn
    :param page_texts: each page's text
    """

    counts: list[int]
    texts: list[str]
    confidences: list[int]
    vertices: Ints
    sides: Ints
    paragraphs: list[int | None]
    languages: list[str | None]
    advanced_infos: list[str | None]
    page_texts: list[str]

    @classmethod
    def of(cls, pages: Sequence[PlainPage]) -> PlainRun:
        """The pages, in their order."""
        detections = [detection for page in pages for detection in page.answer.text_detections]
        boxes = _int32s(page.sides for page in pages)
        infos = [detection.advanced_info for detection in detections]
        numbers = {info: paragraph_number(info) for info in set(infos)}
        paragraphs = [numbers[info] for info in infos]
        counts = [len(page.answer.text_detections) for page in pages]
        return cls(
            counts=counts,
            texts=[detection.detected_text for detection in detections],
            confidences=[detection.confidence for detection in detections],
            vertices=_int32s(page.vertices for page in pages),
            sides=boxes,
            paragraphs=paragraphs,
            languages=[
                page.answer.language if one.language is None else one.language
                for page in pages
                for one in page.answer.text_detections
            ],
            advanced_infos=infos,
            page_texts=_page_texts(detections, counts, boxes, paragraphs),
        )


def _page_texts(
    detections: Sequence[PlainDetection], counts: Sequence[int], boxes: Ints, paragraphs: Sequence[int | None]
) -> list[str]:
    near, texts, end = neighbours(boxes), [], 0
    for size in counts:
        start, end = end, end + size
        following = bisect_right(near, start)
        if following < len(near) and near[following] < end:
            placed = _placed(detections[start:end], boxes[4 * start : 4 * end])
            texts.append(page_text(placed, paragraphs=paragraphs[start:end]))
        else:
            texts.append(lines_text(detection.detected_text for detection in detections[start:end]))
    return texts


def _placed(detections: Sequence[PlainDetection], boxes: Ints) -> list[TextDetection]:
    return [
        TextDetection(detected_text=one.detected_text, item_polygon=ItemPolygon(*boxes[place : place + 4]))
        for place, one in zip(count(0, 4), detections)
    ]


def _int32s(texts: Iterable[bytes]) -> Ints:
    """The numbers in lines of digits."""
    lines = b"\n".join(texts)
    reading = csv.ReadOptions(column_names=[""], use_threads=False, block_size=len(lines) + 1)
    [column] = csv.read_csv(pa.py_buffer(lines), read_options=reading, convert_options=_INT32).columns
    numbers = ints()
    for chunk in column.chunks:
        numbers.frombytes(memoryview(chunk.buffers()[1])[: 4 * len(chunk)])
    return numbers
