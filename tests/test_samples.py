"""Real documents from end to end: every page of them is a row, and the text is what stands on the page."""

import asyncio
import io
import math
import os
import threading
from difflib import SequenceMatcher

import psutil
import pytest
from PIL import Image, ImageChops, ImageDraw

from airflow_provider_tcocr.batch.batch import Batch
from airflow_provider_tcocr.batch.request import BatchRequest
from airflow_provider_tcocr.batch.run import RunningBatch
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.documents.isolated import IsolatedPdf
from airflow_provider_tcocr.emulator import Emulator
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook


def run(documents, output, **arguments):
    hook = TencentCloudOcrHook()
    try:
        request = BatchRequest(documents=documents, output_path=str(output), run=("samples",), **arguments)
        return RunningBatch(request, hook.client, Batch.run, report=lambda line: None).result()
    finally:
        hook.close()


def text_layer(path, page):
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        return document[page - 1].get_textpage().get_text_bounded()


def similarity(one, other):
    one, other = ("".join(text.split()) for text in (one, other))
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


@pytest.mark.parametrize("pdf_dpi", [200, None])
def test_all_63_pages_are_rows_from_small_uploads_in_flat_memory_off_the_loop(
    tcocr_emulator, samples, tmp_path, monkeypatch, pdf_dpi
):
    drawn_on, loops, memory = [], [], []
    process = psutil.Process()
    for name in ("render", "extract"):
        original = getattr(IsolatedPdf, name)

        def watched(self, number, *args, original=original, **kwargs):
            drawn_on.append(threading.get_ident())
            loops.append(asyncio._get_running_loop())
            memory.append(sum(one.memory_info().rss for one in (process, *process.children())) >> 20)
            return original(self, number, *args, **kwargs)

        monkeypatch.setattr(IsolatedPdf, name, watched)
    path = samples / "deb_maint-guide.zh-cn.pdf"
    manifest = run(str(path), tmp_path / "out", pdf_dpi=pdf_dpi)
    pages = OcrDataset.open(manifest.to_json()).pages()
    assert pages["page"].to_pylist() == list(range(1, 64))
    assert set(pages["status"].to_pylist()) == {"recognized"}
    sizes = {
        (width, height) for width, height in zip(pages["width"].to_pylist(), pages["height"].to_pylist(), strict=True)
    }
    assert sizes == ({(None, None)} if pdf_dpi is None else sizes - {(None, None)})
    uploaded = sum(call.size for call in tcocr_emulator.ledger.calls)
    assert uploaded <= 0.6 * 63 * os.path.getsize(path) * 4 / 3
    assert tcocr_emulator.ledger.made == 63
    assert set(loops) == {None}
    assert threading.main_thread().ident not in drawn_on
    # MiB. How many pages are drawn and encoded at once is chance; all 31 between them, kept, take 350 and more.
    assert min(memory[-8:]) - max(memory[8:24]) < 256


@pytest.mark.real
def test_the_samples_read_as_a_person_reads_them(samples, tmp_path, monkeypatch):
    names = [
        "omp_blank.pdf",
        "omp_crom.png",
        "omp_hugemono.pdf",
        "omp_invalid.pdf",
        "pypdf_encrypted-file.pdf",
        "skimage_moon_blank.png",
        "zh_maint_p9.png",
    ]
    with Emulator(engine="rapidocr") as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", emulator.connection)
        manifest = run([str(samples / name) for name in names], tmp_path / "out")
    rows = {
        os.path.basename(row["document_id"]): row for row in OcrDataset.open(manifest.to_json()).pages().to_pylist()
    }
    assert {name: (row["status"], row["error_code"]) for name, row in rows.items()} == {
        "omp_blank.pdf": ("empty", None),
        "omp_crom.png": ("recognized", None),
        "omp_hugemono.pdf": ("failed", "Document.Bomb"),
        "omp_invalid.pdf": ("failed", "Document.Unreadable"),
        "pypdf_encrypted-file.pdf": ("failed", "Document.Encrypted"),
        "skimage_moon_blank.png": ("empty", None),
        "zh_maint_p9.png": ("recognized", None),
    }
    assert "password" in rows["pypdf_encrypted-file.pdf"]["error_message"]
    assert rows["omp_crom.png"]["text"] == "Covfefe is a perfectly cromulent word."
    truth = text_layer(samples / "deb_maint-guide.zh-cn.pdf", 9)
    assert similarity(rows["zh_maint_p9.png"]["text"], truth) > 0.98
    assert abs(rows["zh_maint_p9.png"]["angle"]) < 0.5


def covered(boxes, polygons, *, size):
    """The share of the boxes' area that the polygons cover."""
    masks = []
    for shapes in (boxes, polygons):
        masks.append(Image.new("L", size))
        for shape in shapes:
            ImageDraw.Draw(masks[-1]).polygon(shape, fill=255)
    return ImageChops.darker(*masks).histogram()[-1] / masks[0].histogram()[-1]


def turned(image, degrees):
    """An image turned clockwise on a larger white canvas, and where a point of it then lies."""
    out = image.rotate(-degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))

    def place(x, y):
        x, y = x - image.width / 2, y - image.height / 2
        return out.width / 2 + cosine * x - sine * y, out.height / 2 + sine * x + cosine * y

    return out, place


@pytest.mark.real
def test_polygons_cover_the_words_of_a_pdf_and_of_its_page_turned_and_skewed(samples, monkeypatch):
    import pypdfium2

    path = samples / "deb_maint-guide.zh-cn.pdf"
    with pypdfium2.PdfDocument(path) as pdf:
        text, height = pdf[8].get_textpage(), pdf[8].get_height()
        words = [text.get_rect(number) for number in range(text.count_rects())]
        page = pdf[8].render(scale=200 / 72).to_pil().convert("L")
        truth = text.get_text_bounded()
    with Emulator(engine="rapidocr") as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", emulator.connection)
        hook = TencentCloudOcrHook()
        for degrees in (None, 270, 8):  # None: the PDF itself
            image, place = turned(page, degrees or 0)
            target = io.BytesIO()
            image.save(target, "PNG")
            sent = str(path) if degrees is None else target.getvalue()
            (read,) = hook.recognize(sent, pages=1 if degrees else 9)
            assert similarity(read.text, truth) > 0.98
            boxes = [
                [
                    place(x * 200 / 72, (height - y) * 200 / 72)
                    for x, y in ((left, top), (right, top), (right, bottom), (left, bottom))
                ]
                for left, bottom, right, top in words
            ]
            polygons = [[(point["x"], point["y"]) for point in one["polygon"]] for one in read.detections]
            assert covered(boxes, polygons, size=image.size) > 0.8
        hook.close()
