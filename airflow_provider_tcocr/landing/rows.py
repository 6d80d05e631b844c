"""Rows of the journal in any order asked for; each row group is read once, and memory is bounded: an external sort.

Rows that are read before their turn are held. When these become many, they are spilled as a sorted run to a temporary
file, from which they are read in their turn.
"""

from __future__ import annotations

import tempfile
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heappush
from itertools import pairwise, repeat
from typing import IO, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ..arrow.rows import PageRow
from .folder import Folder
from .index import RowPlace
from .raw import open_part, reading, to_rows

_HELD_BYTES: Final = 48 << 20
_FRAME_BYTES: Final = 256 << 10
_OPEN: Final = 6
_CODEC: Final = "lz4_raw"

_FRAME: Final = msgspec.msgpack.Decoder(list[tuple[int, PageRow]])


class OrderedRows:
    """The rows at some places, to be iterated once; a context manager.

    :param folder: the ``raw`` folder
    :param places: where they are, each once, in the order wanted
    :raise FileNotFoundError: while iterating, a part has vanished; list again
    """

    def __init__(self, folder: Folder, places: Iterable[RowPlace]) -> None:
        self._folder = folder
        self._count = 0
        self._positions: dict[str, array[int]] = {}
        """By part, the position of each of its rows in the order wanted; -1 where a row is not wanted."""
        for position, place in enumerate(places):
            rows = self._positions.setdefault(place.part, array("i"))
            rows.extend(repeat(-1, place.row + 1 - len(rows)))
            rows[place.row] = position
            self._count += 1
        self._ahead = [(_first(rows), part, -1) for part, rows in self._positions.items()]
        """A heap of what is still to be read, by its first position: whole parts (-1), then their row groups."""
        heapify(self._ahead)
        self._files: OrderedDict[str, tuple[IO[bytes], pq.ParquetFile, list[int]]] = OrderedDict()
        self._held: dict[int, PageRow] = {}
        self._size = 0
        self._runs: dict[int, tuple[PageRow, Iterator[tuple[int, PageRow]]]] = {}
        """The sorted runs in the file: by the position of a run's next row, that row and those after it."""
        self._file: IO[bytes] | None = None

    def __enter__(self) -> OrderedRows:
        return self

    def __exit__(self, *_: object) -> None:
        while self._files:
            self._files.popitem()[1][0].close()
        if self._file is not None:
            self._file.close()

    def __iter__(self) -> Iterator[PageRow]:
        for position in range(self._count):
            while (row := self._taken(position)) is None:
                self._read_on()
            yield row

    def _taken(self, position: int) -> PageRow | None:
        if position in self._runs:
            row, rest = self._runs.pop(position)
            self._add_run(rest)
            return row
        held = self._held.pop(position, None)
        if held is not None:
            self._size -= _size(held)
        return held

    def _read_on(self) -> None:
        _, name, group = heappop(self._ahead)
        part, starts = self._part(name)
        if group < 0:
            for number, (start, end) in enumerate(pairwise(starts)):
                first = _first(self._positions[name][start:end])
                if first >= 0:
                    heappush(self._ahead, (first, name, number))
            return
        with reading(name):
            rows = to_rows(part.read_row_group(group, use_threads=False))  # nearly all is one column
        for position, row in zip(self._positions[name][starts[group] :], rows, strict=False):
            if position >= 0:
                self._held[position] = row
                self._size += _size(row)
        if self._size > _HELD_BYTES:
            self._spill()

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="tcocr-")  # noqa: SIM115 (closed with this)
        frames, frame, size = [], [], 0
        for position in sorted(self._held):
            row = self._held.pop(position)
            frame.append((position, row))
            size += _size(row)
            if size >= _FRAME_BYTES or not self._held:
                frames.append(_write(self._file, frame))
                frame, size = [], 0
        self._size = 0
        self._add_run(_read(self._file, frames))

    def _add_run(self, rows: Iterator[tuple[int, PageRow]]) -> None:
        for position, row in rows:
            self._runs[position] = (row, rows)
            break

    def _part(self, name: str) -> tuple[pq.ParquetFile, list[int]]:
        if name not in self._files:
            file = self._folder.open(name)
            try:
                part = open_part(file, name)
            except BaseException:
                file.close()
                raise
            starts = [0]
            for group in range(part.metadata.num_row_groups):
                starts.append(starts[-1] + part.metadata.row_group(group).num_rows)
            self._files[name] = (file, part, starts)
            if len(self._files) > _OPEN:
                self._files.popitem(last=False)[1][0].close()
        self._files.move_to_end(name)
        _, part, starts = self._files[name]
        return part, starts


def _first(positions: array[int]) -> int:
    return min((position for position in positions if position >= 0), default=-1)


def _size(row: PageRow) -> int:
    return 1024 + len(row.answer or b"")


def _write(file: IO[bytes], rows: list[tuple[int, PageRow]]) -> tuple[int, int, int]:
    """Append a frame; returns its offset, its size in the file, and its size uncompressed."""
    frame = msgspec.msgpack.encode(rows)
    packed = pa.compress(frame, codec=_CODEC, asbytes=True)
    place = file.seek(0, 2)
    file.write(packed)
    return place, len(packed), len(frame)


def _read(file: IO[bytes], frames: list[tuple[int, int, int]]) -> Iterator[tuple[int, PageRow]]:
    for place, packed, size in frames:
        file.seek(place)
        yield from _FRAME.decode(pa.decompress(file.read(packed), size, codec=_CODEC, asbytes=True))
