"""What is secret in the way documents are named: queries, their values, passwords. Masks nothing, opens nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

_SHORTEST: Final = 5
"""Characters of a secret: masking `1` would black out every log, and Airflow masks no shorter ones by default."""


def secrets_in(named: object) -> set[str]:
    """What must be shown nowhere of documents, or of anything that holds their URLs.

    :param named: texts, mappings and lists of them, to any depth; all else, a lazy XCom too, holds nothing
    :return: whole query strings, their values and passwords, as written and percent-decoded, of 5 characters or more; a
        query whose values are all shorter (``page=1``) is none
    """
    if isinstance(named, str):
        return {secret for part in _secret_parts(named) for secret in (part, unquote(part)) if len(secret) >= _SHORTEST}
    if isinstance(named, Mapping):
        named = list(named.values())
    if not isinstance(named, list | tuple | set | frozenset):
        return set()
    return set().union(*map(secrets_in, named))


def _secret_parts(uri: str) -> Iterator[str]:
    scheme, mark, rest = uri.partition("://")
    if not mark:
        return
    place, _, query = rest.partition("#")[0].partition("?")
    user, _, password = place.partition("/")[0].rpartition("@")[0].partition(":")
    if password:
        yield password
    elif scheme.lower() in ("http", "https"):
        yield user  # a token; before a bucket it is an Airflow connection's id
    values = [pair.partition("=")[2] or pair for pair in query.split("&")]
    if any(len(value) >= _SHORTEST for value in values):
        yield query
        yield from values
