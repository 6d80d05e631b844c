"""Names a document: how to open it, what identifies it, which part of its URI may be shown. Opens nothing."""

# Paths stay texts, spelled as the user spelled them.
# ruff: noqa: PTH100, PTH110, PTH122

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit, urlunsplit

from ..exceptions import ConfigurationError
from .cos import CosAccess, access_to
from .selection import ALL, PageSelection
from .store import path_text

TRANSFERS: Final = ("auto", "url", "bytes")

_KEYS: Final = ("uri", "document_id", "pages")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_USER: Final = re.compile(r"(?<=://)[^/@]*@")
"""The credentials of a URL that is part of another URL's path, as some proxies take it."""

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+)://")
_SIGNATURE_PREFIXES: Final = ("x-amz-", "x-goog-")
"""Prefixes of these two stores' own parameters; those that select content (`versionId`, `generation`) have none."""

_SIGNING: Final = (
    *("algorithm", "credential", "date", "expires", "signature", "signature-version", "signedheaders"),
    *("additional-headers", "access-key-id", "security-token", "content-sha256"),
)
"""Of the stores whose prefix is used for other parameters too: `x-oss-process` crops an image."""

_SIGNATURE_NAMES: Final = frozenset(
    {"signature", "sig", "awsaccesskeyid", "googleaccessid", "ossaccesskeyid", "security-token"}
    | {"skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid"}
    | {"q-sign-algorithm", "q-ak", "q-sign-time", "q-key-time", "q-header-list", "q-url-param-list", "q-signature"}
    | {f"x-{store}-{part}" for store in ("cos", "oss", "obs") for part in _SIGNING}
)
_BESIDE_A_SIGNATURE: Final = frozenset(
    {"expires", "policy", "key-pair-id", "accesskeyid"}
    | {"sv", "se", "st", "sr", "sp", "spr", "sip", "ss", "srt", "si", "sdd", "ses", "scid"}
)
"""Parts of a signature (CloudFront's, Azure's) whose names are also ordinary words: alone, they identify."""

_SIGNED: Final = frozenset({"signature", "sig"})
"""What makes a query a signed one."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document, not yet opened.

    :param uri: how to open it; may contain a signature, so it is never shown
    :param document_id: what the tables call it
    :param document_uri: where it is, without query string, fragment and credentials
    :param identity: what identifies it, so that nothing is paid for twice; without signatures
    :param pages: the pages that are wanted of it
    :param listed_version: its version, if a listing gave it
    """

    uri: str = field(repr=False)
    document_id: str
    document_uri: str
    identity: str = field(repr=False)
    pages: PageSelection = ALL
    listed_version: str | None = field(default=None, repr=False, compare=False)

    @property
    def scheme(self) -> str:
        """The scheme in lower case; empty for a plain path."""
        return scheme_of(self.uri)

    @property
    def is_local(self) -> bool:
        """Whether it is a file of this machine."""
        return is_local(self.uri)

    @property
    def location(self) -> str:
        """Where it is, the same for all spellings of one place; without signatures."""
        return os.path.abspath(local_path(self.uri)) if self.is_local else identifying(self.uri)

    @property
    def suffix(self) -> str:
        """The suffix of its name, in lower case and with the dot."""
        path = urlsplit(self.uri).path if self.scheme in ("http", "https") else identifying(self.uri)
        return os.path.splitext(unquote(path))[1].lower()


def as_document(named: object, *, pages: object = "all") -> Document:
    """One document from what the user wrote; accesses no disk and no store.

    :param named: a URI, a path, or a mapping ``{"uri", "document_id", "pages"}``
    :param pages: the pages wanted, where the mapping does not say
    :raise ConfigurationError: for an unknown key or a wrong type; it names them
    """
    uri, document_id, selection = read_item(named, PageSelection.parse(pages))
    return name_document(uri, document_id, selection)


def read_item(named: object, pages: PageSelection) -> tuple[str, str | None, PageSelection]:
    """The URI, the user's id and the pages of one item as the user wrote it."""
    if not isinstance(named, Mapping):
        if path_text(named) is not None:
            return _uri(named), None, pages
        raise ConfigurationError(f"a document is a URI or a mapping with {', '.join(_KEYS)}, not a {_type(named)}")
    unknown = sorted(str(key) for key in named if key not in _KEYS)
    if unknown:
        raise ConfigurationError(f"unknown key in a document: {', '.join(unknown)}; known are {', '.join(_KEYS)}")
    if "uri" not in named:
        raise ConfigurationError("a document has no uri")
    uri, document_id, own = _uri(named["uri"]), named.get("document_id"), named.get("pages")
    if document_id is not None and (not isinstance(document_id, str) or not document_id.strip()):
        raise ConfigurationError(f"document_id of {shown(uri)} must be a non-empty text (type: {_type(document_id)})")
    return uri, document_id, pages if own is None else PageSelection.parse(own)


def name_document(uri: str, document_id: str | None, pages: PageSelection, *, version: str | None = None) -> Document:
    """A document with everything that follows from its URI."""
    safe, identity = (uri if text == uri else text for text in (shown(uri), identifying(uri)))  # one text, held once
    if document_id is not None:
        safe_id = identity = _utf8(document_id)
    elif scheme_of(uri) in ("http", "https") and urlsplit(uri).query:
        safe_id = f"{safe}#{_hash(identity)}"
    else:
        safe_id = safe
    if _utf8(uri) != uri and document_id is None:
        safe_id = f"{safe}#{_hash(uri)}"
        identity = safe_id
    return Document(uri, safe_id, safe, identity, pages, version)


