"""The one private event loop of a process, on a daemon thread; it gives the async client its sync face."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

T = TypeVar("T")

THREADS = 32
"""Threads for blocking work: so many that documents which are slow to read do not hold up the others."""

AWAKE = 0.2
"""Seconds after which a waiting thread wakes up, for signals."""

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_pid = 0


def private_loop() -> asyncio.AbstractEventLoop:
    """The process's own loop, started at first use; a forked child starts its own."""
    global _loop, _pid
    with _lock:
        if _loop is None or _pid != os.getpid() or _loop.is_closed():
            _loop, _pid = asyncio.new_event_loop(), os.getpid()
            _loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="tcocr"))
            threading.Thread(target=_loop.run_forever, name="tcocr-loop", daemon=True).start()
        return _loop


def submit(coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    """Start a coroutine on the private loop, from any thread but its own."""
    return asyncio.run_coroutine_threadsafe(coroutine, private_loop())


def result_of(future: Future[T]) -> T:
    """Wait for a result, and let signal handlers run meanwhile.

    The kernel delivers a signal to any thread; Python runs its handler in the main thread, and only once that wakes up.
    """
    while not future.done():
        wait([future], timeout=AWAKE)
    return future.result()


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the private loop to its end, from a plain function, whatever loop runs around it."""
    if threading.current_thread().name == "tcocr-loop" and asyncio._get_running_loop() is private_loop():
        coroutine.close()
        raise RuntimeError("the sync face was called on the private loop itself; await the async one")
    future = submit(coroutine)
    try:
        return result_of(future)
    except BaseException:
        future.cancel()
        raise


async def run_async(coroutine: Coroutine[Any, Any, T]) -> T:
    """Await a coroutine that runs on the private loop, from any event loop."""
    if asyncio.get_running_loop() is private_loop():
        return await coroutine
    return await asyncio.wrap_future(submit(coroutine))
