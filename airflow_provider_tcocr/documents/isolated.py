"""Opens PDFs in other processes: one that hangs, crashes or takes too much ends its process, and fails its page here.

All open PDFs share these processes, which end when no PDF is open.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Final, TypeVar

import msgspec

from ..exceptions import DocumentError
from .drawing import CPU_SECONDS, MEMORY_BYTES, DrawingRequest, DrawingResponse, receive, send
from .memory import MEMORY
from .page import PreparedPage
from .pdfs import PdfSettings, Sheet

T = TypeVar("T")

PROCESSES: Final = min(4, os.cpu_count() or 1)
"""The most processes; each draws one page at a time."""

PATIENCE: Final = 3
"""How many processes one PDF may end; then no other is risked, and its further pages fail at once."""

_READ_BYTES: Final = 3 * 2**24
"""What nearly every page takes at most beyond its pixels and its pictures."""

_GOODBYE: Final = 0.5
"""Seconds for a process to end by itself after its connection is closed; it takes 0.05."""

_ENVIRONMENT: Final = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR")
_ENDED: Final[dict[int, tuple[str, str]]] = {
    signal.SIGXCPU: ("Document.Bomb", f"takes more than {CPU_SECONDS} seconds of a processor"),
    signal.SIGABRT: ("Document.Bomb", f"takes more than {MEMORY_BYTES >> 20} MB beyond its pixels, or breaks PDFium"),
    signal.SIGKILL: ("Document.Bomb", "takes more memory than there is"),
}
_PROGRAM: Final = f"from {DrawingRequest.__module__} import main; main()"
_ANSWER: Final = msgspec.msgpack.Decoder(DrawingResponse)
_numbers = itertools.count()


class IsolatedPdf:
    """A PDF that another process opens, with the methods of :class:`.pdfs.Pdf`, for any thread; :meth:`close` it.

    :param source: its bytes, or a file that stays open
    :param name: its name in errors
    :param settings: their password is tried if it is encrypted
    :param limit: the most bytes of a page to send
    """

    def __init__(self, source: bytes | IO[bytes], *, name: str, settings: PdfSettings, limit: int) -> None:
        self._name, self._settings, self._limit = name, settings, limit
        self._number = next(_numbers)
        self._ended = 0
        self._closed = False
        self.page_count = 0
        self._held = isinstance(source, bytes)
        self._file = _file_of(source) if isinstance(source, bytes) else source
        _POOL.enter()
        try:
            self.page_count = self._ask("page_count", int)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release it, once; threads that still wait for a page of it get an error at once."""
        if self._closed:
            return
        self._closed = True
        _POOL.leave(self._number)
        if self._held:
            self._file.close()

    def render(self, number: int, *, dpi: int) -> PreparedPage:
        """Draw a page as a viewer shows it.

        :param number: from 1
        :param dpi: pixels an inch; fewer if the page is too large for them
        :raise DocumentError: for this page
        """
        with MEMORY.hold(_READ_BYTES):
            weight = self._ask("weight", int, number=number, dpi=dpi)
        with MEMORY.hold(weight + _READ_BYTES):
            return self._ask("render", PreparedPage, weight, number=number, dpi=dpi)

    def extract(self, number: int) -> PreparedPage | None:
        """A page as a PDF of its own; None if that is too large to be sent, or does not look the same.

        :param number: from 1
        :raise DocumentError: for this page
        """
        return self._ask("extract", PreparedPage | None, number=number)  # type: ignore[arg-type]

    def sheet(self, number: int) -> Sheet:
        """The geometry of a page, without drawing it.

        :param number: from 1
        :raise DocumentError: for this page
        """
        return self._ask("sheet", Sheet, number=number)

    def _ask(self, method: str, kind: type[T], weight: int = 0, **arguments: Any) -> T:
        what = f"page {arguments['number']} of {self._name}" if arguments else self._name
        if self._ended >= PATIENCE:
            raise DocumentError("Document.Bomb", f"{what} is not tried: {self._ended} pages of it were too much")
        asked = DrawingRequest(
            document=self._number,
            name=self._name,
            settings=self._settings,
            limit=self._limit,
            page_count=self.page_count,
            held=self._held,
            method=method,
            arguments=arguments,
            weight=weight,
            cpu_seconds=CPU_SECONDS,
        )
        with _POOL.process() as process:
            try:
                answered = process.ask(asked, self._file.fileno())
            except (EOFError, OSError, ValueError) as error:  # a file that is closed is a ValueError
                if self._closed:
                    raise DocumentError("Document.Unreadable", f"{what}: it was closed meanwhile") from None
                if not isinstance(error, EOFError | ConnectionError):
                    raise
                self._ended += 1
                ended = process.end()
                default = ("Document.Unreadable", f"crashes the process that draws it (signal {ended})")
                code, why = _ENDED.get(ended, default)
                raise DocumentError(code, f"{what} {why}") from None
        if answered.refused is not None:
            raise DocumentError(*answered.refused)
        return msgspec.convert(answered.value, kind)


