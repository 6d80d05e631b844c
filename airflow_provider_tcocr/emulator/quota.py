"""The quota: so many calls of an action in any trailing second, by arrival; one more is refused."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Final, Literal

from ..api.actions import ACTIONS, default_qps
from ..exceptions import ConfigurationError
from .refusal import Refusal

DEFAULT: Final = "default"


class Quota:
    """Counts arrivals of each action; a call over the limit is refused and does not use the limit up.

    :param limit: calls of an action in any trailing second, ``default`` for each action's own, None for no limit
    """

    def __init__(self, limit: int | Literal["default"] | None) -> None:
        if isinstance(limit, str) and limit != DEFAULT:
            raise ConfigurationError(f"qps must be a number, {DEFAULT!r} or None, not {limit!r}")
        self.limit = limit
        self._accepted: defaultdict[str, deque[float]] = defaultdict(deque)
        self._arrived: defaultdict[str, deque[float]] = defaultdict(deque)

    def arrive(self, now: float, action: str) -> Refusal | None:
        """Count a call that arrives now; returns the refusal where it is one too many.

        :param now: seconds on a monotonic clock
        :param action: the action that it names; all unknown ones share one quota
        """
        if self.limit is None:
            return None
        action = action if action in ACTIONS else ""
        limit = default_qps(action) if isinstance(self.limit, str) else self.limit
        accepted, arrived = self._accepted[action], self._arrived[action]
        for moments in (accepted, arrived):
            while moments and now - moments[0] >= 1.0:
                moments.popleft()
        arrived.append(now)
        if len(accepted) < limit:
            accepted.append(now)
            return None
        return Refusal(
            "RequestLimitExceeded",
            f"Your current request times equals to `{len(arrived)}` in a second, "
            f"which exceeds the frequency limit `{limit}` for a second",
        )

    def clear(self) -> None:
        """Forget all arrivals."""
        self._accepted.clear()
        self._arrived.clear()
