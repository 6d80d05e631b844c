"""Counts how far a batch is, and says it in one line for the log. Touches nothing else."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

INTERVAL = 30.0
"""Seconds between two lines."""


@dataclass(slots=True)
class Progress:
    """Pages so far.

    :param documents: of the whole batch
    :param listed: documents looked at so far; only then are their pages known
    :param done: pages landed in this attempt
    :param reused: pages found paid for
    :param failed: of `done`
    """

    documents: int
    listed: int = 0
    pages: int = 0
    done: int = 0
    reused: int = 0
    failed: int = 0
    started: float = field(default_factory=time.monotonic)

    def line(self, *, calls: int, throttled: int, now: float) -> str:
        """One line for a person: done, rate, remaining, reused, failed, calls."""
        rate = self.done / max(now - self.started, 1e-3)
        remaining = self.pages - self.done - self.reused
        so_far = "" if self.listed >= self.documents else f" in {self.listed} of {self.documents} documents"
        ends = f", about {remaining / rate:.0f} s" if rate > 0 and remaining > 0 else ""
        return (
            f"{self.done} pages landed, {rate:.1f} a second; {remaining} remaining{so_far}{ends}; "
            f"{self.reused} reused, {self.failed} failed; {calls} calls made, {throttled} throttled"
        )
