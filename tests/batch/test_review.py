"""Ways to lose a page or a payment that were once open, each kept shut by its own fact."""

import json
import threading
import time

import pytest

from airflow_provider_tcocr.batch.suspicion import Suspicion
from airflow_provider_tcocr.exceptions import ConfigurationError, DocumentError, RequestError
from airflow_provider_tcocr.landing.folder import LocalFolder
from airflow_provider_tcocr.landing.journal import Journal
from airflow_provider_tcocr.recognition.outcome import Outcome


def statuses(out):
    return {(page["page"], page["status"], page["error_code"]) for page in out.pages}


def test_a_partly_paid_document_that_cannot_be_opened_now_keeps_all_its_pages(
    batch, pdf, out, tcocr_emulator, monkeypatch
):
    path = pdf(4)
    tcocr_emulator.inject(code="FailedOperation.ImageBlur", times=1)
    batch(documents=str(path))
    failed = {page["page"] for page in out.pages if page["status"] == "failed"}
    assert len(failed) == 1

    def refused(*_, **__):
        raise DocumentError("Document.Unreadable", "HTTP 503")

    monkeypatch.setattr("airflow_provider_tcocr.documents.opened.open_document", refused)
    manifest = batch(documents=str(path), fail_on="never")
    assert manifest.counts["pages"] == 4
    assert (manifest.counts["recognized"], manifest.counts["failed"]) == (3, 1)
    assert {page["page"] for page in out.pages if page["error_code"] == "Document.Unreadable"} == failed


@pytest.mark.parametrize("padding", [0, 5000])
def test_an_answer_with_a_control_character_is_paid_once_and_read(batch, images, out, tcocr_emulator, padding):
    images(1)
    detection = {"DetectedText": "A", "Confidence": 9, "Polygon": None, "AdvancedInfo": "", "ItemPolygon": None}
    body = json.dumps({"Response": {"TextDetections": [detection], "RequestId": "r", "Pad": "x" * padding}})
    tcocr_emulator.inject(body=body.replace('"A"', '"A\x01"').encode(), billed=True)
    batch()
    assert tcocr_emulator.ledger.made == 1
    assert out.pages[0]["status"] == "recognized"
    assert out.pages[0]["text"].startswith("A")


def test_a_blank_page_is_empty_however_long_its_answer(batch, images, out, tcocr_emulator):
    images(1)
    body = json.dumps({"Response": {"TextDetections": [], "RequestId": "r", "Pad": "x" * 5000}}, indent=1)
    tcocr_emulator.inject(body=body.encode())
    batch()
    assert out.pages[0]["status"] == "empty"


def test_a_storage_that_is_away_for_seconds_loses_nothing_that_was_paid(
    batch, images, out, tcocr_emulator, monkeypatch
):
    images(20)
    real, began = LocalFolder.write, []

    def away(self, name):
        if self.uri.endswith("raw") and tcocr_emulator.ledger.made:
            began.append(time.monotonic())
            if began[-1] - began[0] < 5:
                raise OSError("the storage is away")
        return real(self, name)

    monkeypatch.setattr(LocalFolder, "write", away)
    assert batch().counts["recognized"] == 20
    assert tcocr_emulator.ledger.made == 20


def test_a_url_without_suffix_that_turns_out_a_long_pdf_is_told_and_not_cut(batch, pdf, out, tcocr_emulator, tmp_path):
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    path = pdf(3).rename(tmp_path / "download")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(path.parent))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tcocr_emulator.inject(code="FailedOperation.DownLoadError")
        url = f"http://127.0.0.1:{server.server_address[1]}/download"
        batch(documents=[url], fail_on="never")
        server.shutdown()
    assert statuses(out) == {(1, "failed", "Document.ManyPages")}


def test_a_part_landed_while_the_folder_is_listed_is_not_forgotten(tmp_path, monkeypatch):
    folder = LocalFolder(tmp_path)
    journal = Journal(folder, run="r", action="A", options="{}")
    real, landed = LocalFolder.names, []

    def names(self):
        before = real(self)
        if not landed:
            landed.append(True)
            journal.append([], calls=1)
        return before

    monkeypatch.setattr(LocalFolder, "names", names)
    journal.refresh()
    assert journal.parts == 1


def test_a_batch_that_is_halted_ends_at_once_however_slow_the_pace(batch, images, tcocr_emulator):
    images(40)
    tcocr_emulator.inject(code="AuthFailure.SecretIdNotFound")
    began = time.monotonic()
    assert batch(max_qps=2, max_concurrency=16).status == "stopped"
    assert time.monotonic() - began < 5
    assert tcocr_emulator.ledger.made <= 2


def test_an_image_larger_than_a_megabyte_is_sent_without_a_warning(batch, tcocr_emulator, tmp_path):
    import os

    from PIL import Image

    (tmp_path / "in").mkdir()
    Image.frombytes("RGB", (1000, 700), os.urandom(2_100_000)).save(tmp_path / "in/noise.png")
    assert batch().counts["recognized"] == 1
    assert tcocr_emulator.ledger.calls[0].size > 2**20


def test_a_locally_broken_document_clears_no_suspicion():
    suspicion = Suspicion("A")
    assert suspicion.of(Outcome.of_error(DocumentError("Document.Unreadable", "m"))) is None
    suspect = Outcome(status="failed", answer=b"{}", error_code="FailedOperation.LanguageNotSupport")
    told = [suspicion.of(suspect) for _ in range(3)]
    assert told[:2] == [None, None]
    assert isinstance(told[2], RequestError)


@pytest.mark.parametrize("uri", ["foo://bucket/x.png", "s3://KEY:PLANTED@bucket/x.png"])
def test_a_store_that_is_not_known_is_refused_before_any_call(batch, images, tcocr_emulator, uri):
    paths = sorted(str(path) for path in images(70).iterdir())
    with pytest.raises(ConfigurationError) as caught:
        batch(documents=[*paths, uri])
    assert "PLANTED" not in str(caught.value)
    assert tcocr_emulator.ledger.made == 0


def test_a_pdf_that_claims_a_million_pages_is_one_failed_row(batch, out, tcocr_emulator, tmp_path):
    kids = b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 1000000/Kids[3 0 R]>>endobj "
    page = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj trailer<</Root 1 0 R>>"
    (tmp_path / "bomb.pdf").write_bytes(b"%PDF-1.4\n" + kids + page)
    batch(documents=str(tmp_path / "bomb.pdf"), fail_on="never")
    assert statuses(out) == {(1, "failed", "Document.Bomb")}
    assert tcocr_emulator.ledger.made == 0
