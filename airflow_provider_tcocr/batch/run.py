"""Runs a batch on the private loop, while a thread or another loop waits and may be interrupted at any moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from concurrent.futures import wait
from typing import Any, Final, Generic, TypeVar

from ..client.client import Client
from ..client.loop import result_of, submit
from ..client.meter import Meter
from ..documents import Document
from ..recognition.outcome import Outcome
from .batch import DRAIN, Batch
from .request import BatchRequest

T = TypeVar("T")

_LANDING: Final = 1.5
"""Seconds beyond the drain within which an interrupted batch lands what it has."""


class RunningBatch(Generic[T]):
    """Starts a batch, or one leg of it; :meth:`result` waits for it.

    :param leg: what is run, as ``Batch.run``
    :param report: is called with a line of progress now and then
    :param pdf_password: as ``Batch`` takes it
    :param meter: counts the calls
    :param observe: is called with each page's outcome, on the loop's thread
    """

    def __init__(
        self,
        request: BatchRequest,
        client: Client,
        leg: Callable[[Batch], Coroutine[Any, Any, T]],
        *,
        report: Callable[[str], None],
        pdf_password: str | None = None,
        meter: Meter | None = None,
        observe: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._batch = Batch(request, client, report=report, pdf_password=pdf_password, meter=meter, observe=observe)
        self._future = submit(leg(self._batch))

    @property
    def meter(self) -> Meter:
        """The calls so far."""
        return self._batch.meter

    @property
    def documents(self) -> list[Document]:
        """The documents of a batch that has ended, in the order of the dataset."""
        return self._batch.documents

    def stop(self) -> None:
        """Make no further call; to be called from any thread or signal handler, does not wait."""
        self._batch.stop.kill()

    def result(self) -> T:
        """Wait for the end. What interrupts the waiting (a time-out, a signal) stops the batch, which lands first.

        :raise StoppedError: it was stopped
        """
        try:
            return result_of(self._future)
        except BaseException:
            if not self._future.done():
                self._batch.stop.kill()
                with contextlib.suppress(BaseException):
                    wait([self._future], timeout=DRAIN + _LANDING)
            raise

    async def aresult(self) -> T:
        """As :meth:`result`, from any event loop; a cancellation interrupts it."""
        future = asyncio.wrap_future(self._future)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            self._batch.stop.kill()
            await asyncio.wait([future], timeout=DRAIN + _LANDING)
            if future.done() and not future.cancelled():
                future.exception()  # that it was stopped is known; unread, asyncio would log it as an error
            raise
