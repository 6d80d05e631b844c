"""The process that opens and draws PDFs, one page after the other; it knows no secret but a PDF's password.

:func:`main` answers the requests of :mod:`.isolated` until the connection is closed. The operating system limits what
a page may take, and ends a process that takes more.
"""

from __future__ import annotations

import io
import os
import socket
import struct
import sys
from collections import OrderedDict
from contextlib import suppress
from typing import IO, Any, Final

import msgspec

from ..exceptions import DocumentError
from .pdfs import Pdf, PdfSettings

CPU_SECONDS: Final = 300
"""CPU time for one page. A page of text takes 0.1, an A1 sheet with 200,000 long lines 60."""

MEMORY_BYTES: Final = 2**27
"""Memory for one page, beyond what its pixels and its pictures take: that sheet takes a quarter of it."""

_OPEN: Final = 2
_LENGTH: Final = struct.Struct("!Q")


class DrawingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request about a document, whose file is sent with it.

    :param document: its number, as long as it is open
    :param page_count: its pages; 0 counts them
    :param held: it is in memory in the other process, and is read into memory here too
    :param method: of :class:`.pdfs.Pdf`, or ``page_count``
    :param weight: bytes of memory that it may take beyond MEMORY_BYTES
    :param cpu_seconds: CPU time that it may take
    """

    document: int
    name: str
    settings: PdfSettings
    limit: int
    page_count: int
    held: bool
    method: str
    arguments: dict[str, Any]
    weight: int
    cpu_seconds: int


class DrawingResponse(msgspec.Struct, frozen=True):
    """The answer to a request.

    :param refused: the code and the message of a DocumentError
    """

    value: Any = None
    refused: tuple[str, str] | None = None


def send(connection: socket.socket, message: bytes, *, file: int | None = None) -> None:
    """Send one message, with a file if there is one."""
    length = _LENGTH.pack(len(message))
    if file is None:
        connection.sendall(length)
    else:
        socket.send_fds(connection, [length], [file])
    connection.sendall(message)


def receive(connection: socket.socket) -> tuple[bytes, list[int]]:
    """One message and the files that came with it.

    :raise EOFError: the other end has closed the connection
    """
    length, files, _, _ = socket.recv_fds(connection, _LENGTH.size, 1, socket.MSG_WAITALL)
    if len(length) < _LENGTH.size:
        raise EOFError
    message = bytearray(_LENGTH.unpack(length)[0])
    view = memoryview(message)
    while view:
        count = connection.recv_into(view)
        if not count:
            raise EOFError
        view = view[count:]
    return bytes(message), files


class _Positioned(io.RawIOBase):
    """A file that others read too: it is read by position, since they share and move the file's own offset."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place}.get(whence)
        self._place = offset + (os.fstat(self._file).st_size if start is None else start)
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any) -> int:
        found = os.pread(self._file, len(buffer), self._place)
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def close(self) -> None:
        if not self.closed:
            os.close(self._file)
        super().close()


class _Drawing:
    """The documents that are open: those used last."""

    def __init__(self) -> None:
        self._open: OrderedDict[int, tuple[Pdf, IO[bytes]]] = OrderedDict()

    def answer(self, asked: DrawingRequest, file: int) -> DrawingResponse:
        try:
            pdf = self._pdf(asked, file)
            if asked.method == "page_count":
                return DrawingResponse(pdf.page_count)
            return DrawingResponse(getattr(pdf, asked.method)(**asked.arguments))
        except DocumentError as error:
            return DrawingResponse(refused=(error.code, error.message))
        except Exception as error:
            message = f"{asked.name} cannot be read ({type(error).__name__})"
            return DrawingResponse(refused=("Document.Unreadable", message))

    def _pdf(self, asked: DrawingRequest, file: int) -> Pdf:
        if asked.document in self._open:
            os.close(file)
            self._open.move_to_end(asked.document)
            return self._open[asked.document][0]
        content = io.BufferedReader(_Positioned(file))
        try:
            source = content.read() if asked.held else content
            pdf = Pdf(
                source,
                name=asked.name,
                settings=asked.settings,
                limit=asked.limit,
                page_count=asked.page_count,
            )
        except BaseException:
            content.close()
            raise
        self._open[asked.document] = pdf, content
        if len(self._open) > _OPEN:
            for one in self._open.popitem(last=False)[1]:
                one.close()
        return pdf


class _Limits:
    """Has the system end this process if an answer takes more than it may."""

    def __init__(self) -> None:
        self._used = _data_bytes()

    def set(self, asked: DrawingRequest) -> None:
        """Set the limits for one answer, from here on."""
        with suppress(ImportError, ValueError, OSError):  # systems that know no such limit
            import resource

            used = resource.getrusage(resource.RUSAGE_SELF)
            seconds = int(used.ru_utime + used.ru_stime) + asked.cpu_seconds + 1
            for limit, most in (
                (resource.RLIMIT_CORE, 0),
                (resource.RLIMIT_CPU, seconds),
                (resource.RLIMIT_DATA, self._used + asked.weight + MEMORY_BYTES),
            ):
                resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))


def _data_bytes() -> int:
    """How much of the limited memory this process has."""
    with suppress(OSError), open("/proc/self/statm") as statm:  # noqa: PTH123
        return int(statm.read().split()[5]) * os.sysconf("SC_PAGESIZE")
    return 0


def main() -> None:
    """Answer requests through the socket whose number is the only argument, until it is closed."""
    drawing, limits, decoder = _Drawing(), _Limits(), msgspec.msgpack.Decoder(DrawingRequest)
    with socket.socket(fileno=int(sys.argv[1])) as connection, suppress(EOFError, ConnectionError):
        while True:
            message, files = receive(connection)
            asked = decoder.decode(message)
            limits.set(asked)
            send(connection, msgspec.msgpack.encode(drawing.answer(asked, files[0])))
