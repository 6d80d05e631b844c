"""A dry run: what it tells is what the batch then does, and it makes no call and writes nothing."""

import functools
import json
import threading

import pytest

from airflow_provider_tcocr.batch.batch import Batch
from airflow_provider_tcocr.batch.planning import Examiner
from airflow_provider_tcocr.batch.preflight import preflight
from airflow_provider_tcocr.exceptions import ConfigurationError, StoppedError


@pytest.fixture
def forecast(begin):
    return lambda price=None, **arguments: begin(functools.partial(preflight, price=price), **arguments).result()


def test_a_dry_run_makes_no_call_and_writes_nothing(tcocr_emulator, images, forecast, tmp_path):
    images(5)
    told = forecast()
    assert told["calls"] == {"made": 0, "expected": 5}
    assert tcocr_emulator.ledger.made == 0
    assert not (tmp_path / "out").exists()


def test_what_it_tells_is_what_the_batch_then_does(tcocr_emulator, images, pdf, forecast, batch, tmp_path):
    folder = images(5)
    pdf(3, name="in/three.pdf")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    (folder / "empty.png").touch()
    (folder / "cut.png").write_bytes((folder / "00000.png").read_bytes()[:-20])
    told = forecast(price=0.0015)
    assert told["counts"] == {"documents": 9, "pages": 11, "reused": 0, "failed": 3}
    assert told["cost"] == pytest.approx(8 * 0.0015)
    manifest = batch()
    assert told["calls"]["expected"] == manifest.calls["made"] == tcocr_emulator.ledger.made == 8
    assert {name: told["counts"][name] for name in ("documents", "pages", "failed")} == {
        name: manifest.counts[name] for name in ("documents", "pages", "failed")
    }
    failures = {(one["document_id"], one["error_code"]) for one in told["failures"]}
    assert failures == {(one.document_id, one.error_code) for one in manifest.failures}


def test_what_is_paid_for_is_no_call(tcocr_emulator, images, forecast, batch):
    images(5)
    batch()
    images(2, start=5)
    told = forecast()
    assert (told["counts"]["reused"], told["calls"]["expected"]) == (5, 2)


def test_urls_are_not_contacted_and_each_is_a_call(tcocr_emulator, forecast):
    told = forecast(documents=["http://nowhere.invalid/a.png", "http://nowhere.invalid/b.png"])
    assert told["calls"]["expected"] == 2
    assert told["counts"]["failed"] == 0


def test_a_cap_that_would_stop_the_batch_is_told(tcocr_emulator, images, forecast):
    images(5)
    assert forecast(max_calls=3)["reason"] == "max_calls would stop the batch after 3 calls"
    assert forecast(max_calls=5)["reason"] is None


def test_it_is_plain_json_and_small_however_much_fails(tcocr_emulator, tmp_path, forecast):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number}.png").touch()
    told = forecast()
    assert told["counts"]["failed"] == 200
    assert len(told["failures"]) == 20
    assert len(json.dumps(told)) < 16_000


def test_it_can_be_stopped(tcocr_emulator, images, begin):
    images(3)

    async def told_to_stop(batch):
        batch.stop.kill()
        return await preflight(batch)

    with pytest.raises(StoppedError):
        begin(told_to_stop).result()


def test_it_waits_for_no_slow_document_once_it_is_stopped(images, begin, monkeypatch):
    """Else a worker that is wanted back is killed while it waits, and says nothing."""
    images(1)
    looking, over = threading.Event(), threading.Event()

    def slow(self, document):
        looking.set()
        over.wait(20)

    monkeypatch.setattr(Examiner, "by_content", slow)
    running = begin(preflight)
    assert looking.wait(5)
    running.stop()
    try:
        with pytest.raises(StoppedError):
            running._future.result(5)
    finally:
        over.set()


def test_a_document_that_nothing_can_be_done_for_is_the_error_of_a_batch(images, begin, monkeypatch):
    images(3)

    def refused(self, document):
        raise ConfigurationError("no such store")

    monkeypatch.setattr(Examiner, "by_content", refused)
    for leg in (preflight, Batch.run):
        with pytest.raises(ConfigurationError, match="no such store"):
            begin(leg).result()
