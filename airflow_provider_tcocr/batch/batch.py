"""The batch: calls pages concurrently, lands their outcomes, then derives the tables and writes the manifest.

When a batch stops early (an account error, the cap on calls, a kill), it makes no new call, waits for the calls in
flight, and lands them. Blocking work goes to threads. A batch that defers takes these steps in legs (`legs`).
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from ..api.settings import CallSettings
from ..client.client import Client
from ..client.meter import Meter
from ..documents import (
    Document,
    Opener,
    PdfSettings,
    as_document,
    find_documents,
    refuse_unknown_stores,
    refuse_what_cannot_be_sent,
)
from ..exceptions import ConfigurationError, StoppedError
from ..landing.folder import open_folder
from ..landing.journal import Journal
from ..landing.manifest import Manifest, tells_of_pages
from ..recognition.outcome import Outcome
from ..recognition.recognizer import Recognizer
from .attempt import Attempt, PageToDo
from .budget import CallBudget
from .caller import PageCaller
from .commit import GroupCommit
from .feed import OPEN_AHEAD, Feed
from .finish import Finish
from .planning import Examiner, PlannedDocument
from .progress import INTERVAL, Progress
from .record import Recorder
from .request import BatchRequest
from .stop import Stop
from .suspicion import Suspicion
from .twins import Twins

DRAIN: Final = 3.0
"""Seconds for which a killed batch waits for the calls in flight; Airflow 3.3 kills after five."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recognized:
    """What a leg went through, as far as it came.

    :param plan: the documents, in the order of the dataset
    :param reused: pages that were paid for before
    """

    plan: tuple[PlannedDocument, ...]
    reused: int


