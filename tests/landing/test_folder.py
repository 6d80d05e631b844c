"""A file is there whole or not at all, whatever dies while it is written."""

import errno
import multiprocessing
import os
import signal
import threading

import pytest

from airflow_provider_tcocr.exceptions import ConfigurationError
from airflow_provider_tcocr.landing.folder import (
    LocalFolder,
    open_folder,
    part_versions,
    parts_of,
    read_bytes,
    write_bytes,
)


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def write_and_be_killed(path, *, at):
    """Run in a child: SIGKILL at one step of writing."""
    folder = LocalFolder(path)
    if at == "rename":
        os.replace = lambda *_: die(None)
        write_bytes(folder, "part-a.parquet", b"x" * 1000)
    elif at == "flush":
        os.fsync = die
        write_bytes(folder, "part-a.parquet", b"x" * 1000)
    else:
        with folder.write("part-a.parquet") as file:
            file.write(b"x" * 100_000)
            die(None)


@pytest.mark.parametrize("at", ["fill", "flush", "rename"])
def test_a_kill_before_the_rename_leaves_nothing_that_is_listed(tmp_path, at):
    child = multiprocessing.get_context("fork").Process(target=write_and_be_killed, args=(tmp_path,), kwargs={"at": at})
    child.start()
    child.join(20)
    assert child.exitcode == -signal.SIGKILL
    assert [name for name in os.listdir(tmp_path) if name.startswith(".part-a.parquet")], "it died after all was done"
    folder = LocalFolder(tmp_path)
    assert folder.names() == []
    write_bytes(folder, "part-a.parquet", b"whole")
    assert folder.names() == ["part-a.parquet"]
    assert read_bytes(folder, "part-a.parquet") == b"whole"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space"), KeyboardInterrupt(), ValueError("fill")])
def test_a_failed_write_leaves_the_older_file_and_no_rest(tmp_path, error):
    folder = LocalFolder(tmp_path)
    write_bytes(folder, "a", b"old")

    def fail():
        with folder.write("a") as file:
            file.write(b"half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert os.listdir(tmp_path) == ["a"]
    assert read_bytes(folder, "a") == b"old"


def test_a_folder_that_is_not_there_is_empty_and_made_by_the_first_write(tmp_path):
    folder = LocalFolder(tmp_path / "a" / "b")
    assert folder.names() == []
    folder.delete("never-there")
    write_bytes(folder, "x", b"1")
    assert folder.names() == ["x"]
    with pytest.raises(FileNotFoundError):
        folder.open("y")


def test_a_folder_that_cannot_be_listed_is_never_an_empty_one(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(NotADirectoryError):
        LocalFolder(tmp_path / "file").names()


@pytest.mark.parametrize("path", ["file", "file/out", "file/a/b/", "link/out"])
@pytest.mark.parametrize("written", ["{}", "file://{}"])
def test_a_path_at_or_under_a_file_is_refused_by_the_files_name(tmp_path, path, written):
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(ConfigurationError, match=r"output_path: .*/(file|link) is a file$"):
        open_folder(written.format(tmp_path / path))


@pytest.mark.parametrize("wrong", ["file://lake/out", "file://lake", "file://"])
def test_a_file_uri_without_an_absolute_path_is_refused(wrong):
    """Else the dataset would lie under whatever folder a worker happens to run in, and be paid for on each anew."""
    with pytest.raises(ConfigurationError, match="output_path: file:// takes an absolute path"):
        open_folder(wrong)


def test_a_file_uri_is_decoded_as_that_of_a_document_is(tmp_path):
    """The literal name first, where it is there."""
    uri = f"file://{tmp_path}/o%20ut"
    assert open_folder(uri).uri == f"{tmp_path}/o ut"
    (tmp_path / "o%20ut").mkdir()
    assert open_folder(uri).uri == f"{tmp_path}/o%20ut"


def test_a_path_that_is_not_there_yet_is_a_folder_to_come(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "later")
    for path in ("a/b", "link"):
        assert open_folder(tmp_path / path).names() == []


def test_what_a_killed_writer_left_goes_once_it_is_a_day_old_and_nothing_else(tmp_path):
    left = [".part-00000.parquet.123.0a1b2c3d", "._manifest.json.7.ffffffff"]
    others = [".part-00001.parquet.124.0a1b2c3d", ".nfs0001", ".part-00000.parquet.crc", "part-00000.parquet"]
    for name in left + others:
        (tmp_path / name).touch()
        if name != others[0]:
            os.utime(tmp_path / name, (1e9, 1e9))
    LocalFolder(tmp_path).tidy()
    assert sorted(os.listdir(tmp_path)) == sorted(others)
    LocalFolder(tmp_path / "none").tidy()


def test_only_part_files_are_parts(tmp_path):
    for name in ("part-0.parquet", "part-1.parquet.crc", "_SUCCESS", ".part-2.parquet.1.ab", "part-3.parquet"):
        (tmp_path / name).touch()
    (tmp_path / "part-4.parquet").mkdir()
    assert list(parts_of(LocalFolder(tmp_path))) == ["part-0.parquet", "part-3.parquet"]


def test_a_files_version_changes_when_it_is_written_anew(tmp_path):
    folder = LocalFolder(tmp_path / "new")
    assert folder.versions() == {}
    for name in ("part-b.parquet", "part-a.parquet", "notes.txt", ".hidden"):
        write_bytes(folder, name, b"1")
    first = folder.versions()
    assert list(first) == ["notes.txt", "part-a.parquet", "part-b.parquet"]
    assert part_versions(folder) == {name: first[name] for name in ("part-a.parquet", "part-b.parquet")}
    write_bytes(folder, "part-a.parquet", b"2")
    second = folder.versions()
    assert {name for name in first if first[name] != second[name]} == {"part-a.parquet"}


def test_writers_of_one_name_leave_one_whole_file(tmp_path):
    folder = LocalFolder(tmp_path)
    contents = [bytes([65 + number]) * 200_000 for number in range(8)]
    threads = [threading.Thread(target=write_bytes, args=(folder, "one", content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert os.listdir(tmp_path) == ["one"]
    assert read_bytes(folder, "one") in contents


def test_a_storage_that_cannot_flush_a_folder_is_written_to_all_the_same(tmp_path, monkeypatch):
    """SMB shares and object stores mounted by FUSE refuse fsync of a folder with EINVAL."""
    real = os.fsync

    def fsync(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    folder = LocalFolder(tmp_path)
    write_bytes(folder, "a", b"1")
    assert folder.names() == ["a"]


def test_a_disk_that_fails_to_flush_a_folder_is_an_error(tmp_path, monkeypatch):
    real = os.fsync

    def fsync(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EIO, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output"):
        write_bytes(LocalFolder(tmp_path), "a", b"1")


@pytest.mark.parametrize("written", ["{}", "{}/", "file://{}", "file://localhost{}"])
def test_one_place_is_one_folder_however_it_is_written(tmp_path, written, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_bytes(open_folder(written.format(tmp_path / "out")), "a", b"1")
    assert (tmp_path / "out/a").read_bytes() == b"1"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "  ",
        "/planted\0",
        "s3://bucket/out?X-Amz-Signature=planted",
        "s3://bucket/out#planted",
        "cos://b-125/planted",
    ],
)
def test_a_path_that_cannot_be_meant_is_refused_without_being_shown(path):
    with pytest.raises(ConfigurationError, match="output_path") as caught:
        open_folder(path)
    assert "planted" not in str(caught.value)