class _Process:
    """One process that opens and draws."""

    def __init__(self) -> None:
        self.document: int | None = None
        """The document of the page in work; kept if waiting was interrupted, since nobody reads that answer."""
        self._connection, theirs = socket.socketpair()
        given = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT}
        with theirs:
            self._popen = subprocess.Popen(  # noqa: S603 (this very package)
                [sys.executable, "-P", "-c", _PROGRAM, str(theirs.fileno())],
                env=given | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a signal to the task's process group would count as the page's fault
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def ask(self, asked: DrawingRequest, file: int) -> DrawingResponse:
        """Ask, and wait for the answer.

        :raise EOFError, ConnectionError: it has ended
        """
        self.document = asked.document
        send(self._connection, msgspec.msgpack.encode(asked), file=file)
        answered = _ANSWER.decode(receive(self._connection)[0])
        self.document = None
        return answered

    def kill(self) -> None:
        """End it at once, from any thread."""
        self._popen.kill()

    def end(self) -> int:
        """End it.

        :return: the signal that had already ended it, 0 if none had
        """
        self._connection.close()
        try:
            return -self._popen.wait(timeout=_GOODBYE)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
            return 0

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self.document is None and self._popen.poll() is None


class _Pool:
    """The processes that draw: as many as are needed, while any PDF is open."""

    def __init__(self) -> None:
        self._places = threading.Semaphore(PROCESSES)
        self._lock = threading.Lock()
        self._free: list[_Process] = []
        self._busy: list[_Process] = []
        self._documents = 0

    def enter(self) -> None:
        """Note that a PDF was opened."""
        with self._lock:
            self._documents += 1

    def leave(self, document: int) -> None:
        """Note that a PDF was closed: end the process that draws a page of it, and all if it was the last."""
        with self._lock:
            self._documents -= 1
            for process in self._busy:
                if process.document == document:
                    process.kill()
            ended = [] if self._documents else self._free
            if ended:
                self._free = []
        for process in ended:
            process.end()

    @contextmanager
    def process(self) -> Iterator[_Process]:
        """A process for the caller alone."""
        with self._places:
            process = self._taken() or _Process()
            with self._lock:
                self._busy.append(process)
            try:
                yield process
            finally:
                with self._lock:
                    self._busy.remove(process)
                    kept = process.alive and self._documents > 0
                    if kept:
                        self._free.append(process)
                if not kept:
                    process.end()

    def _taken(self) -> _Process | None:
        """An idle process, or None; those that have ended meanwhile are dropped."""
        while True:
            with self._lock:
                if not self._free:
                    return None
                process = self._free.pop()
            if process.alive:
                return process
            process.end()


def _file_of(data: bytes) -> IO[bytes]:
    file = tempfile.TemporaryFile(prefix="tcocr-")  # noqa: SIM115 (closed with the PDF)
    file.write(data)
    file.flush()
    return file


_POOL = _Pool()


def _forget() -> None:
    """After a fork: the processes are the parent's."""
    global _POOL
    _POOL = _Pool()


os.register_at_fork(after_in_child=_forget)
