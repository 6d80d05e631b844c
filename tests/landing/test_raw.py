"""The journal's format: answers come back byte for byte, and a damaged part is an error that names it."""

import io
import json
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from airflow_provider_tcocr.landing.raw import (
    RAW_SCHEMA,
    UnreadablePartError,
    calls_of,
    open_part,
    to_batch,
    to_rows,
    write_part,
)

NAME = "part-00000000000000000001-abc-000001.parquet"


def part_of(pages, **calls):
    file = io.BytesIO()
    write_part(file, [to_batch(pages)], calls=calls)
    return file.getvalue()


def test_a_row_comes_back_as_it_was_written(page):
    transform = (2.0, 0.0, 0.5, 0.0, 2.0, -7.25)
    pages = [
        page(1, transform=transform, width=10, height=20, prepared="PNG", latency_ms=3, request_id="r"),
        page(2, status="failed", error_code="Document.Empty", error_message="… 空"),
        page(3, answer=None, status="empty", document_id="名\u0000字 𠮷"),
    ]
    part = open_part(io.BytesIO(part_of(pages)), NAME)
    assert to_rows(part.read()) == [one.row for one in pages]


def test_an_answer_survives_byte_for_byte_unknown_fields_and_all(page, answer):
    bodies = [
        answer("x", Model="v9", Page={"W": 1.50, "H": [None, True]}),
        b' {"Response" : {"TextDetections":[],"\\u65b0":"\\ud83d\\ude00", "n": 1.0e3}}\n',
        b"\xff\xfe not even UTF-8 \x00",
        b"",
    ]
    part = open_part(io.BytesIO(part_of([page(n, answer=body) for n, body in enumerate(bodies)])), NAME)
    assert [row.answer for row in to_rows(part.read())] == bodies


def test_large_answers_are_split_into_row_groups_of_about_four_megabytes(page):
    chance = random.Random(1)
    pages = [
        page(n, answer=chance.randbytes(size)) for n, size in enumerate([3_000_000] * 5 + [12_000_000] + [100] * 600)
    ]
    part = open_part(io.BytesIO(part_of(pages)), NAME)
    groups = [part.metadata.row_group(n).num_rows for n in range(part.metadata.num_row_groups)]
    assert sum(groups) == 606
    assert groups[:6] == [1] * 6
    assert max(groups) <= 512
    assert [row.answer for row in to_rows(part.read())] == [one.row.answer for one in pages]


def test_many_small_batches_make_few_row_groups(page):
    file = io.BytesIO()
    write_part(file, [to_batch([page(n)]) for n in range(1000)], calls={})
    assert pq.ParquetFile(file).metadata.num_row_groups == 2


def test_a_part_tells_the_calls_of_each_writer(page):
    part = open_part(io.BytesIO(part_of([page(1)], one=3, other=5)), NAME)
    assert calls_of(part) == {"one": 3, "other": 5}


def test_a_part_without_rows_is_a_part():
    part = open_part(io.BytesIO(part_of([], one=3)), NAME)
    assert (part.read().num_rows, calls_of(part)) == (0, {"one": 3})


@pytest.mark.parametrize("content", ["nothing", "garbage", "head", "tail", "csv", "zeros"])
def test_a_damaged_part_is_an_error_that_names_it(page, content):
    whole = part_of([page(n) for n in range(50)])
    damaged = {
        "nothing": b"",
        "garbage": random.Random(2).randbytes(5000),
        "head": whole[: len(whole) // 2],
        "tail": whole[len(whole) // 2 :],
        "csv": b"a,b\n1,2\n",
        "zeros": bytes(len(whole)),
    }[content]
    with pytest.raises(UnreadablePartError, match=NAME):
        open_part(io.BytesIO(damaged), NAME).read()


def test_a_part_of_another_version_or_of_somebody_else_is_an_error_that_names_it(page):
    for metadata in ({b"tcocr.raw.version": b"2"}, {}):
        file = io.BytesIO()
        pq.write_table(pa.Table.from_batches([to_batch([page(1)])]).replace_schema_metadata(metadata), file)
        with pytest.raises(UnreadablePartError, match=f"{NAME}.*version"):
            open_part(io.BytesIO(file.getvalue()), NAME)


@pytest.mark.parametrize(
    "columns",
    [
        lambda table: table.drop_columns(["content_sha256"]),
        lambda table: table.rename_columns({"request_id": "request_ie"}),
        lambda table: table.set_column(8, "page", table.column("page").cast(pa.string())),
    ],
    ids=["one is missing", "one has another name", "one is of another type"],
)
def test_a_part_whose_columns_are_not_the_journals_is_an_error_that_names_it(page, columns):
    table = pq.read_table(io.BytesIO(part_of([page(1)])))
    file = io.BytesIO()
    pq.write_table(columns(table).replace_schema_metadata(table.schema.metadata), file)
    with pytest.raises(UnreadablePartError, match=NAME):
        open_part(io.BytesIO(file.getvalue()), NAME)


def test_the_schema_keeps_to_types_that_every_reader_has():
    assert {str(field.type) for field in RAW_SCHEMA} == {
        "string", "int32", "binary", "timestamp[us, tz=UTC]", "list<item: double>",
    }  # fmt: skip
    assert json.loads(json.dumps(RAW_SCHEMA.names)) == RAW_SCHEMA.names
