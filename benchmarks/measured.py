"""What a contender is given and what it took: a load, and its CPU, time and memory. Runs nothing by itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

KEY: Final = "AKIDbenchmark", "benchmark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is to be done.

    :param url: the server's
    :param pages: how many
    :param in_flight: calls at once, for those that can
    :param folder: images to be sent, or a dataset to be read; None sends URLs
    :param qps: calls a second, None for the default quota
    """

    url: str
    pages: int
    in_flight: int = 128
    folder: str | None = None
    qps: float | None = 100_000

    def documents(self) -> list[str]:
        """Files, or URLs that nobody fetches."""
        if self.folder is not None:
            return sorted(map(str, Path(self.folder).iterdir()))[: self.pages]
        return [f"http://scans.example/{number // 1000:04}/{number % 1000:03}.png" for number in range(self.pages)]

    @property
    def host(self) -> str:
        """The server's host and port."""
        return self.url.partition("://")[2]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run took.

    :param wall: seconds
    :param cpu: seconds of the process, all threads
    :param peak: bytes above what was held before
    :param derived: seconds of the process for the tables alone, where a run tells that
    :param calling: seconds from the first answer to the last, where a run tells that
    """

    pages: int
    wall: float
    cpu: float
    peak: int
    derived: float = 0.0
    calling: float = 0.0


def measured(run: Callable[[], int | Measured]) -> Measured:
    """Run it, and tell what that took; a run that measures itself is taken at its word."""
    held = _resident()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    wall, cpu = time.perf_counter(), time.process_time()
    found = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return found if isinstance(found, Measured) else Measured(found, wall, cpu, _peak() - held)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def _peak() -> int:
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024
