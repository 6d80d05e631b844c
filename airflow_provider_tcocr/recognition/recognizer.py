"""Calls the service for one page until there is an outcome; raises the errors that every page would meet."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from ..api.request import Body, image_body, url_body
from ..api.settings import CallSettings
from ..client.client import Client
from ..client.credentials import NO_CREDENTIAL
from ..client.gate import Gate
from ..client.meter import Meter
from ..documents import Document, PreparedPage
from ..exceptions import AuthenticationError, DocumentError, PageError, ServiceError, ThrottledError, TransportError
from .outcome import Outcome
from .retry import RetryPolicy

_IN_URLS: Final = "%:/?[]@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSource:
    """Where a page's image comes from.

    :param url: gives the URL to send, signed anew for each call; None sends the bytes
    :param load: gives the prepared bytes; with `url`, the fallback where the service cannot fetch that
    """

    url: Callable[[], Awaitable[str]] | None = field(default=None, repr=False)
    load: Callable[[], Awaitable[PreparedPage]] | None = field(default=None, repr=False)


def url_of(document: Document, client: Client) -> Callable[[], Awaitable[str]]:
    """A function that gives the URL by which the service fetches a document; a COS object's is signed just then."""

    async def url() -> str:
        if document.scheme == "cos":
            return await client.cos.sign(document.location)
        try:
            return _encoded(document.uri)
        except UnicodeEncodeError:
            message = f"{document.document_uri} cannot be read: its URL is not valid"
            raise DocumentError("Document.Unreadable", message) from None

    return url


def _encoded(url: str) -> str:
    """A URL as a server takes it: what no URL may contain is percent-encoded; what a signature may cover is kept."""
    return quote(url.partition("#")[0], safe=_IN_URLS)


class NotNowError(Exception):
    """Raised by a gate: no call may be made until `until` has been awaited."""

    def __init__(self, until: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.until = until


class _Stopwatch:
    """Measures the time that a page takes without its waiting; a gate that wraps the one of the page's calls."""

    def __init__(self, gate: Gate | None) -> None:
        self._gate = gate
        self._started = self._queued = time.monotonic()
        self._waited = 0.0

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._started - self._waited

    def queue(self) -> None:
        """From now on a call waits for its turn."""
        self._queued = time.monotonic()

    async def wait(self, pause: Awaitable[None]) -> None:
        """Wait for something that is not the page's fault."""
        began = time.monotonic()
        await pause
        self._waited += time.monotonic() - began

    def while_waiting(self) -> None:
        """As the gate's."""
        if self._gate is not None:
            self._gate.while_waiting()

    def before_leaving(self) -> None:
        """As the gate's; the waiting is over."""
        self._waited += time.monotonic() - self._queued
        if self._gate is not None:
            self._gate.before_leaving()


class Recognizer:
    """Recognizes pages with one client.

    :param settings: of every call
    :param max_qps: calls a second, None takes the connection's
    """

    def __init__(
        self,
        client: Client,
        settings: CallSettings,
        *,
        max_qps: float | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self._client = client
        self._action = settings.action.name
        self._options = settings.options
        self._max_qps = max_qps
        self._policy = policy or RetryPolicy()

    async def recognize(self, source: PageSource, *, meter: Meter, gate: Gate | None = None) -> Outcome:
        """Call until there is an outcome.

        Failures of this page are outcomes. Errors that every page would meet are raised.

        :param meter: counts the calls
        :param gate: of each call; it may raise :class:`NotNowError`
        :raise FatalError: every further call would fail likewise
        """
        own, stopwatch = Meter(within=meter), _Stopwatch(gate)
        failures, repeats = 0, False
        by_url, page = source.url, None
        try:
            while True:
                made = own.made
                try:
                    if by_url is None and page is None:
                        assert source.load is not None
                        page = await source.load()
                    body = url_body(await by_url(), self._options) if by_url else self._image_body(page)
                    stopwatch.queue()
                    reply = await self._client.call(
                        self._action, body, meter=own, repeats=repeats, max_qps=self._max_qps, gate=stopwatch
                    )
                    return Outcome.of_reply(reply, attempts=own.made, page=page)
                except NotNowError as pause:
                    await stopwatch.wait(pause.until())
                except (TransportError, ServiceError, ThrottledError) as error:
                    throttled = isinstance(error, ThrottledError)
                    failures += not throttled
                    if own.made > made:  # else nothing was sent, and nothing is repeated
                        repeats = not throttled
                    retry = self._policy.after(error, failures=failures, spent=stopwatch.spent, random=random.random)
                    if retry is None and error.code == NO_CREDENTIAL:  # every page needs one
                        raise AuthenticationError(error.code, error.message, action=self._action) from None
                    if retry is None:
                        return Outcome.of_error(error, attempts=own.made, page=page)
                    if retry.by_bytes and source.load is not None:
                        by_url = None
                    pausing = asyncio.sleep(retry.wait)
                    await (stopwatch.wait(pausing) if throttled else pausing)
        except (PageError, DocumentError) as error:
            return Outcome.of_error(error, attempts=own.made, page=page)

    def _image_body(self, page: PreparedPage | None) -> Body:
        assert page is not None
        return image_body(page.data, self._options, is_pdf=page.is_pdf)
