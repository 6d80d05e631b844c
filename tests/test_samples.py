"""Real documents from end to end: every page of them is a row, and the text is what stands on the page."""

import asyncio
import os
import threading
from difflib import SequenceMatcher

import psutil
import pytest

from airflow_provider_tcocr.batch.loop import Batch
from airflow_provider_tcocr.batch.request import BatchRequest
from airflow_provider_tcocr.batch.run import RunningBatch
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.documents.pdfs import Pdf
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
        original = getattr(Pdf, name)

        def watched(self, number, *args, original=original, **kwargs):
            drawn_on.append(threading.get_ident())
            loops.append(asyncio._get_running_loop())
            memory.append(process.memory_info().rss >> 20)
            return original(self, number, *args, **kwargs)

        monkeypatch.setattr(Pdf, name, watched)
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
