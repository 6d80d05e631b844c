"""A later run derives the tables only where they, or what they are derived from, are not as they were."""

import json
import os
import shutil
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_provider_tcocr.batch import legs
from airflow_provider_tcocr.batch.handover import Handover
from airflow_provider_tcocr.batch.preflight import preflight
from airflow_provider_tcocr.exceptions import ConfigurationError
from airflow_provider_tcocr.landing.folder import LocalFolder, ObjectFolder
from airflow_provider_tcocr.landing.journal import Journal


@pytest.fixture
def written(monkeypatch, out):
    """What is written and deleted under the output path from now on, as ``pages/part-00000.parquet``."""
    names = []
    write, delete = LocalFolder.write, LocalFolder.delete

    def name_in(folder, name):
        return os.path.relpath(folder._path / name, out.path)

    def noting_write(self, name):
        names.append(name_in(self, name))
        return write(self, name)

    def noting_delete(self, name):
        names.append(f"{name_in(self, name)} deleted")
        delete(self, name)

    monkeypatch.setattr(LocalFolder, "write", noting_write)
    monkeypatch.setattr(LocalFolder, "delete", noting_delete)
    return names


@pytest.fixture
def derives(batch, written, out, tcocr_emulator):
    """Run a batch again; tells whether it derived the tables, and checks that they are whole and pay for nothing."""

    def again(**arguments):
        made = tcocr_emulator.ledger.made
        written.clear()
        manifest = batch(**arguments)
        derived = [name for name in written if name.startswith(("pages/", "detections/"))]
        assert manifest.to_json() == out.manifest
        assert manifest.counts["pages"] == len(out.pages)
        assert manifest.counts["detections"] == len(out.detections)
        assert tcocr_emulator.ledger.made == made
        return bool(derived)

    return again


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr("airflow_provider_tcocr.landing.tables.PAGES_A_PART", 2)


def test_a_run_that_finds_all_done_writes_the_manifest_alone(batch, images, out, written, tcocr_emulator):
    images(5)
    first = batch()
    files = out.files
    written.clear()
    second = batch(run=("d", "t", "another run", "-1"))
    assert written == ["_manifest.json"], "not even removed: the tables were whole all the time"
    assert out.files == files
    assert (second.status, second.counts) == ("complete", {**first.counts, "reused": 5})
    assert (second.calls["made"], first.calls["made"]) == (0, 5)
    assert second.started_at >= first.finished_at
    assert second.fingerprint == first.fingerprint
    assert len(first.fingerprint) == 32
    assert out.manifest == second.to_json()


def test_a_run_that_finds_all_done_opens_each_part_of_the_tables_once(batch, images, monkeypatch):
    images(5)
    batch()
    opened, real = [], LocalFolder.open

    def noting(self, name):
        opened.append((self._path.name, name))
        return real(self, name)

    monkeypatch.setattr(LocalFolder, "open", noting)
    batch()
    parts = [f"part-{number:05d}.parquet" for number in range(3)]
    tables = [one for one in opened if one[0] in ("pages", "detections")]
    assert sorted(tables) == [(table, part) for table in ("detections", "pages") for part in parts]


def test_a_footer_that_was_damaged_unseen_is_derived_again(images, batch, derives, out):
    """As a disk does it: neither size nor time tell."""
    images(5)
    batch()
    files = out.files
    part = out.path / "pages" / "part-00001.parquet"
    times = part.stat().st_atime_ns, part.stat().st_mtime_ns
    part.write_bytes(part.read_bytes()[:-8] + bytes(8))
    os.utime(part, ns=times)
    assert derives()
    assert out.files == files


def test_a_folder_that_has_grown_or_shrunk_is_derived(images, batch, derives, out):
    folder = images(5)
    batch()
    images(1, start=9)
    batch()
    assert len(out.pages) == 6
    assert not derives()
    (folder / "00003.png").unlink()
    assert derives()
    assert not derives()


def test_another_order_is_derived(images, batch, derives, out):
    names = [str(path) for path in sorted(images(5).iterdir())]
    batch(documents=names)
    assert not derives(documents=names)
    assert derives(documents=names[::-1])
    assert [row["document_id"] for row in out.pages] == names[::-1]


