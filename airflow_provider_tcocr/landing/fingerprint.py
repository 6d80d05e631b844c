"""Tells whether the tables in storage are those that would be derived, and can be left as they are. Writes nothing.

Each part's metadata hold its origin: what it was derived from, and by which release. The manifest holds a fingerprint
of that origin, of the parts' versions when it was written, and of its own counts and failures. It no longer matches
once a part is changed, truncated, deleted or a twin's, or the manifest is edited or another release's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from .. import __version__
from ..arrow import SCHEMA_VERSION
from .folder import Folder, part_versions, parts_of
from .manifest import Failure, read_manifest
from .tables import ORIGIN_KEY, TABLES, Tally

_DIGITS: Final = 32


def origin_of(documents: Iterable[tuple[str, str, list[str]]]) -> str:
    """What tables are derived from and by which release, in 32 hex digits: equal origins give equal tables.

    :param documents: the id, the URI and the records of the standing rows of each, in the order of the dataset
    """
    digest = hashlib.sha256(f"{__version__} {SCHEMA_VERSION}".encode())
    encode = msgspec.msgpack.Encoder().encode
    for document in documents:
        digest.update(encode(document))
    return digest.hexdigest()[:_DIGITS]


def fingerprint_of(output: Folder, origin: str, tally: Tally) -> str | None:
    """The fingerprint for the manifest; None where the storage does not tell one version of a file from another."""
    return _fingerprint(output, origin, tally.counts, [failure.to_json() for failure in tally.failures])


def standing_tally(output: Folder, origin: str) -> Tally | None:
    """What the tables hold, where they seem to be those that would be derived; None where they must be derived.

    Only the parts' versions are compared: :func:`are_derived_from` opens them once the manifest is written.
    """
    try:
        manifest = read_manifest(output) or {}
        counts, failures = manifest.get("counts"), manifest.get("failures")
        if not isinstance(counts, dict) or not isinstance(failures, list) or not manifest.get("fingerprint"):
            return None
        counts = {name: counts.get(name) for name in Tally().counts}
        if manifest["fingerprint"] != _fingerprint(output, origin, counts, failures):
            return None
        return Tally(**counts, failures=[Failure(**failure) for failure in failures])
    except Exception:  # damaged, vanished, refused: deriving is never wrong, and meets a lasting error again
        return None


def are_derived_from(output: Folder, origin: str, tally: Tally) -> bool:
    """Whether each part has this origin, and together they have as many rows as were counted."""
    for table, wanted in zip(TABLES, (tally.pages, tally.detections), strict=True):
        folder, rows = output.child(table), 0
        for name in parts_of(folder):
            try:
                with folder.open(name) as file:
                    metadata = pq.read_metadata(file)
            except (FileNotFoundError, pa.ArrowInvalid):  # vanished, damaged
                return False
            if (metadata.metadata or {}).get(ORIGIN_KEY) != origin.encode():
                return False
            rows += metadata.num_rows
        if rows != wanted:
            return False
    return True


def _fingerprint(output: Folder, origin: str, counts: dict[str, Any], failures: list[Any]) -> str | None:
    parts = {table: part_versions(output.child(table)) for table in TABLES}
    if None in {version for versions in parts.values() for version in versions.values()}:
        return None
    state = json.dumps([origin, parts, counts, failures], sort_keys=True)
    return hashlib.sha256(state.encode()).hexdigest()[:_DIGITS]
