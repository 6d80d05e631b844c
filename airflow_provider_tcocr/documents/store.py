"""Finds an object's file system and its path there, by Airflow's ObjectStoragePath. Reads and lists nothing."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from typing import TypeAlias

    from airflow.providers.common.compat.sdk import ObjectStoragePath

    Place: TypeAlias = str | os.PathLike[str] | ObjectStoragePath
    """What a user may give as a path or a URI."""


def path_text(named: object) -> str | None:
    """A text, a path or Airflow's ObjectStoragePath (in Airflow 3 no ``os.PathLike``) as text; None for all else."""
    if isinstance(named, str):
        return named
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    if isinstance(named, ObjectStoragePath):
        return str(named)
    text = os.fspath(named) if isinstance(named, os.PathLike) else None
    return text if isinstance(text, str) else None


def at_store(uri: str) -> tuple[Any, str]:
    """The fsspec file system of a URI, with the credentials of its connection, and the object's path there.

    Only the bucket goes through ObjectStoragePath, which would cut a key at ``#`` or ``?``.

    :param uri: as ``s3://conn_id@bucket/key``
    :raise ConfigurationError: the scheme or its connection is not known
    """
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    start = scheme_and_authority(uri)
    scheme, _, authority = start.partition("://")
    if ":" in authority.rpartition("@")[0]:
        raise ConfigurationError(f"{scheme}:// takes connection_id@bucket; keys belong in the connection")
    try:
        fs: Any = ObjectStoragePath(f"{start}/").fs
    except Exception as error:
        raise ConfigurationError(
            f"{scheme}:// cannot be opened ({type(error).__name__}): is its provider installed, its connection known?"
        ) from error
    path: str = fs._strip_protocol(f"{scheme}://{authority.rpartition('@')[2]}{uri[len(start) :]}")
    return fs, path


def scheme_and_authority(uri: str) -> str:
    """The part of a URI before its key, without a slash at the end."""
    scheme, mark, rest = uri.partition("://")
    return f"{scheme}{mark}{rest.partition('/')[0]}"


def refuse_unknown_stores(uris: Iterable[str]) -> None:
    """Look up each store's file system once, before anything is paid for.

    :raise ConfigurationError: a scheme or a connection is not known
    """
    for start in sorted({scheme_and_authority(uri) for uri in uris}):
        at_store(f"{start}/")
