"""What one attempt holds while it runs, and the two ways in which it is ended early. Recognizes nothing itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from ..exceptions import TencentCloudOcrError
from ..recognition.recognizer import NotNowError
from .budget import ByteBudget, CallBudget
from .commit import GroupCommit
from .feed import Feed, Opened
from .progress import Progress
from .suspicion import Suspicion
from .twins import Twins

PREPARING: Final = 4
"""Pages that are drawn or converted at once."""


@dataclass(frozen=True, slots=True)
class PageToDo:
    """A page on its way to a call."""

    document: Opened
    page: int


@dataclass(slots=True)
class Attempt:
    """What one attempt holds while it runs; made on its loop."""

    feed: Feed
    twins: Twins
    suspicion: Suspicion
    calls: CallBudget
    commit: GroupCommit
    progress: Progress
    queue: asyncio.Queue[PageToDo | None]
    fetches: bool
    page_bytes: ByteBudget = field(default_factory=ByteBudget)
    preparing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PREPARING))
    killed: asyncio.Event = field(default_factory=asyncio.Event)
    halt: TencentCloudOcrError | None = None

    def go_on(self) -> None:
        """Run while a call waits for its turn.

        :raise StoppedError: the batch was told to stop
        :raise NotNowError: what would be answered might never be landed
        """
        self.calls.go_on()
        if not self.commit.has_room:
            raise NotNowError(self.commit.room)

    def leave(self) -> None:
        """Run just before a call leaves; raises as :meth:`go_on`.

        :raise CallLimitError: the cap is reached
        """
        self.go_on()
        self.calls.leave()

    def stop_for(self, error: TencentCloudOcrError) -> None:
        """No further call: every one would fail likewise."""
        self.halt = self.halt or error
        self.calls.stopped = True
        self.feed.stop()

    def kill(self) -> None:
        """No further call: somebody wants the worker back."""
        self.calls.stopped = True
        self.feed.stop()
        self.killed.set()
