"""When the next call may leave: one pace per endpoint, SecretId and action, shared by the processes of a host.

The quota counts arrivals in any sliding second, so calls are spaced evenly and a burst never leaves, not even
at the start. A process that was held up for a moment (a garbage collection, a busy machine) makes up for it only as
far as no second since then holds more than the quota: when the last calls really left is remembered. The pace is kept
in a small locked file; the arithmetic is pure and takes ``now``.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import struct
import tempfile
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock; there every process keeps its own pace
    fcntl = None  # type: ignore[assignment]

MARGIN: Final = 0.98
"""Share of the quota that is used: 2 % of a second absorbs what the network adds to the spacing."""

BACK_OFF: Final = 0.94
"""What is left, after a throttled second, of the rate at which calls were carried out in it."""

LEAST: Final = 0.3
"""The most that one throttled second may take away: to this share of the rate."""

CALM: Final = 4.0
"""Seconds without throttling before the rate grows again."""

RECOVERY: Final = 0.01
"""Share of the limit that the rate then regains in a second; alike on every host, which evens their shares."""

FORGET: Final = 900.0
"""Seconds after which a limit learnt from the service is tried again."""

AHEAD: Final = 0.02
"""Seconds before a slot at which it is taken: whoever dies or is cancelled leaves at most this much unused."""

CREDIT: Final = 0.25
"""Seconds of slots that went by while somebody waited for them, and that may be made up for."""

CATCH_UP: Final = 0.5
"""Share of the usual spacing that is kept while making up for them: calls that leave at once do not arrive at once."""

REMEMBERED: Final = 256
"""Departures that are remembered; where the quota is larger, so many are kept to their share of a second."""

_LATE: Final = 0.002
_STALE: Final = 60.0
_PACKED: Final = struct.Struct("<8d")
_LARGEST: Final = 2**16
_ENDLESS: Final = 1e12
"""Above what any clock says; what is no number is not below it either."""


@dataclass(frozen=True, slots=True)
class PaceState:
    """The shared state; times are of the host's monotonic clock.

    :param next_at: when the next slot begins
    :param rate: calls a second since throttling lowered it, 0 for the limit itself
    :param learnt: the quota that the service named, 0 for none
    :param learnt_at: when it did
    :param grown_at: when the rate was last raised
    :param lowered_at: when it was last lowered
    :param passed: calls carried out since the rate was last lowered
    :param refused: calls throttled since then
    :param left: when the last calls left or are to leave, ascending
    """

    next_at: float = 0.0
    rate: float = 0.0
    learnt: float = 0.0
    learnt_at: float = 0.0
    grown_at: float = 0.0
    lowered_at: float = 0.0
    passed: float = 0.0
    refused: float = 0.0
    left: tuple[float, ...] = ()

    def limit(self, configured: float, now: float) -> float:
        """The lower of what is configured and what the service named not long ago."""
        known = self.learnt > 0 and 0 <= now - self.learnt_at < FORGET
        return min(configured, self.learnt) if known else configured

    def reserve(self, configured: float, now: float, *, asked: float | None = None) -> tuple[float, PaceState]:
        """Take the next slot.

        :param asked: since when somebody has been waiting for a slot, None for `now`; slots before then are lost
        :return: when the call may leave, and the state after it
        """
        limit = self.limit(configured, now)
        rate, grown_at = min(limit, self.rate or limit), max(self.grown_at, self.lowered_at + CALM)
        if rate < limit and now > grown_at:
            rate, grown_at = min(limit, rate + RECOVERY * limit * min(now - grown_at, 60.0)), now
        spacing = 1 / (rate * MARGIN)
        sane = self.next_at <= now + _STALE + 2 * spacing  # else from before a reboot
        left = self.left if sane else ()
        slot = max(self.next_at if sane else 0.0, now - CREDIT, now if asked is None else min(asked, now))
        leave = max(now, slot, _window_ends(left, limit), left[-1] + spacing * CATCH_UP if left else 0.0)
        lowered = rate if rate < limit else 0.0
        left = tuple(sorted((*left, leave))[-REMEMBERED:])
        return leave, replace(self, next_at=slot + spacing, rate=lowered, grown_at=grown_at, left=left)

    def reserve_soon(self, configured: float, now: float, *, asked: float | None = None) -> tuple[float, PaceState]:
        """As :meth:`reserve`, but take nothing that lies further ahead than AHEAD."""
        leave, state = self.reserve(configured, now, asked=asked)
        return (leave, state) if leave <= now + AHEAD else (leave, self)

    def departed(self, reserved: float, now: float) -> PaceState:
        """Remember that a call left later than it was to."""
        left = list(self.left)
        if reserved not in left:
            return self
        left.remove(reserved)
        return replace(self, left=tuple(sorted((*left, now))))

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
            return PaceState(next_at, 0.0, named, now, grown_at=now, lowered_at=now, left=self.left)
        if 0 <= now - self.lowered_at < 1.0:
            return replace(self, refused=refused)
        kept = max(LEAST, self.passed / (self.passed + refused)) * BACK_OFF
        rate = max(min(limit, 0.2), rate * kept)
        return replace(self, rate=rate, lowered_at=now, passed=0.0, refused=0.0)


def _window_ends(left: tuple[float, ...], limit: float) -> float:
    """When one more call is no longer one too many, as far as is remembered."""
    count = min(REMEMBERED, max(1, int(limit)))
    return left[-count] + count / (limit * MARGIN) if len(left) >= count else 0.0


class Pace:
    """The pace of one key, for any number of coroutines of this process and processes of this host.

    :param configured: calls a second that may never be exceeded
    :param key: endpoint, SecretId and action; only its hash names the file
    :param shared: False keeps the pace in this object, for tests and for hosts without file locks
    """

    def __init__(self, configured: float, *, key: tuple[str, ...], shared: bool = True) -> None:
        self.configured = configured
        digest = hashlib.sha256("\0".join(key).encode()).hexdigest()[:32]
        self._path = Path(tempfile.gettempdir(), f"tcocr-pace-{digest}") if shared and fcntl else None
        self._own = PaceState()
        self._answered = 0
        """Calls carried out that the state does not count yet."""
        self._turn = asyncio.Lock()

    async def acquire(self, *, wanted: Callable[[], None] | None = None) -> None:
        """Wait for the next slot, in the order of asking.

        :param wanted: runs before a slot is taken; what it raises is raised, and no slot is used up
        """
        asked = time.monotonic()
        async with self._turn:
            while True:
                if wanted is not None:
                    wanted()
                now = time.monotonic()
                leave = self._change(lambda state, now=now: state.reserve_soon(self.configured, now, asked=asked))  # type: ignore[misc]
                if leave <= now + AHEAD:
                    break
                await asyncio.sleep(leave - AHEAD - now)
        while (wait := leave - time.monotonic()) > 0:  # noqa: ASYNC110 - a moment, not an event
            await asyncio.sleep(wait)
        if -wait > _LATE:
            self._change(lambda state: (0.0, state.departed(leave, leave - wait)))

    def answered(self) -> None:
        """Take in an answer that was not throttled; the next look at the state tells the others."""
        self._answered += 1

    def throttled(self, named: float | None) -> None:
        """Take in a throttled answer.

        :param named: the quota that its text names, None where it names none
        """
        now = time.monotonic()
        self._change(lambda state: (0.0, state.throttled(self.configured, now, named)))

    def _change(self, step: Callable[[PaceState], tuple[float, PaceState]]) -> float:
        if self._path is None:
            answer, self._own = step(self._own.answered(self._answered))
        else:
            try:
                answer = self._change_file(self._path, step)
            except OSError:  # another user's file, no folder to write to, a full disk: pace this process alone
                self._path = None
                return self._change(step)
        self._answered = 0
        return answer

    def _change_file(self, path: Path, step: Callable[[PaceState], tuple[float, PaceState]]) -> float:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            packed = os.read(descriptor, _LARGEST)
            answer, self._own = step(_unpack(packed).answered(self._answered))
            changed = _pack(self._own)
            os.pwrite(descriptor, changed, 0)
            if len(changed) < len(packed):
                os.ftruncate(descriptor, len(changed))
        finally:
            os.close(descriptor)
        return answer


def _pack(state: PaceState) -> bytes:
    left = array("d", state.left)
    return _PACKED.pack(*(getattr(state, field.name) for field in fields(state)[:-1])) + left.tobytes()


def _unpack(packed: bytes) -> PaceState:
    if len(packed) < _PACKED.size or len(packed) % 8:
        return PaceState()
    values, left = _PACKED.unpack_from(packed), array("d", packed[_PACKED.size :])
    sound = all(0 <= value < _ENDLESS for value in values) and min(left, default=0.0) >= 0 and sum(left) < _ENDLESS
    return replace(PaceState(*values), left=tuple(sorted(left))) if sound else PaceState()
