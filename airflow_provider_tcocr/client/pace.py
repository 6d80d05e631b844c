"""When the next call may leave: one pace per endpoint, SecretId and action, shared by the processes of a host.

The quota counts arrivals in any sliding second, so calls are spaced evenly and a burst never leaves, not even
at the start. The pace is kept in a locked file of a few bytes; the arithmetic is pure and takes ``now``.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import struct
import tempfile
import time
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

AHEAD: Final = 0.05
"""Seconds before a slot at which it is taken: whoever dies or is cancelled leaves at most this much unused."""

_STALE: Final = 60.0
_PACKED: Final = struct.Struct("<8d")


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
    """

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

    def reserve(self, configured: float, now: float) -> tuple[float, PaceState]:
        """Take the next slot.

        :return: when the call may leave, and the state after it
        """
        limit = self.limit(configured, now)
        rate, grown_at = min(limit, self.rate or limit), max(self.grown_at, self.lowered_at + CALM)
        if rate < limit and now > grown_at:
            rate, grown_at = min(limit, rate + RECOVERY * limit * min(now - grown_at, 60.0)), now
        spacing = 1 / (rate * MARGIN)
        sane = self.next_at <= now + _STALE + 2 * spacing  # else from before a reboot
        leave = max(now, self.next_at) if sane else now
        lowered = rate if rate < limit else 0.0
        return leave, replace(self, next_at=leave + spacing, rate=lowered, grown_at=grown_at)

    def reserve_soon(self, configured: float, now: float) -> tuple[float, PaceState]:
        """As :meth:`reserve`, but take nothing that lies further ahead than AHEAD."""
        leave, state = self.reserve(configured, now)
        return (leave, state) if leave <= now + AHEAD else (leave, self)

    def answered(self) -> PaceState:
        """Count a call that was carried out."""
        return replace(self, passed=self.passed + 1)

    def throttled(self, configured: float, now: float, named: float | None) -> PaceState:
        """Slow down after a throttled call: to what was carried out, once a second however many were refused."""
        limit = self.limit(configured, now)
        rate = min(limit, self.rate or limit)
        refused = self.refused + 1
        if named and named < limit:
            return PaceState(max(self.next_at, now + 1.0), 0.0, named, now, grown_at=now, lowered_at=now)
        if 0 <= now - self.lowered_at < 1.0:
            return replace(self, refused=refused)
        kept = max(LEAST, self.passed / (self.passed + refused)) * BACK_OFF
        rate = max(min(limit, 0.2), rate * kept)
        return replace(self, rate=rate, lowered_at=now, passed=0.0, refused=0.0)


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
        self._turn = asyncio.Lock()

    async def acquire(self) -> None:
        """Wait for the next slot, in the order of asking."""
        async with self._turn:
            while True:
                now = time.monotonic()
                leave = self._change(lambda state, now=now: state.reserve_soon(self.configured, now))  # type: ignore[misc]
                if leave <= now + AHEAD:
                    break
                await asyncio.sleep(leave - AHEAD - now)
        while (wait := leave - time.monotonic()) > 0:  # noqa: ASYNC110 - a moment, not an event
            await asyncio.sleep(wait)

    def answered(self) -> None:
        """Take in an answer that was not throttled."""
        self._change(lambda state: (0.0, state.answered()))

    def throttled(self, named: float | None) -> None:
        """Take in a throttled answer.

        :param named: the quota that its text names, None where it names none
        """
        now = time.monotonic()
        self._change(lambda state: (0.0, state.throttled(self.configured, now, named)))

    def _change(self, step: Callable[[PaceState], tuple[float, PaceState]]) -> float:
        if self._path is None:
            answer, self._own = step(self._own)
            return answer
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:  # another user's file, or no writable temporary folder: pace this process alone
            self._path = None
            return self._change(step)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            answer, state = step(_unpack(file.read(_PACKED.size)))
            file.seek(0)
            file.write(_PACKED.pack(*(getattr(state, field.name) for field in fields(state))))
        return answer


def _unpack(packed: bytes) -> PaceState:
    if len(packed) != _PACKED.size:
        return PaceState()
    values = _PACKED.unpack(packed)
    return PaceState(*values) if all(0 <= value < 1e12 for value in values) else PaceState()
