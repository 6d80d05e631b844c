"""Counts calls, and adds them up in larger meters. Makes none, and knows no price."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Meter:
    """Counts calls: the numbers that a user compares with the bill.

    :param made: calls that left, whether or not an answer came
    :param throttled: those refused as too fast
    :param retried: those that repeated an earlier one for a reason other than throttling
    :param within: a larger meter that counts along
    """

    made: int = 0
    throttled: int = 0
    retried: int = 0
    within: Meter | None = field(default=None, repr=False)

    def count(self, *, made: int = 0, throttled: int = 0, retried: int = 0) -> None:
        """Count here and in every larger meter."""
        self.made += made
        self.throttled += throttled
        self.retried += retried
        if self.within is not None:
            self.within.count(made=made, throttled=throttled, retried=retried)

    def counts(self) -> dict[str, int]:
        """The counts as plain JSON."""
        return {"made": self.made, "throttled": self.throttled, "retried": self.retried}
