"""A folder of files that appear whole or not at all, on a local disk or in an object store. Knows no format."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Protocol

from ..exceptions import ConfigurationError

_NO_FLUSH: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})
"""What SMB shares and object stores mounted by FUSE say to a flush of a folder; there is nothing to flush there."""


class Folder(Protocol):
    """What landing needs of a storage."""

    uri: str

    def child(self, name: str) -> Folder:
        """A folder inside this one."""

    def names(self) -> list[str]:
        """The files in this folder that are whole, sorted; an absent folder has none."""

    def open(self, name: str) -> IO[bytes]:
        """A file to read from; FileNotFoundError where it has vanished."""

    def write(self, name: str, fill: Callable[[IO[bytes]], None]) -> None:
        """Write a file durably: whole under its name, or not there. An older one of that name is replaced."""

    def delete(self, name: str) -> None:
        """Delete a file; none there is no error."""


def open_folder(path: str | os.PathLike[str]) -> Folder:
    """The folder that a user named.

    :param path: a local path, ``file://``, or any URI that ``ObjectStoragePath`` knows
    """
    text = os.fspath(path)
    if not text.strip():
        raise ConfigurationError("output_path is empty")
    if "://" not in text:
        return LocalFolder(Path(text))
    if text.startswith("file://"):
        return LocalFolder(Path(text.removeprefix("file://").removeprefix("localhost")))
    if "?" in text or "#" in text:
        raise ConfigurationError("output_path must bear no query and no fragment")
    return ObjectFolder(text)


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

    def open(self, name: str) -> IO[bytes]:
        """A file to read from."""
        return (self._path / name).open("rb")

    def write(self, name: str, fill: Callable[[IO[bytes]], None]) -> None:
        """Write, flush to the disk, rename, flush the folder."""
        self._path.mkdir(parents=True, exist_ok=True)
        hidden = self._path / f".{name}.{os.getpid()}.{os.urandom(4).hex()}"
        try:
            with hidden.open("xb") as file:
                fill(file)
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


class ObjectFolder:
    """A prefix in an object store, through Airflow's ObjectStoragePath; a closed upload is whole and durable."""

    def __init__(self, uri: str) -> None:
        self.uri = uri.rstrip("/")
        self._base: Any = None

    def child(self, name: str) -> ObjectFolder:
        """A folder inside this one."""
        return ObjectFolder(f"{self.uri}/{name}")

    def names(self) -> list[str]:
        """The objects directly under the prefix, listed afresh."""
        base = self._path()
        with contextlib.suppress(AttributeError):
            base.fs.invalidate_cache()
        try:
            found = base.fs.ls(base.path, detail=True)
        except FileNotFoundError:
            return []
        files = (PurePosixPath(entry["name"]).name for entry in found if entry.get("type") == "file")
        return sorted(name for name in files if name and not name.startswith("."))

    def open(self, name: str) -> IO[bytes]:
        """An object to read from."""
        stream: IO[bytes] = (self._path() / name).open("rb")
        return stream

    def write(self, name: str, fill: Callable[[IO[bytes]], None]) -> None:
        """Upload; the object appears when the upload is complete."""
        base = self._path()
        base.fs.makedirs(base.path, exist_ok=True)
        stream = (base / name).open("wb")
        try:
            fill(stream)
        except BaseException:
            with contextlib.suppress(Exception):
                stream.discard()
            raise
        stream.close()

    def delete(self, name: str) -> None:
        """Delete an object."""
        with contextlib.suppress(FileNotFoundError):
            (self._path() / name).unlink()

    def _path(self) -> Any:
        if self._base is None:
            from airflow.providers.common.compat.sdk import ObjectStoragePath

            self._base = ObjectStoragePath(self.uri)
        return self._base


def write_bytes(folder: Folder, name: str, content: bytes) -> None:
    """Write a file whose content is at hand."""
    folder.write(name, lambda file: _fill(file, content))


def _fill(file: IO[bytes], content: bytes) -> None:
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
    return (name for name in folder.names() if name.startswith("part-") and name.endswith(".parquet"))
