"""A batch that is told to stop makes no further call, takes in what is in flight, lands it, and is over soon."""

import asyncio
import concurrent.futures
import threading
import time

import pytest

from airflow_provider_tcocr.batch.budget import ByteBudget
from airflow_provider_tcocr.batch.planning import Examiner
from airflow_provider_tcocr.client.pace import Pace
from airflow_provider_tcocr.documents.opened import OpenedDocument
from airflow_provider_tcocr.exceptions import StoppedError
from tests.until import until

SOON = 3.5
"""Airflow 3.3 kills after five seconds; three of them are for what is in flight."""


def stopped(running):
    """Stop from another thread; gives the seconds until the end."""
    started = time.monotonic()
    threading.Thread(target=running.stop).start()
    with pytest.raises(StoppedError, match="stopped"):
        running._future.result(20)
    return time.monotonic() - started


def billed_and_landed(emulator, out):
    """Every answer that was given is in the journal."""
    return {call.request_id for call in emulator.ledger.calls if call.billed} == {row["request_id"] for row in out.raw}


def test_at_once_it_makes_no_call(begin, images, out, tcocr_emulator):
    images(50)
    running = begin()
    assert stopped(running) < SOON
    assert billed_and_landed(tcocr_emulator, out)
    assert out.manifest is None


def test_while_documents_are_examined(begin, images, tcocr_emulator, monkeypatch, out):
    images(100)
    examining = threading.Event()
    real = Examiner.by_content

    def slow(self, document):
        examining.set()
        time.sleep(0.2)
        return real(self, document)

    monkeypatch.setattr(Examiner, "by_content", slow)
    running = begin()
    examining.wait(5)
    assert stopped(running) < SOON
    assert billed_and_landed(tcocr_emulator, out)


def test_while_a_document_is_opened_that_takes_long(begin, images, tcocr_emulator, monkeypatch, out, batch):
    """A slow web server may take minutes; what is in flight must not wait for it."""
    images(20)
    hanging, let_go = threading.Event(), threading.Event()
    real = Examiner.by_content

    def slow(self, document):
        if document.uri.endswith(("00010.png", "00012.png")):
            hanging.set()
            let_go.wait(30)
        return real(self, document)

    monkeypatch.setattr(Examiner, "by_content", slow)
    running = begin()
    try:
        hanging.wait(5)
        until(lambda: tcocr_emulator.ledger.made >= 10)
        assert stopped(running) < SOON
    finally:
        let_go.set()
    assert billed_and_landed(tcocr_emulator, out)
    monkeypatch.undo()


def test_while_a_page_is_prepared_that_takes_long(begin, pdf, tcocr_emulator, monkeypatch, out):
    path = pdf(20)
    hanging, let_go = threading.Event(), threading.Event()
    real = OpenedDocument.page

    def slow(self, number):
        if number == 10:
            hanging.set()
            let_go.wait(30)
        return real(self, number)

    monkeypatch.setattr(OpenedDocument, "page", slow)
    running = begin(documents=str(path))
    try:
        hanging.wait(5)
        assert stopped(running) < SOON
    finally:
        let_go.set()
    assert billed_and_landed(tcocr_emulator, out)


def test_while_calls_are_in_flight_their_answers_are_landed(begin, batch, images, out, tcocr_emulator):
    images(200)
    tcocr_emulator.inject(latency=0.3)
    running = begin(max_concurrency=16)
    until(lambda: tcocr_emulator.ledger.made >= 40)
    assert stopped(running) < SOON
    made = tcocr_emulator.ledger.made
    assert tcocr_emulator.ledger.billed == made == len(out.raw)
    assert billed_and_landed(tcocr_emulator, out)
    tcocr_emulator._scenario.clear()
    assert batch().counts["reused"] == made
    assert tcocr_emulator.ledger.made == 200


def test_calls_that_never_end_are_given_up_after_three_seconds(begin, images, out, tcocr_emulator):
    images(20)
    tcocr_emulator.inject(drop="hang", match=lambda request: request.sha256 and int(request.sha256, 16) % 4 == 0)
    running = begin(max_concurrency=4, timeout=60.0)
    until(lambda: tcocr_emulator.ledger.peak_in_flight == 4 and tcocr_emulator.ledger.made >= 6)
    time.sleep(0.6)
    taken = stopped(running)
    assert taken < 4.5
    answered = {call.request_id for call in tcocr_emulator.ledger.calls if not call.scenario}
    assert answered == {row["request_id"] for row in out.raw}


