"""Bounds the memory that decoded images take in all threads together, and gives it back to the system."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

from ..heap import give_large_blocks_back

MAX_DECODED: Final = 280_000_000
"""Bytes that an image may take while it is converted: an A1 sheet at 300 dpi in colour takes this many."""

_SHARED: Final = 200_000_000
"""Bytes that all images may take together; one that takes more is converted alone."""


class Memory:
    """Bytes that threads share, served in order of arrival, so that a large image does not wait for ever.

    :param size: all of them
    """

    def __init__(self, size: int) -> None:
        self._left = self._size = size
        self._entrance = threading.Lock()
        self._freed = threading.Condition()

    @contextlib.contextmanager
    def hold(self, count: int) -> Iterator[None]:
        """Wait until this many bytes are free, or, for more than there are, until all of them are."""
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
"""The one of this process."""
