"""Turns what the user wrote (files, folders, globs) into the list of documents, each once. Reads no document."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from ..exceptions import ConfigurationError, DocumentError
from .cos import CosAccess
from .document import Document, is_local, local_path, merged, name_document, read_item, scheme_of, shown
from .listing import Found, listed_in_cos, listed_locally, listed_remotely
from .selection import PageSelection
from .store import path_text


def find_documents(
    documents: object,
    *,
    pages: object = "all",
    output_path: str | os.PathLike[str] | None = None,
    cos: CosAccess | None = None,
) -> list[Document]:
    """List the documents that the user means, each once.

    :param documents: URIs and mappings ``{"uri", "document_id", "pages"}``, or one string: an existing file or folder
        (read recursively, in sorted order), else a glob
    :param pages: the pages wanted where a mapping does not say
    :param output_path: not taken as a document if it is inside a folder that is read
    :param cos: signs for ``cos://``
    :return: in the order given; a document named twice is there once, with the pages of both
    :raise ConfigurationError: an item is not understood
    :raise DocumentError: a folder or glob contains no document (yet), or cannot be listed; a retry may succeed
    """
    selection = PageSelection.parse(pages)
    output = None if output_path is None else os.fspath(output_path)
    if path_text(documents) is not None:
        return _once(_expanded(documents, selection, output, cos, alone=True))
    if isinstance(documents, Mapping):
        return _once(_expanded(documents, selection, output, cos, alone=False))
    if isinstance(documents, (bytes, bytearray)) or not isinstance(documents, Iterable):
        raise ConfigurationError(f"documents must be a list or a string, not {type(documents).__name__}")
    return _once(found for named in documents for found in _expanded(named, selection, output, cos, alone=False))


def _expanded(
    named: object, pages: PageSelection, output: str | None, cos: CosAccess | None, *, alone: bool
) -> Iterator[tuple[str | None, Document]]:
    uri, document_id, selection = read_item(named, pages)
    found = _listing(uri, output, cos, alone=alone)
    if found is None:
        yield document_id, name_document(uri, document_id, selection)
        return
    if not found:
        many = uri.count("://") > bool(scheme_of(uri))  # several URLs in one text: any may contain a secret
        what = "what was given" if many else shown(uri)
        message = f"no document found: {what} is not a file, and as a folder or glob it contains no document"
        if many or uri.lstrip().startswith("["):
            message += "; if it is a list rendered as text, the Dag needs render_template_as_native_obj=True"
        raise DocumentError("Document.Missing", message)
    if document_id is not None:
        raise ConfigurationError(
            f"document_id {document_id!r:.80} names one document, but {shown(uri)} contains {len(found)}"
        )
    for one in found:
        yield None, name_document(one.uri, None, selection, version=one.version)


def _listing(uri: str, output: str | None, cos: CosAccess | None, *, alone: bool) -> list[Found] | None:
    """What a folder or a glob contains; None for a single document, whether it exists or not."""
    scheme = scheme_of(uri)
    if scheme in ("http", "https"):
        return None
    if is_local(uri):
        skipped = local_path(output) if output and is_local(output) else None
        written = "file://" if scheme else ""
        return listed_locally(local_path(uri), scheme=written, skipped=skipped, must_exist=alone)
    if scheme == "cos":
        return listed_in_cos(uri, cos, skipped=output, must_exist=alone)
    return listed_remotely(uri, skipped=output, must_exist=alone)


def _once(documents: Iterable[tuple[str | None, Document]]) -> list[Document]:
    """Each document once; each is given with the user's id, or None."""
    found: dict[tuple[str | None, str], Document] = {}
    places: dict[str, tuple[str | None, str]] = {}
    for document_id, document in documents:
        place = (document_id, document.location)
        if place in found:
            found[place] = merged(found[place], document)
            continue
        known = places.setdefault(document.identity, place)
        if known != place:
            raise ConfigurationError(
                f"document_id {document.document_id!r:.200} is given to two documents: "
                f"{found[known].document_uri} and {document.document_uri}"
            )
        found[place] = document
    return list(found.values())
