"""Finds and opens what the user submits, and prepares its pages for the service. Calls no service, writes no table."""

from __future__ import annotations

from .cos import CosAccess
from .document import Document, as_document, refuse_what_cannot_be_sent, travels_as_url
from .find import find_documents
from .opened import OpenedDocument, Opener, check_pdf_dpi, open_document
from .page import PreparedPage
from .password import pdf_password
from .pdfs import PdfSettings
from .selection import PageSelection, out_of_range
from .store import path_text, refuse_unknown_stores
from .version import version_of

__all__ = [
    "CosAccess",
    "Document",
    "OpenedDocument",
    "Opener",
    "PageSelection",
    "PdfSettings",
    "PreparedPage",
    "as_document",
    "check_pdf_dpi",
    "find_documents",
    "open_document",
    "out_of_range",
    "path_text",
    "pdf_password",
    "refuse_unknown_stores",
    "refuse_what_cannot_be_sent",
    "travels_as_url",
    "version_of",
]
