"""The tables: in the documents' order, in the same files whoever derives them, and never an exception for an answer."""

import hashlib

import pyarrow.parquet as pq
import pytest

from airflow_provider_tcocr.landing import tables
from airflow_provider_tcocr.landing.folder import LocalFolder
from airflow_provider_tcocr.landing.tables import Tally, derive


def derived(path, pages):
    tally = Tally()
    derive(LocalFolder(path), (one.row for one in pages), tally)
    return tally


def files(path):
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(path.rglob("*.parquet"))
    }


def column(path, table, name):
    return [value for file in sorted((path / table).iterdir()) for value in pq.read_table(file)[name].to_pylist()]


def test_rows_stand_in_the_order_given_and_are_counted(tmp_path, page):
    pages = [page(3), page(1, status="empty", answer=None), page(2, status="failed", error_code="X"), page(0)]
    tally = derived(tmp_path, pages)
    assert column(tmp_path, "pages", "document_id") == [one.row.document_id for one in pages]
    assert column(tmp_path, "detections", "text") == ["3", "0"]
    assert (tally.pages, tally.recognized, tally.empty, tally.failed, tally.detections) == (4, 2, 1, 1, 2)


def test_no_pages_are_two_empty_tables_with_their_schemas(tmp_path):
    assert derived(tmp_path, []) == Tally()
    assert set(files(tmp_path)) == {"pages/part-00000.parquet", "detections/part-00000.parquet"}
    assert pq.read_table(tmp_path / "pages").num_rows == 0


@pytest.mark.parametrize(("count", "parts"), [(9, 1), (10, 1), (11, 2), (35, 4)])
def test_many_pages_are_parts_of_so_many_pages_with_names_by_number(tmp_path, page, monkeypatch, count, parts):
    monkeypatch.setattr(tables, "PAGES_A_PART", 10)
    pages = [page(number) for number in range(count)]
    assert derived(tmp_path, pages).pages == count
    names = [f"part-{number:05d}.parquet" for number in range(parts)]
    for table in ("pages", "detections"):
        assert sorted(file.name for file in (tmp_path / table).iterdir()) == names
    assert column(tmp_path, "pages", "document_id") == [one.row.document_id for one in pages]
    assert column(tmp_path, "detections", "text") == [str(number) for number in range(count)]
    by_part = [
        (
            pq.read_table(tmp_path / "pages" / name)["document_id"],
            pq.read_table(tmp_path / "detections" / name)["document_id"],
        )
        for name in names
    ]
    for in_pages, in_detections in by_part:
        assert in_pages.to_pylist() == in_detections.to_pylist()


def test_deriving_again_writes_the_same_bytes(tmp_path, page, monkeypatch):
    monkeypatch.setattr(tables, "PAGES_A_PART", 10)
    pages = [page(number) for number in range(25)]
    derived(tmp_path / "a", pages)
    first = files(tmp_path / "a")
    derived(tmp_path / "a", pages)
    derived(tmp_path / "b", iter(pages))
    assert files(tmp_path / "a") == first == files(tmp_path / "b")


def test_surplus_parts_of_a_larger_dataset_go_and_other_files_stay(tmp_path, page, monkeypatch):
    monkeypatch.setattr(tables, "PAGES_A_PART", 10)
    pages = [page(number) for number in range(35)]
    derived(tmp_path, pages)
    (tmp_path / "pages/_notes.txt").write_text("mine")
    derived(tmp_path, pages[:5])
    assert sorted(file.name for file in (tmp_path / "pages").iterdir()) == ["_notes.txt", "part-00000.parquet"]
    assert len(list((tmp_path / "detections").iterdir())) == 1
    assert column(tmp_path, "detections", "text") == list("01234")


@pytest.mark.parametrize(
    "answer",
    [b"", b"{", b"<html>", b"\xff\xfe", b"[]", b'{"Response":[]}', b"[" * 100_000],
    ids=lambda value: repr(value[:20]),
)
def test_an_answer_that_cannot_be_decoded_is_a_failed_row_and_takes_nothing_down(tmp_path, page, answer):
    tally = derived(tmp_path, [page(1), page(2, answer=answer), page(3)])
    assert column(tmp_path, "pages", "status") == ["recognized", "failed", "recognized"]
    assert column(tmp_path, "pages", "error_code")[1].startswith("Transport.")
    assert column(tmp_path, "detections", "text") == ["1", "3"]
    assert (tally.pages, tally.recognized, tally.failed) == (3, 2, 1)


def test_a_status_that_nobody_knows_is_an_error(tmp_path, page):
    with pytest.raises(ValueError, match="half-done"):
        derived(tmp_path, [page(1, status="half-done")])


def test_many_detections_are_row_groups_of_a_bounded_size(tmp_path, page, monkeypatch):
    monkeypatch.setattr(tables, "_GROUP_DETECTIONS", 10)
    derived(tmp_path, [page(number) for number in range(35)])
    assert pq.ParquetFile(tmp_path / "detections/part-00000.parquet").metadata.num_row_groups == 4
    assert column(tmp_path, "detections", "text") == [str(number) for number in range(35)]


@pytest.mark.parametrize("at", range(0, 26, 3))
def test_a_death_while_deriving_leaves_whole_parts_only(tmp_path, page, monkeypatch, at):
    """Whichever step dies, every file under a part's name can be read; deriving again mends the rest."""
    monkeypatch.setattr(tables, "PAGES_A_PART", 10)
    pages = [page(number) for number in range(25)]
    derived(tmp_path / "wanted", pages)
    derived(tmp_path / "out", [page(number) for number in range(45)])
    rows, steps = iter(one.row for one in pages), 0

    def dying():
        nonlocal steps
        for row in rows:
            steps += 1
            if steps > at:
                raise KeyboardInterrupt
            yield row

    try:
        derive(LocalFolder(tmp_path / "out"), dying(), Tally())
    except KeyboardInterrupt:
        assert at < 25
    for file in (tmp_path / "out").rglob("*.parquet"):
        pq.read_table(file)
    derived(tmp_path / "out", pages)
    assert files(tmp_path / "out") == files(tmp_path / "wanted")
