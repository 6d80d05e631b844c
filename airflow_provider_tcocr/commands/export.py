"""The command ``tcocr export``: its options, and a file for each document. Knows no format."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TextIO

from ..dataset import OcrDataset
from ..exceptions import on_one_line
from .output import message_of, results

SUFFIXES: Final[Mapping[str, str]] = {"text": ".txt", "markdown": ".md", "hocr": ".hocr", "pdf": ".pdf"}

_LONGEST_NAME: Final = 200
"""Bytes of a name before its number and suffix; a disk takes 255."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; nothing heavy is imported for them."""
    parser.add_argument("output_path", nargs="+", metavar="OUTPUT_PATH", help="what a batch wrote to, local or a URI")
    parser.add_argument("--format", choices=tuple(SUFFIXES), default="text", help="default: %(default)s")
    parser.add_argument(
        "--document",
        action="append",
        metavar="ID",
        help="a document_id of the tables; may be given several times (default: every document)",
    )
    parser.add_argument(
        "--to", required=True, metavar="FOLDER", help="where the files go, one a document: a path or URI"
    )
    parser.add_argument(
        "--over-text", action="store_true", help="pdf: lay text over pages that have text of their own, too"
    )
    parser.add_argument(
        "--pdf-password-conn-id", metavar="ID", help="pdf: the Airflow connection whose password opens encrypted PDFs"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the files and print their paths; a document that cannot be written is reported, and the next one tried."""
    with results() as out:
        return _export(arguments, out)


def _export(arguments: argparse.Namespace, out: TextIO) -> int:
    from ..documents import pdf_password
    from ..export.files import make_folder

    dataset = OcrDataset.open(arguments.output_path)
    documents = list(dict.fromkeys(arguments.document or dataset.documents()))
    make_folder(arguments.to)
    if arguments.format == "pdf":
        pdf_password(arguments.pdf_password_conn_id)  # fails here once, not for each document
    pdf = {"over_text": arguments.over_text, "pdf_password_conn_id": arguments.pdf_password_conn_id}
    failed = 0
    for (document_id, held), name in zip(dataset.by_document(documents), file_names(documents), strict=True):
        target = os.path.join(arguments.to, f"{name}{SUFFIXES[arguments.format]}")  # noqa: PTH118 (it may be a URI)
        try:
            _writers(held, pdf)[arguments.format](document_id, target)
        except Exception as failure:
            sys.stderr.write(f"tcocr export: {on_one_line(document_id)}: {message_of(failure)}\n")
            failed += 1
        else:
            out.write(f"{target}\n")
            out.flush()  # so that a reader may begin at once, or close the pipe
    return 1 if failed else 0


def file_names(documents: Sequence[str]) -> list[str]:
    """A file's name for each document: the last part of its id, numbered where several have the same."""
    names: list[str] = []
    taken: set[str] = set()
    numbers: Counter[str] = Counter()
    for document_id in documents:
        safe = re.sub(r"[^\w.\-#() ]+", "_", document_id.rstrip("/").rpartition("/")[2])
        last = safe.encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .")
        name = last = last or "document"
        while name.lower() in taken:
            numbers[last.lower()] += 1
            name = f"{last}-{1 + numbers[last.lower()]}"
        taken.add(name.lower())
        names.append(name)
    return names


def _writers(dataset: OcrDataset, pdf: Mapping[str, Any]) -> Mapping[str, Callable[[str, str], object]]:
    return {
        "text": lambda document_id, target: _write(target, dataset.text(document_id)),
        "markdown": lambda document_id, target: _write(target, dataset.markdown(document_id)),
        "hocr": lambda document_id, target: _write(target, dataset.hocr(document_id)),
        "pdf": lambda document_id, target: dataset.searchable_pdf(document_id, target, **pdf),
    }


def _write(target: str, text: str) -> None:
    from ..export.files import open_target

    with open_target(target) as file:
        file.write(text.encode())
