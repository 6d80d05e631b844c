"""The same promises on a real S3 API, through Airflow's ObjectStoragePath."""

import gc
import threading

import pytest

from airflow_provider_tcocr.exceptions import ConfigurationError, UnreadablePartError
from airflow_provider_tcocr.landing.folder import ObjectFolder, open_folder, parts_of, read_bytes, write_bytes
from airflow_provider_tcocr.landing.index import DocumentKey


@pytest.fixture
def folder(s3):
    return open_folder(f"{s3}/out")


def test_objects_are_written_listed_read_replaced_and_deleted(folder):
    raw = folder.child("raw")
    assert raw.names() == []
    with pytest.raises(FileNotFoundError):
        raw.open("part-b.parquet").read()
    for name in ("part-b.parquet", "part-a.parquet", ".hidden", "notes.txt"):
        write_bytes(raw, name, name.encode())
    write_bytes(raw.child("deeper"), "part-c.parquet", b"")
    write_bytes(raw, "part-a.parquet", b"new")
    assert raw.names() == ["notes.txt", "part-a.parquet", "part-b.parquet"]
    assert list(parts_of(raw)) == ["part-a.parquet", "part-b.parquet"]
    assert read_bytes(raw, "part-a.parquet") == b"new"
    raw.delete("part-a.parquet")
    raw.delete("part-a.parquet")
    assert list(parts_of(raw)) == ["part-b.parquet"]


def test_what_another_process_writes_and_deletes_is_seen_at_the_next_listing(s3, bucket):
    folder = open_folder(f"{s3}/out")
    write_bytes(folder, "part-a.parquet", b"1")
    assert folder.names() == ["part-a.parquet"]
    bucket.put_object(Bucket="lake", Key="out/part-b.parquet", Body=b"2")
    bucket.delete_object(Bucket="lake", Key="out/part-a.parquet")
    assert folder.names() == ["part-b.parquet"]


@pytest.mark.parametrize("size", [0, 1000, 12_000_000], ids=["nothing", "small", "larger than one upload part"])
def test_a_write_that_dies_leaves_no_object_not_even_when_it_is_collected(s3, bucket, size):
    folder = open_folder(f"{s3}/out")

    def die():
        with folder.write("part-a.parquet") as file:
            for _ in range(0, size, 100_000):
                file.write(bytes(100_000))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        die()
    gc.collect()
    assert "Contents" not in bucket.list_objects_v2(Bucket="lake", Prefix="out")
    assert "Uploads" not in bucket.list_multipart_uploads(Bucket="lake")
    assert folder.names() == []


def test_a_bucket_that_is_not_there_is_an_error_and_is_not_made(s3, bucket):
    folder = open_folder(f"{s3}-misspelt/out")
    with pytest.raises(FileNotFoundError):
        write_bytes(folder, "part-a.parquet", b"1")
    assert [one["Name"] for one in bucket.list_buckets()["Buckets"]] == ["lake"]


def test_a_store_that_refuses_the_listing_is_never_an_empty_one(s3, monkeypatch):
    folder = ObjectFolder(f"{s3}/out")
    write_bytes(folder, "part-a.parquet", b"1")

    def denied(*_, **__):
        raise PermissionError("Access Denied")

    monkeypatch.setattr(folder._store()[0], "ls", denied)
    with pytest.raises(PermissionError):
        folder.names()


def test_a_path_whose_scheme_nobody_knows_is_refused_by_name():
    with pytest.raises(ConfigurationError, match="nosuchstore"):
        open_folder("nosuchstore://bucket/out").names()


def test_a_journal_lands_merges_and_is_found_again(folder, journal, page):
    raw = folder.child("raw")
    one = journal(folder=raw)
    for number in range(6):
        one.append([page(number)], calls=number + 1)
    twin = journal(folder=raw)
    assert (twin.refresh(), twin.calls.of_others) == (6, 6)
    twin.merge()
    assert len(raw.names()) == 1
    one.refresh()
    entries = [one.index.pages_of(DocumentKey(f"identity-{number}", "v", "c"))[1] for number in range(6)]
    with one.rows(entry.place for entry in entries) as rows:
        assert [row.document_id for row in rows] == [f"/in/{number:05}.png" for number in range(6)]


def test_a_part_that_is_cut_short_is_an_error_that_names_it(folder, journal, page):
    raw = folder.child("raw")
    journal(folder=raw).append([page(1)], calls=1)
    (name,) = raw.names()
    write_bytes(raw, name, read_bytes(raw, name)[:-30])
    with pytest.raises(UnreadablePartError, match=name):
        journal(folder=raw).refresh()


def test_twins_on_one_store_lose_nothing(s3, journal, page):
    raw = open_folder(f"{s3}/out").child("raw")
    twins = [journal(folder=raw) for _ in range(2)]
    failures = []

    def work(twin, numbers):
        try:
            for made, number in enumerate(numbers, 1):
                twin.append([page(number)], calls=made)
                if made % 3 == 0:
                    twin.refresh()
                    twin.merge()
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=(twin, range(start, start + 9)))
        for twin, start in zip(twins, (0, 9), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    last = journal(folder=raw)
    last.refresh()
    last.merge()
    fresh = journal(folder=raw)
    assert (fresh.refresh(), fresh.calls.of_others) == (18, 18)
