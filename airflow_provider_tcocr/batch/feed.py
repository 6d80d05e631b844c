"""Feeds the documents of a batch: examines a few ahead, closes each after its last page, shares them with twins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final

from ..documents import Document
from ..landing.writers import Writers
from .budget import ByteBudget
from .planning import Examined, Examiner, identity_of
from .stop import Stop

OPEN_AHEAD: Final = 4
_CHUNK: Final = 64
_CHUNK_BESIDE_A_TWIN: Final = 8
_LOOK: Final = 0.25
FOREIGN: Final = 60.0
"""Seconds after which documents left to twins are taken back, if no row of them is landed."""


class Feed:
    """Examines documents and hands them out with what is left to do.

    Alone, it goes through them in order. Beside a twin it takes its own share first, and the others when the twin has
    ended or fallen silent, or lands none of them; of two, the later one goes backwards.

    :param documents: in the order of the dataset
    :param examiner: looks at each
    :param writers: who else is at work
    :param stop: once asked, no further document is opened and none is waited for: each is handed out as the journal
        knows it, with nothing left to do
    :param announce: shows this writer to twins and looks for them; run once, and only if a call is to be made
    """

    def __init__(
        self,
        documents: Sequence[Document],
        examiner: Examiner,
        writers: Writers,
        stop: Stop,
        *,
        announce: Callable[[], Awaitable[None]],
    ) -> None:
        self._documents = documents
        self._examiner = examiner
        self._writers = writers
        self._stop = stop
        self._announce = announce
        self._announced = False
        self._deferred: list[int] = []
        self._budget = ByteBudget()
        self._open: list[Examined] = []
        self._opening: set[asyncio.Task[Examined | None]] = set()

    async def documents(self) -> AsyncGenerator[Examined, None]:
        """Every document once. The bytes of an open one count as held until :meth:`page_done` was run for each page."""
        async with aclosing(self._examined()) as examined:
            async for one in examined:
                if one.opened is not None:
                    self._open = [other for other in self._open if other.pages_left]
                    self._open.append(one)
                    await self._budget.take(one.opened.size)
                yield one

    async def page_done(self, examined: Examined) -> None:
        """Note that a page is done; after its last page the document is closed."""
        examined.pages_left -= 1
        if examined.pages_left == 0 and examined.opened is not None:
            await asyncio.to_thread(examined.close)
            await self._budget.give(examined.opened.size)

    def close(self) -> None:
        """Close whatever is still open; blocking."""
        for examined in self._open:
            examined.close()

    async def _examined(self) -> AsyncGenerator[Examined, None]:
        """Each document as soon as it is examined: one that is slow to read does not hold up the others."""
        try:
            async with aclosing(self._chunks()) as chunks:
                async for chunk in chunks:
                    known = await asyncio.to_thread(self._by_name, chunk)
                    if not self._announced and any(examined is None or examined.todo for examined in known):
                        self._announced = True
                        await self._announce()
                        chunk = self._share(chunk)
                        known = await asyncio.to_thread(self._by_name, chunk)
                    for position, examined in zip(chunk, known, strict=True):
                        if examined is not None:
                            yield examined
                            continue
                        self._opening.add(asyncio.create_task(self._look_into(position)))
                        async for one in self._opened(beyond=OPEN_AHEAD):
                            yield one
                    if not self._writers.alone(time.monotonic()):  # a twin decides anew at each chunk
                        async for one in self._opened():
                            yield one
            async for one in self._opened():
                yield one
        finally:
            for left in self._opening:
                left.add_done_callback(_close_unused)
                left.cancel()

    async def _opened(self, *, beyond: int = 0) -> AsyncGenerator[Examined, None]:
        """Those that are opened by now; waits until no more than `beyond` are still being opened."""
        while self._opening:
            wait = None if len(self._opening) > beyond else 0
            done, _ = await asyncio.wait(self._opening, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                return
            for one in done:
                self._opening.discard(one)
                if (examined := one.result()) is not None:
                    yield examined

    async def _chunks(self) -> AsyncGenerator[list[int], None]:
        """The positions of all documents in chunks, those of a twin's share last."""
        left = range(len(self._documents))
        while left:
            now = time.monotonic()
            size = _CHUNK if self._writers.alone(now) else _CHUNK_BESIDE_A_TWIN
            if self._writers.oldest(now):
                chunk, left = left[:size], left[size:]
            else:
                chunk, left = left[: -size - 1 : -1], left[:-size]
            yield self._share(list(chunk))
        await self._until_twins_are_done()
        deferred = sorted(self._deferred)
        for start in range(0, len(deferred), _CHUNK):
            yield deferred[start : start + _CHUNK]

    async def _until_twins_are_done(self) -> None:
        """Wait for the documents that were left to twins, as long as rows of them are landed."""
        left = [identity_of(self._documents[position]) for position in self._deferred]
        landed, since = -1, time.monotonic()
        while left and not self._stop.asked and not self._writers.alone(time.monotonic()):
            rows = await asyncio.to_thread(self._examiner.index.count, left)
            if rows != landed:
                landed, since = rows, time.monotonic()
            elif time.monotonic() - since > FOREIGN:
                return
            await asyncio.sleep(_LOOK)

    def _share(self, positions: list[int]) -> list[int]:
        """Those of the positions that are this writer's share now; the others are put off."""
        now = time.monotonic()
        if not self._announced or self._writers.alone(now):  # where no call is to be made, nothing is to be shared
            return positions
        mine = [one for one in positions if self._writers.mine(identity_of(self._documents[one]), now)]
        self._deferred += set(positions) - set(mine)
        return mine

    def _by_name(self, positions: Sequence[int]) -> list[Examined | None]:
        return [self._placed(position, self._examiner.by_name(self._documents[position])) for position in positions]

    async def _look_into(self, position: int) -> Examined | None:
        document = self._documents[position]
        if not self._stop.asked:
            looking: asyncio.Future[Examined | None] = asyncio.ensure_future(
                asyncio.to_thread(self._examiner.by_content, document)
            )
            stopped = asyncio.create_task(self._stop.wait())
            either: list[asyncio.Future[Any]] = [looking, stopped]
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if looking.done():
                    return self._placed(position, looking.result())
            except BaseException:
                looking.add_done_callback(_close_unused)
                raise
            finally:
                stopped.cancel()
            looking.add_done_callback(_close_unused)  # not waited for: a slow server may take minutes
        return self._placed(position, await asyncio.to_thread(self._examiner.as_known, document))

    def _placed(self, position: int, examined: Examined | None) -> Examined | None:
        if examined is not None:
            examined.position = position
        return examined


def _close_unused(opening: asyncio.Future[Examined | None]) -> None:
    if opening.cancelled() or opening.exception() is not None:
        return
    examined = opening.result()
    if examined is not None:
        asyncio.get_running_loop().run_in_executor(None, examined.close)
