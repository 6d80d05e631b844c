"""Takes one page through a batch: whether it is still unpaid, where its image comes from, how its outcome is landed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..api.faults import fault_of
from ..arrow.rows import FAILED
from ..client.client import Client
from ..client.meter import Meter
from ..documents import Opener, PreparedPage
from ..exceptions import DocumentError, FatalError, StoppedError
from ..landing.index import RawIndex
from ..landing.journal import Journal
from ..recognition.outcome import Outcome
from ..recognition.recognizer import PageSource, Recognizer, url_of
from .attempt import Attempt, PageToDo
from .planning import Examined
from .record import Recorder


class _PaidByTwinError(Exception):
    """Raised before a page is loaded and before it is sent, where a twin has landed its answer."""


@dataclass(frozen=True, slots=True)
class _PageGate:
    """The gate of one page's calls: the attempt's, but closed once a twin has landed the page's answer."""

    attempt: Attempt
    index: RawIndex
    todo: PageToDo

    def check_unpaid(self) -> None:
        if self.index.is_done(self.todo.examined.planned, self.todo.page):
            raise _PaidByTwinError

    def while_waiting(self) -> None:
        self.attempt.while_waiting()

    def before_leaving(self) -> None:
        self.check_unpaid()
        self.attempt.before_leaving()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCaller:
    """Recognizes the pages of a batch; holds what they share.

    :param transfer: ``auto``, ``url`` or ``bytes``
    :param opener: opens documents that the service cannot fetch
    :param meter: counts the calls
    :param observe: is called with each page's outcome
    """

    transfer: str
    client: Client
    recognizer: Recognizer
    recorder: Recorder
    journal: Journal
    meter: Meter
    opener: Opener
    observe: Callable[[Outcome], None]

    async def recognize(self, attempt: Attempt, todo: PageToDo) -> None:
        """Recognize a page and land its outcome, unless it is paid for by now or no call may be made."""
        await attempt.commit.room()
        if attempt.stop.asked:
            return
        gate, held = _PageGate(attempt, self.journal.index, todo), 0

        async def load() -> PreparedPage:
            nonlocal held
            async with attempt.preparing:
                prepared = await asyncio.to_thread(prepared_page, todo, self.opener)
                await attempt.page_bytes.take(len(prepared.data))
            held += len(prepared.data)
            return prepared

        try:
            gate.check_unpaid()
            outcome = await self.recognizer.recognize(self._source(attempt, todo, load), meter=self.meter, gate=gate)
            if self._left_to_fetch(attempt, outcome):
                return
            self.land(attempt, todo.examined, todo.page, outcome)
            if (error := attempt.suspicion.of(outcome)) is not None:
                attempt.stop.halt(error)
        except _PaidByTwinError:
            attempt.progress.reused += 1
        except StoppedError:
            pass
        except FatalError as error:
            attempt.stop.halt(error)
        finally:
            if held:
                await attempt.page_bytes.give(held)

    def _source(self, attempt: Attempt, todo: PageToDo, load: Callable[[], Awaitable[PreparedPage]]) -> PageSource:
        if todo.examined.opened is not None:
            return PageSource(load=load)
        by_bytes = attempt.fetches and self.transfer == "auto"
        return PageSource(url=url_of(todo.examined.document, self.client), load=load if by_bytes else None)

    def _left_to_fetch(self, attempt: Attempt, outcome: Outcome) -> bool:
        """Whether the page is left to a leg that may fetch it, and send its bytes."""
        may = not attempt.fetches and self.transfer == "auto"
        return may and outcome.status == FAILED and fault_of(outcome.error_code or "").fresh_url

    def land(self, attempt: Attempt, examined: Examined, page: int, outcome: Outcome) -> None:
        """Hand a page's outcome over to be landed, count it, and let it be observed."""
        attempt.commit.put(self.recorder.row(examined, page, outcome))
        attempt.progress.done += 1
        attempt.progress.failed += outcome.status == FAILED
        self.observe(outcome)


def prepared_page(todo: PageToDo, opener: Opener) -> PreparedPage:
    """A page as it is sent; blocking.

    :raise DocumentError: it cannot be sent, whatever went wrong
    """
    examined = todo.examined
    try:
        if examined.opened is not None:
            return examined.opened.page(todo.page)
        return opener.only_page(examined.document)
    except (DocumentError, MemoryError):
        raise
    except Exception as error:
        raise DocumentError("Document.Unreadable", f"the page cannot be prepared ({type(error).__name__})") from error
