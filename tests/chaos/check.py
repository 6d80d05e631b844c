"""A number, and the bar it must clear."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, Final

_COMPARE: Final = {"<=": operator.le, ">=": operator.ge, "==": operator.eq}


@dataclass(frozen=True, slots=True)
class Check:
    """One number beside its bar.

    :param what: what is counted
    :param found: the number
    :param than: ``<=``, ``>=``, ``==``, or ``""`` for a number that is only told
    """

    what: str
    found: Any
    than: str = ""
    bar: Any = None

    @property
    def ok(self) -> bool:
        """Whether the bar is cleared."""
        return not self.than or bool(_COMPARE[self.than](self.found, self.bar))

    def __str__(self) -> str:
        told = f"{self.what} {_shown(self.found)}"
        if self.than:
            told += f" ({self.than} {_shown(self.bar)})"
        return told if self.ok else f"!! {told}"


def share(what: str, found: float, than: str, bar: float) -> Check:
    """A share, told in per cent."""
    return Check(what, _Share(found), than, _Share(bar))


class _Share(float):
    pass


def _shown(value: Any) -> str:
    if isinstance(value, _Share):
        return f"{value:.1%}".replace(".0%", "%")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
