"""Finds the version of a document without reading it. Never contacts a web server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from .document import Document, local_path
from .store import at_store

_TIMES: Final = ("lastmodified", "last_modified", "updated", "mtime", "modified", "created")


def version_of(document: Document) -> str | None:
    """A short text that changes when the document does: its ETag, or size and time; None if there is none.

    :raise ConfigurationError: documents of its scheme cannot be read
    """
    if document.listed_version is not None:
        return document.listed_version
    if document.scheme in ("http", "https", "cos"):
        return None
    if document.is_local:
        try:
            found = Path(local_path(document.uri)).stat()
        except (OSError, ValueError):
            return None
        return f"{found.st_size}-{found.st_mtime_ns}"
    fs, path = at_store(document.uri)
    try:
        fs.invalidate_cache(path)
        return version_in(fs.info(path))
    except Exception:  # reading it will say what is wrong
        return None


def version_in(entry: Mapping[str, Any]) -> str | None:
    """The version in a file system's entry for an object.

    :param entry: as fsspec's ``info`` and ``ls`` give it; each store names its own fields
    """
    details = {str(key).lower(): value for key, value in entry.items()}
    if details.get("etag"):
        return str(details["etag"]).strip('"')
    time = next((details[name] for name in _TIMES if details.get(name)), None)
    if time is None or details.get("size") is None:
        return None
    instant = time.timestamp() if isinstance(time, datetime) else time  # one store gives the same time in either form
    return f"{details['size']}-{round(instant * 1000) if isinstance(instant, (int, float)) else instant}"
