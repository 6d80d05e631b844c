"""Knows who else writes to the same output path, and shares the documents among them. Pure: takes the time.

Two attempts at once (a zombie and its successor, two runs of one Dag) do no harm, since their parts never collide. To
pay for as little as possible twice, each first takes its share of the documents, by their identity, and the other's
when that one has ended or has been silent for a while.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from typing import Final

SILENCE: Final = 5.0
"""Seconds without a new part after which a writer is considered dead."""


_STARTED: Final = 20
_RUN: Final = 8


def new_writer(run: str) -> str:
    """A writer's id: unique, sorted by the time of its start, and it says whose attempt it is.

    :param run: what dag, task, run and map index hash to, in hex
    """
    return f"{time.time_ns():0{_STARTED}d}{run[:_RUN]}{uuid.uuid4().hex[:12]}"


def is_of(writer: str, run: str) -> bool:
    """Whether a writer is an attempt of that run."""
    return writer[_STARTED:].startswith(run[:_RUN])


class Writers:
    """The writers of one output path, as their parts show them.

    :param own: this writer's id
    """

    def __init__(self, own: str) -> None:
        self.own = own
        self.ended: set[str] = set()
        self._seen: dict[str, float] = {}

    def saw(self, writer: str, at: float) -> None:
        """A writer has written a part at that moment."""
        self._seen[writer] = max(at, self._seen.get(writer, at))

    def end(self, writers: Iterable[str]) -> None:
        """These writers write no more."""
        self.ended.update(writers)

    def alive(self, now: float) -> list[str]:
        """The writers at work, this one among them, the oldest first."""
        others = (
            writer
            for writer, seen in list(self._seen.items())
            if writer != self.own and writer not in self.ended and now - seen < SILENCE
        )
        return sorted([self.own, *others])

    def alone(self, now: float) -> bool:
        """Whether nobody else is at work."""
        return len(self.alive(now)) == 1

    def mine(self, identity: str, now: float) -> bool:
        """Whether a document is in this writer's share.

        :param identity: the hash of the document's identity, in hex
        """
        alive = self.alive(now)
        return alive[int(identity[:8], 16) % len(alive)] == self.own

    def oldest(self, now: float) -> bool:
        """Whether this writer goes through the documents forwards; those that started later go backwards."""
        return self.alive(now)[0] == self.own
