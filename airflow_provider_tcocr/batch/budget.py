"""Bounds on what a batch holds and does: bytes in memory, calls across attempts. Decides nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ..exceptions import CallLimitError

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
    """Lets no call leave beyond the cap.

    :param limit: calls of all runs together, None for no cap
    :param made: calls that this attempt has made
    :param spent: calls that earlier runs and twins have made
    """

    def __init__(self, limit: int | None, *, made: Callable[[], int], spent: Callable[[], int]) -> None:
        self._limit = limit
        self._made = made
        self._spent = spent

    def check(self) -> None:
        """Run just before a call leaves.

        :raise CallLimitError: the cap is reached
        """
        if self._limit is not None and self._spent() + self._made() >= self._limit:
            raise CallLimitError(
                f"max_calls={self._limit} is reached ({self._spent()} by earlier runs); "
                "raise it and clear the task: what is landed is not paid again"
            )
