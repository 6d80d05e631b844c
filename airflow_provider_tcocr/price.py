"""Reads what the user says a call costs: a number of 0 or more, in any currency. Knows no price itself."""

from __future__ import annotations

import contextlib
import math

from .exceptions import ConfigurationError


def price_of(name: str, value: object) -> float:
    """A price, from a number or a text.

    :param name: what the user calls it
    :raise ConfigurationError: it is not a price
    """
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        with contextlib.suppress(ValueError, OverflowError):
            price = float(value)
            if 0 <= price < math.inf:
                return price
    raise ConfigurationError(f"{name} must be a number of 0 or more, not {value!r}")
