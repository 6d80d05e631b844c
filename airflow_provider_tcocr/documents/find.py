"""From what the user wrote to the list of documents: files, folders, globs, each once. Reads no document."""

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
    :param output_path: never taken for a document, where it lies inside a folder that is read
    :param cos: signs for ``cos://``
    :return: in the order given; a document named twice is there once, with the pages of both
    :raise ConfigurationError: when something is named that is not understood
    :raise DocumentError: when a folder or glob holds no document (yet), or cannot be listed; this may pass
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
        many = uri.count("://") > bool(scheme_of(uri))  # URLs in a text: any of them may bear a secret
        what = "what was given" if many else shown(uri)
        message = f"no document found: {what} is not a file, and as a folder or glob it contains no document"
        if many or uri.lstrip().startswith("["):
            message += "; where it is a list rendered as text, the Dag needs render_template_as_native_obj=True"
        raise DocumentError("Document.Missing", message)
    if document_id is not None:
        raise ConfigurationError(f"document_id {document_id!r:.80} names one document; {shown(uri)} is {len(found)}")
    for one in found:
        yield None, name_document(one.uri, None, selection, version=one.version)


def _listing(uri: str, output: str | None, cos: CosAccess | None, *, alone: bool) -> list[Found] | None:
    """What a folder or a glob holds; None for what is one document by itself, be it there or not."""
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
    """Each document once, of those that are given with the user's id or None."""
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
