"""The pace of one key: calls wait here for their slots, which the processes of a host share through a locked file.

Where no file can be locked or written, a process keeps a pace of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import struct
import tempfile
import time
import zlib
from array import array
from collections.abc import Callable
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Final, TypeVar

from .slots import AHEAD, LEASE, Departures, PaceState, Slots

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock; there every process keeps its own pace
    fcntl = None  # type: ignore[assignment]

T = TypeVar("T")

LATE: Final = 0.002
"""Seconds after its slot at which a call may still leave."""

_NONE: Final = Slots(0.0, 0.0, 0, 0.0)
_LARGEST: Final = 2**14
_SUM: Final = struct.Struct("<I")
_NUMBERS: Final = [field.name for field in fields(PaceState)][1:]
_LAYOUT: Final = zlib.crc32(" ".join(_NUMBERS).encode())
_numbers = attrgetter(*_NUMBERS)


class Pace:
    """The pace of one key, for any number of coroutines of this process and processes of this host.

    :param configured: calls a second that may never be exceeded
    :param key: endpoint, SecretId and action; only its hash names the file
    """

    def __init__(self, configured: float, *, key: tuple[str, ...]) -> None:
        self.configured = configured
        digest = hashlib.sha256("\0".join(key).encode()).hexdigest()[:32]
        self._path = Path(tempfile.gettempdir(), f"tcocr-pace-{digest}") if fcntl else None
        self._own = PaceState()
        self._answered = 0
        """Calls carried out that the state does not count yet."""
        self._late: list[tuple[float, float]] = []
        """Slots whose calls left late, and when; the state does not know of them yet."""
        self._lease = _NONE
        """Slots that this process has taken and no call has used yet."""
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def acquire(self, *, while_waiting: Callable[[], None] | None = None) -> None:
        """Wait for the next slot; first come, first served.

        :param while_waiting: runs before a slot is taken; what it raises is raised, and no slot is used up
        """
        asked = time.monotonic()
        self._waiting += 1
        try:
            async with self._turn:
                slots = await self._take(asked, while_waiting)
        finally:
            self._waiting -= 1
        while (wait := slots.leave - time.monotonic()) > 0:  # noqa: ASYNC110 - a moment, not an event
            await asyncio.sleep(wait)
        if (now := slots.leave - wait) > slots.end + LATE:
            self._late.append((slots.place, now))
            if slots.spacing > LEASE or not self._waiting:  # else the next waiting call records it in a moment
                self._change(lambda state: (None, state))

    def answered(self) -> None:
        """Count an answer that was not throttled; the next change of the state records it for all processes."""
        self._answered += 1

    def throttled(self, named: float | None) -> None:
        """Slow down after a throttled answer.

        :param named: the quota that its text names, None where it names none
        """
        now = time.monotonic()
        self._lease = _NONE
        self._change(lambda state: (None, state.throttled(self.configured, now, named)))

    async def _take(self, asked: float, while_waiting: Callable[[], None] | None) -> Slots:
        """Slots, of which the first is the caller's."""
        while True:
            if while_waiting is not None:
                while_waiting()
            now = time.monotonic()
            if not self._lease.many or now > self._lease.end + LATE:
                slots = self._reserve(now, asked)
                if slots.leave > now + AHEAD:
                    await asyncio.sleep(slots.leave - AHEAD - now)
                    continue
                self._lease = slots
            slots, self._lease = self._lease, self._lease.rest
            return slots

    def _reserve(self, now: float, asked: float) -> Slots:
        waiting = self._waiting
        return self._change(lambda state: state.reserve_soon(self.configured, now, asked=asked, waiting=waiting))

    def _change(self, step: Callable[[PaceState], tuple[T, PaceState]]) -> T:
        if self._path is None:
            answer, self._own = step(self._caught_up(self._own))
        else:
            try:
                answer, self._own = self._change_file(self._path, step)
            except OSError:  # another user's file, no folder to write to, a full disk: pace this process alone
                self._path = None
                return self._change(step)
        self._answered = 0
        self._late.clear()
        return answer

    def _caught_up(self, state: PaceState) -> PaceState:
        for place, left in self._late:
            state = state.departed(place, left)
        return state.answered(self._answered)

    def _change_file(self, path: Path, step: Callable[[PaceState], tuple[T, PaceState]]) -> tuple[T, PaceState]:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            found = os.fstat(descriptor)
            if found.st_uid != os.geteuid() or not stat.S_ISREG(found.st_mode):  # who put it there could hold all up
                raise PermissionError("the file of the pace is not this user's")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            packed = os.read(descriptor, _LARGEST)
            answer, state = step(self._caught_up(_unpack(packed)))
            changed = _pack(state)
            os.pwrite(descriptor, changed, 0)
            if len(changed) < len(packed):
                os.ftruncate(descriptor, len(changed))
        finally:
            os.close(descriptor)
        return answer, state


def _pack(state: PaceState) -> bytes:
    numbers = array("d", _numbers(state)) + state.left.when + state.left.count
    return _SUM.pack(zlib.crc32(numbers, _LAYOUT)) + numbers.tobytes()


def _unpack(packed: bytes) -> PaceState:
    """The state; an empty one where the file is new, not whole, or another release's."""
    if len(packed) < _SUM.size or _SUM.unpack_from(packed)[0] != zlib.crc32(packed[_SUM.size :], _LAYOUT):
        return PaceState()
    numbers = array("d", packed[_SUM.size :])
    half = (len(_NUMBERS) + len(numbers)) // 2
    left = Departures(numbers[len(_NUMBERS) : half], numbers[half:])
    return PaceState(left, *numbers[: len(_NUMBERS)])
