"""One page's calls until there is an outcome: its body built, its errors sorted into rows and stops."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from ..api.options import Options
from ..api.request import Body, image_body, url_body
from ..client.client import Client, Meter
from ..client.credentials import NO_CREDENTIAL
from ..documents import Document, PreparedPage
from ..exceptions import AuthenticationError, DocumentError, PageError, ServiceError, ThrottledError, TransportError
from .outcome import Outcome
from .retry import RetryPolicy

_IN_URLS: Final = "%:/?[]@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSource:
    """Where a page's image comes from.

    :param url: gives the URL to send, signed anew at each call; None sends the bytes
    :param load: gives the bytes, prepared; with `url` it is the fallback when the service cannot fetch it
    """

    url: Callable[[], Awaitable[str]] | None = field(default=None, repr=False)
    load: Callable[[], Awaitable[PreparedPage]] | None = field(default=None, repr=False)


def url_of(document: Document, client: Client) -> Callable[[], Awaitable[str]]:
    """What gives the URL by which the service fetches a document: of an object in COS one that is signed just then."""

    async def url() -> str:
        if document.scheme == "cos":
            return await client.cos.sign(document.location)
        try:
            return _encoded(document.uri)
        except UnicodeEncodeError:
            told = f"{document.document_uri} cannot be read: its URL is not valid"
            raise DocumentError("Document.Unreadable", told) from None

    return url


def _encoded(url: str) -> str:
    """A URL as a server takes it: what none may bear is percent-encoded, what a signature covers stays as it is."""
    return quote(url.partition("#")[0], safe=_IN_URLS)


class NotNowError(Exception):
    """Raised by what is asked before a call: not now, but once `until` has been awaited."""

    def __init__(self, until: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.until = until


class Recognizer:
    """Recognizes pages with one client, one action and one set of options.

    :param max_qps: calls a second, None takes the connection's
    """

    def __init__(
        self,
        client: Client,
        *,
        action: str,
        options: Options,
        max_qps: float | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        self._client = client
        self._action = action
        self._options = options
        self._max_qps = max_qps
        self._policy = policy or RetryPolicy()

    async def recognize(
        self,
        source: PageSource,
        *,
        meter: Meter,
        before_call: Callable[[], None] | None = None,
        wanted: Callable[[], None] | None = None,
    ) -> Outcome:
        """Call until there is an outcome.

        Failures of this page are outcomes. Errors that every page would meet are raised.

        :param meter: counts the calls
        :param before_call: runs just before each call leaves; it may raise to have no call made, or not now
        :param wanted: runs while a call waits for the pace; it may raise to end the waiting, or for now
        :raise AuthenticationError, AccountError, RequestError: every further call would fail likewise
        """
        own = Meter(within=meter)
        started, waited, failures = time.monotonic(), 0.0, 0
        asked, repeats = started, False
        by_url, page = source.url, None

        def leaving() -> None:
            nonlocal waited
            waited += time.monotonic() - asked  # for the quota
            if before_call is not None:
                before_call()

        try:
            while True:
                made = own.made
                try:
                    if by_url is None and page is None:
                        assert source.load is not None
                        page = await source.load()
                    body = url_body(await by_url(), self._options) if by_url else self._image_body(page)
                    asked = time.monotonic()
                    reply = await self._client.call(
                        self._action,
                        body,
                        meter=own,
                        repeats=repeats,
                        max_qps=self._max_qps,
                        before_call=leaving,
                        wanted=wanted,
                    )
                    return Outcome.of_reply(reply, attempts=own.made, page=page)
                except NotNowError as pause:
                    paused = time.monotonic()
                    await pause.until()
                    waited += time.monotonic() - paused
                except (TransportError, ServiceError, ThrottledError) as error:
                    throttled = isinstance(error, ThrottledError)
                    failures += not throttled
                    if own.made > made:  # what never left is not repeated
                        repeats = not throttled
                    again = self._policy.after(
                        error, failures=failures, spent=time.monotonic() - started - waited, random=random.random
                    )
                    if again is None and error.code == NO_CREDENTIAL:  # no page can be had without one
                        raise AuthenticationError(error.code, error.message, action=self._action) from None
                    if again is None:
                        return Outcome.of_error(error, attempts=own.made, page=page)
                    if again.by_bytes and source.load is not None:
                        by_url = None
                    if throttled:
                        waited += again.wait
                    await asyncio.sleep(again.wait)
        except (PageError, DocumentError) as error:
            return Outcome.of_error(error, attempts=own.made, page=page)

    def _image_body(self, page: PreparedPage | None) -> Body:
        assert page is not None
        return image_body(page.data, self._options, is_pdf=page.is_pdf)
