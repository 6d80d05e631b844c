"""Two batches at once on one output path: one dataset of all pages, whoever dies, and little paid for twice."""

import time

import pytest

from airflow_provider_tcocr.batch import feed, twins
from airflow_provider_tcocr.exceptions import StoppedError
from airflow_provider_tcocr.landing import writers
from airflow_provider_tcocr.landing.folder import LocalFolder
from airflow_provider_tcocr.landing.journal import Journal
from tests.until import until


@pytest.fixture(autouse=True)
def quick_eyes(monkeypatch):
    """As in production, three times as fast."""
    monkeypatch.setattr(twins, "_AT_ONCE", 0.2)
    monkeypatch.setattr(twins, "NEAR", 0.3)
    monkeypatch.setattr(writers, "SILENCE", 1.7)
    monkeypatch.setattr(twins, "_SIGN_OF_LIFE", 0.7)


def test_two_at_the_same_moment_make_one_dataset_and_pay_little_twice(begin, images, out, tcocr_emulator):
    images(150)
    tcocr_emulator.inject(latency=0.2)
    running = [begin(max_concurrency=4) for _ in range(2)]
    manifests = [one.result() for one in running]
    assert [manifest.counts["recognized"] for manifest in manifests] == [150, 150]
    pages = out.pages
    assert len({page["document_id"] for page in pages}) == len(pages) == 150
    assert tcocr_emulator.ledger.billed <= 150 * 1.25
    assert out.manifest["status"] == "complete"
    assert len(out.detections) == out.manifest["counts"]["detections"]


def test_one_that_begins_in_the_middle_of_the_other_pays_for_little_twice(begin, images, out, tcocr_emulator):
    images(150)
    tcocr_emulator.inject(latency=0.15)
    first = begin(max_concurrency=4)
    time.sleep(0.5)
    second = begin(max_concurrency=4, run=("d", "t", "another", "-1"))
    assert [one.result().counts["recognized"] for one in (first, second)] == [150, 150]
    assert tcocr_emulator.ledger.billed <= 150 * 1.25
    assert len(out.pages) == 150


def test_one_that_is_stopped_leaves_the_rest_to_the_other(begin, images, out, tcocr_emulator):
    images(80)
    tcocr_emulator.inject(latency=0.15)
    first, second = begin(max_concurrency=4), begin(max_concurrency=4)
    time.sleep(0.7)
    first.stop()
    assert second.result().counts["recognized"] == 80
    with pytest.raises(Exception, match="stopped"):
        first.result()
    assert tcocr_emulator.ledger.billed <= 80 * 1.25
    assert len(out.pages) == 80


def test_twins_with_different_documents_keep_each_others_answers(begin, batch, images, tmp_path, tcocr_emulator):
    images(30)
    images(30, start=500, folder="in2")
    running = [begin(), begin(documents=str(tmp_path / "in2"))]
    assert [one.result().counts["recognized"] for one in running] == [30, 30]
    assert batch(documents=[str(tmp_path / "in"), str(tmp_path / "in2")]).counts["reused"] == 60
    assert tcocr_emulator.ledger.made == 60


def test_a_small_batch_does_not_wait_for_the_end_of_a_large_one_of_other_documents(
    begin, images, tmp_path, tcocr_emulator, monkeypatch
):
    """What falls to a twin by its identity may be none of the twin's documents."""
    monkeypatch.setattr(feed, "FOREIGN", 1.0)
    images(300)
    images(20, start=500, folder="in2")
    tcocr_emulator.inject(latency=0.2)
    large = begin(max_concurrency=2)
    until(lambda: tcocr_emulator.ledger.made > 2)
    assert begin(documents=str(tmp_path / "in2")).result().counts["recognized"] == 20
    assert tcocr_emulator.ledger.made < 300
    large.stop()
    with pytest.raises(StoppedError):
        large.result()


def test_the_cap_on_calls_holds_for_twins_together(begin, images, tcocr_emulator, monkeypatch):
    monkeypatch.setattr(twins, "NEAR", 0.1)
    images(300)
    tcocr_emulator.inject(latency=0.1)
    running = [begin(max_concurrency=2, max_calls=60) for _ in range(2)]
    for one in running:
        one.result()
    # each sees the other's calls as of its last landing, about a second ago
    assert tcocr_emulator.ledger.made <= 60 + 2 * 2 / 0.1 * 1.5


def test_calls_that_bring_nothing_to_land_are_told_too(begin, images, out, tcocr_emulator, monkeypatch):
    """Whoever is killed while the service hangs has used up what the next attempt may not call again."""
    monkeypatch.setattr(twins, "AT_FIRST", 0.1)
    images(4)
    tcocr_emulator.inject(drop="hang")
    begin(timeout=60.0)
    after = Journal(LocalFolder(out.path / "raw"), run="x", action="GeneralAccurateOCR", options="{}")
    until(lambda: after.refresh() == 0 and after.calls.of_others == 4)


def test_a_look_at_the_twin_that_fails_once_is_not_the_last(begin, images, tcocr_emulator, monkeypatch):
    """A store that does not answer for a moment must not blind a writer for the rest of its batch."""
    monkeypatch.setattr(twins, "AT_FIRST", 0.05)
    images(30)
    tcocr_emulator.inject(latency=0.1)
    looks = []
    real = twins.Twins._look

    async def look(self):
        looks.append(True)
        if len(looks) == 1:
            raise OSError("the store does not answer")
        await real(self)

    monkeypatch.setattr(twins.Twins, "_look", look)
    assert begin(max_concurrency=2).result().counts["recognized"] == 30
    assert len(looks) > 1


def test_a_call_that_was_lost_is_not_repeated_once_a_twin_has_landed_its_page(
    begin, images, out, tcocr_emulator, monkeypatch
):
    """One that was frozen, or whose answers are lost, finds its pages paid for when it goes on."""
    monkeypatch.setattr(twins, "_SIGN_OF_LIFE", 60.0)
    images(8)
    tcocr_emulator.inject(drop="hang", times=8)
    frozen = begin(timeout=6.0)
    until(lambda: tcocr_emulator.ledger.made == 8)
    assert begin().result().counts["recognized"] == 8
    assert frozen.result().counts == {**out.manifest["counts"], "reused": 8}
    assert tcocr_emulator.ledger.made == 16
