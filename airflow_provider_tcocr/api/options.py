"""What the user may ask of an action, checked by the service's own rules before a call is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from ..exceptions import ConfigurationError
from .actions import ACTION, ACTIONS, Action

_PARAMETERS: Final = {name: option.parameter for action in ACTIONS.values() for name, option in action.options.items()}
_OURS: Final = {"is_pdf", "pdf_page_number", "IsPdf", "PdfPageNumber"}


@dataclass(frozen=True, slots=True)
class Options:
    """The checked options of one batch: only those that the user gave, by their snake-case names."""

    given: tuple[tuple[str, bool | str], ...] = ()

    @classmethod
    def parse(cls, options: Mapping[str, Any] | None, *, action: Action = ACTIONS[ACTION], international: bool) -> Self:
        """Check the user's mapping, or raise a ConfigurationError that names the option, the action and the rule.

        :param options: snake case, as in ``{"config_id": "MulOCR"}``; None and ``{}`` are the service's defaults
        :param action: whose options they are
        :param international: whether the endpoint is the international site, which lacks some options
        """
        if options is None:
            return cls()
        if not isinstance(options, Mapping):
            raise ConfigurationError(f"options must be a mapping, not {type(options).__name__}")
        for name, value in options.items():
            _check_value(name, value, action)
        given = {name: value for name, value in options.items() if value is not None}
        for name in given:
            _check_rules(name, given, action, international=international)
        return cls(tuple(sorted(given.items())))

    @property
    def canonical(self) -> str:
        """Canonical JSON: sorted names, no spaces. Part of a page's identity, and a column of ``pages``."""
        return json.dumps(dict(self.given), separators=(",", ":"), sort_keys=True)

    def parameters(self) -> dict[str, bool | str]:
        """The request parameters, by the service's names."""
        return {_PARAMETERS[name]: value for name, value in self.given}


def _check_value(name: object, value: object, action: Action) -> None:
    if name in _OURS:
        raise ConfigurationError(f"options: {name} is the provider's business; use pages= and pdf_dpi=")
    if not isinstance(name, str) or name not in action.options:
        known = f"known are {', '.join(action.options)}" if action.options else "it has none"
        raise ConfigurationError(f"options: unknown option {name!r} of {action.name}; {known}")
    if value is None:
        return
    option = action.options[name]
    if not isinstance(value, option.type):
        raise ConfigurationError(
            f"options: {name} must be {option.type.__name__}, not {type(value).__name__} ({action.name})"
        )
    if option.choices and value not in option.choices:
        choices = ", ".join(map(repr, option.choices))
        raise ConfigurationError(f"options: {name} must be one of {choices}, not {value!r} ({action.name})")


def _check_rules(name: str, given: Mapping[str, bool | str], action: Action, *, international: bool) -> None:
    option = action.options[name]
    if option.only_with is not None:
        other, wanted = option.only_with
        found = given.get(other, action.options[other].default)
        if found != wanted:
            raise ConfigurationError(
                f"options: {name} is valid only with {other}={wanted!r}, not with {found!r} ({action.name})"
            )
    if option.not_with is not None and given.get(option.not_with):
        raise ConfigurationError(
            f"options: {name} is valid only without {option.not_with}; give one of the two ({action.name})"
        )
    if international and option.mainland_only:
        raise ConfigurationError(f"options: the international endpoint has no {name}; leave it out ({action.name})")
