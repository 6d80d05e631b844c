"""Recognizes one document, page by page, in memory; lands nothing."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from collections.abc import Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..api.settings import CallSettings
from ..client.client import Client
from ..client.meter import Meter
from ..documents import (
    Document,
    Opener,
    PageSelection,
    PdfSettings,
    as_document,
    out_of_range,
    refuse_what_cannot_be_sent,
    travels_as_url,
)
from ..exceptions import DocumentError
from .outcome import Outcome
from .recognition import Recognition
from .recognizer import PageSource, Recognizer, url_of

if TYPE_CHECKING:
    from ..documents.store import Place

_CONCURRENCY: Final = 8


async def recognize_document(
    client: Client,
    document: Place | bytes | Mapping[str, Any],
    *,
    settings: CallSettings,
    pages: str | int | Sequence[int],
    pdf: PdfSettings,
) -> list[Recognition]:
    """Recognize every selected page; each is one billed call.

    :param document: a URI, a mapping, or the bytes of an image or a PDF
    :param settings: of every call
    :param pdf: how PDFs are opened and sent
    :return: one recognition a page, in page order; failures of a page are among them
    """
    recognizer, options = Recognizer(client, settings), settings.options.canonical
    one, opener = _document_of(document, pages), Opener(pdf, client.cos, settings.site)
    meter = Meter()

    def recognition(page: int, outcome: Outcome) -> Recognition:
        return Recognition(outcome.row(one, page, action=settings.action.name, options=options))

    if not isinstance(document, bytes):
        refuse_what_cannot_be_sent(one, settings.transfer, cos=client.cos)
        if travels_as_url(one, settings.transfer):
            fetch = functools.partial(asyncio.to_thread, opener.only_page, one)
            source = PageSource(url=url_of(one, client), load=fetch if settings.transfer == "auto" else None)
            return [recognition(1, await recognizer.recognize(source, meter=meter))]
    try:
        opened = await asyncio.to_thread(opener.open, document if isinstance(document, bytes) else one)
    except DocumentError as error:
        return [recognition(1, Outcome.of_error(error))]
    try:
        wanted, missing = one.pages.resolve(opened.page_count)
        slots = asyncio.Semaphore(_CONCURRENCY)

        async def recognize(page: int) -> Recognition:
            async with slots:
                source = PageSource(load=functools.partial(asyncio.to_thread, opened.page, page))
                return recognition(page, await recognizer.recognize(source, meter=meter))

        found = await _all_or_first_error([recognize(page) for page in wanted])
    finally:
        await asyncio.to_thread(opened.close)
    absent = [recognition(page, Outcome.of_error(out_of_range(page, opened.page_count))) for page in missing]
    return sorted([*found, *absent], key=lambda one: one.page)


def _document_of(document: Place | bytes | Mapping[str, Any], pages: str | int | Sequence[int]) -> Document:
    if not isinstance(document, bytes):
        return as_document(document, pages=pages)
    name = f"sha256:{hashlib.sha256(document).hexdigest()}"
    return Document(uri=name, document_id=name, document_uri=name, identity=name, pages=PageSelection.parse(pages))


async def _all_or_first_error(coroutines: list[Coroutine[Any, Any, Recognition]]) -> list[Recognition]:
    """All results; at the first error the others are cancelled, since they would fail in the same way."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
