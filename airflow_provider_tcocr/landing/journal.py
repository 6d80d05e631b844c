"""The journal of one output path: parts are appended, listed, merged and read again. Every row was paid for."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from itertools import repeat
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from .calls import RecordedCalls
from .folder import Folder, parts_of
from .index import Entry, RawIndex, RowPlace
from .raw import RawPage, batches_of, calls_of, ended_of, keys_of, open_part, reading, to_batches, write_part
from .rows import OrderedRows
from .writers import Writers, new_writer

LARGE: Final = 8192
"""Rows from which a part is left as it is when parts are merged."""

FULL: Final = 256
"""The same while there are few such parts: so many ordinary rows fill a row group, and read as fast as merged ones."""

FEW: Final = 32
"""Parts of FULL to LARGE rows up to which there are few.

On a disk, 100,000 rows read as fast from 100 parts as from one. On an object store, reading a part takes two requests;
merging it takes five and transfers its rows twice, which pays off after about five more readings. By this rule a row
is rewritten once or twice in its life, and each run finds at most some 30 parts more than if all were always merged.
"""

Found = tuple[str, Entry]
"""A row of the journal after the hash of its document's identity."""


class Journal:
    """The rows of one action and one set of options under ``<output_path>/raw``; its methods may run in threads.

    :param folder: the ``raw`` folder
    :param run: the hash of this dag, task, run and map index
    :param action: rows of other actions are kept and ignored
    :param options: canonical JSON; likewise
    :param only_this_run: rows of other runs do not count, and those older than this run are deleted by a final merge
    """

    def __init__(self, folder: Folder, *, run: str, action: str, options: str, only_this_run: bool = False) -> None:
        self._folder = folder
        self.run = run
        self.writers = Writers(new_writer(run))
        self.calls = RecordedCalls(self.writers.own, run)
        self.written_at: float | None = None
        """When this writer last wrote, on the monotonic clock; None before it has."""
        self._action, self._options = action, options
        self._only_this_run = only_this_run
        self._began = pa.scalar(time.time_ns() // 1000, pa.timestamp("us", "UTC"))
        self.index = RawIndex()
        self._sizes: dict[str, int] = {}
        self._overwritten: set[str] = set()
        """Parts with rows that this run is to overwrite."""
        self._sequence = 0
        self._runs: set[str] = set()
        self._lock = threading.RLock()
        """Guards what is in memory. Never held while a file is read or written, so that landing waits for neither."""
        self._reading = threading.RLock()
        """Held while parts are listed, read and merged, which on an object store takes long."""

    @property
    def uri(self) -> str:
        """The journal's folder."""
        return self._folder.uri

    @property
    def runs(self) -> set[str]:
        """The runs that have landed rows here."""
        return set(self._runs)

    def refresh(self) -> int:
        """List the folder again: read parts that are new, forget those that a merge has replaced.

        :return: how many rows are new to this journal
        :raise UnreadablePartError: a part is there and cannot be read
        """
        with self._reading:
            return self._refresh()

    def _refresh(self) -> int:
        found = 0
        gone: set[str] = set()
        while True:
            names = set(parts_of(self._folder))
            vanished = self._sizes.keys() - names - gone
            for name in sorted(names - self._sizes.keys()):
                try:
                    found += self._take_in(name)
                except FileNotFoundError:
                    vanished.add(name)
            if vanished <= gone:
                break
            gone |= vanished  # a twin's merge wrote its part before it deleted these: list again
        self._forget(self._sizes.keys() & (gone - names))  # a part that was landed meanwhile is among the names
        return found

    def append(self, pages: list[RawPage], *, calls: int) -> None:
        """Write rows as a part of their own; when this returns they are durable.

        :param calls: how many calls this writer has made so far
        """
        with self._lock:
            self.calls.count_own(calls)
        name = self._write(to_batches(pages))
        self.written_at = time.monotonic()
        self._add(name, [self._landed(name, pages)], len(pages))

    def announce(self, *, calls: int) -> None:
        """Show twins by a part without rows that this writer is at work, and look for theirs."""
        self.append([], calls=calls)
        self.refresh()

    def end(self, *, calls: int, announce: bool = False) -> None:
        """Note that this writer appends no more.

        :param announce: tell twins at once, by a part without rows; else the next merge does
        """
        with self._lock:
            self.writers.end([self.writers.own])
            self.calls.count_own(calls)
        if announce and self.written_at is not None:
            self.append([], calls=calls)

    def merge(self, *, final: bool = False) -> None:
        """Merge the small parts into one. Safe if killed, and beside a twin: copies of a row count as one row.

        :param final: the batch is whole, so the rows that it overwrites are deleted, unless another writer is at work
        """
        with self._reading:
            self._merge(overwriting=final and self.writers.alone(time.monotonic()))

    def _merge(self, *, overwriting: bool) -> None:
        with self._lock:
            few = sum(FULL <= rows < LARGE for rows in self._sizes.values()) <= FEW
            large = FULL if few else LARGE
            overwritten = self._overwritten & self._sizes.keys() if overwriting else set()
            small = sorted(name for name, rows in self._sizes.items() if rows < large or name in overwritten)
        if len(small) < 2 and all(self._sizes[name] for name in small) and not overwritten:
            return
        try:
            name = self._write(self._distinct(small, overwriting=bool(overwritten)))
            self._take_in(name)
        except FileNotFoundError:  # a twin has merged them
            self.refresh()
            return
        for old in small:
            self._folder.delete(old)
        self._forget(small)

    def rows(self, places: Iterable[RowPlace]) -> OrderedRows:
        """The rows at these places, in this order."""
        return OrderedRows(self._folder, places)

    @property
    def parts(self) -> int:
        """How many parts are known."""
        return len(self._sizes)

    def _distinct(self, names: Iterable[str], *, overwriting: bool = False) -> Iterator[pa.RecordBatch]:
        """The rows of the parts, each once; without the overwritten ones, if asked."""
        seen: set[str] = set()
        for name in names:
            with self._folder.open(name) as file:
                part = open_part(file, name)
                for batch in batches_of(part, name):
                    with reading(name):
                        records = batch.column("record").to_pylist()
                    keep = pa.array([record not in seen for record in records], pa.bool_())
                    seen.update(records)
                    if overwriting:
                        keep = pc.and_not(keep, self._is_overwritten(batch))
                    yield batch.filter(keep)

    def _is_overwritten(self, rows: pa.RecordBatch | pa.Table) -> pa.Array | pa.ChunkedArray:
        """Which rows this run overwrites: those that other runs landed before it began."""
        same = pc.and_(pc.equal(rows.column("action"), self._action), pc.equal(rows.column("options"), self._options))
        foreign = pc.not_equal(rows.column("run"), self.run)
        return pc.and_(pc.and_(same, foreign), pc.less(rows.column("recognized_at"), self._began))

    def _write(self, batches: Iterable[pa.RecordBatch]) -> str:
        with self._lock:
            self._sequence += 1
            name = f"part-{time.time_ns():020d}-{self.writers.own}-{self._sequence:06d}.parquet"
            calls, ended = self.calls.to_json(), set(self.writers.ended)
        with self._folder.write(name) as file:
            write_part(file, batches, calls=calls, ended=ended)
        return name

    def _take_in(self, name: str) -> int:
        pieces, rows = [], 0
        with self._folder.open(name) as file, reading(name):
            part = open_part(file, name)
            for batch in keys_of(part):
                pieces.append(self._ours(name, batch, start=rows))
                rows += batch.num_rows
            calls, ended = calls_of(part), ended_of(part)
        with self._lock:
            self.calls.take_in(calls)
            self.writers.end(ended)
            self._saw(name)
        large = len(pieces) > 1
        found = self._add(name, (_found(name, pieces.pop()) for _ in range(len(pieces))), rows)
        if large:
            pa.default_memory_pool().release_unused()  # else the memory of the keys is not given back
        return found

    def _add(self, name: str, pieces: Iterable[list[Found]], rows: int) -> int:
        """Index the rows of a part, piece by piece, so that copies of rows replace the old ones at once."""
        with self._lock:
            if name in self._sizes:
                return 0
            found = sum(map(self.index.add, pieces))
            self._sizes[name] = rows  # last, so that a part which could not be indexed as a whole is read again
            return found

    def _forget(self, names: Collection[str]) -> None:
        if not names:
            return
        with self._lock:
            for name in names:
                del self._sizes[name]
            self.index.drop(set(names))

    def _saw(self, name: str) -> None:
        """Note a part's writer and its time, which are in its name."""
        _, written, writer, *_ = [*name.split("-"), "", ""]
        if written.isdigit() and writer:
            age = max(0.0, (time.time_ns() - int(written)) / 1e9)
            self.writers.saw(writer, time.monotonic() - age)

    def _landed(self, name: str, pages: Iterable[RawPage]) -> list[Found]:
        """The rows of a part that was just written, without reading it: they share the texts of the plan."""
        found = []
        for place, page in enumerate(pages):
            row = page.row
            self._runs.add(page.run)
            if (row.action, row.options) != (self._action, self._options):
                continue
            if self._only_this_run and page.run != self.run:
                self._overwritten.add(name)
                continue
            key = page.version, page.content_sha256, page.page_count, row.page, row.status, row.recognized_at
            found.append((page.identity, Entry(*key, page.record, page.run == self.run, name, place)))
        return found

    def _ours(self, name: str, batch: pa.RecordBatch, *, start: int) -> pa.Table:
        """The same of rows that were read, still in Arrow: a large part takes little memory until it is indexed."""
        table = pa.Table.from_batches([batch])
        self._runs.update(table.column("run").unique().to_pylist())
        own = pc.equal(table.column("run"), self.run)
        ours = pc.and_(
            pc.equal(table.column("action"), self._action),
            pc.equal(table.column("options"), self._options),
        )
        if self._only_this_run:
            if pc.any(self._is_overwritten(table)).as_py():
                self._overwritten.add(name)
            ours = pc.and_(ours, own)
        places = pa.array(range(start, start + table.num_rows), pa.int32())
        table = table.drop_columns(["run", "action", "options"])
        return table.append_column("own", own).append_column("row", places).filter(ours)


def _found(name: str, rows: pa.Table) -> list[Found]:
    """What :meth:`Journal._ours` kept of a part, as the index takes it."""
    with reading(name):
        entries = map(
            Entry,
            rows.column("version").to_pylist(),
            rows.column("content_sha256").to_pylist(),
            rows.column("page_count").to_pylist(),
            rows.column("page").to_pylist(),
            map(sys.intern, rows.column("status").to_pylist()),
            rows.column("recognized_at").cast(pa.int64()).to_pylist(),
            rows.column("record").to_pylist(),
            rows.column("own").to_pylist(),
            repeat(name),
            rows.column("row").to_pylist(),
        )
        return list(zip(rows.column("identity").to_pylist(), entries, strict=True))
