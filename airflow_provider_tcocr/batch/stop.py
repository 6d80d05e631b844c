"""Whether a batch makes further calls, and why not: asked before each call, waited for by what takes long."""

from __future__ import annotations

import asyncio

from ..exceptions import StoppedError, TencentCloudOcrError


class Stop:
    """One for a batch and all its legs. Whoever asks or waits does so on the batch's loop."""

    def __init__(self) -> None:
        self.reason: TencentCloudOcrError | None = None
        """What every further call would meet, or the cap on calls; what was landed is still derived, and told."""
        self.killed = False
        """Whether somebody wants the worker back."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = asyncio.Event()
        self._killed = asyncio.Event()

    @property
    def asked(self) -> bool:
        """Whether no further call is made."""
        return self.killed or self.reason is not None

    def halt(self, reason: TencentCloudOcrError) -> None:
        """Have no further call made: every one would fail likewise. The first reason stands."""
        self.reason = self.reason or reason
        self._tell()

    def kill(self) -> None:
        """Have no further call made, and waste no time; from any thread and from a signal handler."""
        self.killed = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._tell)

    def check(self) -> None:
        """Run before a call.

        :raise StoppedError: no further call is made
        """
        if self.asked:
            raise StoppedError("the batch was told to stop")

    async def wait(self) -> None:
        """Wait until no further call is made."""
        self._listen()
        await self._asked.wait()

    async def wait_killed(self) -> None:
        """Wait until somebody wants the worker back."""
        self._listen()
        await self._killed.wait()

    def _listen(self) -> None:
        self._loop = asyncio.get_running_loop()  # first, so that a kill from now on is heard
        self._tell()

    def _tell(self) -> None:
        if self.asked:
            self._asked.set()
        if self.killed:
            self._killed.set()
