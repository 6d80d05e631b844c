"""The journal: what is paid is found again, whoever merges, dies or writes beside it; damage is told."""

import contextlib
import importlib.util
import io
import multiprocessing
import os
import random
import signal
import threading
import time
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_provider_tcocr.exceptions import UnreadablePartError
from airflow_provider_tcocr.landing.folder import LocalFolder
from airflow_provider_tcocr.landing.index import DocumentKey
from airflow_provider_tcocr.landing.journal import Journal
from airflow_provider_tcocr.landing.raw import open_part, to_batch, write_part

IDENTITY = {"action": "GeneralAccurateOCR", "options": "{}"}


def standing(journal, numbers, *, version="v", content="c"):
    """The standing row of page 1 of each document, by number."""
    found = {}
    for number in numbers:
        rows = journal.index.pages_of(DocumentKey(f"identity-{number}", version, content))
        if 1 in rows:
            found[number] = rows[1]
    return found


def texts(journal, numbers):
    """What the journal's answers say, read from the parts."""
    found = standing(journal, numbers)
    with journal.rows(entry.place for entry in found.values()) as rows:
        return {number: (row.document_id, row.answer) for number, row in zip(found, rows, strict=True)}


def served(pages):
    return {int(one.identity.rpartition("-")[2]): (one.row.document_id, one.row.answer) for one in pages}


def test_what_one_attempt_appends_the_next_finds(journal, page):
    pages = [page(number) for number in range(5)]
    journal().append(pages, calls=5)
    later = journal()
    assert later.refresh() == 5
    assert later.refresh() == 0
    assert texts(later, range(5)) == served(pages)
    assert later.calls.of_others == 5


def test_an_empty_folder_is_an_empty_journal(journal):
    one = journal()
    assert (one.refresh(), one.parts, one.runs, one.calls.of_others) == (0, 0, set(), 0)
    one.merge()
    assert one.parts == 0


def test_leftovers_of_a_kill_are_not_looked_at(journal, page, raw, tmp_path):
    journal().append([page(1)], calls=1)
    (tmp_path / "raw/.part-00000000000000000002-dead-000001.parquet.123.ab").write_bytes(b"half")
    (tmp_path / "raw/notes.txt").write_text("mine")
    assert journal().refresh() == 1


@pytest.mark.parametrize("content", [b"", b"PAR1 garbage", "half"])
def test_a_part_that_cannot_be_read_is_an_error_that_names_it(journal, page, raw, content):
    journal().append([page(number) for number in range(20)], calls=20)
    (name,) = raw.names()
    path = raw._path / name
    path.write_bytes(path.read_bytes()[:-40] if content == "half" else content)
    for _ in range(2):
        with pytest.raises(UnreadablePartError, match=name):
            journal().refresh()
    twin = journal()
    with pytest.raises(UnreadablePartError, match=name):
        twin.refresh()
    with pytest.raises(UnreadablePartError, match=name):
        twin.refresh()


def test_a_part_whose_texts_are_no_utf_8_is_an_error_that_names_it_as_often_as_it_is_met(journal, page, raw):
    batch = to_batch([page(1), page(2)])
    odd = pa.array([b"identity-1", b"identity-\xff"]).view(pa.string())
    batch = batch.set_column(batch.schema.get_field_index("identity"), batch.schema.field("identity"), odd)
    name = "part-00000000000000000001-odd-000001.parquet"
    with raw.write(name) as file:
        write_part(file, [batch], calls={})
    one = journal()
    for _ in range(2):
        with pytest.raises(UnreadablePartError, match=name):
            one.refresh()


@pytest.mark.parametrize("column", ["run", "record"])
def test_rows_of_others_that_are_no_utf_8_are_an_error_that_names_the_part(journal, page, raw, column):
    batch = to_batch([page(1, action="Other"), page(2, action="Other")])
    odd = pa.array([b"1", b"\xff"]).view(pa.string())
    batch = batch.set_column(batch.schema.get_field_index(column), batch.schema.field(column), odd)
    name = "part-00000000000000000001-odd-000001.parquet"
    with raw.write(name) as file:
        write_part(file, [batch], calls={})
    one = journal()
    one.append([page(3)], calls=1)

    def met():
        one.refresh()
        one.merge()

    with pytest.raises(UnreadablePartError, match=name):
        met()


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("tcocr.raw.calls", b'{"\xff": 1}'),
        ("tcocr.raw.calls", b'{"w": 1'),
        ("tcocr.raw.calls", b"[1]"),
        ("tcocr.raw.calls", b'{"w": null}'),
        ("tcocr.raw.ended", b'["\xff"]'),
        ("tcocr.raw.ended", b'["w"'),
        ("tcocr.raw.ended", b"7"),
    ],
)
def test_a_part_whose_metadata_are_damaged_is_an_error_that_names_it(journal, page, raw, key, told):
    name = "part-00000000000000000001-odd-000001.parquet"
    with raw.write(name) as file:
        write_part(file, [], calls={})
    metadata = pq.read_schema(raw._path / name).metadata | {key.encode(): told}
    rows = pa.Table.from_batches([to_batch([page(1)])])
    pq.write_table(rows.replace_schema_metadata(metadata), raw._path / name)
    with pytest.raises(UnreadablePartError, match=name):
        journal().refresh()


