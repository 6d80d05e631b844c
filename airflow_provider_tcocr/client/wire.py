"""One signed POST and its whole answer: the HTTP session of a client, with every failure typed. Retries nothing."""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from ..api.envelope import utf8
from ..api.request import Body
from ..exceptions import TransportError
from .config import ClientConfig

if TYPE_CHECKING:
    import aiohttp

MAX_ANSWER: Final = 64 * 2**20
"""Bytes of an answer that are read; an ordinary page's is 20 KB, with words 330 KB."""

_CONNECT: Final = 10.0
_AT_ONCE: Final = 2**16
"""Bytes of the largest body that is sent in one write; a larger one goes in pieces."""

_inherited: list[aiohttp.ClientSession] = []
"""Sessions from before a fork, kept: collecting one would close connections in the epoll shared with the parent."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole HTTP response, not yet opened.

    :param body: the service's answer, in UTF-8
    :param status: the HTTP status
    :param date: the server's ``Date`` as it wrote it, None where it gave none
    :param latency: seconds from sending to the last byte
    """

    body: bytes = field(repr=False)
    status: int
    date: str | None
    latency: float

    @property
    def server_time(self) -> float | None:
        """The server's clock, seconds since the epoch, None where it gave none that can be read."""
        try:
            return parsedate_to_datetime(self.date).timestamp() if self.date else None
        except (ValueError, TypeError, OverflowError):
            return None


class Wire:
    """The HTTP session to one endpoint; made on the loop that uses it, and anew on another, as after a fork."""

    def __init__(self, config: ClientConfig) -> None:
        self._config = config
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._proxy: str | None = None

    async def post(self, body: Body, headers: dict[str, str]) -> HttpResponse:
        """Send once and read the whole answer.

        :raise TransportError: when no whole answer came; after ``Transport.Connect`` nothing was sent
        """
        import aiohttp

        session = self._opened()
        started = time.monotonic()
        try:
            async with session.post(
                self._config.endpoint.url,
                data=_pieces(body) if len(body) > _AT_ONCE else b"".join(body.pieces()),
                headers=headers | {"Content-Length": str(len(body))},
                allow_redirects=False,
                proxy=self._proxy,
            ) as response:
                if 300 <= response.status < 400:
                    raise TransportError(
                        "Transport.Redirect",
                        "a redirect, which is never followed with a document in hand",
                        status=response.status,
                    )
                received = await _read(response)
                content_type = response.headers.get("Content-Type", "")
                date = response.headers.get("Date")
                status = response.status
        except aiohttp.ConnectionTimeoutError:
            raise TransportError("Transport.Connect", "no connection in time") from None
        except TimeoutError:
            raise TransportError("Transport.Timeout", f"no whole answer within {self._config.timeout:g} s") from None
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError) as error:
            raise TransportError("Transport.Connect", f"no connection ({_cause(error)})") from None
        except aiohttp.InvalidURL:  # the environment's proxy; the connection's is checked
            raise TransportError("Transport.Connect", "no connection (the proxy's URL is not valid)") from None
        except aiohttp.ClientPayloadError:
            raise TransportError("Transport.Truncated", "the answer broke off") from None
        except (aiohttp.ClientConnectionError, ConnectionError) as error:
            raise TransportError("Transport.Reset", f"the connection broke ({_cause(error)})") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise TransportError("Transport.Foreign", f"not an HTTP answer ({type(error).__name__})") from None
        return HttpResponse(utf8(received, content_type), status, date, time.monotonic() - started)

    def open(self) -> None:
        """Make the session; the first of a process imports aiohttp, which blocks the loop for 0.15 s and more."""
        self._opened()

    async def close(self) -> None:
        """Close the connections, except those from before a fork, which are the parent's."""
        session, self._session = self._session, None
        if session and self._loop is asyncio.get_running_loop():
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._loop is not asyncio.get_running_loop():
            return self._open()
        return self._session

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        from .connector import Connector

        self._loop = asyncio.get_running_loop()
        self._proxy = self._config.effective_proxy()
        self._session = aiohttp.ClientSession(
            connector=Connector(limit=0, keepalive_timeout=30, ttl_dns_cache=300),
            # Connecting times out first: the total time-out would not tell that nothing was sent.
            timeout=aiohttp.ClientTimeout(total=self._config.timeout, connect=min(_CONNECT, self._config.timeout / 2)),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept"),
            auto_decompress=True,
        )
        weakref.finalize(self, _abandon, self._session, self._loop, os.getpid())
        return self._session


def _abandon(session: aiohttp.ClientSession, loop: asyncio.AbstractEventLoop, pid: int) -> None:
    """Close the session of a wire that was collected; without waiting, since this may run on any thread."""
    if pid != os.getpid():
        _inherited.append(session)
    elif not session.closed and loop.is_running():
        asyncio.run_coroutine_threadsafe(session.close(), loop)


async def _pieces(body: Body) -> AsyncIterator[bytes]:
    """The body for aiohttp, which takes each piece once the connection has room; bytes it would buffer as a whole."""
    for piece in body.pieces():
        yield piece


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MAX_ANSWER:
            response.close()
            raise TransportError("Transport.TooLarge", f"the answer is over {MAX_ANSWER >> 20} MiB")
        chunks.append(chunk)
    return b"".join(chunks)


def _cause(error: BaseException) -> str:
    """The kind of an error, without its text: texts of HTTP libraries hold URLs."""
    number = getattr(error, "errno", None)
    inner = getattr(error, "os_error", None) or error.__cause__ or error
    return f"{type(inner).__name__}{f', errno {number}' if number else ''}"
