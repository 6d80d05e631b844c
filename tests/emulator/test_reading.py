"""The real engine on real documents: what it reads is what is there, whichever way the page lies."""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rapidocr", reason="the extra emulator is not installed")

from airflow_provider_tcocr.emulator import Emulator

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="the folder shared/samples is not beside the checkout"),
]


@pytest.fixture(scope="module")
def reader() -> Iterator[Emulator]:
    with Emulator("rapidocr", international=False, threads=1) as emulator:
        yield emulator


@pytest.fixture
def read(reader: Emulator, kit: Any) -> Any:
    """Read one page of a sample by the SDK."""
    client = kit.client(reader, timeout=300)

    def read_one(name: str, **parameters: Any) -> Any:
        return kit.recognize(client, (SAMPLES / name).read_bytes(), **parameters)

    return read_one


def text_of(answer: Any) -> str:
    return "".join("".join(one.DetectedText.split()) for one in answer.TextDetections)


def likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, "".join(one.split()), "".join(other.split()), autojunk=False).ratio()


def chinese_page() -> str:
    import pypdfium2

    with pypdfium2.PdfDocument(SAMPLES / "deb_maint-guide.zh-cn.pdf") as document:
        page = document[8]
        words = page.get_textpage()
        text = words.get_text_range()
        words.close()
        page.close()
    return str(text)


def test_a_chinese_page_reads_as_its_text_layer(read: Any, reader: Emulator) -> None:
    answer = read("zh_maint_p9.png")
    assert likeness(text_of(answer), chinese_page()) > 0.98
    assert answer.Angle == pytest.approx(359.99, abs=0.01)
    assert reader.ledger.calls[-1].billed


def test_a_slanted_page_has_its_angle_and_level_item_polygons(read: Any) -> None:
    answer = read("zh_maint_p9_rot8.png")
    assert answer.Angle == pytest.approx(8, abs=0.3)
    assert likeness(text_of(answer), chinese_page()) > 0.97
    lefts = sorted(one.ItemPolygon.X for one in answer.TextDetections)
    assert lefts[len(lefts) // 4] == pytest.approx(lefts[len(lefts) // 2], abs=40)


def test_a_leaflet_upside_down_in_a_pdf_reads_as_its_text(read: Any) -> None:
    answer = read("omp_cardinal.pdf", IsPdf=True, PdfPageNumber=3)
    assert likeness(text_of(answer), (SAMPLES / "omp_linn.txt").read_text()) > 0.97
    assert answer.Angle == pytest.approx(180, abs=0.5)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_photo_reads_the_same_whichever_way_it_lies(reader: Emulator, kit: Any, quarters: int) -> None:
    from PIL import Image

    with Image.open(SAMPLES / "skimage_page.png") as upright:
        stream = BytesIO()
        upright.rotate(-90 * quarters, expand=True).save(stream, "PNG")
        width, height = upright.size
    answer = kit.recognize(kit.client(reader), stream.getvalue())
    assert "Let us first determine markers of the coins and the" in [one.DetectedText for one in answer.TextDetections]
    assert (answer.Angle - 90 * quarters + 180) % 360 - 180 == pytest.approx(0, abs=1)
    first = answer.TextDetections[0]
    assert first.DetectedText == "Region-based segmentation"
    assert width / 4 > first.ItemPolygon.X
    assert height / 4 > first.ItemPolygon.Y
    start, end = first.Polygon[0], first.Polygon[1]
    along = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarters]
    assert (end.X - start.X) * along[0] + (end.Y - start.Y) * along[1] > 100


@pytest.mark.parametrize(
    ("name", "parameters", "code"),
    [
        ("omp_blank.pdf", {"IsPdf": True}, "FailedOperation.ImageNoText"),
        ("skimage_moon_blank.png", {}, "FailedOperation.ImageNoText"),
        ("omp_invalid.pdf", {"IsPdf": True}, "FailedOperation.PDFParseFailed"),
        ("pypdf_encrypted-file.pdf", {"IsPdf": True}, "FailedOperation.PDFParseFailed"),
        ("omp_cardinal.pdf", {}, "FailedOperation.UnKnowFileTypeError"),
        ("lept_feyn.tif", {}, "FailedOperation.UnKnowFileTypeError"),
        ("omp_crom.png", {"WordsType": "1"}, "FailedOperation.ImageNoText"),
        (
            "omp_cardinal.pdf",
            {"IsPdf": True, "PdfPageNumber": 5},
            "InvalidParameterValue.InvalidParameterValueLimit",
        ),
    ],
)
def test_a_page_without_text_or_sense_has_its_code(
    reader: Emulator, read: Any, kit: Any, name: str, parameters: dict[str, Any], code: str
) -> None:
    billed = reader.ledger.billed
    assert kit.code_of(lambda: read(name, **parameters)) == code
    assert reader.ledger.billed == billed


def test_characters_stand_where_their_line_does(read: Any) -> None:
    (line,) = read("omp_crom.png", IsWords=True).TextDetections
    assert line.DetectedText == "Covfefe is a perfectly cromulent word."
    assert "".join(word.Character for word in line.Words) == "".join(line.DetectedText.split())
    lefts = [point.WordCoordinate[0].X for point in line.WordCoordPoint]
    assert lefts == sorted(lefts)
    assert all(0 <= left <= 400 for left in lefts)


def test_without_words_the_lists_are_there_and_empty(read: Any) -> None:
    (line,) = read("omp_crom.png").TextDetections
    assert (line.Words, line.WordCoordPoint) == ([], [])
    assert json.loads(line.AdvancedInfo) == {"Parag": {"ParagNo": 1}}


def test_without_detection_the_whole_image_is_one_line(read: Any) -> None:
    (line,) = read("omp_crom.png", EnableDetectText=False).TextDetections
    assert [(point.X, point.Y) for point in line.Polygon] == [(0, 0), (400, 0), (400, 50), (0, 50)]
    assert "cromulent" in line.DetectedText


def test_mul_ocr_names_the_language(reader: Emulator, kit: Any) -> None:
    import base64

    image = base64.b64encode((SAMPLES / "omp_crom.png").read_bytes()).decode()
    answer = kit.post(reader, {"ImageBase64": image, "ConfigID": "MulOCR"})
    assert [one["Language"] for one in answer.response["TextDetections"]] == ["en"]


def test_reading_reaches_for_no_network() -> None:
    code = (
        "import sys\n"
        "def forbid(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo'):\n"
        "        raise SystemExit(f'{event} {arguments}')\n"
        "sys.addaudithook(forbid)\n"
        "from airflow_provider_tcocr.emulator import Options, Request\n"
        "from airflow_provider_tcocr.emulator.rapid import RapidEngine\n"
        "image = open(sys.argv[1], 'rb').read()\n"
        "answer = RapidEngine(threads=1).answer(Request('A', {}, image=image), Options())\n"
        "print(answer['TextDetections'][0]['DetectedText'])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(SAMPLES / "omp_crom.png")],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert (ended.stdout.strip(), ended.stderr) == ("Covfefe is a perfectly cromulent word.", "")
