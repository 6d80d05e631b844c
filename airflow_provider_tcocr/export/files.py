"""Opens the document and the target of a searchable PDF, and any file to export to. Makes no PDF itself."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, cast

from ..documents import PdfSettings, as_document, open_document
from ..documents.document import is_local, local_path
from ..documents.opened import DEFAULT
from ..documents.store import at_store
from .pages import ReadPage
from .searchable import write_searchable


def export_pdf(
    pages: Sequence[ReadPage],
    target: str | os.PathLike[str] | IO[bytes],
    *,
    source: str | os.PathLike[str] | bytes | None,
    over_text: bool,
    pdf: PdfSettings = DEFAULT,
) -> None:
    """Open a document again and write it with its text layer; nothing is written unless all of it can be.

    :param pages: of one document, at least one
    :param target: a path or URI, or a binary file to write to
    :param source: where the document is, or its bytes; None is where it was when it was read
    :param over_text: lay text over pages of a PDF that have text of their own, too
    :param pdf: whose password opens an encrypted one
    :raise DocumentError: the document cannot be opened
    :raise ConfigurationError: as :func:`write_searchable`; no file of the target's scheme can be written
    """
    named = pages[0].document_uri if source is None else source
    document = named if isinstance(named, bytes) else as_document(named)
    with open_document(document, pdf=pdf) as opened, tempfile.TemporaryFile(prefix="tcocr-") as whole:
        write_searchable(opened, pages, whole, over_text=over_text, password=pdf.password)
        whole.seek(0)
        with open_target(target) as file:
            shutil.copyfileobj(whole, file)


def open_target(target: str | os.PathLike[str] | IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    """A file to write to, at a path or URI; one that is open already is not closed."""
    if not isinstance(target, str | os.PathLike):
        return nullcontext(target)
    uri = os.fspath(target)
    if is_local(uri):
        return Path(local_path(uri)).open("wb")
    filesystem, path = at_store(uri)
    return cast("AbstractContextManager[IO[bytes]]", filesystem.open(path, "wb"))


def make_folder(uri: str) -> None:
    """Make a local folder, unless it exists; a store needs none."""
    if is_local(uri):
        Path(local_path(uri)).mkdir(parents=True, exist_ok=True)