def test_other_pages_of_a_document_are_derived(pdf, batch, derives):
    path = str(pdf(5))
    batch(documents=path)
    assert derives(documents=path, pages="2-3")
    assert not derives(documents=path, pages="2,3"), "the same pages in other words"


def test_a_document_that_moved_with_its_id_is_derived_with_its_new_place(images, batch, derives, out, tmp_path):
    images(1)
    batch(documents=[{"uri": str(tmp_path / "in/00000.png"), "document_id": "one"}])
    images(1, folder="elsewhere")
    assert derives(documents=[{"uri": str(tmp_path / "elsewhere/00000.png"), "document_id": "one"}])
    assert out.pages[0]["document_uri"] == str(tmp_path / "elsewhere/00000.png")


def test_pages_that_failed_and_were_asked_again_are_derived(images, batch, out, tcocr_emulator):
    images(5)
    tcocr_emulator.inject(code="FailedOperation.ImageDecodeFailed", times=1)
    first = batch(max_concurrency=1)
    tcocr_emulator.inject(code="FailedOperation.ImageDecodeFailed", times=1)
    second = batch()
    assert first.counts["failed"] == second.counts["failed"] == len(second.failures) == 1
    failed = [row["request_id"] for row in out.pages if row["status"] == "failed"]
    assert failed == [second.failures[0].request_id] != [first.failures[0].request_id]
    assert batch().counts["failed"] == 0
    assert {row["status"] for row in out.pages} == {"recognized"}


def test_failures_are_told_again_and_judged_anew(images, batch, derives, out, tmp_path):
    """An answer that this release cannot decode is paid for, so it is never asked again; in the tables it failed."""
    images(5)
    batch()
    (part,) = (out.path / "raw").iterdir()
    table = pq.read_table(part)
    answers = [b"{", *table.column("answer").to_pylist()[1:]]
    place = table.schema.get_field_index("answer")
    pq.write_table(table.set_column(place, "answer", pa.array(answers, pa.binary())).cast(table.schema), part)
    (out.path / "_manifest.json").unlink()
    assert derives()
    told = out.manifest
    assert (told["status"], told["counts"]["failed"]) == ("complete", 1)
    assert [failure["page"] for failure in told["failures"]] == [1]
    assert not derives()
    assert out.manifest["failures"] == told["failures"]
    assert not derives(fail_on="any")
    assert (out.manifest["status"], out.manifest["failures"]) == ("failed", told["failures"])


def test_a_batch_that_stops_again_without_a_call_tells_so_and_derives_nothing(images, batch, derives, out):
    images(5)
    assert batch(max_calls=3).status == "stopped"
    assert not derives(max_calls=3)
    assert out.manifest["status"] == "stopped"
    assert "max_calls" in out.manifest["reason"]
    assert out.manifest["counts"]["pages"] == 3
    assert batch().counts["pages"] == 5


def test_documents_that_a_stopped_batch_did_not_come_to_leave_its_tables_as_they_are(images, batch, derives, out):
    """How many of them it has looked at by then is chance."""
    assert batch(documents=images(5), max_calls=3).status == "stopped"
    assert not derives(documents=[page["document_uri"] for page in out.pages])


def garbled(path):
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(
        content[:middle] + bytes(byte ^ 255 for byte in content[middle : middle + 8]) + content[middle + 8 :]
    )


def filtered(path):
    pq.write_table(pq.read_table(path).slice(1), path)


SPOILS = {
    "deleted": lambda part: part.unlink(),
    "all deleted": lambda part: shutil.rmtree(part.parent),
    "cut short": lambda part: part.write_bytes(part.read_bytes()[:-100]),
    "empty": lambda part: part.write_bytes(b""),
    "garbled": garbled,
    "rewritten by another tool": filtered,
    "another's": lambda part: shutil.copy(part.with_name("part-00000.parquet"), part),
    "one more": lambda part: shutil.copy(part, part.with_name("part-00009.parquet")),
}


@pytest.mark.parametrize("table", ["pages", "detections"])
@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_parts_that_are_not_as_they_were_are_derived_again(images, batch, derives, out, table, spoil):
    images(5)
    batch()
    files = out.files
    spoil(out.path / table / "part-00001.parquet")
    assert out.files != files
    assert derives()
    assert out.files == files
    assert not derives()


