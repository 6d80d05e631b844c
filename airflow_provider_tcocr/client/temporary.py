"""Temporary credentials: one triple, renewed in time by one caller for all. Knows none of their sources."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final

from ..exceptions import TransportError
from .credentials import NO_CREDENTIAL, Credential

log = logging.getLogger(__name__)

TIMEOUT: Final = 4.0
"""Seconds for a source to answer, over all its steps and name look-ups; then it is given up."""

_PAUSE: Final = 30.0
"""Seconds before a source that failed is asked again, as long as the old triple is valid."""

_CLOCKS_DIFFER: Final = 300.0
"""Seconds by which a caller's clock may differ from the service's."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A triple, and how long it is valid.

    :param expires: seconds since the epoch
    """

    credential: Credential
    expires: float


def renewal(now: float, expires: float) -> float:
    """When to renew a triple obtained now: at 90 % of its life, but five minutes before its end at the latest.

    One that is valid for less than ten minutes is renewed in the middle, so that the source is not asked at every call.
    """
    life = expires - now
    return now + max(life / 2, min(0.9 * life, life - _CLOCKS_DIFFER))


class TemporaryCredentials:
    """A triple fetched at first use and renewed before it expires; callers that come meanwhile wait for the same one.

    When a renewal fails, the old triple is kept while it is valid, and one warning is logged.

    :param fetch: asks the source; it runs on a thread of its own, may block, and is abandoned after the time-out
    :param kind: the connection's ``credential``, for texts
    :param identity: the account, the same in every process: its SecretIds differ, its quota is one
    :param on_credential: called with every new triple before it is used; what it raises is logged and ignored
    :param clock: seconds since the epoch
    :param timeout: seconds after which the source is given up
    """

    blocking = True

    def __init__(
        self,
        fetch: Callable[[], Lease],
        *,
        kind: str,
        identity: str | None = None,
        on_credential: Callable[[Credential], None] | None = None,
        clock: Callable[[], float] = time.time,
        timeout: float = TIMEOUT,
    ) -> None:
        self.identity = identity
        self._fetch = fetch
        self._kind = kind
        self._on_credential = on_credential
        self._clock = clock
        self._timeout = timeout
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._renew_at = 0.0
        self._failure = ""
        self._asked = 0

    def __repr__(self) -> str:
        return f"<TemporaryCredentials {self._kind}>"

    def current(self, *, refresh: bool = False) -> Credential:
        """The triple now; asks the source when it is due.

        :raise TransportError: no triple is valid, and the source gave none; the text names the kind and the cause
        """
        asked = self._asked
        with self._lock:
            answered = asked != self._asked  # to another caller, while this one waited for the lock
            if refresh and (self._failure or not answered):
                self._lease = None  # the service has refused it
            if not answered and (self._lease is None or self._clock() >= self._renew_at):
                self._renew()
            if self._lease is None:
                raise TransportError(NO_CREDENTIAL, f"credential {self._kind!r}: not available ({self._failure})")
            return self._lease.credential

    def _renew(self) -> None:
        now = self._clock()
        try:
            lease = _within(self._timeout, self._fetch)
            if not lease.expires > now:
                raise TransportError(
                    NO_CREDENTIAL, "what the source gave has expired, or this machine's clock is wrong"
                )
        except Exception as error:  # its text may hold a secret
            self._fail(f"no answer within {self._timeout:g} s" if isinstance(error, TimeoutError) else _cause(error))
        else:
            self._tell(lease.credential)
            self._lease, self._failure = lease, ""
            self._renew_at = renewal(now, lease.expires)
        finally:
            self._asked += 1

    def _fail(self, cause: str) -> None:
        known, self._failure = bool(self._failure), cause
        now = self._clock()
        if self._lease is None:
            return
        left = self._lease.expires - now
        if left <= 0:
            self._lease = None
            return
        self._renew_at = now + min(_PAUSE, left)
        if not known:
            log.warning(
                "credential %r could not be renewed (%s) and will be tried again; the old one is valid for %.0f s more",
                self._kind,
                cause,
                left,
            )

    def _tell(self, credential: Credential) -> None:
        if self._on_credential is None:
            return
        try:
            self._on_credential(credential)
        except Exception as error:  # its text may hold a secret
            log.warning("credential %r: a new triple could not be masked (%s)", self._kind, type(error).__name__)


def _within(seconds: float, fetch: Callable[[], Lease]) -> Lease:
    """Run it on a daemon thread: a socket's time-out covers neither a name look-up nor an answer that drips."""
    future: Future[Lease] = Future()

    def run() -> None:
        try:
            future.set_result(fetch())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name="tcocr-credential", daemon=True).start()
    return future.result(timeout=seconds)


def _cause(error: Exception) -> str:
    """What happened, by class and code alone: texts of HTTP libraries hold URLs, those of others whole answers."""
    if isinstance(error, TransportError):
        return error.message
    code = str(getattr(error, "code", ""))
    words = [type(error).__name__]
    if re.fullmatch(r"[\w.]{1,80}", code):
        words.append(code)
    if error.__context__ is not None:
        words.append(type(error.__context__).__name__)
    return ", ".join(words)
