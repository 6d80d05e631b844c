"""The command ``tcocr export``: its options, and a file for each document. What a file holds, others know."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..dataset import OcrDataset
from ..exceptions import TencentCloudOcrError

SUFFIXES: Final[Mapping[str, str]] = {"text": ".txt", "markdown": ".md", "hocr": ".hocr", "pdf": ".pdf"}

_LONGEST_NAME: Final = 200
"""Bytes of a name before its number and suffix; a disk takes 255."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; nothing heavy is imported for them."""
    parser.add_argument("output_path", metavar="OUTPUT_PATH", help="what a batch wrote: a path or URI")
    parser.add_argument("--format", choices=tuple(SUFFIXES), default="text", help="default: %(default)s")
    parser.add_argument(
        "--document",
        action="append",
        metavar="ID",
        help="a document_id of the tables; may be given several times (default: every document)",
    )
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the files go, one a document")
    parser.add_argument(
        "--over-text", action="store_true", help="pdf: lay text over pages that have text of their own, too"
    )
    parser.add_argument(
        "--pdf-password-conn-id", metavar="ID", help="pdf: the Airflow connection whose password opens encrypted PDFs"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the files and print their paths; a document that cannot be written is told, and the next one tried."""
    try:
        dataset = OcrDataset.open(arguments.output_path)
        documents = arguments.document or dataset.documents()
        arguments.to.mkdir(parents=True, exist_ok=True)
    except (TencentCloudOcrError, OSError) as failure:
        sys.stderr.write(f"tcocr export: {failure}\n")
        return 1
    pdf = {"over_text": arguments.over_text, "pdf_password_conn_id": arguments.pdf_password_conn_id}
    write = _writers(dataset, pdf)[arguments.format]
    failed = 0
    for document_id, name in zip(documents, file_names(documents), strict=True):
        target = arguments.to / f"{name}{SUFFIXES[arguments.format]}"
        try:
            write(document_id, target)
        except (TencentCloudOcrError, OSError) as failure:
            sys.stderr.write(f"tcocr export: {document_id}: {failure}\n")
            failed += 1
        else:
            sys.stdout.write(f"{target}\n")
    return 1 if failed else 0


def file_names(documents: Sequence[str]) -> list[str]:
    """A file's name for each document: the last part of its id, numbered where several have the same."""
    names: list[str] = []
    taken: set[str] = set()
    for document_id in documents:
        safe = re.sub(r"[^\w.\-#() ]+", "_", document_id.rstrip("/").rpartition("/")[2])
        last = safe.encode()[:_LONGEST_NAME].decode(errors="ignore").strip(" .")
        name, number = last or "document", 1
        while name.lower() in taken:
            number += 1
            name = f"{last or 'document'}-{number}"
        taken.add(name.lower())
        names.append(name)
    return names


def _writers(dataset: OcrDataset, pdf: Mapping[str, Any]) -> Mapping[str, Callable[[str, Path], object]]:
    return {
        "text": lambda document_id, target: target.write_text(dataset.text(document_id), encoding="utf-8"),
        "markdown": lambda document_id, target: target.write_text(dataset.markdown(document_id), encoding="utf-8"),
        "hocr": lambda document_id, target: target.write_text(dataset.hocr(document_id), encoding="utf-8"),
        "pdf": lambda document_id, target: dataset.searchable_pdf(document_id, target, **pdf),
    }
