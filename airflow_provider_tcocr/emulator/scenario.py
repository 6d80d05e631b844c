"""Decides which calls meet which fault: in order, counted, and by chance from a seed. Carries none out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Literal, get_args

from ..exceptions import ConfigurationError
from .request import Request
from .shapes import SHAPES

Drop = Literal["before", "during", "after", "truncate", "hang", "drip"]

DROPS: Final[tuple[str, ...]] = get_args(Drop)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One fault: which calls it strikes, and how. Of several rules, only the first that strikes a call acts on it.

    A rule with ``code``, ``body`` or a ``status`` from 300 on answers in place of the recognition, which is not carried
    out and not billed, unless ``billed`` says so or the code is a billed one. All other rules act on a call that was
    carried out and billed, except for ``drop="before"``, which cuts the connection first.

    :param code: the error code to answer with
    :param message: its text
    :param times: strike so many calls, None for all
    :param after: let so many matching calls pass first
    :param probability: strike a matching call with this chance, by the emulator's seed
    :param match: strike only the calls for which this is true
    :param latency: seconds before the call is carried out, on top of the emulator's own
    :param status: the HTTP status
    :param body: the whole body, byte for byte
    :param content_type: the Content-Type header, byte for byte
    :param headers: further response headers
    :param drop: ``before`` resets the connection and carries nothing out. With all others the call was carried out:
        ``during`` (reset after half of the answer), ``after`` (reset before its first byte), ``truncate`` (closed after
        half of it), ``hang`` (no answer at all), ``drip`` (the answer in a hundred pieces)
    :param pace: seconds between the pieces of a drip
    :param shape: an odd shape of the answer, by a name of ``emulator.shapes.SHAPES``, or a function of the envelope
    :param billed: enter the call as billed, or not, whatever happened
    """

    code: str | None = None
    message: str = "Injected by the emulator's scenario."
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    match: Callable[[Request], bool] | None = None
    latency: float = 0.0
    status: int = 200
    body: bytes | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: Drop | None = None
    pace: float = 0.1
    shape: str | Callable[[dict[str, Any]], Any] | None = None
    billed: bool | None = None

    def check(self) -> None:
        """Raise a ConfigurationError for a rule that has no meaning."""
        if self.drop is not None and self.drop not in DROPS:
            raise ConfigurationError(f"drop must be one of {', '.join(DROPS)}, not {self.drop!r}")
        if isinstance(self.shape, str) and self.shape not in SHAPES:
            raise ConfigurationError(f"shape must be one of {', '.join(SHAPES)}, not {self.shape!r}")
        if not 0 <= self.probability <= 1:
            raise ConfigurationError(f"probability must be between 0 and 1, not {self.probability!r}")

    @property
    def replaces(self) -> bool:
        """Whether it answers in place of the recognition."""
        return self.code is not None or self.body is not None or self.status >= 300

    @property
    def name(self) -> str:
        """How the ledger names it."""
        shape = self.shape if isinstance(self.shape, str) or self.shape is None else "shape"
        status = f"status {self.status}" if self.status != 200 else None
        body = "body" if self.body is not None else None
        latency = "latency" if self.latency else None
        return self.code or self.drop or status or shape or body or self.content_type or latency or "rule"


class Scenario:
    """The rules in force, with their counts; safe to add to from any thread.

    :param seed: what chance is drawn from
    """

    def __init__(self, *, seed: int = 0) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        """Forget all rules, and start again from the seed."""
        with self._lock:
            self._rules: list[_Counted] = []
            self._chance = Random(self._seed)  # noqa: S311 - chance from a seed

    def add(self, rule: Rule) -> None:
        """Append a rule to those in force."""
        rule.check()
        with self._lock:
            self._rules.append(_Counted(rule))

    def next(self, request: Request) -> Rule | None:
        """The rule that strikes this call, counted; None for an ordinary call."""
        with self._lock:
            for counted in self._rules:
                if counted.strikes(request, self._chance):
                    return counted.rule
        return None


class _Counted:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._seen = 0
        self._struck = 0

    def strikes(self, request: Request, chance: Random) -> bool:
        rule = self.rule
        if rule.times is not None and self._struck >= rule.times:
            return False
        if rule.match is not None and not rule.match(request):
            return False
        self._seen += 1
        if self._seen <= rule.after or (rule.probability < 1 and chance.random() >= rule.probability):
            return False
        self._struck += 1
        return True
