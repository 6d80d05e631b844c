"""Where landing fails or is slow: no more is paid for than was under way, and the reason is told."""

import errno
import threading
import time

import pytest

from airflow_provider_tcocr.batch import commit
from airflow_provider_tcocr.batch.planning import Examiner
from airflow_provider_tcocr.documents.opened import OpenedDocument
from airflow_provider_tcocr.exceptions import TencentCloudOcrError, UnreadablePartError
from airflow_provider_tcocr.landing.folder import LocalFolder
from tests.until import until


@pytest.fixture
def full_disk(monkeypatch):
    """From now on writing fails; for a while, or for good."""
    real = LocalFolder.write

    def fill_up(*, after=0, times=10**6):
        count = iter(range(10**6))

        def write(self, name):
            if after <= next(count) < after + times and name.startswith("part-"):
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(self, name)

        monkeypatch.setattr(LocalFolder, "write", write)

    return fill_up


def test_a_disk_that_is_full_from_the_start_costs_nothing(batch, images, tcocr_emulator, full_disk):
    images(100)
    full_disk()
    with pytest.raises(OSError, match="No space left"):
        batch()
    assert tcocr_emulator.ledger.made == 0


def test_a_disk_that_runs_full_stops_the_calls_at_the_first_failed_landing(
    begin, images, out, tcocr_emulator, full_disk, monkeypatch
):
    monkeypatch.setattr(commit, "PATIENCE", 1.5)
    images(400)
    tcocr_emulator.inject(latency=0.05)
    full_disk(after=2)
    running = begin(max_concurrency=8)
    with pytest.raises(
        TencentCloudOcrError, match=r"^\d+ pages cannot be landed under .*/raw: No space left"
    ) as raised:
        running.result()
    assert "clear the task" in str(raised.value)
    made = tcocr_emulator.ledger.made
    # What one landing's wait and one flush let through, and what was in flight; not the seconds of trying again.
    assert made < 8 / 0.05 * 1.0 + 8 + len(out.raw)
    assert out.manifest is None
    time.sleep(0.3)
    assert tcocr_emulator.ledger.made == made


def test_while_landing_fails_no_page_that_waits_for_the_pace_is_called_and_all_that_are_lost_are_counted(
    begin, images, out, tcocr_emulator, full_disk, monkeypatch
):
    monkeypatch.setattr(commit, "PATIENCE", 2.5)
    images(200)
    full_disk(after=2)
    write, made = LocalFolder.write, []

    def observed(self, name):
        try:
            return write(self, name)
        except OSError:
            made.append(tcocr_emulator.ledger.made)
            raise

    monkeypatch.setattr(LocalFolder, "write", observed)
    with pytest.raises(TencentCloudOcrError, match=r"pages cannot be landed") as raised:
        begin(max_concurrency=32, max_qps=20).result()
    lost = int(str(raised.value).split()[0])
    assert tcocr_emulator.ledger.made == len(out.raw) + lost
    assert made[0] <= tcocr_emulator.ledger.made <= made[0] + 2  # those in flight


def test_a_disk_that_is_full_for_a_moment_costs_a_moment(batch, images, out, tcocr_emulator, full_disk, quick_landing):
    images(60)
    tcocr_emulator.inject(latency=0.02)
    full_disk(after=2, times=3)
    assert batch(max_concurrency=8).counts["recognized"] == 60
    assert len(out.raw) == tcocr_emulator.ledger.made == 60


def test_a_part_that_cannot_be_read_stops_the_batch_before_any_call(batch, images, out, tcocr_emulator):
    images(5)
    batch()
    (part,) = (out.path / "raw").glob("part-*")
    part.write_bytes(part.read_bytes()[:100])
    images(10)
    with pytest.raises(UnreadablePartError, match=part.name):
        batch()
    assert tcocr_emulator.ledger.made == 5
    assert out.manifest is not None, "nothing was done, so nothing is taken back"


def test_slow_documents_never_hold_up_the_landing_of_answers(begin, images, out, tcocr_emulator, monkeypatch):
    """Each blocks a thread; what is paid for is durable within about a second all the same."""
    images(40)
    let_go = threading.Event()
    by_content, page = Examiner.by_content, OpenedDocument.page

    def slow_open(self, document):
        if document.uri > "/" and int(document.uri[-9:-4]) >= 12:
            let_go.wait(20)
        return by_content(self, document)

    def slow_page(self, number):
        if int(self._name[-9:-4]) >= 6:
            let_go.wait(20)
        return page(self, number)

    monkeypatch.setattr(Examiner, "by_content", slow_open)
    monkeypatch.setattr(OpenedDocument, "page", slow_page)
    running = begin()
    try:
        until(lambda: tcocr_emulator.ledger.made >= 6)
        until(lambda: len(out.raw) == 6, 15)  # of the 20 that a document blocks
    finally:
        let_go.set()
    assert running.result().counts["recognized"] == 40


def test_documents_are_never_closed_on_the_event_loop(batch, pdf, images, monkeypatch):
    """Closing one waits for a page of it that is being converted; a PDF, for PDFium, which may draw another one's."""
    seen = set()
    real = OpenedDocument.close

    def close(self):
        seen.add(threading.current_thread().name)
        real(self)

    monkeypatch.setattr(OpenedDocument, "close", close)
    images(3)
    for number in range(3):
        pdf(2, name=f"in/{number}.pdf")
    assert batch().counts["recognized"] == 9
    assert seen
    assert "tcocr-loop" not in seen


