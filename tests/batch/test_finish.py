"""The end of a batch may die at any step: run again, it makes the same tables and no call."""

import os
from contextlib import contextmanager

import pytest

from airflow_provider_tcocr.arrow import PageRow
from airflow_provider_tcocr.batch import commit, finish
from airflow_provider_tcocr.batch.finish import Finish
from airflow_provider_tcocr.exceptions import TencentCloudOcrError
from airflow_provider_tcocr.landing import writers
from airflow_provider_tcocr.landing.folder import LocalFolder
from airflow_provider_tcocr.landing.index import RawIndex
from airflow_provider_tcocr.landing.journal import Journal
from airflow_provider_tcocr.landing.rows import OrderedRows
from airflow_provider_tcocr.landing.tables import Tally, derive

FAILED = {"status": "failed", "action": "GeneralAccurateOCR", "options": "{}"}


class Killed(BaseException):
    """As if the process were gone: nothing after it runs."""


@pytest.fixture
def die_at(monkeypatch):
    """Die at the n-th step of storage (a write begun, a write ended, a deletion begun or ended); None to count them."""
    write, delete = LocalFolder.write, LocalFolder.delete

    def arm(at):
        steps = iter(range(10**6))
        last = [0]

        def step():
            last[0] = next(steps)
            if last[0] == at:
                raise Killed

        @contextmanager
        def dying_write(self, name):
            step()
            with write(self, name) as file:
                yield file
            step()

        def dying_delete(self, name):
            step()
            delete(self, name)
            step()

        monkeypatch.setattr(LocalFolder, "write", dying_write)
        monkeypatch.setattr(LocalFolder, "delete", dying_delete)
        return last

    return arm


@pytest.fixture
def landed(begin, images, tcocr_emulator):
    """A batch whose pages are all in the journal, in several parts, with an older, larger dataset in its place."""

    def make(monkeypatch):
        monkeypatch.setattr("airflow_provider_tcocr.landing.tables.PAGES_A_PART", 2)
        monkeypatch.setattr(commit, "LINGER", 0.01)
        monkeypatch.setattr(writers, "SILENCE", 0.1)
        images(9)
        begin().result()
        with monkeypatch.context() as patch:
            patch.setattr(Finish, "run", lambda *_, **__: (_ for _ in ()).throw(Killed()))
            for number in range(3):
                images(1, start=100 + number)
                with pytest.raises(Killed):
                    begin().result()
        return tcocr_emulator.ledger.made

    return make


def test_killed_at_any_step_it_is_run_again_to_the_same_tables_without_a_call(
    begin, batch, images, out, tables, tcocr_emulator, landed, die_at, monkeypatch, tmp_path
):
    made = landed(monkeypatch)
    assert made == 12
    wanted = batch(output_path=str(tmp_path / "undisturbed"))
    undisturbed = tables(tmp_path / "undisturbed")
    calls = tcocr_emulator.ledger.made
    at = killed = 0
    while True:
        die_at(at)
        try:
            manifest = begin().result()
        except Killed:
            killed += 1
            manifest = out.manifest
            if manifest is not None:
                assert manifest["status"] == "complete"
                assert manifest["counts"]["pages"] == len(out.pages)
                assert len(out.pages) in (9, 12), "the older dataset or the new one, and whole"
        else:
            break
        monkeypatch.undo()
        monkeypatch.setattr("airflow_provider_tcocr.landing.tables.PAGES_A_PART", 2)
        at += 1
    monkeypatch.undo()
    assert killed >= 20, "so many steps there are"
    assert manifest.counts["recognized"] == wanted.counts["recognized"] == 12
    assert tcocr_emulator.ledger.made == calls
    without = ("request_id", "recognized_at", "latency_ms")
    assert [{k: v for k, v in row.items() if k not in without} for row in out.pages] == [
        {k: v for k, v in row.items() if k not in without} for row in undisturbed.pages
    ]
    assert out.detections == undisturbed.detections
    assert len(out.raw) == 12


def test_a_manifest_that_a_twin_wrote_meanwhile_goes_before_the_tables_change(begin, images, out, monkeypatch):
    """Else it would vouch for tables that are half this batch's."""
    images(5)
    begin().result()
    images(6)
    manifest = (out.path / "_manifest.json").read_bytes()
    real, write = Finish.run, LocalFolder.write

    def dying_write(self, name):
        if self.uri.endswith("pages"):
            raise Killed
        return write(self, name)

    def run(self, **arguments):
        (out.path / "_manifest.json").write_bytes(manifest)
        monkeypatch.setattr(LocalFolder, "write", dying_write)
        return real(self, **arguments)

    monkeypatch.setattr(Finish, "run", run)
    with pytest.raises(Killed):
        begin().result()
    assert out.manifest is None


