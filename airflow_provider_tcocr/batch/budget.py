"""Limits what a batch holds and does: bytes in memory, calls across attempts. Decides nothing else."""

from __future__ import annotations

import asyncio
from typing import Final

from ..client.meter import Meter
from ..exceptions import CallLimitError
from ..landing.journal import Journal

MEMORY: Final = 128 << 20
"""Bytes of opened documents, and as many again of prepared pages, that one batch holds."""


class ByteBudget:
    """Bytes that may be held at once; one holder larger than the whole budget may hold alone."""

    def __init__(self, size: int = MEMORY) -> None:
        self._size = size
        self._held = 0
        self._freed = asyncio.Condition()

    async def take(self, count: int) -> None:
        """Wait until `count` bytes fit, then hold them."""
        async with self._freed:
            await self._freed.wait_for(lambda: self._held == 0 or self._held + count <= self._size)
            self._held += count

    async def give(self, count: int) -> None:
        """Hold `count` bytes no longer."""
        async with self._freed:
            self._held -= count
            self._freed.notify_all()


class CallBudget:
    """Lets no call be sent beyond the cap.

    :param limit: calls of all runs together, None for no cap
    :param meter: counts the calls of this attempt
    :param journal: counts those of earlier runs and of twins
    """

    def __init__(self, limit: int | None, meter: Meter, journal: Journal) -> None:
        self._limit = limit
        self._meter = meter
        self._journal = journal

    def check(self) -> None:
        """Run just before a call leaves.

        :raise CallLimitError: the cap is reached
        """
        if self._limit is None:
            return
        earlier = self._journal.calls.of_others
        if earlier + self._meter.made >= self._limit:
            raise CallLimitError(
                f"max_calls={self._limit} is reached ({earlier} by earlier runs); "
                "raise it and clear the task: what is landed is not paid for again"
            )
