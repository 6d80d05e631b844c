"""The memory that decoded images take: bytes that threads share, and that the system has back afterwards."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

from ..heap import give_large_blocks_back

MAX_DECODED: Final = 280_000_000
"""Bytes that an image may take while it is converted: an A1 sheet at 300 dpi in colour takes it."""

_SHARED: Final = 200_000_000
"""Bytes that all may take together; one that takes more is converted while no other is."""


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
        give_large_blocks_back()
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


MEMORY: Final = Memory(_SHARED)
"""That of this process."""