MANIFESTS = {
    "none": lambda told: None,
    "of an older release": lambda told: {name: value for name, value in told.items() if name != "fingerprint"},
    "without one": lambda told: told | {"fingerprint": None},
    "another's": lambda told: told | {"fingerprint": "0" * 32},
    "no text": lambda told: told | {"fingerprint": {"a": [1]}},
    "other counts": lambda told: told | {"counts": told["counts"] | {"recognized": 4, "failed": 1}},
    "counts that are none": lambda told: told | {"counts": dict.fromkeys(told["counts"], "many")},
    "no counts": lambda told: told | {"counts": [5]},
    "planted failures": lambda told: told | {"failures": [{"planted": 1}]},
    "no failures": lambda told: told | {"failures": None},
    "not an object": lambda told: [told],
}


@pytest.mark.parametrize("edit", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_that_is_not_as_it_was_vouches_for_nothing(images, batch, derives, out, edit):
    images(5)
    wanted = batch()
    edited = edit(out.manifest)
    file = out.path / "_manifest.json"
    file.unlink() if edited is None else file.write_text(json.dumps(edited))
    assert derives()
    assert out.manifest["counts"] == {**wanted.counts, "reused": 5}
    assert out.manifest["failures"] == []
    assert out.manifest["fingerprint"] is not None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b'{"fingerprint": NaN}'])
def test_a_manifest_that_cannot_be_read_is_written_anew(images, batch, derives, out, content):
    images(5)
    batch()
    (out.path / "_manifest.json").write_bytes(content)
    assert derives()


@pytest.mark.parametrize("name", ["__version__", "SCHEMA_VERSION"])
def test_another_release_derives_again(images, batch, derives, monkeypatch, name):
    images(5)
    batch()
    assert not derives()
    monkeypatch.setattr(f"airflow_provider_tcocr.landing.fingerprint.{name}", "another")
    assert derives()
    assert not derives()


def test_rows_that_a_merge_has_moved_are_the_same_rows(images, batch, derives, out):
    images(5)
    batch()
    parts = set((out.path / "raw").iterdir())
    twin = Journal(LocalFolder(out.path / "raw"), run="x", action="GeneralAccurateOCR", options="{}")
    twin.append([], calls=0)
    twin.refresh()
    twin.merge()
    assert not parts & set((out.path / "raw").iterdir())
    assert not derives()


def test_who_overwrites_derives_its_own_answers_once(images, batch, derives, out, written, tcocr_emulator):
    images(5)
    batch()
    mine = {"run": ("d", "t", "overwriting", "-1"), "if_exists": "overwrite"}
    batch(**mine)
    assert len(out.raw) == 5
    assert tcocr_emulator.ledger.made == 10
    assert not derives(**mine), "its retry"
    assert written == ["_manifest.json"], "and the journal, which holds no other run's rows, is not written anew"


def test_a_deferrable_batch_that_finds_all_done_derives_nothing(begin, batch, images, written, out):
    images(5)
    batch()
    written.clear()
    manifest = begin(legs.begin).result()
    assert not isinstance(manifest, Handover)
    assert written == ["_manifest.json"]
    assert manifest.counts["reused"] == 5


def test_a_dry_run_touches_nothing_that_vouches(begin, images, batch, derives, written):
    images(5)
    batch()
    written.clear()
    begin(preflight).result()
    assert written == []
    assert not derives()


def test_a_part_that_a_dying_twin_left_is_not_vouched_for(images, batch, derives, out, tables, tmp_path, monkeypatch):
    """It wrote other documents over this batch's part, and was killed, before this batch looked what lies there."""
    images(5)
    images(5, start=50, folder="others")
    others = tmp_path / "of the twin"
    batch(documents=str(tmp_path / "others"), output_path=str(others))
    versions = LocalFolder.versions

    def twin_was_here(self):
        monkeypatch.setattr(LocalFolder, "versions", versions)
        for table in ("pages", "detections"):
            shutil.copy(others / table / "part-00001.parquet", out.path / table / "part-00001.parquet")
        return versions(self)

    batch()
    (out.path / "_manifest.json").unlink()
    monkeypatch.setattr(LocalFolder, "versions", twin_was_here)
    batch()
    assert LocalFolder.versions is versions, "the twin was there"
    assert {row["document_uri"].split("/")[-2] for row in out.pages} == {"in"}
    assert not derives()


