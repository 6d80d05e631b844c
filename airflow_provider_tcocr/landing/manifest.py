"""The manifest: the small value in XCom and in ``_manifest.json``, whose presence says that the tables are whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from ..arrow.rows import PageRow
from ..exceptions import TencentCloudOcrError
from ..output_path import MANIFEST_NAME
from .folder import Folder, read_bytes, write_bytes

MANIFEST_VERSION: Final = 1
MAX_FAILURES: Final = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed page in brief."""

    document_id: str
    page: int
    error_code: str | None
    error_message: str | None
    request_id: str | None

    @classmethod
    def of(cls, row: PageRow) -> Failure:
        """A failure short enough for XCom: texts are cut."""
        message = row.error_message[:300] if row.error_message else None
        return cls(row.document_id[:300], row.page, row.error_code, message, row.request_id)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a batch made.

    :param status: ``complete``, ``failed`` (more failed than ``fail_on`` allows) or ``stopped`` (account, limit)
    :param counts: documents, pages, recognized, empty, failed, reused, detections
    :param calls: made, throttled, retried: this attempt's
    :param fingerprint: of the tables and what they were derived from; None where the storage has no versions
    """

    manifest_version: int = MANIFEST_VERSION
    status: str
    output_path: str
    raw_uri: str
    pages_uri: str
    detections_uri: str
    counts: Mapping[str, int]
    calls: Mapping[str, int]
    started_at: str
    finished_at: str
    reason: str | None = None
    failures: tuple[Failure, ...] = field(default=())
    fingerprint: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"failures": [failure.to_json() for failure in self.failures]}


def write_manifest(output: Folder, manifest: Manifest) -> None:
    """Written last: from now on the tables are whole."""
    write_bytes(output, MANIFEST_NAME, json.dumps(manifest.to_json(), ensure_ascii=False, indent=1).encode())


def read_manifest(output: Folder) -> dict[str, Any] | None:
    """The manifest of an output path, None where there is none.

    :raise TencentCloudOcrError: there is one and it cannot be read
    """
    try:
        manifest = json.loads(read_bytes(output, MANIFEST_NAME))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise TencentCloudOcrError(f"{MANIFEST_NAME} cannot be read: not JSON") from error
    if not isinstance(manifest, dict):
        raise TencentCloudOcrError(f"{MANIFEST_NAME} cannot be read: not an object")
    return manifest


def tells_of_pages(output: Folder) -> bool:
    """Whether there is a manifest that counts a page: a run that is stopped before its first page counts none.

    :raise TencentCloudOcrError: there is one and it cannot be read
    """
    manifest = read_manifest(output)
    counts = manifest and manifest.get("counts")
    return manifest is not None and not (isinstance(counts, dict) and counts.get("pages") == 0)


def remove_manifest(output: Folder) -> None:
    """Removed first: from now on the tables are not whole."""
    output.delete(MANIFEST_NAME)
