"""Whether a failed call is repeated, and after how long: pure policy over the error's class. Makes no call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..api.faults import fault_of
from ..exceptions import ApiError, ServiceError, ThrottledError, TransportError

TRANSPORT_RETRIES: Final = 3
"""Repetitions after a lost answer; each may be billed again, so they are few."""

_FINAL_TRANSPORT: Final = frozenset({"Transport.TooLarge", "Transport.Redirect"})


@dataclass(frozen=True, slots=True)
class Retry:
    """Repeat the call.

    :param wait: seconds to wait first
    :param by_bytes: the service could not fetch the URL; send the bytes if that is allowed
    """

    wait: float
    by_bytes: bool = False


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient one page is.

    :param base: seconds before the first repetition; doubled each time
    :param cap: the longest wait in seconds
    :param deadline: seconds after which a page is not tried again; waiting for the quota does not count
    """

    base: float = 0.5
    cap: float = 20.0
    deadline: float = 600.0

    def after(
        self, error: TransportError | ApiError, *, failures: int, spent: float, random: Callable[[], float]
    ) -> Retry | None:
        """What to do after a failed call; None gives up.

        A throttled call was not carried out: it counts as no failure, and is repeated until it passes.

        :param failures: calls of this page that failed and were not throttled, this one included
        :param spent: seconds that this page's calls and waits took so far
        :param random: uniform in [0, 1): the jitter that keeps pages and hosts apart
        """
        if isinstance(error, ThrottledError):
            return Retry(1.0 + random())
        if isinstance(error, TransportError):
            allowed = 0 if error.code in _FINAL_TRANSPORT else TRANSPORT_RETRIES
            by_bytes = False
        elif isinstance(error, ServiceError):
            fault = fault_of(error.code, error.message)
            allowed, by_bytes = fault.retries, fault.fresh_url
        else:
            return None
        if failures > allowed or spent >= self.deadline:
            return None
        wait = min(self.cap, self.base * 2.0 ** (failures - 1))
        return Retry(wait * (0.5 + random() / 2), by_bytes)
