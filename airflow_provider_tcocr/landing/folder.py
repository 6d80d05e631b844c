"""A folder of files that appear whole or not at all, on a local disk or in an object store. Knows no format."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Protocol, cast

from ..documents.document import is_local, local_path, scheme_of
from ..documents.store import at_store
from ..documents.version import version_in
from ..exceptions import ConfigurationError
from ..output_path import is_part

_UNFINISHED: Final = re.compile(r"\..+\.\d+\.[0-9a-f]{8}")
_ABANDONED: Final = 86_400.0
"""Seconds after which nobody writes to an unfinished file any more."""

_NO_FLUSH: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})
"""How SMB shares and object stores mounted by FUSE refuse to flush a folder; they have nothing to flush."""


class Folder(Protocol):
    """What landing needs of a storage."""

    uri: str

    def child(self, name: str) -> Folder:
        """A folder inside this one."""

    def names(self) -> list[str]:
        """The files in this folder that are whole, sorted; an absent folder has none."""

    def versions(self) -> dict[str, str | None]:
        """The same files, each with what changes when it is rewritten; None where the storage has no such thing."""

    def open(self, name: str) -> IO[bytes]:
        """A file to read from; FileNotFoundError where it has vanished."""

    def write(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """A file to write to, durable under its name when the block ends; when it raises, an older one stays."""

    def delete(self, name: str) -> None:
        """Delete a file; that there is none is no error."""

    def tidy(self) -> None:
        """Delete what killed writers have left behind; what cannot be deleted is left for the next time."""


def open_folder(path: str | os.PathLike[str]) -> Folder:
    """The folder that a user named.

    :param path: a local path, ``file://``, or any URI that ``ObjectStoragePath`` knows
    """
    text = os.fspath(path)
    if not text.strip() or "\0" in text:
        raise ConfigurationError("output_path is empty, or contains a null character")
    if is_local(text):
        try:
            return _local_folder(local_path(text))
        except ConfigurationError as error:
            raise ConfigurationError(f"output_path: {error}") from None
    if scheme_of(text) == "cos":
        raise ConfigurationError("output_path: COS is written through its S3 API, as s3://conn_id@bucket-appid/prefix")
    if bears_query(text):
        raise ConfigurationError("output_path must have no query and no fragment")
    return ObjectFolder(text)


def bears_query(uri: str) -> bool:
    """Whether a URI has a query or a fragment, which may be what signs it: then it is no output path, and not shown."""
    return not is_local(uri) and not {"?", "#"}.isdisjoint(uri)


def _local_folder(path: str) -> LocalFolder:
    absolute = Path(path).absolute()
    there = next(filter(os.path.exists, (absolute, *absolute.parents)))
    if not os.path.isdir(there):  # noqa: PTH112 (Path.is_dir raises where it may not look)
        raise ConfigurationError(f"{path} cannot be a folder: {there} is a file")
    return LocalFolder(Path(path))


class LocalFolder:
    """A folder on a disk: written under a dot-name, flushed to the disk, renamed."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self.uri = str(path)

    def child(self, name: str) -> LocalFolder:
        """A folder inside this one."""
        child = LocalFolder(self._path / name)
        child.uri = str(Path(self.uri, name))
        return child

    def names(self) -> list[str]:
        """The visible files, sorted."""
        try:
            with os.scandir(self._path) as entries:
                return sorted(entry.name for entry in entries if not entry.name.startswith(".") and entry.is_file())
        except FileNotFoundError:
            return []

    def versions(self) -> dict[str, str | None]:
        """The visible files with their sizes and times."""
        found: dict[str, str | None] = {}
        for name in self.names():
            with contextlib.suppress(FileNotFoundError):
                stat = (self._path / name).stat()
                found[name] = f"{stat.st_size}-{stat.st_mtime_ns}"
        return found

    def open(self, name: str) -> IO[bytes]:
        """A file to read from."""
        return (self._path / name).open("rb")

    @contextmanager
    def write(self, name: str) -> Iterator[IO[bytes]]:
        """A file under a dot-name; then flush it to the disk, rename it, flush the folder."""
        self._path.mkdir(parents=True, exist_ok=True)
        hidden = self._path / f".{name}.{os.getpid()}.{os.urandom(4).hex()}"
        try:
            with hidden.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            hidden.replace(self._path / name)
        except BaseException:
            hidden.unlink(missing_ok=True)
            raise
        _flush_folder(self._path)

    def delete(self, name: str) -> None:
        """Delete a file."""
        (self._path / name).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Delete files that were never renamed, once they are a day old: until then one may still be written to."""
        with contextlib.suppress(OSError), os.scandir(self._path) as entries:
            for entry in entries:
                if _UNFINISHED.fullmatch(entry.name) and time.time() - entry.stat().st_mtime > _ABANDONED:
                    Path(entry).unlink(missing_ok=True)


class ObjectFolder:
    """A prefix in an object store, through Airflow's ObjectStoragePath; a complete upload is durable."""

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/")
        self._at: tuple[Any, str] | None = None

    def child(self, name: str) -> ObjectFolder:
        """A folder inside this one."""
        return ObjectFolder(f"{self.uri}/{name}")

    def names(self) -> list[str]:
        """The objects directly under the prefix, listed afresh."""
        return list(self.versions())

    def versions(self) -> dict[str, str | None]:
        """The same objects with their ETags, or sizes and times."""
        fs, path = self._store()
        fs.invalidate_cache()
        try:
            found = fs.ls(path, detail=True)
        except FileNotFoundError:
            return {}
        files = {PurePosixPath(entry["name"]).name: entry for entry in found if entry.get("type") == "file"}
        return {name: version_in(files[name]) for name in sorted(files) if name and not name.startswith(".")}

    def open(self, name: str) -> IO[bytes]:
        """An object to read from."""
        fs, path = self._store()
        stream: IO[bytes] = fs.open(f"{path}/{name}", "rb")
        return stream

    @contextmanager
    def write(self, name: str) -> Iterator[IO[bytes]]:
        """A temporary file, uploaded at the end: a store's own stream may complete an upload that was abandoned."""
        fs, path = self._store()
        with tempfile.NamedTemporaryFile(prefix="tcocr-") as file:
            yield cast("IO[bytes]", file)
            file.flush()
            fs.put_file(file.name, f"{path}/{name}")

    def delete(self, name: str) -> None:
        """Delete an object."""
        fs, path = self._store()
        with contextlib.suppress(FileNotFoundError):
            fs.rm_file(f"{path}/{name}")

    def tidy(self) -> None:
        """Nothing: what is not uploaded whole is not there."""

    def _store(self) -> tuple[Any, str]:
        if self._at is None:
            self._at = at_store(self.uri)
        return self._at


def write_bytes(folder: Folder, name: str, content: bytes) -> None:
    """Write a file from bytes."""
    with folder.write(name) as file:
        file.write(content)


def read_bytes(folder: Folder, name: str) -> bytes:
    """The whole content of a file."""
    with folder.open(name) as file:
        return file.read()


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FLUSH:
            raise
    finally:
        os.close(descriptor)


def parts_of(folder: Folder) -> Iterator[str]:
    """The names of a folder's part files, as ``part-00000.parquet``."""
    return filter(is_part, folder.names())


def part_versions(folder: Folder) -> dict[str, str | None]:
    """The same with their versions."""
    return {name: version for name, version in folder.versions().items() if is_part(name)}