@pytest.mark.parametrize(
    "fault", [{"code": "InternalError"}, {"code": "RequestLimitExceeded"}, {"drop": "before"}], ids=str
)
def test_while_pages_wait_to_be_tried_again(begin, images, out, tcocr_emulator, fault, monkeypatch):
    from airflow_provider_tcocr.recognition import recognizer
    from airflow_provider_tcocr.recognition.retry import RetryPolicy

    monkeypatch.setattr(recognizer, "RetryPolicy", lambda: RetryPolicy(base=30.0, cap=30.0))
    images(20)
    tcocr_emulator.inject(**fault)
    running = begin(max_concurrency=8)
    until(lambda: tcocr_emulator.ledger.made >= 8)
    assert stopped(running) < SOON
    assert billed_and_landed(tcocr_emulator, out)


def test_while_calls_wait_for_the_pace(begin, images, out, tcocr_emulator):
    images(30)
    running = begin(max_qps=0.5)
    until(lambda: tcocr_emulator.ledger.made >= 1)
    assert stopped(running) < SOON
    assert tcocr_emulator.ledger.made <= 2
    assert billed_and_landed(tcocr_emulator, out)


def test_while_a_large_document_waits_for_memory(begin, images, out, tcocr_emulator, monkeypatch):
    monkeypatch.setattr(ByteBudget.__init__, "__defaults__", (10,))
    images(20)
    tcocr_emulator.inject(latency=0.3)
    running = begin(max_concurrency=4)
    until(lambda: tcocr_emulator.ledger.made >= 2)
    assert stopped(running) < SOON
    assert billed_and_landed(tcocr_emulator, out)


def test_after_the_end_is_no_error(begin, images, out, tcocr_emulator):
    images(3)
    running = begin()
    manifest = running.result()
    running.stop()
    assert manifest.status == "complete"
    assert out.manifest["status"] == "complete"


@pytest.mark.parametrize("seed", range(6))
def test_at_any_moment_all_that_was_answered_is_landed_and_a_retry_pays_for_the_rest(
    begin, batch, images, out, tcocr_emulator, seed
):
    images(60)
    tcocr_emulator.inject(latency=0.02)
    running = begin(max_concurrency=8)
    time.sleep(0.05 + 0.06 * seed)
    try:
        assert stopped(running) < SOON
    except BaseException:
        if running._future.exception() is not None:
            raise
    assert billed_and_landed(tcocr_emulator, out)
    assert batch().counts["recognized"] == 60
    assert tcocr_emulator.ledger.made == 60


class Interrupted(BaseException):
    """As Airflow's time-out and signals are."""


@pytest.mark.parametrize("error", [KeyboardInterrupt, Interrupted])
def test_what_interrupts_the_waiting_stops_the_batch_and_lands_first(
    begin, images, out, tcocr_emulator, monkeypatch, error
):
    images(100)
    tcocr_emulator.inject(latency=0.3)
    running = begin(max_concurrency=8)

    def interrupted(future):
        until(lambda: tcocr_emulator.ledger.made >= 20)
        raise error

    monkeypatch.setattr("airflow_provider_tcocr.batch.run.result_of", interrupted)
    started = time.monotonic()
    with pytest.raises(error):
        running.result()
    assert time.monotonic() - started < 5
    made = tcocr_emulator.ledger.made
    assert made < 100
    assert len(out.raw) == made
    with pytest.raises(StoppedError):
        running._future.result(5)


def test_a_cancelled_batch_lands_what_it_has(begin, images, out, tcocr_emulator):
    """As the triggerer cancels."""
    images(100)
    tcocr_emulator.inject(latency=0.2)
    running = begin(max_concurrency=8)
    until(lambda: tcocr_emulator.ledger.made >= 20)
    running._future.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        running._future.result()
    until(lambda: not tcocr_emulator.ledger._in_flight)
    until(lambda: len(out.raw) == tcocr_emulator.ledger.made, 5)
    assert tcocr_emulator.ledger.made < 100


def test_a_page_that_waits_for_its_slot_when_the_batch_stops_makes_no_call(
    begin, images, tcocr_emulator, monkeypatch, out
):
    """The pace lets a call go at the very moment of the stop."""
    images(10)
    held = []
    real = Pace.acquire

    async def acquire(self, **arguments):
        await real(self, **arguments)
        held.append(1)
        await asyncio.sleep(0.5)

    monkeypatch.setattr(Pace, "acquire", acquire)
    running = begin(max_concurrency=4)
    until(lambda: len(held) >= 4)
    assert stopped(running) < SOON
    assert tcocr_emulator.ledger.made == 0
    assert out.raw == []
