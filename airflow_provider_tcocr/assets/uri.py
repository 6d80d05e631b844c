"""Converts a path or URI to an asset's URI, and that to OpenLineage's name. Accesses no disk."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

_PLAIN = "/!$&'()*+,;=:@~"


def asset_uri(uri: str) -> str:
    """The asset URI of a path or a URI: ASCII, without a connection id, without a slash at the end.

    :param uri: a path, ``file://``, ``http(s)://`` without a query, or ``s3://conn_id@bucket/key`` and its like
    """
    from ..documents.document import is_local, scheme_of  # a Dag file that imports the operators loads no documents

    scheme = scheme_of(uri)
    if is_local(uri):
        path = unquote(uri[len("file://") :].removeprefix("localhost")) if scheme else uri
        return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100 no look at the disk, as resolve() would
    authority, slash, key = uri[len(scheme) + len("://") :].partition("/")
    plain = f"{_PLAIN}%" if scheme in ("http", "https") else _PLAIN  # a URL is quoted already, a key is not
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{quote(key, safe=plain)}".rstrip("/")


def lineage_name(uri: str) -> tuple[str, str]:
    """The namespace and the name that OpenLineage gives to an asset's URI, as in its naming rules.

    :param uri: as :func:`asset_uri` returns it
    """
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return "file", unquote(parts.path)
    path = parts.path if parts.scheme in ("http", "https") else unquote(parts.path).removeprefix("/")
    return f"{parts.scheme}://{parts.netloc}", path or "/"
