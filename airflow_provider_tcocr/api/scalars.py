"""Makes any JSON value a number, an int32 or a text that a table takes, or None. Knows no field of an answer."""

from __future__ import annotations

import math
import re
from typing import Final

INT32_MIN: Final = -(2**31)
INT32_MAX: Final = 2**31 - 1

_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_LONGEST_NUMBER: Final = 64


def short_int(digits: str) -> int | None:
    """The integer of a JSON text, None where it has more digits than any number of the service's."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else None


def number(value: object) -> float | None:
    """A finite number, also from a string."""
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER and "_" not in value:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def int32(value: object) -> int | None:
    """A number, rounded, where it fits int32."""
    found = number(value)
    if found is None:
        return None
    rounded = round(found)
    return rounded if INT32_MIN <= rounded <= INT32_MAX else None


def text(value: object) -> str | None:
    """A text that is valid UTF-8: lone surrogates become replacement characters."""
    return _SURROGATES.sub("\ufffd", value) if isinstance(value, str) else None
