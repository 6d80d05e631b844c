"""Whether a batch may make further calls, and why not: checked before each call, awaited by what takes long."""

from __future__ import annotations

import asyncio

from ..exceptions import StoppedError, TencentCloudOcrError


class Stop:
    """One for a batch and all its legs; checked and awaited on the batch's loop."""

    def __init__(self) -> None:
        self.reason: TencentCloudOcrError | None = None
        """What every further call would meet, or the cap on calls; the tables and the manifest are still written."""
        self.killed = False
        """Whether the batch was killed: Airflow wants the worker back."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = asyncio.Event()
        self._killed = asyncio.Event()

    @property
    def asked(self) -> bool:
        """Whether no further call is made."""
        return self.killed or self.reason is not None

    def halt(self, reason: TencentCloudOcrError) -> None:
        """Stop calls, since every one would fail in the same way. The first reason is kept."""
        self.reason = self.reason or reason
        self._tell()

    def kill(self) -> None:
        """Stop calls and end soon; to be called from any thread or signal handler."""
        self.killed = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._tell)

    def check(self) -> None:
        """Run before a call.

        :raise StoppedError: no further call is made
        """
        if self.asked:
            raise StoppedError("the batch was stopped")

    async def wait(self) -> None:
        """Wait until no further call may be made."""
        self._listen()
        await self._asked.wait()

    async def wait_killed(self) -> None:
        """Wait until the batch is killed."""
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
