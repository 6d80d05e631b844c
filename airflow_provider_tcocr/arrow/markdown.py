"""The lines table as Markdown: paragraphs as paragraphs, every character as it was read. Guesses no headings."""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

from .lines import joined

_MARKS: Final = re.compile(r"([\\`*_\[\]<>&~|])")
_LEADING: Final = re.compile(r"^(#|[-+=](?=[\s=-]|$)|\d{1,9}(?=[.)](?:\s|$)))")
_BROKEN_WORD: Final = re.compile(r"[^\W\d_]-")


def markdown(lines: pa.Table) -> str:
    """The text of the lines, a paragraph a line; empty where there are none.

    Several documents each get a heading with their id, several pages of one each a heading with their number. What
    Markdown would take for its own marks is escaped. A word that was broken with a hyphen is joined again and keeps
    the hyphen, as nobody knows whether it belongs to the word.

    :param lines: the lines table
    """
    blocks: list[str] = []
    documents = [(name, list(rows)) for name, rows in groupby(lines.to_pylist(), key=itemgetter("document_id"))]
    for document_id, rows in documents:
        if len(documents) > 1:
            blocks.append(f"# {_escaped(' '.join(document_id.split()))}")
        several = rows[0]["page"] != rows[-1]["page"]
        for page, on_page in groupby(rows, key=itemgetter("page")):
            if several:
                blocks.append(f"## Page {page}")
            for _, in_paragraph in groupby(on_page, key=itemgetter("paragraph")):
                blocks.append(_paragraph([row["text"] for row in in_paragraph]))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _paragraph(lines: list[str]) -> str:
    pieces, end = [], ""  # the end alone is looked at, or a long paragraph would be as often as it has lines
    for line in lines:
        line = " ".join(line.split())
        broken = _BROKEN_WORD.fullmatch(end) and line[:1].islower()
        pieces.append(line if broken else joined(end, line)[len(end) :])
        end = (end + pieces[-1])[-2:]
    return _escaped("".join(pieces))


def _escaped(text: str) -> str:
    text = _MARKS.sub(r"\\\1", text)
    # What makes a number a list's is the point or bracket after it, so that is escaped.
    return _LEADING.sub(lambda found: f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}", text)