def test_answers_that_are_damaged_are_an_error_that_names_the_part(journal, page, raw):
    """The footer and the keys are whole, the answers are not."""
    chance = random.Random(5)
    one = journal()
    one.append([page(number, answer=chance.randbytes(50_000)) for number in range(4)], calls=4)
    (name,) = raw.names()
    content = bytearray((raw._path / name).read_bytes())
    content[60_000:120_000] = bytes(60_000)
    (raw._path / name).write_bytes(content)
    again = journal()
    again.refresh()
    with pytest.raises(UnreadablePartError, match=name):
        texts(again, range(4))
    one.append([page(9)], calls=5)
    before = raw.names()
    with pytest.raises(UnreadablePartError, match=name):
        one.merge()
    assert raw.names() == before, "nothing is deleted, nothing half-merged is left"


def test_a_merge_keeps_every_row_and_drops_only_copies(journal, page, raw):
    one = journal()
    pages = [page(number) for number in range(30)]
    for start in range(0, 30, 3):
        one.append(pages[start : start + 3], calls=start + 3)
    again = [page(3, status="failed", error_code="X"), page(3)]
    one.append(again, calls=32)
    one.append([pages[0], pages[1]], calls=32)
    one.merge()
    assert len(raw.names()) == 1
    fresh = journal()
    assert fresh.refresh() == 32
    assert texts(fresh, range(30)) == texts(one, range(30)) == served(pages)
    assert fresh.calls.of_others == 32


def test_a_merge_keeps_rows_of_other_options_and_other_runs(journal, page, raw):
    journal(run="monday").append([page(1, run="monday"), page(1, options='{"config_id":"MulOCR"}')], calls=2)
    other = journal(run="tuesday")
    other.append([page(2, run="tuesday")], calls=1)
    other.refresh()
    other.merge()
    assert len(raw.names()) == 1
    mul = Journal(raw, run="x", action="GeneralAccurateOCR", options='{"config_id":"MulOCR"}')
    assert (mul.refresh(), set(standing(mul, [1, 2]))) == (1, {1})
    fresh = journal()
    assert (fresh.refresh(), fresh.runs) == (2, {"monday", "tuesday", "run"})


def test_a_kill_between_merging_and_deleting_leaves_copies_that_count_once(journal, page, raw, monkeypatch):
    one = journal()
    for number in range(4):
        one.append([page(number)], calls=number + 1)

    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(LocalFolder, "delete", dies)
    with pytest.raises(KeyboardInterrupt):
        one.merge()
    monkeypatch.undo()
    assert len(raw.names()) == 5
    later = journal()
    later.refresh()
    assert set(standing(later, range(4))) == {0, 1, 2, 3}
    later.merge()
    assert len(raw.names()) == 1
    fresh = journal()
    assert (fresh.refresh(), fresh.calls.of_others) == (4, 4)