def test_parts_that_a_twin_merges_while_the_tables_are_derived_are_looked_for_again(
    batch, images, out, monkeypatch, tcocr_emulator
):
    images(20)
    batch()
    (out.path / "_manifest.json").unlink()
    real, twins = OrderedRows._read_on, iter(["one"])

    def read_on(self):
        if next(twins, None):
            twin = Journal(LocalFolder(out.path / "raw"), run="x", action="GeneralAccurateOCR", options="{}")
            twin.append([], calls=0)
            twin.refresh()
            twin.merge()
        return real(self)

    monkeypatch.setattr(OrderedRows, "_read_on", read_on)
    assert batch().counts["recognized"] == 20
    assert len(out.pages) == 20
    assert tcocr_emulator.ledger.made == 20


@pytest.mark.parametrize("foreign", [0, 3])
def test_tables_of_another_batch_that_came_among_ours_are_derived_anew(
    foreign, batch, images, out, monkeypatch, tcocr_emulator
):
    images(20)
    batch()
    wanted = out.pages, out.detections
    images(1, start=50)
    derived = []

    def beside_another(output, rows, tally, *, origin):
        derive(output, rows, tally, origin=origin)
        derived.append(origin)
        if len(derived) == 1:  # and another ends between our parts
            others = [PageRow(document_id=f"x{n}", document_uri="x", page=1, **FAILED) for n in range(foreign)]
            derive(output, others, Tally(), origin="0" * 32)

    monkeypatch.setattr(finish, "derive", beside_another)
    assert batch().counts["pages"] == 21
    assert len(derived) == 2
    assert [len(out.pages), out.pages[:20], out.detections[: len(wanted[1])]] == [21, *wanted]
    assert tcocr_emulator.ledger.made == 21


def test_what_a_twin_landed_while_the_tables_were_derived_is_in_them(
    begin, batch, images, out, monkeypatch, tcocr_emulator
):
    """One that was frozen while it derived would put its older tables in the place of its successor's."""
    images(8)
    tcocr_emulator.inject(code="FailedOperation.ImageDecodeFailed", times=1)
    derived = []

    def frozen(output, rows, tally, *, origin):
        rows = list(rows)
        derived.append(origin)
        if len(derived) == 1:
            assert begin().result().counts["recognized"] == 8
        derive(output, rows, tally, origin=origin)

    monkeypatch.setattr(finish, "derive", frozen)
    assert batch().counts["recognized"] == 8
    assert "failed" not in {page["status"] for page in out.pages}
    assert len(derived) == 3


def test_tables_that_another_batch_puts_there_just_before_the_manifest_are_not_vouched_for(
    batch, images, out, monkeypatch
):
    """Looked at, found to be ours, and replaced before the manifest is written; the other dies before its own."""
    images(8)
    write, times = finish.write_manifest, []

    def written(output, manifest):
        times.append(manifest)
        if len(times) == 1:
            others = [PageRow(document_id="x", document_uri="x", page=1, **FAILED)]
            derive(LocalFolder(out.path), others, Tally(), origin="another")
        write(output, manifest)

    monkeypatch.setattr(finish, "write_manifest", written)
    assert batch().counts["pages"] == 8
    assert (len(times), len(out.pages), out.manifest["counts"]["pages"]) == (2, 8, 8)


def test_a_batch_whose_tables_never_stay_its_own_is_an_error_and_no_manifest(batch, images, out, monkeypatch):
    images(2)

    def beside_another(output, rows, tally, *, origin):
        derive(output, rows, tally, origin=origin)
        derive(output, [], Tally(), origin="0" * 32)

    monkeypatch.setattr(finish, "derive", beside_another)
    with pytest.raises(TencentCloudOcrError, match=r"another batch writes to .* at the same time"):
        batch()
    assert out.manifest is None


def test_counts_that_do_not_add_up_are_an_error_and_no_manifest(batch, images, out, monkeypatch):
    images(5)
    monkeypatch.setattr(Finish, "_derive", lambda self, origin: (origin, Tally(pages=4, recognized=4)))
    with pytest.raises(TencentCloudOcrError, match="do not add up: 5 pages planned"):
        batch()
    assert out.manifest is None


def test_a_page_without_a_row_is_an_error_that_names_it(batch, images, out, monkeypatch):
    images(5)
    real = Finish.run

    def forgetful(self, **arguments):
        monkeypatch.setattr(RawIndex, "pages_of", lambda *_: {})
        return real(self, **arguments)

    monkeypatch.setattr(Finish, "run", forgetful)
    with pytest.raises(TencentCloudOcrError, match=r"page 1 of .*00000\.png has no row"):
        batch()
    assert out.manifest is None


def test_a_batch_that_ends_leaves_nothing_that_killed_writers_had_left(batch, images, out):
    images(1)
    batch()
    left = [out.path / name / ".part-00000.parquet.123.0a1b2c3d" for name in ("raw", "pages", "detections")]
    for one in left:
        one.touch()
        os.utime(one, (1e9, 1e9))
    batch()
    assert not any(one.exists() for one in left)
