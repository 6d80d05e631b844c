"""Makes the service's answers one Arrow table, for anyone: no Airflow, no files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count, repeat
from typing import Any, Final, TypeAlias, TypeVar

import pyarrow as pa

from ..api.answer import answer_from
from ..exceptions import ConfigurationError
from .rows import RECOGNIZED, DatasetTables, PageRow
from .schema import DETECTIONS_SCHEMA

AnswerLike: TypeAlias = Mapping[str, Any] | bytes | bytearray | memoryview | str

_RECORD_BATCH_ROWS: Final = 16_384
_T = TypeVar("_T")


def detections_table(
    answers: AnswerLike | Iterable[AnswerLike],
    *,
    document_ids: Iterable[str] | None = None,
    document_uris: Iterable[str] | None = None,
    pages: Iterable[int] | None = None,
) -> pa.Table:
    """The text detections of some answers as one table, in the order given.

    :param answers: what actions with ``TextDetections`` answered: the body as bytes or text, or a dict, with or without
        its envelope ``Response`` (Tencent's `call`, `call_json` and `to_json_string` all fit), mixed; or a single one
    :param document_ids: one for each answer; else its position, as "0", "1", ...
    :param document_uris: one for each answer; else ""
    :param pages: one for each answer, from 1; else 1
    :return: a table with :data:`DETECTIONS_SCHEMA`; an answer without detections adds no row
    :raise TransportError: ``Transport.Foreign``, when one of them is not an answer
    :raise ConfigurationError: when there are fewer or more ids, URIs or pages than answers
    """
    if isinstance(answers, Mapping | bytes | bytearray | memoryview | str):
        answers = [answers]
    ids = iter(document_ids if document_ids is not None else map(str, count()))
    uris = iter(document_uris if document_uris is not None else repeat(""))
    numbers = iter(pages if pages is not None else repeat(1))
    tables, batches = DatasetTables(), []
    for answer in answers:
        page = PageRow(
            document_id=_next(ids, "document_ids"),
            document_uri=_next(uris, "document_uris"),
            page=_next(numbers, "pages"),
            status=RECOGNIZED,
            action="",
            options="",
        )
        tables.append_answer(page, answer_from(answer))
        if tables.pending_detections >= _RECORD_BATCH_ROWS:
            batches.append(tables.take_detections())
            tables.take_pages()
    for name, given, rest in (
        ("document_ids", document_ids, ids),
        ("document_uris", document_uris, uris),
        ("pages", pages, numbers),
    ):
        if given is not None and next(rest, None) is not None:
            raise ConfigurationError(f"{name} has more entries than there are answers")
    batches.append(tables.take_detections())
    return pa.Table.from_batches(batches, DETECTIONS_SCHEMA)


def _next(values: Iterator[_T], name: str) -> _T:
    try:
        return next(values)
    except StopIteration:
        raise ConfigurationError(f"{name} has fewer entries than there are answers") from None
