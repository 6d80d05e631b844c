"""Checks values that may come from a template: the text of a number becomes one, all else is refused by name."""

from __future__ import annotations

from ..exceptions import ConfigurationError
from ..price import price_of

_NONE = ("", "None", "none", "null")


def flag(name: str, value: object) -> bool:
    """True or False; no text, since any text, even a template, would be true."""
    if isinstance(value, bool):
        return value
    raise ConfigurationError(f"{name} must be True or False, not {value!r:.80}: it is not templated")


def whole(name: str, value: object) -> int:
    """A whole number, or the text of one."""
    try:
        if isinstance(value, str):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    except ValueError:
        pass
    raise ConfigurationError(f"{name} must be a whole number, not {value!r}")


def whole_or_none(name: str, value: object) -> int | None:
    """A whole number or None, or the text of either."""
    return None if value is None or value in _NONE else whole(name, value)


def text_or_none(name: str, value: object) -> str | None:
    """A text or None; the text ``None`` is None."""
    if value is None or value in _NONE:
        return None
    if isinstance(value, str):
        return value
    raise ConfigurationError(f"{name} must be a text, not {value!r}")


def path_or_none(name: str, value: object) -> str | None:
    """A path or a URI as text, or None; the text ``None``, a template's missing value, names no folder."""
    from ..documents import path_text

    if value is None or value in _NONE:
        return None
    text = path_text(value)
    if text is None:
        raise ConfigurationError(f"{name} must be a path or a URI, not {value!r:.80}")
    return text


def path(name: str, value: object) -> str:
    """A path or a URI as text."""
    text = path_or_none(name, value)
    if text is None:
        raise ConfigurationError(f"{name} must be a path or a URI, not {value!r}")
    return text


def number_or_none(name: str, value: object) -> float | None:
    """A number or None, or the text of either."""
    if value is None or value in _NONE:
        return None
    try:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return float(value)
    except ValueError:
        pass
    raise ConfigurationError(f"{name} must be a number, not {value!r}")


def price_or_none(name: str, value: object) -> float | None:
    """A price or None, or the text of either."""
    return None if value is None or value in _NONE else price_of(name, value)
