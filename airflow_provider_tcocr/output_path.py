"""Reads one output path: its manifest, and the part files of its tables. Writes nothing.

Local paths are read without Airflow; any other URI goes through Airflow's `ObjectStoragePath` and its connections.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from .exceptions import ConfigurationError, TencentCloudOcrError, reason_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import dataset as pads

MANIFEST_NAME: Final = "_manifest.json"


@dataclass(frozen=True, slots=True)
class OutputPath:
    """An output path that a batch has written to, opened.

    :param uri: as the user gave it
    :param manifest: the file's content when it was opened
    :param path: where it is in its filesystem
    :param filesystem: of fsspec; None for the local one
    """

    uri: str
    manifest: Mapping[str, Any]
    path: str
    filesystem: Any

    @classmethod
    def open(cls, uri: str) -> OutputPath:
        """Open one; its manifest is read from the file, as the one that a task returned may be an earlier run's.

        :raise ConfigurationError: the URI is empty, or there is no manifest, so that the tables are not whole
        :raise TencentCloudOcrError: the store does not answer, or refuses
        """
        if not uri:
            raise ConfigurationError("an empty path is no dataset: give the manifest or the output path of a batch")
        path, filesystem = _found(uri)
        return cls(uri, _manifest(uri, path, filesystem), path, filesystem)

    @property
    def place(self) -> tuple[Any, str]:
        """What distinguishes it from others, however it is spelled."""
        return self.filesystem, os.path.realpath(self.path) if self.filesystem is None else self.path.rstrip("/")

    def table(self, name: str, schema: pa.Schema) -> pads.Dataset | None:
        """The parts of a table in the order of their numbers, to be read later; None where there are none.

        :raise TencentCloudOcrError: they do not have the rows that the manifest counts
        """
        from pyarrow import dataset as pads

        with reading(f"{self.uri}: the table {name}", local=self.filesystem is None):
            parts = self._parts(name)
            table = pads.dataset(parts, schema=schema, format="parquet", filesystem=self.filesystem) if parts else None
            rows = table.count_rows() if table is not None else 0
        counts = self.manifest.get("counts")
        counted = counts.get(name) if isinstance(counts, Mapping) else None
        if isinstance(counted, int) and rows != counted:
            self.check()
            raise TencentCloudOcrError(
                f"{self.uri}: the table {name} has {rows:,} rows, and the manifest counts {counted:,}: part files are "
                "missing, or not those of the batch. Run it again: they are derived again, and nothing is paid twice"
            )
        return table

    def check(self) -> None:
        """Check that what was read is of one batch: each removes the manifest before it writes, and writes it last.

        :raise TencentCloudOcrError: the tables were written since the output path was opened
        """
        try:
            manifest = _manifest(self.uri, self.path, self.filesystem)
        except ConfigurationError:
            manifest = {}
        if _state(manifest) != _state(self.manifest):
            raise TencentCloudOcrError(
                f"{self.uri} was written by another batch since it was opened, so its rows may be of both batches. "
                "Open it again once that batch has ended"
            )

    def _parts(self, table: str) -> list[str]:
        folder = f"{self.path.rstrip('/')}/{table}"
        try:
            if self.filesystem is None:
                names = [part.name for part in Path(folder).iterdir()]
            else:
                self.filesystem.invalidate_cache(folder)
                names = [name.rstrip("/").rpartition("/")[2] for name in self.filesystem.ls(folder, detail=False)]
        except FileNotFoundError:
            names = []
        return [f"{folder}/{name}" for name in sorted(filter(is_part, set(names)), key=lambda name: (len(name), name))]


def is_part(name: str) -> bool:
    """Whether a file is a part of a table, as ``part-00000.parquet``."""
    return name.startswith("part-") and name.endswith(".parquet")


@contextmanager
def reading(what: str, *, local: bool) -> Iterator[None]:
    """Raise any error as ours, which says what cannot be read and why: those of stores and Parquet have no common root.

    :param local: the error's own text is shown; a store's may contain the signature of a URL
    :raise TencentCloudOcrError: whatever went wrong
    """
    try:
        yield
    except TencentCloudOcrError:
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0] if local else reason_of(error)
        raise TencentCloudOcrError(f"{what} cannot be read: {reason}") from error


def _found(uri: str) -> tuple[str, Any]:
    """The path, and the filesystem that it is in."""
    from .documents.document import is_local, local_path, shown
    from .documents.store import at_store

    if is_local(uri):
        return local_path(uri), None

    filesystem, path = at_store(uri)
    if shown(uri) != uri:
        raise ConfigurationError("an output path must contain no signature: keys belong in a connection")
    return path, filesystem


def _manifest(uri: str, path: str, filesystem: Any) -> dict[str, Any]:
    name = f"{path.rstrip('/')}/{MANIFEST_NAME}"
    try:
        with reading(f"{uri}: its {MANIFEST_NAME}", local=filesystem is None):
            body = Path(name).read_bytes() if filesystem is None else filesystem.cat_file(name)
    except TencentCloudOcrError as error:
        if not isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            raise
        raise ConfigurationError(
            f"{uri} has no {MANIFEST_NAME}: its batch has not finished, or it is not the output_path of one"
        ) from None
    try:
        manifest = json.loads(body)
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{name} is not JSON: it was not written by a batch, or is damaged") from None
    if not isinstance(manifest, dict):
        raise ConfigurationError(f"{name} is not a manifest")
    return manifest


def _state(manifest: Mapping[str, Any]) -> object:
    """What changes when the tables do; a batch that leaves the tables as they are changes only the rest."""
    return manifest.get("fingerprint") or manifest
