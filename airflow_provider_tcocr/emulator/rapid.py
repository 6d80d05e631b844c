"""Real recognition: reads pages with RapidOCR, and answers with its lines as the service would.

RapidOCR keeps the flags of a call as state, so one engine serves the whole process, behind one lock.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .answer import Point, Turn, detection, published_angle, response
from .engine import Answer
from .language import language_of
from .layout import Box, paragraphs, reading_order, skew
from .line import Line, glyphs_of
from .pixels import Pixels, decode
from .refusal import Refusal
from .request import Options, Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.uint8]

LOWEST_SCORE: Final = 0.5
"""A line of which the engine is less sure is not reported."""

LOWEST_LONE_SCORE: Final = 0.8
"""The same for a lone character: craters and knots in wood are read as zeros, with 0.57."""

SURE: Final = 0.9
"""A page whose longest lines score more on average is the right way up."""

PROBED: Final = 12
"""How many of the longest lines decide which way up a page is."""

SMALL_SIDE: Final = 960
"""An image smaller than this is enlarged to double its size, else small text in it is missed."""

DETECTOR: Final = "PP-OCRv6_det_small.onnx"
RECOGNIZER: Final = "PP-OCRv6_rec_small.onnx"
"""The models in RapidOCR's wheel; others would be downloaded."""

DETECT_SIDE: Final = 1280
LARGEST_SIDE: Final = 2000

_LOCK = threading.Lock()
_shared: list[Any] = []


class RapidEngine:
    """RapidOCR with its bundled models, offline.

    :param threads: how many threads it may use for one page; the first engine of the process decides
    """

    name = "rapidocr"
    threaded = True
    fetches = True
    timeout = 600
    max_qps = 10

    def __init__(self, *, threads: int) -> None:
        self._threads = threads

    def answer(self, request: Request, options: Options) -> Answer:
        """Read one page; it waits for its turn."""
        pixels = decode(request.image or b"", options=options)
        with _LOCK:
            lines, quarters = _read_page(_engine(self._threads), pixels, options)
        if not lines or options.words_type == "1":
            raise Refusal("FailedOperation.ImageNoText", "There is no text in the image.")
        return _respond(lines, quarters=quarters, pixels=pixels, options=options)


def _engine(threads: int) -> Any:
    """The process's one engine, made on first use; the caller holds the lock."""
    if not _shared:
        from omegaconf import flag_override
        from rapidocr import RapidOCR

        engine = RapidOCR(
            params={
                "Global.use_cls": False,
                "Global.log_level": "critical",
                "Det.limit_type": "max",
                "Det.limit_side_len": DETECT_SIDE,
            }
        )
        with flag_override(engine.cfg, "allow_objects", True):
            engine.cfg.Det.session = _session(DETECTOR, threads=threads)
            engine.cfg.Rec.session = _session(RECOGNIZER, threads=threads)
        _shared.append(engine)
    return _shared[0]


def _session(model: str, *, threads: int) -> Any:
    """A bundled model whose threads sleep while they wait: those of RapidOCR spin, for a quarter of all CPU time."""
    import onnxruntime
    import rapidocr

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    path = Path(rapidocr.__file__).parent / "models" / model
    return onnxruntime.InferenceSession(str(path), sess_options=options, providers=["CPUExecutionProvider"])


def _read_page(engine: Any, pixels: Pixels, options: Options) -> tuple[list[Line], int]:
    """The lines of a page in the image's own pixels, and the quarter turns clockwise by which it is turned."""
    import numpy

    array, scale = _enlarged(pixels)
    if not options.detect_text:
        return _read_line(engine, array, pixels), 0
    lines = _read_lines(engine, array, options)
    quarters = _quarters(engine, array, lines)
    if quarters:
        turned = numpy.ascontiguousarray(numpy.rot90(array, quarters))
        lines = _read_lines(engine, turned, options)
    height, width = array.shape[:2]
    found = [
        line.turned_back(quarters=quarters, width=width, height=height, scale=scale)
        for line in lines
        if _credible(line.text, line.score)
    ]
    return found, quarters


