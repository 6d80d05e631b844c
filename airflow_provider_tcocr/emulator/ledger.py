"""The ledger: every call that arrived, and whether an account would have been billed. No key, no image bytes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as the emulator saw it.

    :param number: in order of arrival; not used again after a reset
    :param arrived: when its headers were in, on the monotonic clock
    :param action: ``X-TC-Action``
    :param request_id: the RequestId that it was answered with
    :param code: the error code of its answer, "" for a recognition; in brackets, as ``(before)`` or ``(status 502)``,
        where a scenario prevented the call
    :param billed: whether an account would have been billed
    :param signed: whether the signature was valid
    :param sha256: of the image or PDF that came with the call; None for an ``ImageUrl``
    :param url: ``ImageUrl`` as it came, with what signs it; None for an image that came with the call
    :param page: ``PdfPageNumber``, 1 where there was none
    :param size: bytes of the request's body
    :param scenario: what a scenario did to the answer on its way, "" for nothing
    :param seconds: from arrival to verdict, None until then
    :param answer: the body that was sent or would have been, None where it is not kept
    """

    number: int
    arrived: float
    action: str = ""
    request_id: str = ""
    code: str = ""
    billed: bool = False
    signed: bool = False
    sha256: str | None = None
    url: str | None = field(default=None, repr=False)
    page: int = 1
    size: int = 0
    scenario: str = ""
    seconds: float | None = None
    answer: bytes | None = field(default=None, repr=False)


class Ledger:
    """All calls since the start or the last reset; safe to read from any thread while calls come in.

    :param keep_answers: keep every answer, at some kilobytes a call
    """

    def __init__(self, *, keep_answers: bool = True) -> None:
        self._keep_answers = keep_answers
        self._lock = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._next = 0
        self._in_flight: set[int] = set()
        self._peak_in_flight = 0

    def open(self, arrived: float, *, action: str, request_id: str) -> int:
        """Enter a call that has just arrived.

        :param arrived: when, on the monotonic clock
        :param action: ``X-TC-Action``
        :param request_id: the RequestId that it will be answered with
        :return: its number
        """
        with self._lock:
            number = self._next
            self._next += 1
            self._calls[number] = Call(number, arrived, action=action, request_id=request_id)
            self._in_flight.add(number)
            self._peak_in_flight = max(self._peak_in_flight, len(self._in_flight))
            return number

    def note(self, number: int, **facts: Any) -> None:
        """Add what is known of a call by now; does nothing where a reset has forgotten it.

        :param number: the call's
        :param facts: fields of :class:`Call`
        """
        if not self._keep_answers:
            facts.pop("answer", None)
        with self._lock:
            if number in self._calls:
                self._calls[number] = replace(self._calls[number], **facts)

    def leave(self, number: int) -> None:
        """The call is no longer in flight: its answer has left, or its connection is gone.

        :param number: the call's
        """
        with self._lock:
            self._in_flight.discard(number)

    def clear(self) -> None:
        """Forget all calls; those still in flight will not come back."""
        with self._lock:
            self._calls.clear()
            self._in_flight.clear()
            self._peak_in_flight = 0

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call, in order of arrival."""
        with self._lock:
            return tuple(self._calls.values())

    @property
    def made(self) -> int:
        """How many calls arrived, whatever their outcome."""
        with self._lock:
            return len(self._calls)

    @property
    def billed(self) -> int:
        """How many calls an account would have been billed for."""
        return sum(call.billed for call in self.calls)

    @property
    def peak_in_flight(self) -> int:
        """The most calls that were in flight at one moment."""
        return self._peak_in_flight

    def by_code(self) -> dict[str, int]:
        """How many calls ended with each code; "" is a recognition. Calls in flight are left out."""
        return dict(Counter(call.code for call in self.calls if call.seconds is not None))

    def peak_per_second(self, seconds: float = 1.0) -> int:
        """The most calls that arrived within any interval of this length, throttled ones included.

        :param seconds: of the interval
        """
        return peak([call.arrived for call in self.calls], seconds=seconds)

    def summary(self) -> dict[str, Any]:
        """The counts, as plain JSON."""
        return {
            "made": self.made,
            "billed": self.billed,
            "by_code": self.by_code(),
            "peak_per_second": self.peak_per_second(),
            "peak_in_flight": self.peak_in_flight,
        }

    def rows(self) -> list[dict[str, Any]]:
        """Every call as plain JSON, without its answer."""
        return [{name: value for name, value in asdict(call).items() if name != "answer"} for call in self.calls]


def peak(arrivals: Sequence[float], *, seconds: float) -> int:
    """The most of these moments that lie within any half-open interval of so many seconds."""
    ordered = sorted(arrivals)
    most = first = 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
