"""Group commit: one writer that lands whatever has arrived since its last flush, with the number of calls so far."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ..client.meter import Meter
from ..exceptions import TencentCloudOcrError, reason_of
from ..landing.journal import Journal
from ..landing.raw import RawPage

LINGER: Final = 0.4
"""Seconds for which the first page of a flush waits for others; with the write it stays within a second."""

_MANY_PARTS: Final = 200
_PENDING_BYTES: Final = 32 << 20
PATIENCE: Final = 60.0
"""Seconds for which a storage that fails is tried again, while no further call is made."""

HURRIED_PATIENCE: Final = 3.0
"""The same for a batch that was killed."""

log = logging.getLogger(__name__)


class _CannotLandError(Exception):
    """The storage has failed for too long."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


class GroupCommit:
    """Lands pages in the journal; started once, closed once.

    :param journal: where to
    :param meter: counts the calls, whose number each part records
    """

    def __init__(self, journal: Journal, meter: Meter) -> None:
        self._journal = journal
        self._meter = meter
        self._pending: list[RawPage] = []
        self._bytes = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closing = asyncio.Event()
        self._error: BaseException | None = None
        self._patience = PATIENCE
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tcocr-commit")
        """One of its own, so that landing never waits for a thread behind slow documents."""
        self._merging: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._merging.set_result(None)
        self._task = asyncio.create_task(self._run(), name="tcocr-commit")

    @property
    def has_room(self) -> bool:
        """Whether a call may be made: not while the journal cannot be written, nor while much waits to be written."""
        return self._room.is_set() and self._error is None

    async def room(self) -> None:
        """Wait until a call may be made.

        :raise Exception: the journal cannot be written; nothing more may be paid for
        """
        await self._room.wait()
        self._raise()

    def put(self, page: RawPage) -> None:
        """Hand a page over; it is durable within about a second."""
        self._pending.append(page)
        self._bytes += len(page.row.answer or b"")
        if self._bytes > _PENDING_BYTES:
            self._room.clear()
        self._arrived.set()

    async def close(self, *, hurry: bool = False) -> None:
        """Land what is left.

        :param hurry: the batch was killed
        :raise Exception: it could not be landed
        """
        self._patience = HURRIED_PATIENCE if hurry else PATIENCE
        self._closing.set()
        self._arrived.set()
        await asyncio.wait([self._task])
        self._raise()

    def _raise(self) -> None:
        if isinstance(self._error, _CannotLandError):
            reason = reason_of(self._error.cause)
            raise TencentCloudOcrError(
                f"{len(self._pending)} pages cannot be landed under {self._journal.uri}: {reason}. Fix that and clear "
                "the task: these pages are called again, the others are paid for"
            ) from self._error.cause
        if self._error is not None:
            raise self._error

    async def _run(self) -> None:
        try:
            while True:
                await self._arrived.wait()
                if not self._closing.is_set():
                    await _until(self._closing, LINGER)
                self._arrived.clear()
                await self._flush()
                if self._closing.is_set() and not self._pending:
                    return
        except BaseException as error:
            self._error = error
            if not isinstance(error, Exception):
                raise
        finally:
            self._room.set()
            self._thread.shutdown(wait=False)

    async def _flush(self) -> None:
        pages, self._pending, self._bytes = self._pending, [], 0
        if not pages:
            return
        began, pause = time.monotonic(), 0.2
        while True:
            try:
                append = functools.partial(self._journal.append, pages, calls=self._meter.made)
                await asyncio.get_running_loop().run_in_executor(self._thread, append)
                break
            except Exception as error:
                self._room.clear()  # no further call is made until it is known whether this can be landed
                if time.monotonic() - began > self._patience:
                    self._pending = pages + self._pending
                    raise _CannotLandError(error) from error
                await _until(self._closing, pause)
                if self._closing.is_set():
                    await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
        self._room.set()
        if self._journal.parts > _MANY_PARTS and self._merging.done() and not self._closing.is_set():
            self._merging = asyncio.ensure_future(asyncio.to_thread(self._merge))

    def _merge(self) -> None:
        """Merge while landing goes on; a lasting error is met again, and raised, by the merge that ends the batch."""
        try:
            self._journal.merge()
        except Exception as error:
            log.warning("Parts of %s cannot be merged now (%s)", self._journal.uri, type(error).__name__)


async def _until(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
