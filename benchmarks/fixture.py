"""What is read: answers, images of a given size, a dataset of many detections. The same bytes in every run."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random
from typing import Final

LINES: Final = 60
ANSWERS: Final = 512
"""Different answers, so that no compression finds one page in the other."""

_HAN: Final = "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生"
_WORDS: Final = ("invoice", "total", "amount", "due", "date", "customer", "number", "street", "payment", "terms")


def answer(seed: int, *, lines: int = LINES) -> bytes:
    """An answer of GeneralAccurateOCR: 60 lines of about 45 characters are 19 KB."""
    chance = Random(seed)
    detections = []
    for line in range(lines):
        left, top, width, height = chance.randint(40, 80), 40 + 30 * line, chance.randint(500, 900), 24
        corners = (left, top), (left + width, top), (left + width, top + height), (left, top + height)
        detections.append(
            {
                "DetectedText": "".join(chance.choices(_HAN, k=12)) + " " + " ".join(chance.choices(_WORDS, k=5)),
                "Confidence": chance.randint(80, 100),
                "Polygon": [{"X": x, "Y": y} for x, y in corners],
                "AdvancedInfo": f'{{"Parag":{{"ParagNo":{line // 5 + 1}}}}}',
                "ItemPolygon": {"X": left, "Y": top, "Width": width, "Height": height},
                "Words": [],
                "WordCoordPoint": [],
            }
        )
    response = {"Angle": 359.989990234375, "TextDetections": detections, "RequestId": f"{seed:08x}-null"}
    return json.dumps({"Response": response}, ensure_ascii=False, separators=(",", ":")).encode()


def write_images(folder: Path, count: int, size: int) -> None:
    """Write so many different images of about `size` bytes: noise, which PNG cannot make smaller."""
    from PIL import Image

    folder.mkdir()
    side = int(size**0.5)
    chance = Random(size)
    noise = chance.randbytes(side * side)
    for number in range(count):
        pixels = number.to_bytes(4, "big") + noise[4:]
        target = io.BytesIO()
        Image.frombytes("L", (side, side), pixels).save(target, format="PNG", compress_level=0)
        (folder / f"{number:05}.png").write_bytes(target.getvalue())


def write_dataset(folder: Path, pages: int) -> None:
    """Write the tables of so many pages, as a batch derives them."""
    from airflow_provider_tcocr.arrow import PageRow
    from airflow_provider_tcocr.landing.folder import LocalFolder
    from airflow_provider_tcocr.landing.tables import Tally, derive

    answers = [answer(seed) for seed in range(ANSWERS)]
    rows = (
        PageRow(
            document_id=f"scans/{number}.png",
            document_uri=f"scans/{number}.png",
            page=1,
            status="recognized",
            action="GeneralAccurateOCR",
            options="{}",
            answer=answers[number % ANSWERS],
        )
        for number in range(pages)
    )
    derive(LocalFolder(folder), rows, Tally())
