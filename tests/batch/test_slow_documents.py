"""Documents that are slow to read keep no other from its calls, and a batch that stops does not wait for them."""

import http.server
import threading
import time

import pytest

from airflow_provider_tcocr.batch.legs import begin as begin_leg
from airflow_provider_tcocr.client.loop import private_loop
from airflow_provider_tcocr.documents import images as image_files
from airflow_provider_tcocr.exceptions import StoppedError
from tests.serving import serving
from tests.until import until


@pytest.fixture
def dripping():
    """A server whose PDFs never end, until the test does; gives its URL."""
    over = threading.Event()

    class Drip(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            while not over.wait(0.2):
                try:
                    self.wfile.write(b"x")
                except OSError:
                    return

        def log_message(self, *arguments):
            pass

    with serving(Drip) as url:
        yield url
        over.set()


def test_the_first_document_that_never_ends_keeps_no_other_from_its_call(begin, images, out, tcocr_emulator, dripping):
    others = [str(path) for path in sorted(images(20).iterdir())]
    running = begin(documents=[f"{dripping}/slow.pdf", *others])
    until(lambda: tcocr_emulator.ledger.made == 20, 20)
    running.stop()
    with pytest.raises(StoppedError):
        running.result()
    assert len(out.raw) == 20


def test_a_batch_that_is_halted_waits_for_no_document(begin, images, out, tcocr_emulator, dripping):
    others = [str(path) for path in sorted(images(3).iterdir())]
    tcocr_emulator.inject(code="ResourceUnavailable.InArrears")
    manifest = begin(documents=[*(f"{dripping}/{number}.pdf" for number in range(3)), *others]).result()
    assert (manifest.status, manifest.counts["pages"]) == ("stopped", 0)


def test_an_image_that_is_converted_holds_no_answer_up_when_the_batch_is_stopped(
    begin, images, out, tcocr_emulator, monkeypatch
):
    """The conversion holds the document; closing it waits, and landing must not wait with it."""
    images(9)
    converting, prepare = threading.Event(), image_files.prepare

    def slowly(stream, *arguments, name, **options):
        if name.endswith("00000.png"):
            converting.set()
            time.sleep(4)
        return prepare(stream, *arguments, name=name, **options)

    monkeypatch.setattr(image_files, "prepare", slowly)
    tcocr_emulator.inject(latency=0.5)
    running = begin()
    until(lambda: converting.is_set() and tcocr_emulator.ledger.made == 8, 20)
    running.stop()
    until(lambda: len(out.raw) == 8, 20)
    beat = threading.Event()
    private_loop().call_soon_threadsafe(beat.set)
    assert beat.wait(1)
    with pytest.raises(StoppedError):
        running.result()


@pytest.mark.parametrize("leg", [None, begin_leg])
def test_what_a_halted_batch_has_landed_is_in_its_tables(begin, pdf, out, tcocr_emulator, leg):
    broken = pdf(1, name="broken.png")
    broken.write_bytes(b"no image")
    documents = [str(broken), str(pdf(10)), "https://scans.example/a.png"]
    running = begin(*([leg] if leg else []), documents=documents, max_calls=4, max_concurrency=1)
    counts = running.result().counts
    assert len(out.raw) == counts["pages"] == len(out.pages) == 5
    assert (counts["recognized"], counts["failed"]) == (4, 1)


def test_pages_that_are_paid_for_stay_in_the_tables_when_a_batch_for_more_is_halted(batch, pdf, out, tcocr_emulator):
    documents = [str(pdf(3, name=f"{number}.pdf")) for number in range(8)]
    assert batch(documents=documents, pages=[1]).counts["pages"] == 8
    tcocr_emulator.inject(code="ResourceUnavailable.InArrears")
    manifest = batch(documents=documents, max_concurrency=1)
    assert (manifest.status, manifest.counts["pages"], len(out.pages)) == ("stopped", 8, 8)
