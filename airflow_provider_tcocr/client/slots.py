"""When calls may leave: pure arithmetic over what is known of the pace. Reads no clock and no file.

The quota counts arrivals in any sliding second, so calls are spaced evenly and a burst never leaves, not even
at the start. A process that was held up for a moment (a garbage collection, a busy machine) makes up for it only as
far as no second since then holds more than the quota: when the last calls left is remembered.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

MARGIN: Final = 0.98
"""Share of the quota that is used: 2 % of a second absorbs what the network adds to the spacing."""

BACK_OFF: Final = 0.94
"""What is left, after a throttled second, of the rate at which calls were carried out in it."""

LEAST: Final = 0.3
"""The share of the rate that is left, at the least, after one throttled second."""

CALM: Final = 4.0
"""Seconds without throttling before the rate grows again."""

RECOVERY: Final = 0.01
"""Share of the limit that the rate then regains in a second; alike on every host, which evens their shares."""

FORGET: Final = 900.0
"""Seconds after which a limit learnt from the service is tried again."""

AHEAD: Final = 0.02
"""Seconds before a slot at which it is taken: a call that is cancelled leaves at most this much unused."""

LEASE: Final = 0.005
"""Seconds of slots that one process takes at once; up to 200 calls a second it is a single slot."""

CREDIT: Final = 0.25
"""Seconds of slots that passed unused while calls waited for them, and that may be made up for."""

CATCH_UP: Final = 0.5
"""Share of the usual spacing that is kept while making up for them: calls that leave at once do not arrive at once."""

_STALE: Final = 60.0


class Slots(NamedTuple):
    """Consecutive slots of one process.

    :param leave: when the first call may leave
    :param spacing: seconds from one to the next
    :param many: how many
    :param place: the number of the first among all slots that were ever taken
    """

    leave: float
    spacing: float
    many: int
    place: float

    @property
    def end(self) -> float:
        """When the last call may leave; until then none of them is late."""
        return self.leave + (self.many - 1) * self.spacing

    @property
    def rest(self) -> Slots:
        """All but the first."""
        return Slots(self.leave + self.spacing, self.spacing, self.many - 1, self.place + 1)


@dataclass(frozen=True, slots=True)
class Departures:
    """When calls left or are to leave, lease by lease, as far back as a second reaches. Its arrays are never changed.

    :param when: the last call of each lease leaves
    :param count: how many calls have ever left with it
    """

    when: array[float] = field(default_factory=lambda: array("d"))
    count: array[float] = field(default_factory=lambda: array("d"))

    @property
    def last(self) -> float:
        """When the last call leaves."""
        return self.when[-1] if self.when else 0.0

    @property
    def total(self) -> float:
        """How many calls ever left."""
        return self.count[-1] if self.count else 0.0

    def earliest(self, limit: float, more: int = 1) -> float:
        """The earliest time at which the last of so many more calls keeps to the limit."""
        after, most = self.total + more, max(1, int(limit))
        if after <= most:
            return 0.0
        at = bisect_left(self.count, after - most)
        return self.when[at] + (after - self.count[at]) / (limit * MARGIN)

    def after(self, slots: Slots, limit: float, now: float) -> Departures:
        """These departures with one more lease, and without those that no longer matter."""
        most, end = max(1, int(limit)), len(self.when)
        start, ago = bisect_left(self.count, self.total + 1 - most), now - most / (limit * MARGIN)
        while start + 1 < end and max(self.when[start : start + 2]) < ago:
            start += 1
        if limit * LEASE > 1 and end - start > 1 and slots.end < self.when[-2] + LEASE:
            end -= 1
        when, count = self.when[start:end], self.count[start:end]
        when.append(slots.end)
        count.append(self.total + slots.many)
        return Departures(when, count)

    def delayed(self, place: float, now: float) -> Departures:
        """These departures where the call of a slot left later than planned."""
        at = bisect_left(self.count, place)
        if at == len(self.when) or self.when[at] >= now:
            return self
        when = self.when[:]
        when[at] = now
        return Departures(when, self.count)


@dataclass(frozen=True, slots=True)
class PaceState:
    """What the processes of a host know together; times are of the host's monotonic clock.

    :param left: when the last calls left
    :param next_at: when the next slot begins
    :param rate: calls a second since throttling lowered it, 0 for the limit itself
    :param learnt: the quota that the service named, 0 for none
    :param learnt_at: when it did
    :param grown_at: when the rate was last raised
    :param lowered_at: when it was last lowered
    :param passed: calls carried out since the rate was last lowered
    :param refused: calls throttled since then
    """

    left: Departures = Departures()
    next_at: float = 0.0
    rate: float = 0.0
    learnt: float = 0.0
    learnt_at: float = 0.0
    grown_at: float = 0.0
    lowered_at: float = 0.0
    passed: float = 0.0
    refused: float = 0.0

    def limit(self, configured: float, now: float) -> float:
        """The lower of what is configured and what the service named not long ago."""
        known = self.learnt > 0 and 0 <= now - self.learnt_at < FORGET
        return min(configured, self.learnt) if known else configured

    def reserve(
        self, configured: float, now: float, *, asked: float | None = None, waiting: int = 1
    ) -> tuple[Slots, PaceState]:
        """Take the next slots: as many as are waited for, up to LEASE; all of LEASE where slots went by unused.

        :param asked: since when somebody has been waiting for a slot, None for `now`; slots before then are lost
        :param waiting: how many are waiting
        :return: when calls may leave, and the state after them
        """
        limit = self.limit(configured, now)
        rate, grown_at = self._recovered(limit, now)
        spacing = 1 / (rate * MARGIN)
        sane = self.next_at <= now + _STALE + 2 * spacing  # else from before a reboot
        next_at, left = (self.next_at, self.left) if sane else (0.0, Departures())
        asked = now if asked is None else min(asked, now)
        most = math.ceil(LEASE / spacing)
        many = most if next_at <= asked else min(most, waiting)
        slot = max(next_at, now - CREDIT, asked)
        leave = max(now, slot, left.earliest(limit), left.last + spacing * CATCH_UP)
        step = max(spacing * CATCH_UP, (slot + (many - 1) * spacing - leave) / (many - 1)) if many > 1 else spacing
        if left.earliest(limit, many) > leave + (many - 1) * step + LEASE / 2:  # a lease does not reach beyond a gap
            many = 1
        slots = Slots(leave, step, many, place=left.total + 1)
        return slots, replace(
            self,
            left=left.after(slots, limit, now),
            next_at=slot + many * spacing,
            rate=rate if rate < limit else 0.0,
            grown_at=grown_at,
        )

    def _recovered(self, limit: float, now: float) -> tuple[float, float]:
        """The rate by now, and when it was last raised: a lowered one grows while nothing is throttled."""
        rate, grown_at = min(limit, self.rate or limit), max(self.grown_at, self.lowered_at + CALM)
        if rate < limit and now > grown_at:
            return min(limit, rate + RECOVERY * limit * min(now - grown_at, 60.0)), now
        return rate, grown_at

    def reserve_soon(
        self, configured: float, now: float, *, asked: float | None = None, waiting: int = 1
    ) -> tuple[Slots, PaceState]:
        """As :meth:`reserve`, but take no slot that is more than AHEAD away."""
        slots, state = self.reserve(configured, now, asked=asked, waiting=waiting)
        return slots, state if slots.leave <= now + AHEAD else self

    def departed(self, place: float, now: float) -> PaceState:
        """Record that the call of a slot left later than planned."""
        return replace(self, left=self.left.delayed(place, now))

    def answered(self, count: int = 1) -> PaceState:
        """Count calls that were carried out."""
        return replace(self, passed=self.passed + count) if count else self

    def throttled(self, configured: float, now: float, named: float | None) -> PaceState:
        """Slow down after a throttled call: to what was carried out, once a second however many were refused."""
        limit = self.limit(configured, now)
        rate = min(limit, self.rate or limit)
        refused = self.refused + 1
        if named and named < limit:
            next_at = max(self.next_at, now + 1.0)
            return PaceState(self.left, next_at, learnt=named, learnt_at=now, grown_at=now, lowered_at=now)
        if 0 <= now - self.lowered_at < 1.0:
            return replace(self, refused=refused)
        kept = max(LEAST, self.passed / (self.passed + refused)) * BACK_OFF
        rate = max(min(limit, 0.2), rate * kept)
        return replace(self, rate=rate, lowered_at=now, passed=0.0, refused=0.0)