@pytest.mark.parametrize("error", [RuntimeError("boom"), ValueError("planted"), AssertionError()])
def test_a_page_that_cannot_be_prepared_for_a_reason_of_ours_is_a_failed_row(
    batch, images, out, tcocr_emulator, monkeypatch, error
):
    images(10)
    real = OpenedDocument.page

    def page(self, number):
        if self._name.endswith("00004.png"):
            raise error
        return real(self, number)

    monkeypatch.setattr(OpenedDocument, "page", page)
    manifest = batch()
    assert (manifest.counts["failed"], manifest.counts["recognized"]) == (1, 9)
    assert out.pages[4]["error_code"] == "Document.Unreadable"
    assert "planted" not in out.pages[4]["error_message"]
    monkeypatch.undo()


@pytest.mark.parametrize("error", [RuntimeError("boom"), ValueError("planted"), AssertionError()])
def test_a_document_that_cannot_be_opened_for_a_reason_of_ours_is_a_failed_row(batch, images, out, monkeypatch, error):
    """Else one odd document would take every attempt down, whatever the others are worth."""
    images(10)
    real = OpenedDocument.__init__

    def init(self, content, **named):
        if named["name"].endswith("00004.png"):
            raise error
        real(self, content, **named)

    monkeypatch.setattr(OpenedDocument, "__init__", init)
    manifest = batch()
    assert (manifest.counts["failed"], manifest.counts["recognized"]) == (1, 9)
    assert out.pages[4]["error_code"] == "Document.Unreadable"
    assert "planted" not in out.pages[4]["error_message"]


def test_a_misspelt_bucket_is_told_before_any_call(batch, images, tcocr_emulator, s3, bucket):
    images(5)
    with pytest.raises(FileNotFoundError):
        batch(output_path=f"{s3}-misspelt/out")
    assert tcocr_emulator.ledger.made == 0
    assert [one["Name"] for one in bucket.list_buckets()["Buckets"]] == ["lake"]


def test_a_whole_batch_lands_on_s3_and_is_resumed_from_there(batch, begin, images, tcocr_emulator, s3, bucket):
    from airflow_provider_tcocr.dataset import OcrDataset

    images(40)
    tcocr_emulator.inject(latency=0.05, times=40)
    running = begin(output_path=f"{s3}/out", max_concurrency=4)
    until(lambda: tcocr_emulator.ledger.made >= 15)
    running.stop()
    with pytest.raises(Exception, match="stopped"):
        running.result()
    made = tcocr_emulator.ledger.made
    assert made < 40
    manifest = batch(output_path=f"{s3}/out")
    assert (tcocr_emulator.ledger.made, manifest.counts["reused"]) == (40, made)
    dataset = OcrDataset.open(manifest.to_json())
    assert dataset.pages().num_rows == 40
    assert dataset.detections().num_rows == manifest.counts["detections"]
    keys = [one["Key"] for one in bucket.list_objects_v2(Bucket="lake")["Contents"]]
    assert sorted(key.partition("part-")[0] for key in keys) == [
        "out/_manifest.json",
        "out/detections/",
        "out/pages/",
        "out/raw/",
    ]
    assert batch(output_path=f"{s3}/out").calls["made"] == 0


def test_documents_replaced_on_s3_while_the_process_lives_are_paid_for(
    batch, images, tcocr_emulator, s3, bucket, tmp_path
):
    bucket.upload_file(str(images(2) / "00000.png"), "lake", "in/00000.png")
    batch(documents=f"{s3}/in")
    bucket.upload_file(str(tmp_path / "in/00001.png"), "lake", "in/00000.png")
    assert batch(documents=f"{s3}/in").failures == ()
    assert tcocr_emulator.ledger.made == 2


def test_documents_on_s3_are_read_and_known_by_their_etag(batch, images, tcocr_emulator, s3, bucket, tmp_path):
    for path in sorted(images(6).iterdir()):
        bucket.upload_file(str(path), "lake", f"in/{path.name}")
    assert batch(documents=f"{s3}/in").counts["recognized"] == 6
    bucket.upload_file(str(tmp_path / "in/00000.png"), "lake", "in/00000.png")
    assert batch(documents=f"{s3}/in").counts["reused"] == 6
    assert tcocr_emulator.ledger.made == 6


def test_answers_are_landed_while_parts_are_merged_in_the_middle_of_a_batch(
    begin, images, out, tcocr_emulator, monkeypatch
):
    """On an object store a merge of many parts takes longer than a second."""
    monkeypatch.setattr(commit, "_MANY_PARTS", 6)
    monkeypatch.setattr(commit, "LINGER", 0.02)
    real = LocalFolder.delete

    def delete(self, name):
        time.sleep(0.3)
        real(self, name)

    monkeypatch.setattr(LocalFolder, "delete", delete)
    images(150)
    tcocr_emulator.inject(latency=0.05)
    running = begin(max_concurrency=4)
    until(lambda: tcocr_emulator.ledger.made >= 60)
    behind = []
    while tcocr_emulator.ledger.made < 140:
        behind.append(tcocr_emulator.ledger.made - len({row["record"] for row in rows_that_can_be_read(out)}))
        time.sleep(0.05)
    monkeypatch.setattr(LocalFolder, "delete", real)
    assert running.result().counts["recognized"] == 150
    assert max(behind) < 4 / 0.05


def rows_that_can_be_read(out):
    while True:
        try:
            return out.raw
        except FileNotFoundError:
            continue