class Batch:
    """One attempt at one batch, or one leg of it: find, recognize, finish, in this order.

    :param request: what to do
    :param client: makes the calls
    :param report: is called with a line of progress now and then
    :param pdf_password: that of the connection ``request.pdf_password_conn_id``
    :param meter: counts the calls
    :param observe: is called with each page's outcome as it is handed over to be landed, on the loop's thread
    """

    def __init__(
        self,
        request: BatchRequest,
        client: Client,
        *,
        report: Callable[[str], None] | None = None,
        pdf_password: str | None = None,
        meter: Meter | None = None,
        observe: Callable[[Outcome], None] | None = None,
    ) -> None:
        request.check()
        settings = CallSettings.parse(
            request.action,
            request.options,
            transfer=request.transfer,
            pdf_dpi=request.pdf_dpi,
            international=client.config.endpoint.international,
        )
        action, options = settings.action.name, settings.options.canonical
        self.request = request = replace(request, transfer=settings.transfer)
        self.client = client
        self.report = report or functools.partial(log.info, "%s")
        self.output = open_folder(request.output_path)
        self.journal = Journal(
            self.output.child("raw"),
            run=request.run_key,
            action=action,
            options=options,
            only_this_run=request.if_exists == "overwrite",
        )
        pdf = PdfSettings(request.pdf_dpi, pdf_password, request.pdf_password_conn_id)
        self.opener = Opener(pdf, client.cos, settings.site)
        self.meter = meter if meter is not None else Meter()
        self.stop = Stop()
        self.documents: list[Document] = []
        """The documents of the dataset, in its order, once it is finished."""
        self._caller = PageCaller(
            transfer=settings.transfer,
            client=client,
            recognizer=Recognizer(client, settings, max_qps=request.max_qps),
            recorder=Recorder(request.run_key, action, options),
            journal=self.journal,
            meter=self.meter,
            opener=self.opener,
            observe=observe or (lambda outcome: None),
        )

    async def run(self) -> Manifest:
        """Recognize what is not paid for yet, land it, derive the tables, write the manifest.

        :return: the manifest; its status says whether the batch is what was asked for
        :raise StoppedError: it was killed; what was paid for is landed, tables are not derived
        :raise ConfigurationError: the request cannot be carried out; no call was made
        """
        started = datetime.now(UTC)
        recognized = await self.recognize(await self.find())
        return await self.finish(recognized.plan, started=started, reused=recognized.reused, meter=self.meter)

    async def find(self) -> list[Document]:
        """Find the documents and read the journal; no call is made.

        :raise ConfigurationError: the request cannot be carried out
        """
        documents = await asyncio.to_thread(self._documents)
        await asyncio.to_thread(self._prepare_output)
        return documents

    async def recognize(
        self, documents: Sequence[Document], *, since: int | None = None, fetches: bool = True
    ) -> Recognized:
        """Recognize what is not paid for yet, and land it.

        :param since: microseconds since the epoch; pages that failed since then are not tried again
        :param fetches: False contacts no document: what the service cannot fetch by its URL is left to another leg
        :raise StoppedError: it was killed; what was paid for is landed
        """
        attempt = self._begin(documents, since=since, fetches=fetches)
        watchers = [asyncio.create_task(self._tell(attempt)), asyncio.create_task(attempt.twins.watch())]
        try:
            await self._recognize(attempt)
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            try:
                await attempt.commit.close(hurry=self.stop.killed)
            finally:
                await asyncio.to_thread(attempt.feed.close)
        self.report(self._line(attempt))
        if self.stop.killed and self.stop.reason is None:
            await self.leave()
            raise StoppedError(f"stopped: {attempt.progress.done} pages landed; a retry pays for none of them again")
        plan = tuple(planned for planned in attempt.plan if planned is not None)
        return Recognized(plan, attempt.progress.reused)

    def examiner(self, *, since: int | None = None) -> Examiner:
        """An examiner that compares documents with the journal.

        :param since: microseconds since the epoch; pages that failed since then are not tried again
        """
        return Examiner(self.journal.index, self.request.transfer, self.opener, since=since)

    async def leave(self) -> None:
        """Tell twins that this writer writes no more, though the batch has not ended."""
        await asyncio.to_thread(self.journal.end, calls=self.meter.made, announce=True)

    async def finish(
        self, plan: Sequence[PlannedDocument], *, started: datetime, reused: int, meter: Meter
    ) -> Manifest:
        """Derive the tables, and write the manifest; makes no call.

        :param plan: the documents, in the order of the dataset
        :param started: when the attempt began
        :param reused: pages that were paid for before it
        :param meter: counts its calls
        """
        await asyncio.to_thread(self.journal.end, calls=self.meter.made)
        finish = Finish(self.request, self.output, self.journal, plan, reused=reused, stopped_for=self.stop.reason)
        self.documents = [planned.document for planned in plan]
        return await asyncio.to_thread(finish.run, started=started, meter=meter)

    def _begin(self, documents: Sequence[Document], *, since: int | None, fetches: bool) -> Attempt:
        request = self.request
        twins = Twins(self.journal, self.client, self.meter)
        return Attempt(
            stop=self.stop,
            plan=[None] * len(documents),
            feed=Feed(documents, self.examiner(since=since), self.journal.writers, self.stop, announce=twins.announce),
            twins=twins,
            suspicion=Suspicion(request.action),
            calls=CallBudget(request.max_calls, self.meter, self.journal),
            commit=GroupCommit(self.journal, self.meter),
            progress=Progress(len(documents)),
            queue=asyncio.Queue(maxsize=OPEN_AHEAD),
            fetches=fetches,
        )

    def _documents(self) -> list[Document]:
        request, cos = self.request, self.client.cos
        if request.expand:
            found = find_documents(request.documents, pages=request.pages, output_path=request.output_path, cos=cos)
        else:
            assert isinstance(request.documents, Sequence)
            found = [as_document(document, pages=request.pages) for document in request.documents]
        for document in found:
            refuse_what_cannot_be_sent(document, request.transfer, cos=cos)
        near = ("", "file", "http", "https", "cos")
        refuse_unknown_stores(document.uri for document in found if document.scheme not in near)
        return found

    def _prepare_output(self) -> None:
        self.journal.refresh()
        others = self.journal.runs - {self.journal.run}
        if self.request.if_exists == "error" and (others or (not self.journal.runs and tells_of_pages(self.output))):
            raise ConfigurationError(f"output_path {self.output.uri} holds a dataset, and if_exists is 'error'")

    async def _recognize(self, attempt: Attempt) -> None:
        tasks: list[asyncio.Task[object]] = [asyncio.create_task(self._fill(attempt))]
        tasks += [asyncio.create_task(self._work(attempt)) for _ in range(self.request.max_concurrency)]
        killed: asyncio.Task[object] = asyncio.create_task(self.stop.wait_killed())
        pending: set[asyncio.Task[object]] = set(tasks)
        try:
            while pending and not self.stop.killed:
                done, pending = await asyncio.wait({*pending, killed}, return_when=asyncio.FIRST_COMPLETED)
                pending.discard(killed)
                for task in done - {killed}:
                    task.result()
            await self._drain(pending)
        except BaseException:  # a fault of ours or of the storage: no further call, but land those in flight
            self.stop.kill()
            await self._drain(pending)
            raise
        finally:
            killed.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _drain(self, tasks: set[asyncio.Task[object]]) -> None:
        until = time.monotonic() + DRAIN
        while tasks and self.client.in_flight and (left := until - time.monotonic()) > 0:
            _, tasks = await asyncio.wait(tasks, timeout=min(left, 0.05))

    async def _fill(self, attempt: Attempt) -> None:
        progress = attempt.progress
        async for examined in attempt.feed.documents():
            attempt.plan[examined.position] = examined.planned
            progress.listed += 1
            progress.pages += len(examined.planned.pages)
            progress.reused += examined.reused
            for page, error in examined.refused.items():
                self._caller.land(attempt, examined, page, Outcome.of_error(error))
            for page in examined.todo:
                await attempt.queue.put(PageToDo(examined, page))
        for _ in range(self.request.max_concurrency):
            await attempt.queue.put(None)

    async def _work(self, attempt: Attempt) -> None:
        while (todo := await attempt.queue.get()) is not None:
            try:
                await self._caller.recognize(attempt, todo)
            finally:
                await attempt.feed.page_done(todo.examined)

    async def _tell(self, attempt: Attempt) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            self.report(self._line(attempt))

    def _line(self, attempt: Attempt) -> str:
        return attempt.progress.line(calls=self.meter.made, throttled=self.meter.throttled, now=time.monotonic())
