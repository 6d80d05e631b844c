"""What the user may ask of the action, checked by the service's own rules before a call is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from ..exceptions import ConfigurationError

_TYPES: Final[Mapping[str, type]] = {
    "enable_detect_split": bool,
    "enable_detect_text": bool,
    "config_id": str,
    "is_words": bool,
    "words_type": str,
}
_PARAMETERS: Final[Mapping[str, str]] = {
    "enable_detect_split": "EnableDetectSplit",
    "enable_detect_text": "EnableDetectText",
    "config_id": "ConfigID",
    "is_words": "IsWords",
    "words_type": "WordsType",
}
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"config_id": ("OCR", "MulOCR"), "words_type": ("0", "1", "2")}
_OCR_ONLY: Final = ("enable_detect_split", "is_words", "words_type")
_MAINLAND_ONLY: Final = ("is_words", "words_type")
_OURS: Final = {"is_pdf", "pdf_page_number", "IsPdf", "PdfPageNumber"}


@dataclass(frozen=True, slots=True)
class Options:
    """The checked options of one batch: only those that the user gave, by their snake-case names."""

    given: tuple[tuple[str, bool | str], ...] = ()

    @classmethod
    def parse(cls, options: Mapping[str, Any] | None, *, international: bool) -> Self:
        """Check the user's mapping, or raise a ConfigurationError that names the option and the rule.

        :param options: snake case, as in ``{"config_id": "MulOCR"}``; None and ``{}`` are the service's defaults
        :param international: whether the endpoint is the international site, which lacks is_words and words_type
        """
        if options is None:
            return cls()
        if not isinstance(options, Mapping):
            raise ConfigurationError(f"options must be a mapping, not {type(options).__name__}")
        for name, value in options.items():
            _check(name, value)
        given = {name: value for name, value in options.items() if value is not None}
        if given.get("config_id", "OCR") == "MulOCR":
            for name in _OCR_ONLY:
                if name in given:
                    raise ConfigurationError(f"options: {name} is valid only with config_id='OCR', not with 'MulOCR'")
        if given.get("is_words") and "words_type" in given:
            raise ConfigurationError("options: words_type is valid only without is_words; give one of the two")
        if international:
            for name in _MAINLAND_ONLY:
                if name in given:
                    raise ConfigurationError(f"options: the international endpoint has no {name}; leave it out")
        return cls(tuple(sorted(given.items())))

    @property
    def canonical(self) -> str:
        """Canonical JSON: sorted names, no spaces. Part of a page's identity, and a column of ``pages``."""
        return json.dumps(dict(self.given), separators=(",", ":"), sort_keys=True)

    def parameters(self) -> dict[str, bool | str]:
        """The request parameters, by the service's names."""
        return {_PARAMETERS[name]: value for name, value in self.given}


def _check(name: object, value: object) -> None:
    if name in _OURS:
        raise ConfigurationError(f"options: {name} is the provider's business; use pages= and pdf_dpi=")
    if not isinstance(name, str) or name not in _TYPES:
        raise ConfigurationError(f"options: unknown option {name!r}; known are {', '.join(_TYPES)}")
    if value is None:
        return
    expected = _TYPES[name]
    if not isinstance(value, expected):
        raise ConfigurationError(f"options: {name} must be {expected.__name__}, not {type(value).__name__}")
    choices = _CHOICES.get(name)
    if choices and value not in choices:
        raise ConfigurationError(f"options: {name} must be one of {', '.join(map(repr, choices))}, not {value!r}")
