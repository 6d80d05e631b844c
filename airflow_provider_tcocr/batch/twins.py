"""Looks for other writers on the same output path and reads what they land; shares nothing out itself."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final

from ..client.client import Client
from ..client.meter import Meter
from ..landing.journal import Journal

INTERVAL: Final = 10.0
"""Seconds between two looks, while no twin was seen."""

NEAR: Final = 1.0
"""Seconds between two looks beside a twin, and in the first seconds of a batch."""

AT_FIRST: Final = 0.25
"""The same in the very first seconds, when a twin may have started at the same moment."""

_VERY_FIRST: Final = 2.0
_FIRST: Final = 5.0
_AT_ONCE: Final = 0.2
_SIGN_OF_LIFE: Final = 2.0

log = logging.getLogger(__name__)


class Twins:
    """Watches the other writers for one.

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
        """Show this writer to the others and look for them, also for one that starts at the same moment."""
        await asyncio.to_thread(self._journal.announce, calls=self._meter.made)
        if self._journal.writers.alone(time.monotonic()):
            await asyncio.sleep(_AT_ONCE)
            await asyncio.to_thread(self._journal.refresh)
        self._started = time.monotonic()

    async def watch(self) -> None:
        """Read what others land, until cancelled; with nothing to land, record the calls and show itself to twins.

        A look that fails is repeated: a lasting error is met again, and raised, when the batch ends.
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
        untold = self._meter.made > self._journal.calls.own  # a kill would lose them for `max_calls`
        calling = self._client.in_flight > 0  # a writer that only waits for a twin gives no sign of life
        if silent and (untold or (calling and not self._journal.writers.alone(now))):
            await asyncio.to_thread(self._journal.announce, calls=self._meter.made)
