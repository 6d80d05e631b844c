"""Sends a batch's calls and pages to Airflow's metrics as they happen. A metric that cannot be sent fails nothing."""

from __future__ import annotations

import logging
from typing import Protocol

from airflow.providers.common.compat.sdk import Stats

from ..client.meter import Meter

log = logging.getLogger(__name__)


class Ended(Protocol):
    """The end of a page: an outcome or a row."""

    @property
    def status(self) -> str:
        """``recognized``, ``empty`` or ``failed``."""

    @property
    def latency_ms(self) -> int | None:
        """Of the call that was answered, None if none was."""


class Metrics(Meter):
    """The meter of a batch, which sends what it counts to Airflow; its only tags are the action and the status.

    :param action: the action
    """

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action = action
        self._warned = False
        self._unsent = 0
        """Calls that no metric has counted yet; below 0 after a counted one that found no connection."""

    def count(self, *, made: int = 0, throttled: int = 0, retried: int = 0) -> None:
        """Count calls."""
        super().count(made=made, throttled=throttled, retried=retried)
        self._unsent += made
        for name, calls in (("calls", self._unsent), ("throttled", throttled), ("retried", retried)):
            if calls > 0:  # OpenTelemetry's counters take no other
                self._send("incr", name, calls)
        self._unsent = min(self._unsent, 0)

    def page(self, ended: Ended) -> None:
        """Count a page, and time its call."""
        self._send("incr", "pages", 1, status=ended.status)
        if ended.latency_ms is not None:
            self._send("timing", "latency", ended.latency_ms, status=ended.status)

    def batch(self, seconds: float, status: str) -> None:
        """Time a batch that has ended with tables."""
        self._send("timing", "batch", seconds * 1000, status=status)

    def _send(self, how: str, name: str, value: float, **tags: str) -> None:
        try:
            getattr(Stats, how)(f"tcocr.{name}", value, tags={"action": self._action, **tags})
        except Exception as error:
            if not self._warned:
                log.warning("Metrics cannot be sent (%s)", type(error).__name__)
            self._warned = True