def _enlarged(pixels: Pixels) -> tuple[Array, float]:
    """The array, enlarged where it is small, and how many of its pixels make one of the image."""
    import cv2

    if max(pixels.array.shape[:2]) >= SMALL_SIDE:
        return pixels.array, pixels.scale
    doubled: Any = cv2.resize(pixels.array, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    return doubled, pixels.scale * 2


def _read_line(engine: Any, array: Array, pixels: Pixels) -> list[Line]:
    """The whole image as one line."""
    found = engine(
        array,
        use_det=False,
        use_cls=False,
        use_rec=True,
        return_word_box=False,
        return_single_char_box=False,
        text_score=0.0,
    )
    if not found.txts or not _credible(found.txts[0], found.scores[0]):
        return []
    right, bottom = float(pixels.width), float(pixels.height)
    whole = ((0.0, 0.0), (right, 0.0), (right, bottom), (0.0, bottom))
    return [Line(found.txts[0], float(found.scores[0]), whole)]


def _credible(text: str, score: float) -> bool:
    visible = len(text.strip())
    return visible > 0 and score >= (LOWEST_SCORE if visible > 1 else LOWEST_LONE_SCORE)


def _read_lines(engine: Any, array: Array, options: Options) -> list[Line]:
    """The lines of an image without turning it, whatever their scores."""
    factor = 2 if options.detect_split else 1
    engine.max_side_len = LARGEST_SIDE * factor
    if engine.text_det is not None:
        engine.text_det.limit_side_len = DETECT_SIDE * factor
    found = engine(
        array,
        use_det=True,
        use_cls=False,
        use_rec=True,
        return_word_box=options.is_words,
        return_single_char_box=options.is_words,
        text_score=0.0,
    )
    if found.boxes is None or found.txts is None:
        return []
    words = found.word_results if options.is_words and len(found.word_results) == len(found.txts) else None
    lines = []
    for place, (text, score) in enumerate(zip(found.txts, found.scores, strict=True)):
        first, second, third, fourth = ((float(x), float(y)) for x, y in found.boxes[place])
        polygon = (first, second, third, fourth)
        glyphs = glyphs_of(text, score, polygon, words[place] if words else ()) if options.is_words else ()
        lines.append(Line(text, float(score), polygon, glyphs))
    return lines


def _quarters(engine: Any, array: Array, lines: Sequence[Line]) -> int:
    """The quarter turns, clockwise, by which a page is turned.

    If most lines are tall, they are one or three, else none or two. Which of the two is decided by the longest lines,
    read as they are and read upside down.
    """
    longest = sorted(lines, key=lambda line: -max(line.sides))[:PROBED]
    if not longest:
        return 0
    tall = sum(line.sides[1] > 1.5 * line.sides[0] for line in longest) * 2 > len(longest)
    upright = sum(line.score for line in longest) / len(longest)
    if upright <= SURE and _upside_down(engine, array, longest) > upright:
        return 3 if tall else 2
    return 1 if tall else 0


def _upside_down(engine: Any, array: Array, lines: Sequence[Line]) -> float:
    """The mean score of lines when they are read upside down."""
    import numpy

    crops = engine.crop_text_regions(array, [numpy.array(line.polygon, dtype=numpy.float32) for line in lines])
    found = engine.recognize_txt([numpy.ascontiguousarray(numpy.rot90(crop, 2)) for crop in crops])
    return float(sum(found.scores) / len(found.scores))


def _respond(lines: Sequence[Line], *, quarters: int, pixels: Pixels, options: Options) -> Answer:
    """The lines in reading order, with their paragraphs, as the service answers."""
    level = Turn(90.0 * quarters, pixels.width, pixels.height)
    fall = skew([[level.upright(point) for point in line.polygon] for line in lines]) if options.detect_text else 0.0
    turn = Turn(90.0 * quarters + fall, pixels.width, pixels.height)
    boxes = [_box(line.polygon, turn) for line in lines]
    rows = reading_order(boxes)
    numbers = paragraphs(rows, boxes)
    detections = [
        detection(
            lines[place].text,
            confidence=lines[place].score,
            polygon=lines[place].polygon,
            turn=turn,
            paragraph=numbers[place],
            glyphs=lines[place].glyphs,
            language=language_of(lines[place].text) if options.config_id == "MulOCR" else None,
        )
        for row in rows
        for place in row
    ]
    return response(detections, angle=published_angle(turn.angle), options=options)


def _box(polygon: Sequence[Point], turn: Turn) -> Box:
    points = [turn.upright(point) for point in polygon]
    left, top = min(x for x, _ in points), min(y for _, y in points)
    return Box(left, top, max(x for x, _ in points) - left, max(y for _, y in points) - top)