def test_twins_that_merge_at_once_lose_nothing_and_count_no_call_twice(journal, page, raw):
    chance = random.Random(11)
    for _ in range(3):
        twins = [journal() for _ in range(3)]
        numbers = iter(range(10_000))
        pages = []

        def work(twin, mine):
            for made, one in enumerate(mine, 1):
                twin.append([one], calls=made)
                if chance.random() < 0.3:
                    twin.refresh()
                    twin.merge()
            twin.refresh()
            twin.merge()

        threads = []
        for twin in twins:
            mine = [page(next(numbers)) for _ in range(15)]
            pages += mine
            threads.append(threading.Thread(target=work, args=(twin, mine)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for one in (*twins, journal()):
            one.refresh()
            assert texts(one, range(45)) == served(pages)
            others = 30 if one in twins else 45
            assert one.calls.of_others == others
        last = journal()
        last.refresh()
        last.merge()
        assert journal().refresh() == 45
        for name in raw.names():
            raw.delete(name)


class MergedMeanwhile(LocalFolder):
    """A twin merges all parts after they were listed and before they are opened, once."""

    twin = None

    def names(self):
        listed = super().names()
        if self.twin is not None:
            twin, self.twin = self.twin, None
            twin.refresh()
            twin.merge()
        return listed


def test_a_twin_that_merges_while_an_attempt_begins_hides_no_row(journal, page, raw, tmp_path):
    """Else all that it has merged would be paid for again."""
    zombie = journal()
    pages = [page(number) for number in range(10)]
    for number, one in enumerate(pages, 1):
        zombie.append([one], calls=number)
    folder = MergedMeanwhile(tmp_path / "raw")
    folder.twin = journal()
    attempt = journal(folder=folder)
    assert attempt.refresh() == 10
    assert texts(attempt, range(10)) == served(pages)
    assert attempt.calls.of_others == 10


class Unlisted(LocalFolder):
    """A listing that was under way while a twin merged: it shows neither the old parts nor the new one, once."""

    hides = False

    def names(self):
        hidden, self.hides = self.hides, False
        return [] if hidden else super().names()


def test_a_part_that_is_no_longer_listed_means_list_again(journal, page, raw, tmp_path):
    folder = Unlisted(tmp_path / "raw")
    one = journal(folder=folder)
    one.append([page(1)], calls=1)
    one.append([page(2)], calls=2)
    twin = journal()
    twin.refresh()
    twin.merge()
    folder.hides = True
    one.refresh()
    assert set(standing(one, [1, 2])) == {1, 2}


def test_rows_are_never_missing_while_a_refresh_takes_in_a_merge(journal, page, raw):
    """A worker asks all the time whether a page is paid for; a moment of "no" would pay for it again."""
    one = journal()
    for number in range(40):
        one.append([page(number)], calls=number)
    missing, done = [], threading.Event()

    def ask():
        while not done.is_set():
            missing.extend(n for n in range(40) if not one.index.is_done(DocumentKey(f"identity-{n}", "v", "c"), 1))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(2):
            twin = journal()
            twin.refresh()
            twin.append([page(99, version="other")], calls=1)
            twin.merge()
            one.refresh()
            one.merge()
    finally:
        done.set()
        asking.join()
    assert missing == []


class Vanishing(LocalFolder):
    """Objects that a twin deletes after they were opened: an object store says so at one of the next reads."""

    reads = 0

    def open(self, name):
        return _Going(super().open(name), self)


class _Going(io.RawIOBase):
    def __init__(self, file, folder):
        self._file, self._folder = file, folder

    def readable(self):
        return True

    seekable = readable

    def seek(self, *place):
        return self._file.seek(*place)

    def tell(self):
        return self._file.tell()

    def read(self, *size):
        self._folder.reads -= 1
        if self._folder.reads < 0:
            raise FileNotFoundError("The specified key does not exist.")
        return self._file.read(*size)

    def close(self):
        self._file.close()
        super().close()


@pytest.mark.parametrize("reads", range(6))
def test_a_part_that_vanishes_while_it_is_read_has_vanished_and_is_not_unreadable(journal, page, raw, tmp_path, reads):
    folder = Vanishing(tmp_path / "raw")
    whole = journal()
    whole.append([page(1)], calls=1)
    whole.append([page(2)], calls=2)
    one = journal(folder=folder)
    folder.reads = 1000
    one.refresh()
    folder.reads = reads
    with contextlib.suppress(FileNotFoundError), one.rows([standing(one, [1])[1].place]) as rows:
        next(iter(rows))
    folder.reads = reads
    with contextlib.suppress(FileNotFoundError):
        journal(folder=folder)._take_in(raw.names()[0])
    folder.reads = reads
    with contextlib.suppress(FileNotFoundError):
        for name in raw.names():
            list(one._distinct([name]))


def test_rows_that_a_merge_moved_are_not_held_twice_while_they_are_taken_in(journal, page, monkeypatch):
    monkeypatch.setattr("airflow_provider_tcocr.landing.raw._KEY_ROWS", 100)
    for start in range(0, 2000, 200):
        journal().append([page(number) for number in range(start, start + 200)], calls=0)
    one, twin = journal(), journal()
    twin.refresh()
    tracemalloc.start()
    one.refresh()
    held = tracemalloc.get_traced_memory()[0]
    twin.merge()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    one.refresh()
    more = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert len(standing(one, range(2000))) == 2000
    assert more < held / 3


def test_the_largest_count_of_a_writer_is_its_calls_however_often_it_is_told(journal, page):
    one, two = journal(), journal()
    for calls in (3, 7, 7, 12):
        one.append([page(calls)], calls=calls)
    two.refresh()
    two.append([page(50)], calls=4)
    two.merge()
    one.refresh()
    one.append([page(51)], calls=13)
    one.merge()
    three = journal()
    three.refresh()
    assert three.calls.of_others == 13 + 4


def test_who_overwrites_takes_away_nothing_that_another_run_has_landed_since(journal, page):
    """Of two that overwrite at once the later would take the earlier's money, and its tables, away."""
    monday = journal(run="monday")
    one, other = (journal(run=run, only_this_run=True) for run in ("tuesday", "wednesday"))
    for each, fields in ((monday, {}), (one, {}), (other, {"recognized_at": time.time_ns() // 1000})):
        each.append([page(1, run=each.run, **fields)], calls=1)
        each.end(calls=1, announce=True)
    one.refresh()
    one.merge(final=True)
    after = journal()
    after.refresh()
    assert after.runs == {"tuesday", "wednesday"}


def test_only_this_run_sees_its_own_rows_and_takes_the_others_away_when_it_merges(journal, page, raw):
    monday = journal(run="monday")
    monday.append([page(1, run="monday"), page(2, run="monday")], calls=2)
    one = journal(run="tuesday", only_this_run=True)
    one.refresh()
    assert standing(one, [1, 2]) == {}
    one.append([page(1, run="tuesday")], calls=1)
    assert set(standing(one, [1, 2])) == {1}
    assert len(raw.names()) == 2, "nothing that is paid for goes before the end"
    one.merge()
    assert sum(raw_rows(raw, name) for name in raw.names()) == 3, "nor by a merge on the way"
    one.merge(final=True)
    assert sum(raw_rows(raw, name) for name in raw.names()) == 3, "nor while the other run is at work"
    monday.end(calls=2, announce=True)
    one.refresh()
    one.merge(final=True)
    fresh = journal()
    fresh.refresh()
    assert (fresh.runs, set(standing(fresh, [1, 2]))) == ({"tuesday"}, {1})
    assert fresh.calls.of_others == 3
    again = journal(run="tuesday", only_this_run=True)
    assert again.refresh() == 1


def raw_rows(raw, name):
    with raw.open(name) as file:
        return open_part(file, name).metadata.num_rows


def test_of_two_rows_of_a_page_the_paid_one_stands_and_of_two_failures_the_later(journal, page):
    one = journal()
    first, second = page(1), page(1)
    one.append([page(1, status="failed", error_code="A"), second, page(1, status="failed", error_code="B")], calls=3)
    one.append([first], calls=4)
    assert standing(one, [1])[1].record == first.record
    two = journal()
    two.append([page(2, status="failed", error_code="A")], calls=1)
    later = page(2, status="failed", error_code="B")
    two.append([later], calls=2)
    assert standing(two, [2])[2].record == later.record


@pytest.mark.parametrize(
    ("version", "content", "found"),
    [
        ("v", "c", True),
        ("v", None, True),
        ("v2", "c", True),
        ("v2", "c2", False),
        ("v2", None, False),
        (None, None, False),
    ],
)
def test_a_row_is_of_a_document_with_its_version_or_its_bytes(journal, page, version, content, found):
    one = journal()
    one.append([page(1)], calls=1)
    assert bool(standing(one, [1], version=version, content=content)) is found


def test_a_document_that_was_never_contacted_is_known_by_its_name_alone(journal, page):
    one = journal()
    one.append([page(1, version=None, content=None)], calls=1)
    assert standing(one, [1], version=None, content=None)
    assert not standing(one, [1], version="v", content=None)


@pytest.mark.parametrize("few", [0, 16], ids=["LARGE", "FULL"])
def test_large_parts_are_left_as_they_are_and_while_they_are_few_full_ones_too(journal, page, raw, monkeypatch, few):
    monkeypatch.setattr("airflow_provider_tcocr.landing.journal.FEW", few)
    monkeypatch.setattr("airflow_provider_tcocr.landing.journal.LARGE", 10 if few else 4)
    monkeypatch.setattr("airflow_provider_tcocr.landing.journal.FULL", 4 if few else 1)
    one = journal()
    one.append([page(n) for n in range(4)], calls=4)
    (large,) = raw.names()
    for n in (4, 5):
        one.append([page(n)], calls=n)
    one.merge()
    assert large in raw.names()
    assert len(raw.names()) == 2
    assert set(standing(one, range(6))) == set(range(6))


def test_many_small_parts_do_not_make_the_full_ones_many(journal, page, raw, monkeypatch):
    """Else a run whose last parts are small would have all that it landed written anew."""
    monkeypatch.setattr("airflow_provider_tcocr.landing.journal.FEW", 2)
    monkeypatch.setattr("airflow_provider_tcocr.landing.journal.LARGE", 10)
    monkeypatch.setattr("airflow_provider_tcocr.landing.journal.FULL", 4)
    one = journal()
    for start in (0, 4):
        one.append([page(n) for n in range(start, start + 4)], calls=start + 4)
    full = set(raw.names())
    for n in range(8, 14):
        one.append([page(n)], calls=n)
    one.merge()
    assert len(raw.names()) == 3
    assert full < set(raw.names())
    one.append([page(n) for n in range(14, 18)], calls=18)
    one.merge()
    assert len(raw.names()) == 1, "four that are full are many"
    assert set(standing(one, range(18))) == set(range(18))


def append_until_killed(path, ready):
    journal = Journal(LocalFolder(path), run="run", **IDENTITY)
    spec = importlib.util.spec_from_file_location(
        "landing_conftest", os.path.join(os.path.dirname(__file__), "conftest.py")
    )
    rows = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rows)
    number = 0
    while True:
        journal.append([rows.make_page(number)], calls=number + 1)
        number += 1
        ready.value = number
        if number % 7 == 0:
            journal.merge()


def test_a_kill_at_any_moment_leaves_a_journal_of_all_that_was_durable(journal, tmp_path):
    chance = random.Random(7)
    for round_ in range(5):
        path = tmp_path / f"raw-{round_}"
        context = multiprocessing.get_context("fork")
        ready = context.Value("i", 0)
        child = context.Process(target=append_until_killed, args=(path, ready))
        child.start()
        while ready.value < 5:
            pass
        child.join(chance.random() * 0.2)
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        durable = ready.value
        one = journal(folder=LocalFolder(path))
        one.refresh()
        assert set(range(durable)) <= set(standing(one, range(durable + 2)))
        assert durable <= one.calls.of_others <= durable + 1


class Ghost(LocalFolder):
    """A store that goes on listing an object that is gone."""

    def names(self):
        return [*super().names(), "part-00000000000000000000-ghost-000001.parquet"]


def test_an_object_that_is_listed_and_never_there_does_not_hold_an_attempt_up(journal, page, tmp_path):
    one = journal(folder=Ghost(tmp_path / "raw"))
    one.append([page(1)], calls=1)
    assert journal(folder=Ghost(tmp_path / "raw")).refresh() == 1


class Slow(LocalFolder):
    """An object store: each request takes its time."""

    seconds = 0.0

    def open(self, name):
        time.sleep(self.seconds)
        return super().open(name)

    def delete(self, name):
        time.sleep(self.seconds)
        super().delete(name)


@pytest.mark.parametrize("slowly", ["merge", "refresh"])
def test_an_answer_is_landed_while_many_parts_are_merged_or_read(journal, page, tmp_path, slowly):
    """On an object store both take long; what is paid for meanwhile must not wait in memory."""
    folder = Slow(tmp_path / "raw")
    one = journal(folder=folder)
    other = one if slowly == "merge" else journal()
    for number in range(40):
        other.append([page(number)], calls=number)
    folder.seconds = 0.06
    working = threading.Thread(target=getattr(one, slowly))
    working.start()
    time.sleep(0.1)
    longest = 0.0
    for number in range(40, 60):
        started = time.monotonic()
        one.append([page(number)], calls=number)
        longest = max(longest, time.monotonic() - started)
        time.sleep(0.02)
    working.join()
    folder.seconds = 0.0
    assert longest < 1.0  # of the 2.4 and more that the work takes; a busy disk takes some of it
    one.refresh()
    assert set(standing(one, range(60))) == set(range(60))
    one.merge()
    fresh = journal()
    assert fresh.refresh() == 60
    assert set(texts(fresh, range(60))) == set(range(60))


def test_what_is_asked_while_others_are_seen_is_always_answered(journal, page):
    """The loop asks who is at work and what is spent while a thread takes in new writers."""
    one, done, failures = journal(), threading.Event(), []

    def ask():
        try:
            while not done.is_set():
                one.writers.alone(time.monotonic())
                assert one.calls.of_others >= 0
        except BaseException as error:
            failures.append(error)

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for number in range(3000):
        one.writers.saw(f"writer-{number}", time.monotonic())
        one.calls.take_in({f"writer-{number}": 1})
    done.set()
    for thread in asking:
        thread.join()
    assert failures == []