def merged(one: Document, other: Document) -> Document:
    """One document that was named twice, with the pages of both."""
    return replace(one, pages=one.pages.union(other.pages)) if one.pages != other.pages else one


def travels_as_url(document: Document, transfer: str) -> bool:
    """Tell whether the service is to fetch the document itself, so that the provider never contacts it.

    :param document: the document
    :param transfer: ``auto``: http(s) and cos do, except PDFs (by suffix); ``url``: it must; ``bytes``: never
    :raise ConfigurationError: for ``url`` where the service could not reach it
    """
    if transfer not in TRANSFERS:
        raise ConfigurationError(f"transfer is one of {', '.join(TRANSFERS)}, not {transfer!r:.80}")
    reachable = document.scheme in ("http", "https", "cos")
    if transfer == "url" and not reachable:
        raise ConfigurationError(
            f'transfer="url" takes http(s):// and cos://; the service cannot fetch {document.document_uri}'
        )
    return transfer != "bytes" and reachable and (transfer == "url" or document.suffix != ".pdf")


def refuse_what_cannot_be_sent(document: Document, transfer: str, *, cos: CosAccess | None = None) -> None:
    """Raise a ConfigurationError for a document that no call could carry, before any call is made."""
    if document.scheme == "cos":
        access_to(cos).check(document.location)
    if transfer == "url" and travels_as_url(document, transfer) and document.suffix == ".pdf":
        raise ConfigurationError(
            f'transfer="url" cannot send a PDF, whose pages are counted here: {document.document_uri}; use "auto"'
        )


def scheme_of(uri: str) -> str:
    """The scheme of a URI in lower case; empty for a plain path."""
    matched = _SCHEME.match(uri)
    return matched[1].lower() if matched else ""


def is_local(uri: str) -> bool:
    """Whether a URI names a file of this machine: a plain path or ``file://``."""
    return scheme_of(uri) in ("", "file")


def local_path(uri: str) -> str:
    """The path that a plain path or a ``file://`` names; the literal name first, then the percent-decoded."""
    if scheme_of(uri) != "file":
        return uri
    host, slash, rest = uri[len("file://") :].partition("/")
    if host not in ("", "localhost") or not slash:
        raise ConfigurationError(f"file:// takes an absolute path, as file:///folder/name: {_utf8(uri)}")
    literal = slash + rest
    return literal if "%" not in literal or os.path.exists(literal) else unquote(literal)


def shown(uri: str) -> str:
    """A URI that may be shown: no query string, fragment or credentials; a local path is the path as it is."""
    if is_local(uri):
        return _utf8(uri)
    if scheme_of(uri) in ("http", "https"):
        parts = _without_users(uri)
        return _utf8(urlunsplit((parts.scheme, parts.netloc, parts.path, "", "")))
    return _utf8(_without_signature(_without_password(uri)))


def identifying(uri: str) -> str:
    """A URI without what changes from one signing or spelling to the next; the other parameters stay."""
    if is_local(uri):
        return _plainly(local_path(uri))
    scheme = scheme_of(uri)
    if scheme not in ("http", "https"):
        return _without_signature(_without_password(uri))
    parts = _without_users(uri)
    return urlunsplit((scheme, parts.netloc.lower(), parts.path, _unsigned(parts.query), ""))


def _plainly(path: str) -> str:
    """A path without doubled slashes, and without the dots that name the folder itself."""
    if "//" not in path and "/./" not in path and not path.startswith("./"):
        return path
    root = "/" if path.startswith("/") else ""
    return root + "/".join(part for part in path.split("/") if part not in ("", "."))


def _unsigned(query: str) -> str:
    given = [(pair, unquote_plus(pair.partition("=")[0]).lower()) for pair in query.split("&") if pair]
    signed = any(name in _SIGNED for _, name in given)
    return "&".join(pair for pair, name in given if not _is_signature(name, signed=signed))


def _is_signature(name: str, *, signed: bool) -> bool:
    if name.startswith(_SIGNATURE_PREFIXES):
        return True
    return name in _SIGNATURE_NAMES or (signed and name in _BESIDE_A_SIGNATURE)


def _without_password(uri: str) -> str:
    """An object's URI without a secret before its bucket; Airflow's connection id stays, it identifies."""
    scheme, _, rest = uri.partition("://")
    authority, slash, key = rest.partition("/")
    user, at, host = authority.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{host}{slash}{key}"


def _without_signature(uri: str) -> str:
    """An object's URI without a signed query; any other ``?`` is part of its key."""
    key, mark, query = uri.partition("?")
    return key if mark and _unsigned(query) != query else uri


def _without_users(uri: str) -> SplitResult:
    parts = _split(uri)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], path=_USER.sub("", parts.path))


def _split(uri: str) -> SplitResult:
    try:
        return urlsplit(uri)
    except ValueError:
        raise ConfigurationError(f"not a URL: {_utf8(uri.partition('?')[0].rpartition('@')[2])!r:.200}") from None


def _uri(named: object) -> str:
    uri = path_text(named)
    if uri is None:
        raise ConfigurationError(f"a document's uri is a text or a path, not a {_type(named)}")
    if not uri.strip() or "\0" in uri:
        raise ConfigurationError("a document's uri is empty, or contains a null character")
    if scheme_of(uri) in ("http", "https") and not _split(uri).netloc:
        raise ConfigurationError(f"a URL without a host: {shown(uri)}")
    if scheme_of(uri) == "file":
        local_path(uri)
    return uri


def _type(value: object) -> str:
    return type(value).__name__


def _utf8(text: str) -> str:
    """A text that every table takes: what is not UTF-8 in a file's name becomes replacement characters."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
