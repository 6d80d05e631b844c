"""Guesses the language of a line by its script alone: the ``Language`` of ``MulOCR``, in the service's codes."""

from __future__ import annotations

from typing import Final

_SCRIPTS: Final = (
    ("jap", 0x3040, 0x30FF),
    ("kor", 0xAC00, 0xD7AF),
    ("kor", 0x1100, 0x11FF),
    ("zh", 0x4E00, 0x9FFF),
    ("zh", 0x3400, 0x4DBF),
    ("tha", 0x0E00, 0x0E7F),
    ("rus", 0x0400, 0x04FF),
    ("ara", 0x0600, 0x06FF),
    ("hi", 0x0900, 0x097F),
)


def language_of(text: str) -> str:
    """The code of the first script in the table of which the text has a character; else ``en``."""
    for code, first, last in _SCRIPTS:
        if any(first <= ord(character) <= last for character in text):
            return code
    return "en"
