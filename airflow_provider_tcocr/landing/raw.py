"""The journal's file format: one row a page, with the whole answer and what it belongs to. Knows no folder.

A part's metadata hold the number of calls that each writer had made when it was written. It only grows, so a writer's
largest is its latest, and merging parts twice counts nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..arrow.rows import PageRow
from ..exceptions import UnreadablePartError

RAW_VERSION: Final = "1"
_VERSION_KEY: Final = b"tcocr.raw.version"
_CALLS_KEY: Final = b"tcocr.raw.calls"
_ENDED_KEY: Final = b"tcocr.raw.ended"
_GROUP_BYTES: Final = 4 << 20
_GROUP_ROWS: Final = 512

IDENTITY_FIELDS: Final = [
    pa.field("record", pa.string(), nullable=False),
    pa.field("run", pa.string(), nullable=False),
    pa.field("identity", pa.string(), nullable=False),
    pa.field("version", pa.string()),
    pa.field("content_sha256", pa.string()),
    pa.field("page_count", pa.int32()),
]
RAW_SCHEMA: Final = pa.schema(
    [
        *IDENTITY_FIELDS,
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("document_uri", pa.string(), nullable=False),
        pa.field("page", pa.int32(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("action", pa.string(), nullable=False),
        pa.field("options", pa.string(), nullable=False),
        pa.field("answer", pa.binary()),
        pa.field("error_code", pa.string()),
        pa.field("error_message", pa.string()),
        pa.field("request_id", pa.string()),
        pa.field("prepared", pa.string()),
        pa.field("attempts", pa.int32(), nullable=False),
        pa.field("recognized_at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("latency_ms", pa.int32()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("transform", pa.list_(pa.float64())),
    ]
)
_KEY_ROWS: Final = 4096
"""Rows whose keys are read at a time."""

_KEY_COLUMNS: Final = [
    *(field.name for field in IDENTITY_FIELDS),
    "page",
    "status",
    "action",
    "options",
    "recognized_at",
]
_ROW_NAMES: Final = tuple(field.name for field in fields(PageRow))


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """One row of the journal.

    :param record: a unique id, the same in every copy that a merge makes
    :param run: the hash of the writer's dag, task, run and map index
    :param identity: the hash of the document's identity, which is paid for only once
    :param version: its ETag, or size and mtime; None where it was never contacted
    :param content_sha256: of the document's bytes, None where they were never held
    :param page_count: pages that the document has, None where that is not known
    """

    record: str
    run: str
    identity: str
    version: str | None
    content_sha256: str | None
    page_count: int | None
    row: PageRow


def to_batch(pages: Iterable[RawPage]) -> pa.RecordBatch:
    """The rows as one record batch of RAW_SCHEMA."""
    pages = list(pages)
    columns: list[pa.Array] = []
    for field in RAW_SCHEMA:
        values: list[Any]
        if field.name in _ROW_NAMES:
            values = [getattr(page.row, field.name) for page in pages]
        else:
            values = [getattr(page, field.name) for page in pages]
        columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=RAW_SCHEMA)


def to_batches(pages: Iterable[RawPage]) -> Iterator[pa.RecordBatch]:
    """The rows in record batches of about a row group each, at least one: a single one would double their memory."""
    held: list[RawPage] = []
    size = 0
    for page in pages:
        length = len(page.row.answer or b"")
        if held and size + length > _GROUP_BYTES:
            yield to_batch(held)
            held, size = [], 0
        held.append(page)
        size += length
    yield to_batch(held)


def to_rows(batch: pa.RecordBatch | pa.Table) -> list[PageRow]:
    """The pages of a record batch, without the columns of the journal."""
    columns = {name: batch.column(name) for name in _ROW_NAMES}
    columns["recognized_at"] = columns["recognized_at"].cast(pa.int64())
    lists = {name: _values(column) for name, column in columns.items()}
    lists["transform"] = [tuple(value) if value else None for value in lists["transform"]]
    return [PageRow(**dict(zip(lists, values, strict=True))) for values in zip(*lists.values(), strict=True)]


def _values(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """A column's values; many columns are all null, which is ten times faster this way."""
    return [None] * len(column) if column.null_count == len(column) else column.to_pylist()


