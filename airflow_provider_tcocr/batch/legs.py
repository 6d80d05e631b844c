"""A batch in three legs: a worker begins it, a triggerer makes its calls, a worker ends it. Knows no Airflow.

Documents that go as ``ImageUrl`` are the triggerer's; those that are sent as bytes stay on the worker, as do opening,
converting and decoding. All legs land in the same journal, so that when one dies, the next pays for nothing again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from ..client.meter import Meter
from ..documents import Document, travels_as_url
from ..exceptions import TencentCloudOcrError
from ..landing.manifest import Manifest
from .batch import Batch
from .handover import Handover, remove_handover, write_handover
from .planning import PlannedDocument


async def begin(batch: Batch) -> Handover | Manifest:
    """The first leg: recognize what is sent as bytes, hand the rest over; or, with nothing to hand over, end the batch.

    :return: the manifest where the batch has ended
    """
    started = datetime.now(UTC)
    documents = await batch.find()
    known = batch.journal.calls.of_run
    by_url = [document for document in documents if travels_as_url(document, batch.request.transfer)]
    unpaid, reused = await asyncio.to_thread(_pages_of, batch, by_url)
    secret = sum(_bears_a_secret(document) for document in documents)
    if secret:
        batch.report(f"Not deferred: {secret} documents have a query or a password, which no trigger is given")
    if secret or not unpaid:
        recognized = await batch.recognize(documents)
        return await batch.finish(recognized.plan, started=started, reused=recognized.reused, meter=batch.meter)
    stay = [document for document in documents if not travels_as_url(document, batch.request.transfer)]
    if stay:
        batch.report(f"{len(stay)} of {len(documents)} documents are sent as bytes and stay on the worker")
        reused += (await batch.recognize(stay)).reused
    if batch.stop.reason is not None:
        everything = await batch.recognize(documents)  # no call is made any more
        return await batch.finish(everything.plan, started=started, reused=reused, meter=batch.meter)
    await batch.leave()
    handover = Handover(
        request=batch.request,
        documents=tuple(documents),
        started_at=round(started.timestamp() * 1e6),
        reused=reused,
        calls=batch.meter,
        known=known,
    )
    await asyncio.to_thread(write_handover, batch.output, handover)
    batch.report(f"{unpaid} pages are left to a trigger, whose log tells how far it is")
    return handover


async def go_on(batch: Batch, handover: Handover) -> str | None:
    """The triggerer's leg: recognize what goes as ``ImageUrl``; no document is contacted, nothing is decoded.

    :return: why no further call was made, None where every call was made
    """
    await asyncio.to_thread(batch.journal.refresh)
    documents = handover.documents
    await batch.recognize([one for one in documents if travels_as_url(one, batch.request.transfer)], fetches=False)
    await batch.leave()
    return None if batch.stop.reason is None else str(batch.stop.reason)


async def end(batch: Batch, handover: Handover, *, calls: Meter, stopped_for: str | None = None) -> Manifest:
    """The last leg: send the bytes of what the service could not fetch, then derive the tables.

    :param calls: the triggerer's
    :param stopped_for: why the triggerer made no further call; then none is made here
    """
    await asyncio.to_thread(batch.journal.refresh)
    if stopped_for is not None:
        batch.stop.halt(TencentCloudOcrError(stopped_for))
    recognized = await batch.recognize(handover.documents, since=handover.started_at)
    meter = Meter()
    for leg in (handover.calls, calls, batch.meter):
        meter.count(**leg.counts())
    made = batch.journal.calls.of_run + batch.meter.made - handover.known
    meter.made = max(meter.made, made)  # the calls of a triggerer that died are recorded in the journal only
    reused = handover.reused + await asyncio.to_thread(_landed_by_others, batch, recognized.plan, handover.started_at)
    started = datetime.fromtimestamp(handover.started_at / 1e6, UTC)
    manifest = await batch.finish(recognized.plan, started=started, reused=reused, meter=meter)
    await asyncio.to_thread(remove_handover, batch.output, handover)
    return manifest


def _pages_of(batch: Batch, documents: list[Document]) -> tuple[int, int]:
    """How many pages of documents that go as ``ImageUrl`` are unpaid, and how many are paid for."""
    examiner = batch.examiner()
    examined = [one for document in documents if (one := examiner.by_name(document)) is not None]
    return sum(len(one.todo) for one in examined), sum(one.reused for one in examined)


def _landed_by_others(batch: Batch, plan: Sequence[PlannedDocument], since: int) -> int:
    """How many pages other runs have paid for since then; no leg could count them, since a triggerer may have died."""
    return sum(
        entry.done and not entry.own and entry.at >= since
        for planned in plan
        for entry in planned.rows_in(batch.journal.index)
    )


def _bears_a_secret(document: Document) -> bool:
    """Whether a document's URI contains what may not be shown: a query, a password."""
    return document.uri != document.document_uri
