"""Looks for other writers on the same output path and takes in what they land; divides nothing itself."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from ..client.client import Client, Meter
from ..landing.journal import Journal

INTERVAL: Final = 10.0
"""Seconds between two looks, while nobody else was seen."""

NEAR: Final = 1.0
"""Seconds between two looks beside a twin, and in the first seconds of a batch."""

AT_FIRST: Final = 0.25
"""The same in the very first seconds, when one that started at the same moment is still to be seen."""

_VERY_FIRST: Final = 2.0
_FIRST: Final = 5.0
_AT_ONCE: Final = 0.2
_SIGN_OF_LIFE: Final = 2.0

log = logging.getLogger(__name__)


class Twins:
    """One writer's eye on the others.

    :param journal: where all of them land
    :param client: makes this writer's calls
    :param meter: counts them
    """

    def __init__(self, journal: Journal, client: Client, meter: Meter) -> None:
        self._journal = journal
        self._client = client
        self._meter = meter
        self._started = time.monotonic()

    async def announce(self) -> None:
        """Tell the others of this writer, and look who is there; one that starts at the same moment is seen too."""
        await asyncio.to_thread(self._journal.announce, calls=self._meter.made)
        if self._journal.writers.alone(time.monotonic()):
            await asyncio.sleep(_AT_ONCE)
            await asyncio.to_thread(self._journal.refresh)
        self._started = time.monotonic()

    async def watch(self) -> None:
        """Take in what others land, for ever; where there is nothing to land, tell of calls, and twins of this one.

        A look that fails is not the last: what does not pass is met again, and told, when the batch ends.
        """
        while True:
            now = time.monotonic()
            age, alone = now - self._started, self._journal.writers.alone(now)
            await asyncio.sleep(AT_FIRST if age < _VERY_FIRST else NEAR if age < _FIRST or not alone else INTERVAL)
            try:
                await self._look()
            except Exception as error:
                log.warning(
                    "What others land under %s cannot be seen now (%s)", self._journal.uri, type(error).__name__
                )

    async def _look(self) -> None:
        await asyncio.to_thread(self._journal.refresh)
        now = time.monotonic()
        silent = now - (self._journal.written_at or now) > _SIGN_OF_LIFE
        untold = self._meter.made > self._journal.calls_told  # a kill would lose them for `max_calls`
        calling = self._client.in_flight > 0  # a writer that only waits for a twin gives no sign of life
        if silent and (untold or (calling and not self._journal.writers.alone(now))):
            await asyncio.to_thread(self._journal.announce, calls=self._meter.made)
