"""What a call is said to cost: a number of 0 or more, in any currency. Knows no price."""

from __future__ import annotations

import contextlib
import math

from .exceptions import ConfigurationError


def price_of(name: str, value: object) -> float:
    """A price, or text that says one.

    :param name: what the user calls it
    :raise ConfigurationError: it is none
    """
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        with contextlib.suppress(ValueError, OverflowError):
            price = float(value)
            if 0 <= price < math.inf:
                return price
    raise ConfigurationError(f"{name} must be a number of 0 or more, not {value!r}")
