"""The heap of this process, given back to the system where it is free; on another C library than glibc, nothing."""

from __future__ import annotations

import contextlib
import ctypes
import functools
from typing import Final

_MMAP_THRESHOLD: Final = -3  # as malloc.h has it
_LARGE: Final = 4_000_000
"""Bytes of a block that the system has back as soon as it is freed. Left to itself, glibc keeps blocks of up to 32 MB
for each thread: after ten large images four threads kept 190 MB, and 150 MB more were in use at the peak."""


@functools.cache
def give_large_blocks_back() -> None:
    """From now on, have the system back each large block as soon as it is freed; once is enough."""
    _call("mallopt", _MMAP_THRESHOLD, _LARGE)


def trim() -> None:
    """Have the system back what is free in every thread's part of the heap; left to itself, glibc keeps it."""
    _call("malloc_trim", 0)


def _call(function: str, *numbers: int) -> None:
    with contextlib.suppress(AttributeError, OSError, TypeError):
        getattr(ctypes.CDLL(None), function)(*numbers)
