"""What the user submits: found, opened, made into pages that the service takes. Calls no service, writes no table."""

from __future__ import annotations

from .document import Document, as_document, travels_as_url
from .find import find_documents
from .opened import OpenedDocument, open_document
from .page import PreparedPage
from .selection import PageSelection
from .version import version_of

__all__ = [
    "Document",
    "OpenedDocument",
    "PageSelection",
    "PreparedPage",
    "as_document",
    "find_documents",
    "open_document",
    "travels_as_url",
    "version_of",
]
