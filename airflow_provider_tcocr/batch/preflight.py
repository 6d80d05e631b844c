"""The dry run of a batch: opens the documents and prepares the pages to be sent; makes no call and writes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..exceptions import DocumentError
from ..landing.manifest import MANIFEST_VERSION, MAX_FAILURES, Failure
from ..recognition.outcome import Outcome
from .attempt import PREPARING, PageToDo
from .batch import Batch
from .caller import prepared_page
from .feed import Feed
from .planning import Examined


@dataclass(slots=True)
class Forecast:
    """What a batch would do.

    :param output_path: where it would land
    :param price: what a call costs, in any currency, None where the user did not say
    :param allowed: calls that ``max_calls`` still lets through, None for no cap
    :param reused: pages that are paid for
    :param failed: pages that cannot be sent
    :param calls: pages that would be sent; calls that are lost or throttled come on top
    """

    output_path: str
    price: float | None
    allowed: int | None
    documents: int = 0
    pages: int = 0
    reused: int = 0
    failed: int = 0
    calls: int = 0
    failures: list[Failure] = field(default_factory=list)

    def refuse(self, examined: Examined, page: int, error: DocumentError) -> None:
        """Count a page that cannot be sent."""
        self.failed += 1
        if len(self.failures) < MAX_FAILURES:
            row = Outcome.of_error(error).row(examined.document, page, action="", options="")
            self.failures.append(Failure.of(row))

    def to_json(self, started: datetime) -> dict[str, Any]:
        """Plain JSON values, for XCom in place of a manifest."""
        stops = self.allowed is not None and self.calls > self.allowed
        return {
            "manifest_version": MANIFEST_VERSION,
            "status": "dry_run",
            "output_path": self.output_path,
            "counts": {
                "documents": self.documents,
                "pages": self.pages,
                "reused": self.reused,
                "failed": self.failed,
            },
            "calls": {"made": 0, "expected": self.calls},
            "cost": None if self.price is None else round(self.price * self.calls, 6),
            "reason": f"max_calls would stop the batch after {self.allowed} calls" if stops else None,
            "started_at": started.isoformat(timespec="seconds"),
            "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "failures": [failure.to_json() for failure in self.failures],
        }


async def preflight(batch: Batch, *, price: float | None = None) -> dict[str, Any]:
    """Open and prepare everything that is not paid for, and forecast what the batch would do.

    URLs that the service is to fetch are not contacted: each counts as a call.

    :param price: of one call
    :raise StoppedError: it was killed
    """
    started, request = datetime.now(UTC), batch.request
    documents = await batch.find()
    spent = batch.journal.calls.of_others
    allowed = None if request.max_calls is None else max(0, request.max_calls - spent)
    forecast = Forecast(batch.output.uri, price, allowed)
    feed = Feed(documents, batch.examiner(), batch.journal.writers, batch.stop, announce=_to_nobody)
    slots = asyncio.Semaphore(PREPARING)

    async def prepare(todo: PageToDo) -> None:
        try:
            if todo.examined.opened is not None:
                await asyncio.to_thread(prepared_page, todo, batch.opener)
            forecast.calls += 1
        except DocumentError as error:
            forecast.refuse(todo.examined, todo.page, error)
        finally:
            slots.release()
            await feed.page_done(todo.examined)

    try:
        async with asyncio.TaskGroup() as tasks:
            async for examined in feed.documents():
                forecast.documents += 1
                forecast.pages += len(examined.planned.pages)
                forecast.reused += examined.reused
                for page, error in examined.refused.items():
                    forecast.refuse(examined, page, error)
                for page in examined.todo:
                    await slots.acquire()
                    batch.stop.check()
                    tasks.create_task(prepare(PageToDo(examined, page)))
            batch.stop.check()  # else the forecast would lack what was not opened any more
    except* Exception as raised:  # the first one is raised, as by a batch
        raise raised.exceptions[0] from None
    finally:
        await asyncio.to_thread(feed.close)
    return forecast.to_json(started)


async def _to_nobody() -> None:
    """Do nothing: a forecast shares nothing with twins."""
