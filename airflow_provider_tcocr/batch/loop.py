"""The batch: pages are called concurrently, their outcomes landed; then the tables are derived and the manifest told.

What stops a batch early (an account error, the cap on calls, a kill) stops new calls first, then takes in what is
in flight, then lands it. Blocking work goes to threads.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from ..api.options import Options
from ..client.client import Client, Meter
from ..documents import (
    Document,
    PreparedPage,
    as_document,
    fetch_page,
    find_documents,
    refuse_unknown_stores,
    refuse_what_cannot_be_sent,
)
from ..exceptions import (
    AccountError,
    AuthenticationError,
    CallLimitError,
    ConfigurationError,
    DocumentError,
    RequestError,
    StoppedError,
)
from ..landing.folder import open_folder
from ..landing.journal import Journal
from ..landing.manifest import Manifest, read_manifest
from ..recognition.outcome import Outcome
from ..recognition.recognizer import PageSource, Recognizer
from .attempt import Attempt, PageToDo
from .budget import CallBudget
from .commit import GroupCommit
from .feed import Feed, Opened, in_thread
from .finish import Finish
from .planning import Examiner, PlannedDocument
from .progress import INTERVAL, Progress
from .record import Recorder
from .request import BatchRequest
from .suspicion import Suspicion
from .twins import Twins

DRAIN: Final = 3.0
"""Seconds for which a killed batch takes in what is in flight; Airflow 3.3 kills after five."""

_STOPS: Final = (AuthenticationError, AccountError, RequestError, CallLimitError)

log = logging.getLogger(__name__)


class Batch:
    """One attempt at one batch; made once and run once.

    :param request: what is asked
    :param client: whose calls they are
    :param report: takes a line of progress now and then
    :param meter: counts the calls
    :param observe: takes each page's outcome when it goes to be landed, on the loop's thread
    """

    def __init__(
        self,
        request: BatchRequest,
        client: Client,
        *,
        report: Callable[[str], None] | None = None,
        meter: Meter | None = None,
        observe: Callable[[Outcome], None] | None = None,
    ) -> None:
        self.request = request.check()
        self._client = client
        options = Options.parse(request.options, international=client.config.endpoint.international)
        self._recognizer = Recognizer(client, action=request.action, options=options, max_qps=request.max_qps)
        self._recorder = Recorder(request.run_key, request.action, options.canonical)
        self._report = report or functools.partial(log.info, "%s")
        self._output = open_folder(request.output_path)
        self._journal = Journal(
            self._output.child("raw"),
            run=request.run_key,
            action=request.action,
            options=options.canonical,
            only_this_run=request.if_exists == "overwrite",
        )
        self._meter = meter or Meter()
        self._observe = observe or (lambda outcome: None)
        self._plan: dict[int, PlannedDocument] = {}
        self._stopped_early = False
        self._running: tuple[asyncio.AbstractEventLoop, Attempt] | None = None

    @property
    def documents(self) -> list[Document]:
        """The documents that were looked at, in the order of the dataset; all of them once :meth:`run` is over."""
        return [self._plan[position].document for position in sorted(self._plan)]

    def stop(self) -> None:
        """Have no further call made; from any thread, without waiting. :meth:`run` then raises StoppedError."""
        self._stopped_early = True
        if self._running is not None:
            loop, attempt = self._running
            loop.call_soon_threadsafe(attempt.kill)

    async def run(self) -> Manifest:
        """Recognize what is not paid for yet, land it, derive the tables, write the manifest.

        :return: the manifest; its status says whether the batch is what was asked for
        :raise StoppedError: it was told to stop; what was paid for is landed, tables are not derived
        :raise ConfigurationError: what is asked for cannot be done; no call was made
        """
        started = datetime.now(UTC)
        attempt = await self._begin()
        watchers = [asyncio.create_task(self._tell(attempt)), asyncio.create_task(attempt.twins.watch())]
        try:
            await self._recognize(attempt)
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            try:
                await attempt.commit.close(hurry=attempt.killed.is_set())
            finally:
                await in_thread(attempt.feed.close)
        killed = attempt.calls.stopped and attempt.halt is None
        await in_thread(self._journal.end, calls=self._meter.made, told=killed)
        if killed:
            raise StoppedError(f"stopped: {attempt.progress.done} pages landed; a retry pays for none of them again")
        self._report(self._line(attempt))
        plan = [self._plan[position] for position in sorted(self._plan)]
        finish = Finish(
            self.request, self._output, self._journal, plan, reused=attempt.progress.reused, halt=attempt.halt
        )
        return await in_thread(finish.run, started=started, meter=self._meter)

    async def _begin(self) -> Attempt:
        request = self.request
        documents = await in_thread(self._documents)
        await in_thread(self._prepare_output)
        calls = CallBudget(
            request.max_calls, made=lambda: self._meter.made, spent=lambda: self._journal.calls_of_others
        )
        twins = Twins(self._journal, calls=lambda: self._meter.made, busy=lambda: self._client.in_flight > 0)
        attempt = Attempt(
            feed=Feed(
                documents,
                Examiner(self._journal.index, request.transfer, pdf_dpi=request.pdf_dpi),
                self._journal.writers,
                announce=twins.announce,
            ),
            twins=twins,
            suspicion=Suspicion(request.action),
            calls=calls,
            commit=GroupCommit(self._journal, calls=lambda: self._meter.made),
            progress=Progress(len(documents)),
            queue=asyncio.Queue(maxsize=request.max_concurrency),
        )
        self._running = (asyncio.get_running_loop(), attempt)
        if self._stopped_early:
            attempt.kill()
        return attempt

    def _documents(self) -> list[Document]:
        request = self.request
        if request.expand:
            found = find_documents(request.documents, pages=request.pages, output_path=request.output_path)
        else:
            found = [as_document(document, pages=request.pages) for document in request.documents]
        for document in found:
            refuse_what_cannot_be_sent(document, request.transfer)
        near = ("", "file", "http", "https")
        refuse_unknown_stores(document.uri for document in found if document.scheme not in near)
        return found

    def _prepare_output(self) -> None:
        self._journal.refresh()
        others = self._journal.runs - {self._journal.run}
        if self.request.if_exists == "error" and (others or (not self._journal.runs and read_manifest(self._output))):
            raise ConfigurationError(f"output_path {self._output.uri} holds a dataset, and if_exists is 'error'")

    async def _recognize(self, attempt: Attempt) -> None:
        tasks: list[asyncio.Task[object]] = [asyncio.create_task(self._fill(attempt))]
        tasks += [asyncio.create_task(self._work(attempt)) for _ in range(self.request.max_concurrency)]
        killed: asyncio.Task[object] = asyncio.create_task(attempt.killed.wait())
        pending: set[asyncio.Task[object]] = set(tasks)
        try:
            while pending and not attempt.killed.is_set():
                done, pending = await asyncio.wait({*pending, killed}, return_when=asyncio.FIRST_COMPLETED)
                pending.discard(killed)
                for task in done - {killed}:
                    task.result()
            await self._drain(pending)
        except BaseException:  # a fault of ours or of the storage: no further call, take in what is in flight
            attempt.kill()
            await self._drain(pending)
            raise
        finally:
            killed.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _drain(self, tasks: set[asyncio.Task[object]]) -> None:
        until = time.monotonic() + DRAIN
        while tasks and self._client.in_flight and (left := until - time.monotonic()) > 0:
            _, tasks = await asyncio.wait(tasks, timeout=min(left, 0.05))

    async def _fill(self, attempt: Attempt) -> None:
        async for document in attempt.feed.documents():
            examined, progress = document.examined, attempt.progress
            self._plan[examined.position] = examined.planned
            progress.listed += 1
            progress.pages += len(examined.planned.pages)
            progress.reused += examined.reused
            for page, error in examined.refused.items():
                self._land(attempt, document, page, Outcome.of_error(error))
            for page in examined.todo:
                await attempt.queue.put(PageToDo(document, page))
        for _ in range(self.request.max_concurrency):
            await attempt.queue.put(None)

    async def _work(self, attempt: Attempt) -> None:
        while (item := await attempt.queue.get()) is not None:
            try:
                await self._one(attempt, item)
            finally:
                await item.document.give_back()

    async def _one(self, attempt: Attempt, item: PageToDo) -> None:
        await attempt.commit.room()
        if attempt.calls.stopped:
            return
        if self._journal.index.is_done(item.document.examined.planned.subject, item.page):  # paid for by a twin
            attempt.progress.reused += 1
            return
        held = 0

        async def load() -> PreparedPage:
            nonlocal held
            async with attempt.preparing:
                prepared = await in_thread(self._prepare, item)
                await attempt.page_bytes.take(len(prepared.data))
            held += len(prepared.data)
            return prepared

        try:
            outcome = await self._recognizer.recognize(
                self._source(item, load), meter=self._meter, before_call=attempt.calls.leave, wanted=attempt.calls.go_on
            )
            self._land(attempt, item.document, item.page, outcome)
            if (error := attempt.suspicion.of(outcome)) is not None:
                attempt.stop_for(error)
        except StoppedError:
            pass
        except _STOPS as error:
            attempt.stop_for(error)
        finally:
            if held:
                await attempt.page_bytes.give(held)

    def _source(self, item: PageToDo, load: Callable[[], Awaitable[PreparedPage]]) -> PageSource:
        examined = item.document.examined
        if examined.opened is not None:
            return PageSource(load=load)
        uri = examined.planned.document.uri
        return PageSource(url=lambda: uri, load=load if self.request.transfer == "auto" else None)

    def _prepare(self, item: PageToDo) -> PreparedPage:
        examined = item.document.examined
        try:
            if examined.opened is not None:
                return examined.opened.page(item.page)
            return fetch_page(examined.planned.document, pdf_dpi=self.request.pdf_dpi)
        except (DocumentError, MemoryError):
            raise
        except Exception as error:
            raise DocumentError(
                "Document.Unreadable", f"the page cannot be prepared ({type(error).__name__})"
            ) from error

    def _land(self, attempt: Attempt, document: Opened, page: int, outcome: Outcome) -> None:
        attempt.commit.put(self._recorder.row(document.examined, page, outcome))
        attempt.progress.done += 1
        attempt.progress.failed += outcome.status == "failed"
        self._observe(outcome)

    async def _tell(self, attempt: Attempt) -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            self._report(self._line(attempt))

    def _line(self, attempt: Attempt) -> str:
        return attempt.progress.line(calls=self._meter.made, throttled=self._meter.throttled, now=time.monotonic())