def write_part(
    file: IO[bytes], batches: Iterable[pa.RecordBatch], *, calls: dict[str, int], ended: Iterable[str] = ()
) -> None:
    """Write a part: row groups of at most about 4 MB of answers.

    :param calls: the calls that each writer had made
    :param ended: writers that write no more
    """
    metadata = {
        _VERSION_KEY: RAW_VERSION.encode(),
        _CALLS_KEY: json.dumps(calls, sort_keys=True).encode(),
        _ENDED_KEY: json.dumps(sorted(ended)).encode(),
    }
    with pq.ParquetWriter(
        file,
        RAW_SCHEMA.with_metadata(metadata),
        compression="zstd",
        use_dictionary=["run", "action", "options", "status"],
        write_page_checksum=True,
    ) as writer:
        for group in _groups(batches):
            writer.write_table(group, row_group_size=max(1, group.num_rows))


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        for piece in _pieces(batch):
            if held and (size + piece.nbytes > _GROUP_BYTES or rows + piece.num_rows > _GROUP_ROWS):
                yield pa.Table.from_batches(held, RAW_SCHEMA)
                held, rows, size = [], 0, 0
            held.append(piece)
            rows, size = rows + piece.num_rows, size + piece.nbytes
    if held:
        yield pa.Table.from_batches(held, RAW_SCHEMA)


def _pieces(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A record batch in slices that each fit a row group; an answer larger than one has a slice of its own."""
    batch = batch.cast(RAW_SCHEMA) if batch.schema != RAW_SCHEMA else batch
    start = size = 0
    for row, length in enumerate(pc.binary_length(batch.column("answer")).to_pylist()):
        if row > start and (size + (length or 0) > _GROUP_BYTES or row - start >= _GROUP_ROWS):
            yield batch.slice(start, row - start)
            start, size = row, 0
        size += length or 0
    if start < batch.num_rows:
        yield batch.slice(start)


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Raise whatever is wrong with a part as an error that names it; that it has vanished is passed on as it is."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnreadablePartError(
            f"raw/{name} cannot be read ({type(error).__name__}); restore it, or move it away "
            "and accept that its pages are paid for again"
        ) from error


def open_part(file: IO[bytes], name: str) -> pq.ParquetFile:
    """A part to read from.

    :raise UnreadablePartError: it is damaged, of another version, or its columns are not the journal's
    """
    with reading(name):
        part = pq.ParquetFile(file, page_checksum_verification=True)
        metadata = part.schema_arrow.metadata or {}
        version = metadata.get(_VERSION_KEY, b"?").decode("ascii", "replace")
    if version != RAW_VERSION:
        raise UnreadablePartError(f"raw/{name} is of journal version {version}; this provider reads {RAW_VERSION}")
    with reading(name):
        if not part.schema_arrow.equals(RAW_SCHEMA):
            raise ValueError("other columns than the journal's")
    return part


def keys_of(part: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    """What identifies the rows of a part, piece by piece, since all keys of a large part take much memory."""
    batches: Iterator[pa.RecordBatch] = part.iter_batches(_KEY_ROWS, columns=_KEY_COLUMNS, use_threads=False)
    return batches


def batches_of(part: pq.ParquetFile, name: str) -> Iterator[pa.RecordBatch]:
    """The rows of a part, a row group at a time."""
    for group in range(part.metadata.num_row_groups):
        with reading(name):
            batches = part.read_row_group(group).to_batches()
        yield from batches


def calls_of(part: pq.ParquetFile) -> dict[str, int]:
    """The calls that each writer had made when the part was written."""
    stored = json.loads((part.schema_arrow.metadata or {}).get(_CALLS_KEY, b"{}"))
    return {str(writer): int(count) for writer, count in stored.items()}


def ended_of(part: pq.ParquetFile) -> list[str]:
    """The writers that had said, when the part was written, that they write no more."""
    return [str(writer) for writer in json.loads((part.schema_arrow.metadata or {}).get(_ENDED_KEY, b"[]"))]
