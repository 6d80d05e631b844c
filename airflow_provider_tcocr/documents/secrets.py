"""Finds the secrets in the names of documents: queries, their values, passwords. Masks nothing, opens nothing."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

_SHORTEST: Final = 5
"""Characters of a secret: masking `1` would black out every log, and Airflow masks no shorter ones by default."""

_SCHEME: Final = string.ascii_letters + string.digits + "+.-"
_ENDS: Final = re.compile(r"""['"\s]""")


def secrets_in(named: object) -> set[str]:
    """The secrets of documents, or of anything that contains their URLs: nothing may show them.

    :param named: texts, mappings and lists of them, to any depth; all else, a lazy XCom too, has none
    :return: whole query strings, and their values and passwords as written and percent-decoded, of 5 characters or
        more; a query whose values are all shorter (``page=1``) is none
    """
    if isinstance(named, str):
        found = (secret for uri in (named, *_uris_within(named)) for secret in _secrets(uri))
        return {secret for secret in found if len(secret) >= _SHORTEST}
    if isinstance(named, Mapping):
        named = list(named.values())
    if not isinstance(named, list | tuple | set | frozenset):
        return set()
    return set().union(*map(secrets_in, named))


def _uris_within(text: str) -> Iterator[str]:
    """The URIs in a text that is more than one URI, such as a list rendered as text; each without what follows it."""
    before, *pieces = text.split("://")
    scheme = before[len(before.rstrip(_SCHEME)) :]
    if len(pieces) == 1 and scheme == before:
        return
    for number, piece in enumerate(pieces, 1):
        following = piece[len(piece.rstrip(_SCHEME)) :] if number < len(pieces) else ""
        yield f"{scheme}://{_ENDS.split(piece.removesuffix(following), maxsplit=1)[0].rstrip(',')}"
        scheme = following


def _secrets(uri: str) -> Iterator[str]:
    _, mark, rest = uri.partition("://")
    if not mark:
        return
    place, _, query = rest.partition("#")[0].partition("?")
    user, _, password = place.partition("/")[0].rpartition("@")[0].partition(":")
    parts = [pair.partition("=")[2] or pair for pair in query.split("&")]
    if any(len(part) >= _SHORTEST for part in parts):
        yield query
    # A user alone is a token for a web server; before a bucket it is an Airflow connection's id.
    parts.append(password or (user if uri[:4].lower() == "http" else ""))
    for part in parts:
        yield part
        yield unquote(part)
