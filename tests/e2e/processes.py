"""Processes in groups of their own: started, killed, stopped; none outlives the run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")
MARK: Final = "TCOCR_E2E"
"""In the environment of every process of a run, inherited by all that they start."""
GRACE: Final = 25.0
"""Seconds that a group has to end after SIGTERM."""


def until(what: str, told: Callable[[], T], *, timeout: float = 120.0, every: float = 0.25) -> T:
    """Wait until something is true.

    :param what: is awaited, for the error
    :param told: gives what is awaited, or something false
    :raise TimeoutError: after `timeout` seconds
    """
    deadline = time.monotonic() + timeout
    while not (found := told()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout:.0f} s")
        time.sleep(every)
    return found


class Group:
    """One process with all that it starts, in a process group; what it says goes to a file."""

    def __init__(self, name: str, command: Sequence[str], *, environ: Mapping[str, str], log: Path) -> None:
        self.name, self.log_file = name, log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                command, env=dict(environ), stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )

    @property
    def log(self) -> str:
        """What it has said."""
        return self.log_file.read_text(errors="replace")

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def check(self) -> None:
        """Raise where it has ended."""
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.log[-3000:]}")

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        self.signal(signal.SIGKILL)
        self.process.wait()


class Processes:
    """Every process of the run; leaving the context stops them all, whatever happened.

    :param environ: of each; the value of MARK in it tells ours from all others
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.groups: dict[str, Group] = {}
        self.stopping = time.monotonic()
        """When the stopping began."""
        self.orphans: list[str] = []
        """What was still alive after all groups had been stopped, and was killed."""

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)  # nothing hinders the stopping
        self.stop()

    def start(self, name: str, command: Sequence[str], *, log: Path) -> Group:
        """Start one, in the place of one that was killed where the name is known."""
        group = self.groups[name] = Group(name, command, environ=self.environ, log=log)
        return group

    def check(self) -> None:
        """Raise where one has ended that should run."""
        for group in self.groups.values():
            group.check()

    def stop(self) -> None:
        """SIGTERM to every group, SIGKILL after the grace; then to whatever of ours is left in whatever group."""
        self.stopping = time.monotonic()
        groups = list(self.groups.values())
        for group in groups:
            group.signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for group in groups:
            with contextlib.suppress(subprocess.TimeoutExpired):
                group.process.wait(max(0.1, deadline - time.monotonic()))
        with contextlib.suppress(TimeoutError):
            until("the end of all processes", lambda: not self._alive(), timeout=5)
        for pid, told in self._alive().items():
            self.orphans.append(told)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for group in groups:
            group.process.wait()

    def _alive(self) -> dict[int, str]:
        """Our processes: id and command line."""
        mark = f"{MARK}={self.environ[MARK]}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdecimal() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found[int(entry.name)] = command.strip()
            except OSError:
                continue  # it has ended, or is not ours
        return found
