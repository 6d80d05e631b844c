"""From a path or URI as this provider takes it to an asset's URI and to OpenLineage's name. Looks at no disk."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

_PLAIN = "/!$&'()*+,;=:@~"


def asset_uri(uri: str) -> str:
    """What Airflow's assets call a path or a URI: ASCII, without a connection id; a slash at the end is dropped.

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

    :param uri: as :func:`asset_uri` gives it
    """
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return "file", unquote(parts.path)
    path = parts.path if parts.scheme in ("http", "https") else unquote(parts.path).removeprefix("/")
    return f"{parts.scheme}://{parts.netloc}", path or "/"
