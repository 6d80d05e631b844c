"""Places where a task process dies by its own hand, and patience made short; set up before the operator runs."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

TERMINATED = "terminated at "
"""What stands in the log before the moment of a SIGTERM."""


def set_up(wanted: dict[str, Any]) -> None:
    """Set up what a job asks for.

    :param wanted: ``base_wait``: seconds of the first back-off; ``die``: [number of operation, moment];
    ``terminate_at_hook``: SIGTERM while the connection is read; ``terminate_elsewhere``: SIGTERM after so many seconds
    that another thread than the main one receives
    """
    if "base_wait" in wanted:
        _quick_retries(wanted["base_wait"])
    if "die" in wanted:
        _die_finishing(*wanted["die"])
    if "terminate_elsewhere" in wanted:
        threading.Timer(wanted["terminate_elsewhere"], _terminate_this_thread).start()
    if "terminate_at_hook" in wanted:
        _terminate_at_hook()


def _quick_retries(base: float) -> None:
    from airflow_provider_tcocr.recognition import recognizer, retry

    recognizer.RetryPolicy = lambda: retry.RetryPolicy(base=base, cap=base)  # type: ignore[assignment,misc]
    original = retry.Retry
    retry.Retry = lambda wait, by_bytes=False: original(min(wait, base * 2), by_bytes)  # type: ignore[assignment,misc]


def _terminate_this_thread() -> None:
    """The kernel gives a process's signal to any thread; Python's handlers run in the main one, once that wakes."""
    _note_the_moment()
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)


def _note_the_moment() -> None:
    """For the log: however slow the start was, a process's time to end runs from here."""
    os.write(1, f"{TERMINATED}{time.monotonic()}\n".encode())


def _terminate_at_hook() -> None:
    from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook

    get_connection = TencentCloudOcrHook.get_connection

    def terminated(conn_id: str) -> Any:
        connection = get_connection(conn_id)  # first: what Airflow imports for it takes seconds on a busy machine
        _note_the_moment()
        os.kill(os.getpid(), signal.SIGTERM)
        return connection

    TencentCloudOcrHook.get_connection = staticmethod(terminated)  # type: ignore[method-assign,assignment]


def _die_finishing(number: int, moment: str) -> None:
    """Die at an operation on the storage, counted from the start of the finalization.

    :param moment: ``before``, ``during`` (written, and not yet there under its name) or ``after``
    """
    from airflow_provider_tcocr.batch.finish import Finish
    from airflow_provider_tcocr.landing.folder import LocalFolder

    finishing = False
    count = 0
    finish, write, delete = Finish.run, LocalFolder.write, LocalFolder.delete

    def run(self: Finish, **arguments: Any) -> Any:
        nonlocal finishing
        finishing = True
        return finish(self, **arguments)

    def due() -> bool:
        nonlocal count
        count += finishing
        return finishing and count == number

    @contextmanager
    def dying_write(self: LocalFolder, name: str) -> Iterator[IO[bytes]]:
        mine = due()
        if mine and moment == "before":
            die()
        with write(self, name) as file:
            yield file
            if mine and moment == "during":
                die()
        if mine:
            die()

    def dying_delete(self: LocalFolder, name: str) -> None:
        mine = due()
        if mine and moment != "after":
            die()
        delete(self, name)
        if mine:
            die()

    Finish.run, LocalFolder.write, LocalFolder.delete = run, dying_write, dying_delete  # type: ignore[method-assign]


def die() -> None:
    """As the kernel's out-of-memory killer has it."""
    os.kill(os.getpid(), signal.SIGKILL)
