"""Rows in the order asked for, however they lie: each row group is read once, and little is held."""

import random

import pytest

from airflow_provider_tcocr.landing import raw as raw_format
from airflow_provider_tcocr.landing import rows as landing_rows
from airflow_provider_tcocr.landing.index import DocumentKey


@pytest.fixture
def landed(journal, page, monkeypatch):
    """A journal of twelve parts, each of three row groups; gives it and what was served, by number."""
    monkeypatch.setattr(raw_format, "_GROUP_ROWS", 4)
    chance, one, pages = random.Random(3), journal(), {}
    for part in range(12):
        mine = [page(10 * part + n, answer=chance.randbytes(20_000)) for n in range(10)]
        one.append(mine, calls=0)
        pages |= {10 * part + n: each.row for n, each in enumerate(mine)}
    return one, pages


def places(journal, numbers):
    return [journal.index.pages_of(DocumentKey(f"identity-{number}", "v", "c"))[1].place for number in numbers]


@pytest.fixture
def read(monkeypatch):
    """The row groups that are read."""
    groups, real = [], landing_rows.to_rows

    def to_rows(table):
        groups.append(table.num_rows)
        return real(table)

    monkeypatch.setattr(landing_rows, "to_rows", to_rows)
    return groups


@pytest.mark.parametrize("held", [0, 100_000, 1 << 30], ids=["hold nothing", "hold few", "hold all"])
@pytest.mark.parametrize("order", ["as they lie", "backwards", "shuffled", "every third"])
def test_rows_come_whole_in_the_order_asked_for_and_each_row_group_is_read_once(landed, read, monkeypatch, held, order):
    monkeypatch.setattr(landing_rows, "_HELD_BYTES", held)
    monkeypatch.setattr(landing_rows, "_FRAME_BYTES", 50_000)
    journal, pages = landed
    numbers = sorted(pages)
    if order == "shuffled":
        random.Random(5).shuffle(numbers)
    numbers = {"backwards": numbers[::-1], "every third": numbers[::3]}.get(order, numbers)
    wanted = places(journal, numbers)
    with journal.rows(wanted) as rows:
        assert list(rows) == [pages[number] for number in numbers]
        assert len(rows._files) <= landing_rows._OPEN
    assert len(read) == len({(place.part, place.row // 4) for place in wanted})


def test_rows_that_lie_in_order_are_neither_held_for_long_nor_written_elsewhere(landed):
    journal, pages = landed
    with journal.rows(places(journal, sorted(pages))) as rows:
        for _ in rows:
            assert len(rows._held) < 4
        assert rows._file is None


def test_what_is_held_stays_bounded_however_the_rows_lie(landed, monkeypatch):
    monkeypatch.setattr(landing_rows, "_HELD_BYTES", 200_000)
    journal, pages = landed
    numbers = sorted(pages)
    random.Random(7).shuffle(numbers)
    with journal.rows(places(journal, numbers)) as rows:
        for _ in rows:
            assert rows._size == sum(map(landing_rows._size, rows._held.values())) <= 200_000
        assert rows._file is not None
    assert rows._file.closed


def test_a_row_with_a_transform_and_no_answer_comes_back_from_the_file_as_it_was(journal, page, monkeypatch):
    monkeypatch.setattr(landing_rows, "_HELD_BYTES", 0)
    one = journal()
    pages = [
        page(1, status="failed", error_code="X", error_message="说明"),
        page(2, transform=(2.0, 0.0, 0.0, 0.0, 2.0, 0.5), width=7, height=9, prepared="shrunk"),
    ]
    one.append(pages, calls=2)
    with one.rows(places(one, [2, 1])) as rows:
        assert list(rows) == [pages[1].row, pages[0].row]


def test_no_places_are_no_rows(journal):
    with journal().rows([]) as rows:
        assert list(rows) == []
