"""The columns of the detections table as flat buffers, without a Python object a row."""

from __future__ import annotations

import pyarrow as pa

from ..api.detection import TextDetection
from .columns import PolygonColumn, int32_array, ints, list_array, offsets, repeated, struct_array, validity
from .geometry import Transform, scaled
from .schema import DETECTIONS_SCHEMA, ITEM_POLYGON, WORD, WORDS

_NO_BOX = 0, 0, 0, 0  # beneath a null


class DetectionColumns:
    """The columns of the detections table, growing a page at a time."""

    def __init__(self) -> None:
        self.pages: list[tuple[str, str, int]] = []
        self.counts = ints()  # detections of each page
        self.detection = ints()
        self.text: list[str] = []
        self.confidence = ints()
        self.polygon = PolygonColumn()
        self.item_polygon = ints()  # x, y, width and height of each in turn
        self.has_item_polygon: list[bool] = []
        self.paragraph: list[int | None] = []
        self.language: list[str | None] = []
        self.advanced_info: list[str | None] = []
        self.words = _WordColumns()
        self.size = 0

    def __len__(self) -> int:
        return len(self.text)

    def append(
        self,
        detections: list[TextDetection],
        *,
        page: tuple[str, str, int],
        paragraphs: list[int | None],
        language: str | None,
        transform: Transform | None,
        size: int,
    ) -> None:
        """Add the detections of one page.

        :param page: document_id, document_uri and page
        :param paragraphs: the detections' paragraphs
        :param language: the page's, for detections without one of their own
        :param transform: from the sent image to the user's original; None where they are the same
        :param size: the bytes of the answer that they came from
        """
        self.pages.append(page)
        self.counts.append(len(detections))
        self.detection.fromlist(list(range(len(detections))))
        self.text.extend([detection.detected_text or "" for detection in detections])
        self.confidence.fromlist([detection.confidence or 0 for detection in detections])
        self.paragraph.extend(paragraphs)
        self.language.extend([language if one.language is None else one.language for one in detections])
        self.advanced_info.extend([detection.advanced_info for detection in detections])
        self.polygon.extend([detection.polygon for detection in detections], transform)
        boxes = [detection.item_polygon for detection in detections]
        if transform is not None:
            boxes = [scaled(box, transform) if box else None for box in boxes]
        self.has_item_polygon.extend([box is not None for box in boxes])
        sides: list[int] = []
        for box in boxes:
            sides += (box.x, box.y, box.width, box.height) if box else _NO_BOX
        self.item_polygon.fromlist(sides)
        self.words.extend(detections, transform)
        self.size += size

    def record_batch(self) -> pa.RecordBatch:
        """The rows so far; the columns must not grow any more."""
        document_ids, uris, pages = zip(*self.pages, strict=True) if self.pages else ((), (), ())
        left, top, right, bottom = self.polygon.bounds()
        item_polygon = [int32_array(self.item_polygon[side::4]) for side in range(4)]
        columns = {
            "document_id": repeated(document_ids, self.counts, pa.string()),
            "document_uri": repeated(uris, self.counts, pa.string()),
            "page": repeated(pages, self.counts, pa.int32()),
            "detection": int32_array(self.detection),
            "text": pa.array(self.text, pa.string()),
            "confidence": int32_array(self.confidence),
            "left": left,
            "top": top,
            "right": right,
            "bottom": bottom,
            "polygon": self.polygon.array(),
            "item_polygon": struct_array(ITEM_POLYGON, item_polygon, validity(self.has_item_polygon)),
            "paragraph": pa.array(self.paragraph, pa.int32()),
            "language": pa.array(self.language, pa.string()),
            "advanced_info": pa.array(self.advanced_info, pa.string()),
            "words": self.words.array(),
        }
        arrays = [columns[name] for name in DETECTIONS_SCHEMA.names]
        return pa.RecordBatch.from_arrays(arrays, schema=DETECTIONS_SCHEMA)


class _WordColumns:
    """The words of each detection: `Words` and their polygons paired by position, the shorter list padded."""

    def __init__(self) -> None:
        self.starts = offsets()
        self.valid: list[bool] = []
        self.character: list[str] = []
        self.confidence: list[int | None] = []
        self.polygon = PolygonColumn()

    def extend(self, detections: list[TextDetection], transform: Transform | None) -> None:
        if not any(one.words or one.word_coord_point or one.word_polygon for one in detections):
            self.valid += [False] * len(detections)
            self.starts.fromlist([len(self.character)] * len(detections))
            return
        for detection in detections:
            words, places = detection.words or (), detection.word_polygons
            if words or places:
                missing = len(places) - len(words)
                self.character.extend([word.character or "" for word in words] + [""] * missing)
                self.confidence.extend([word.confidence for word in words] + [None] * missing)
                self.polygon.extend(places + [None] * -missing, transform)
            self.valid.append(bool(words or places))
            self.starts.append(len(self.character))

    def array(self) -> pa.Array:
        fields = [pa.array(self.character, pa.string()), pa.array(self.confidence, pa.int32()), self.polygon.array()]
        return list_array(WORDS, self.starts, struct_array(WORD, fields), validity(self.valid))
