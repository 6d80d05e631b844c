"""The canned engine: an instant answer, invented from the image's hash. It looks at no pixels."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from random import Random
from typing import Any, Final

from .answer import UPRIGHT, Glyph, Turn, detection, response
from .engine import Answer, Answers
from .request import Options, Request

_PHRASES: Final = (
    "增值税电子普通发票",
    "合计（大写）壹仟贰佰叁拾肆圆整",
    "腾讯云计算（北京）有限责任公司",
    "欢迎光临，谢谢惠顾！",
    "订单编号：20261122-000417",
    "本页无正文",
    "日本語のテキスト、カタカナ",
    "대한민국 서울특별시",
    "The quick brown fox jumps over the lazy dog.",
    "Invoice No. 0042 / Page 3 of 7",
    'He said: "It\'s 5\' 11\\" tall."',
    "Total amount due: $1,234.56 ",
    "naïve façade – Zürich, Łódź, Ærø",
    "Grüße aus Köln  ",
    "C:\\temp\\new\tcolumn",
    "e-mail: someone@example.com",
    "完成 ✅ 谢谢 🙏🏽",
    "𠮷野家 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    '{"not": "json"} <b>&amp;</b>',
    "1,2;3|4",
    "=SUM(A1:A9)",
    "١٢٣ العربية",
    "½ cup − 3 °C ≤ 7 µm²",
    "a",
)
_ANGLES: Final = (UPRIGHT, UPRIGHT, UPRIGHT, UPRIGHT, 0.0, 1.5, 358.57, 8.04, 90.0, 180.0, 270.0)
_WIDTH, _HEIGHT = 2480, 3508
_LINES: Final = 40


class CannedEngine:
    """Invents 1 to 40 detections a page: many scripts, quotes, emoji, trailing spaces, lines in several detections.

    :param answers: a test's own answers; where they have none, one is invented
    """

    name = "canned"
    threaded = False
    fetches = False
    timeout = 60
    max_qps = 1000

    def __init__(self, answers: Answers | None = None) -> None:
        self._answers = answers

    def answer(self, request: Request, options: Options) -> Answer:
        """The test's own answer where it gave one, else an invented one."""
        return self._given(request) or invent(request.identity, options)

    def _given(self, request: Request) -> Answer | None:
        if self._answers is None:
            return None
        if isinstance(self._answers, Mapping):
            return self._answers.get(request.url or request.sha256 or "")
        return self._answers(request)


def invent(identity: str, options: Options) -> dict[str, Any]:
    """The answer that belongs to an identity; the same in every process and on every machine."""
    chance = Random(sha256(identity.encode()).digest())  # noqa: S311 - chance from a seed
    angle = chance.choice(_ANGLES)
    sideways = 45 < angle % 180 < 135
    turn = Turn(angle, _HEIGHT if sideways else _WIDTH, _WIDTH if sideways else _HEIGHT)
    wanted = chance.randint(1, _LINES) if options.detect_text else 1
    detections: list[dict[str, Any]] = []
    row = paragraph = 0
    while len(detections) < wanted:
        if row == 0 or chance.random() < 0.4:
            paragraph += 1
        left = 300 + (60 if chance.random() < 0.2 else 0)
        for _ in range(min(chance.choice((1, 1, 1, 2, 3)), wanted - len(detections))):
            text = chance.choice(_PHRASES)
            width = 40 + 12 * len(text)
            top = 400 + 38 * row + chance.randint(-2, 2)
            upright = ((left, top), (left + width, top), (left + width, top + 28), (left, top + 28))
            detections.append(
                detection(
                    text,
                    confidence=chance.randint(50, 100) / 100,
                    polygon=[turn.original(point) for point in upright],
                    turn=turn,
                    paragraph=paragraph,
                    glyphs=_glyphs(text, left=left, top=top, width=width, turn=turn) if options.is_words else (),
                )
            )
            left += width + 30
        row += 1
    return response(detections, angle=angle, options=options)


def _glyphs(text: str, *, left: float, top: float, width: float, turn: Turn) -> list[Glyph]:
    step = width / len(text)
    found = []
    for place, character in enumerate(text):
        if not character.isspace():
            x = left + place * step
            corners = ((x, top), (x + step, top), (x + step, top + 28), (x, top + 28))
            found.append(Glyph(character, 0.99, [turn.original(corner) for corner in corners]))
    return found
