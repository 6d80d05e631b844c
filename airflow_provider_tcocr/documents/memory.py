"""The memory that decoded images take: bytes that threads share, and that the system has back afterwards.

Whatever else was used and is free, the system has back when it is asked for.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import threading
from collections.abc import Iterator
from typing import Final

MAX_DECODED: Final = 280_000_000
"""Bytes that an image may take while it is converted: an A1 sheet at 300 dpi in colour takes it."""

_SHARED: Final = 200_000_000
"""Bytes that all may take together; one that takes more is converted while no other is."""

_MMAP_THRESHOLD: Final = -3  # as malloc.h has it
_GIVEN_BACK: Final = 4_000_000
"""Bytes of a block that the system has back as soon as it is freed. Left to itself, glibc keeps blocks of up to 32 MB
for each thread: after ten large images four threads kept 190 MB, and 150 MB more were in use at the peak."""


class Memory:
    """Bytes that threads share; whoever comes first is served first, so that a large image is not passed for ever.

    :param size: all there are
    """

    def __init__(self, size: int) -> None:
        self._left = self._size = size
        self._entrance = threading.Lock()
        self._freed = threading.Condition()

    @contextlib.contextmanager
    def hold(self, count: int) -> Iterator[None]:
        """Wait until so many bytes are free, or all of them where that is not enough."""
        _give_back_what_is_freed()
        count = min(count, self._size)
        with self._entrance, self._freed:
            self._freed.wait_for(lambda: self._left >= count)
            self._left -= count
        try:
            yield
        finally:
            with self._freed:
                self._left += count
                self._freed.notify()


@functools.cache
def _give_back_what_is_freed() -> None:
    _tell_glibc("mallopt", _MMAP_THRESHOLD, _GIVEN_BACK)


def give_back() -> None:
    """Have the system back what is free in every thread's part of the heap; left to itself, glibc keeps it."""
    _tell_glibc("malloc_trim", 0)


def _tell_glibc(function: str, *numbers: int) -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library than glibc
        getattr(ctypes.CDLL(None), function)(*numbers)


MEMORY: Final = Memory(_SHARED)
"""That of this process."""