def test_a_twin_of_other_documents_that_ended_later_is_derived_over(images, batch, derives, tmp_path, out):
    images(5)
    images(5, start=50, folder="others")
    batch()
    batch(documents=str(tmp_path / "others"))
    assert derives()
    assert {row["document_uri"].split("/")[-2] for row in out.pages} == {"in"}


class Killed(BaseException):
    """As if the process were gone."""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_the_manifest_the_tables_still_stand(images, batch, derives, out, monkeypatch, moment):
    images(5)
    batch()
    write = LocalFolder.write

    @contextmanager
    def dying(self, name):
        if moment == "after":
            with write(self, name) as file:
                yield file
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(LocalFolder, "write", dying)
        with pytest.raises(Killed):
            batch()
    assert out.manifest["status"] == "complete"
    assert not derives()


def test_on_an_object_store_the_tables_are_known_by_their_etags(batch, images, monkeypatch, s3, bucket):
    images(5)
    at = {"output_path": f"{s3}/out"}
    batch(**at)
    written, write = [], ObjectFolder.write
    monkeypatch.setattr(ObjectFolder, "write", lambda self, name: written.append(name) or write(self, name))
    assert batch(**at).counts["reused"] == 5
    assert written == ["_manifest.json"]
    for spoil in (
        lambda key: bucket.delete_object(Bucket="lake", Key=key),
        lambda key: bucket.put_object(Bucket="lake", Key=key, Body=b"cut short"),
        lambda key: bucket.copy_object(Bucket="lake", Key=key, CopySource="lake/out/pages/part-00001.parquet"),
    ):
        written.clear()
        spoil("out/pages/part-00000.parquet")
        batch(**at)
        assert written == ["part-00000.parquet"] * 2 + ["part-00001.parquet"] * 2 + ["part-00002.parquet"] * 2 + [
            "_manifest.json"
        ]


def test_a_storage_that_tells_no_versions_is_derived_each_time(images, batch, derives, out, monkeypatch):
    monkeypatch.setattr(LocalFolder, "versions", lambda self: dict.fromkeys(self.names()))
    images(5)
    assert batch().fingerprint is None
    assert derives()
    assert out.manifest["fingerprint"] is None


def test_a_storage_that_cannot_be_asked_is_derived(images, batch, derives, out, monkeypatch):
    images(5)
    batch()
    opened, refused = LocalFolder.open, []

    def refusing(self, name):
        if name == "_manifest.json" and not refused:
            refused.append(name)
            raise PermissionError(name)
        return opened(self, name)

    monkeypatch.setattr(LocalFolder, "open", refusing)
    assert derives()


def test_a_document_that_cannot_be_opened_any_more_keeps_the_pages_that_it_lacks(batch, pdf, out):
    path = pdf(3)
    assert batch(documents=str(path), pages=[2, 5, 6]).counts["failed"] == 2
    state, size = path.stat(), len(path.read_bytes())
    path.write_bytes(b"%PDF-1.4 broken".ljust(size))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    counts = batch(documents=str(path), pages=[2, 5, 6]).counts
    assert (counts["recognized"], counts["failed"]) == (1, 2)
    assert batch(documents=str(path), pages=[5, 6]).counts["failed"] == 2
    assert [row["page"] for row in out.pages] == [5, 6]


def test_a_run_that_was_stopped_before_its_first_page_is_not_refused_its_own_path(begin, images, out):
    images(3)
    stopped = begin(if_exists="error", secret_key="wrong").result()
    assert (stopped.status, stopped.counts["pages"]) == ("stopped", 0)
    assert begin(if_exists="error").result().counts["recognized"] == 3


def test_a_dataset_whose_raw_is_gone_is_still_not_written_over(batch, images, out):
    images(1)
    batch()
    shutil.rmtree(out.path / "raw")
    with pytest.raises(ConfigurationError, match="holds a dataset"):
        batch(if_exists="error")
