"""The state of one attempt while it runs, which is the gate of its calls. Recognizes nothing itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from ..recognition.recognizer import NotNowError
from .budget import ByteBudget, CallBudget
from .commit import GroupCommit
from .feed import Feed
from .planning import Examined, PlannedDocument
from .progress import Progress
from .stop import Stop
from .suspicion import Suspicion
from .twins import Twins

PREPARING: Final = 4
"""Pages that are drawn or converted at once."""


@dataclass(frozen=True, slots=True)
class PageToDo:
    """A page on its way to a call."""

    examined: Examined
    page: int


@dataclass(slots=True)
class Attempt:
    """The state of one attempt; made on its loop.

    :param plan: by position in the dataset; None for documents that were not reached
    :param fetches: whether documents may be contacted
    """

    stop: Stop
    plan: list[PlannedDocument | None]
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

    def while_waiting(self) -> None:
        """Run while a call waits for its turn.

        :raise StoppedError: no further call is made
        :raise NotNowError: its answer might never be landed
        """
        self.stop.check()
        if not self.commit.has_room:
            raise NotNowError(self.commit.room)

    def before_leaving(self) -> None:
        """Run just before a call leaves; raises as :meth:`while_waiting`.

        :raise CallLimitError: the cap is reached
        """
        self.while_waiting()
        self.calls.check()
