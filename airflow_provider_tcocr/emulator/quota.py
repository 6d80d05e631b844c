"""The quota: so many calls in any trailing second, by arrival, and the service's own words for one too many."""

from __future__ import annotations

from collections import deque

from .refusal import Refusal


class Quota:
    """Counts arrivals; a call over the limit is refused and does not use the limit up.

    :param limit: calls in any trailing second, None for no limit
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._accepted: deque[float] = deque()
        self._arrived: deque[float] = deque()

    def arrive(self, now: float) -> Refusal | None:
        """Count a call that arrives now; the refusal, where it is one too many.

        :param now: seconds on a clock that never goes back
        """
        if self.limit is None:
            return None
        for moments in (self._accepted, self._arrived):
            while moments and now - moments[0] >= 1.0:
                moments.popleft()
        self._arrived.append(now)
        if len(self._accepted) < self.limit:
            self._accepted.append(now)
            return None
        return Refusal(
            "RequestLimitExceeded",
            f"Your current request times equals to `{len(self._arrived)}` in a second, "
            f"which exceeds the frequency limit `{self.limit}` for a second",
        )

    def clear(self) -> None:
        """Forget all arrivals."""
        self._accepted.clear()
        self._arrived.clear()
