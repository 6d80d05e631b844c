"""The facts of the service that other modules rely on: the table of actions, versions, limits. Sends nothing.

Source: the docstrings of Tencent's SDKs 3.1.193, the mainland's and the international one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..exceptions import ConfigurationError

SERVICE: Final = "ocr"
VERSION: Final = "2018-11-19"
ACTION: Final = "GeneralAccurateOCR"
"""The action where the user names none."""

DEFAULT_ENDPOINT: Final = "ocr.intl.tencentcloudapi.com"

DEFAULT_QPS: Final = 10
"""Calls a second of an action that is not in the table."""

MAX_IMAGE_BASE64: Final = 10_000_000
"""The highest of all actions' limits in characters of base64: the documented "10M", read as 10^7; the unit is not
defined, and this surely passes."""

MAX_IMAGE_BYTES: Final = MAX_IMAGE_BASE64 // 4 * 3
"""Raw bytes whose base64 fits where the limit is the highest (7,500,000)."""

_SMALLER_IMAGE_BASE64: Final = 7_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One option of an action.

    :param parameter: the service's name for it
    :param about: what it does, in a few words
    :param default: what the service takes where it is not given; None stands for no value
    :param choices: the texts that it may be; none for a bool
    :param mainland_only: the international site lacks it
    :param only_with: another option and the value that it must have, given or by default
    :param not_with: another option that must not be true
    """

    parameter: str
    about: str
    default: bool | str | None = False
    choices: tuple[str, ...] = ()
    mainland_only: bool = False
    only_with: tuple[str, str] | None = None
    not_with: str | None = None

    @property
    def type(self) -> type[bool] | type[str]:
        """The type of its value."""
        return str if self.choices else bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What an action takes at one of the service's two sites.

    :param max_base64: characters of base64
    :param formats: images that it reads
    :param by_url: whether it fetches an ``ImageUrl``
    """

    max_base64: int = MAX_IMAGE_BASE64
    formats: frozenset[str] = frozenset({"PNG", "JPEG", "BMP"})
    by_url: bool = True

    @property
    def max_bytes(self) -> int:
        """Raw bytes whose base64 fits."""
        return self.max_base64 // 4 * 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action that answers with ``TextDetections``.

    :param about: what it is for, in a few words
    :param qps: calls a second that an account has by default
    :param options: by their snake-case names
    :param mainland: the mainland's site
    :param international: the international site, None where that lacks the action
    :param takes_pdf: whether it knows ``IsPdf`` and ``PdfPageNumber``
    :param page_fields: what an answer has beside ``TextDetections`` and ``RequestId``
    :param detection_fields: what a text detection has
    """

    name: str
    about: str
    qps: int
    options: Mapping[str, Option]
    mainland: Site
    international: Site | None
    takes_pdf: bool
    page_fields: tuple[str, ...]
    detection_fields: tuple[str, ...]

    def site(self, *, international: bool) -> Site:
        """What it takes at a site, or a ConfigurationError where the site lacks it."""
        site = self.international if international else self.mainland
        if site is None:
            offered = ", ".join(offered_actions(international=True))
            raise ConfigurationError(f"action: the international endpoint has no {self.name}, but {offered}")
        return site


_TEXT: Final = ("DetectedText", "Confidence", "Polygon", "AdvancedInfo")
_WORDS: Final = ("Words", "WordCoordPoint")
_LANGUAGES: Final = (
    *("zh", "zh_rare", "auto", "mix", "jap", "kor", "spa", "fre", "ger", "por", "vie", "may", "rus", "ita", "hol"),
    *("swe", "fin", "dan", "nor", "hun", "tha", "hi", "ara"),
)
_DETECT_TEXT: Final = Option(parameter="EnableDetectText", about="`False` reads the image as one line", default=True)
_NO_BMP: Final = frozenset({"PNG", "JPEG"})

ACTIONS: Final[Mapping[str, Action]] = {
    action.name: action
    for action in (
        Action(
            name=ACTION,
            about="the most accurate, for print and handwriting",
            qps=10,
            options={
                "enable_detect_split": Option(
                    parameter="EnableDetectSplit",
                    about="for small text on large images",
                    only_with=("config_id", "OCR"),
                ),
                "enable_detect_text": _DETECT_TEXT,
                "config_id": Option(
                    parameter="ConfigID",
                    about='`"MulOCR"` reads more languages',
                    default="OCR",
                    choices=("OCR", "MulOCR"),
                ),
                "is_words": Option(
                    parameter="IsWords",
                    about="each character, with its polygon",
                    mainland_only=True,
                    only_with=("config_id", "OCR"),
                ),
                "words_type": Option(
                    parameter="WordsType",
                    about='`"0"` all, `"1"` handwriting, `"2"` print',
                    default="0",
                    choices=("0", "1", "2"),
                    mainland_only=True,
                    only_with=("config_id", "OCR"),
                    not_with="is_words",
                ),
            },
            mainland=Site(),
            international=Site(),
            takes_pdf=True,
            page_fields=("Angle",),
            detection_fields=(*_TEXT, "ItemPolygon", *_WORDS, "Language"),
        ),
        Action(
            name="GeneralBasicOCR",
            about="print in many languages",
            qps=20,
            options={
                "language_type": Option(
                    parameter="LanguageType", about="the language to read", default="zh", choices=_LANGUAGES
                ),
                "is_words": Option(parameter="IsWords", about="each character, with its polygon"),
            },
            mainland=Site(),
            international=Site(max_base64=_SMALLER_IMAGE_BASE64, by_url=False),
            takes_pdf=True,
            page_fields=("Language", "Angel", "PdfPageSize", "Angle"),
            detection_fields=(*_TEXT, "ItemPolygon", *_WORDS),
        ),
        Action(
            name="GeneralEfficientOCR",
            about="between the accurate and the basic one",
            qps=10,
            options={},
            mainland=Site(max_base64=_SMALLER_IMAGE_BASE64),
            international=None,
            takes_pdf=False,
            page_fields=("Angel", "Angle"),
            detection_fields=(*_TEXT, "ItemPolygon"),
        ),
        Action(
            name="GeneralFastOCR",
            about="the fastest, for clean print",
            qps=10,
            options={},
            mainland=Site(max_base64=_SMALLER_IMAGE_BASE64, formats=_NO_BMP),
            international=None,
            takes_pdf=True,
            page_fields=("Language", "Angel", "PdfPageSize"),
            detection_fields=(*_TEXT, "ItemPolygon"),
        ),
        Action(
            name="GeneralHandwritingOCR",
            about="handwriting",
            qps=10,
            options={
                "scene": Option(parameter="Scene", about="leaves print out", default=None, choices=("only_hw",)),
                "enable_word_polygon": Option(parameter="EnableWordPolygon", about="the polygon of each character"),
                "enable_detect_text": _DETECT_TEXT,
            },
            mainland=Site(formats=_NO_BMP),
            international=None,
            takes_pdf=False,
            page_fields=("Angel", "Angle"),
            detection_fields=(*_TEXT, "WordPolygon"),
        ),
        Action(
            name="EnglishOCR",
            about="English print, by words",
            qps=10,
            options={
                "enable_coord_point": Option(parameter="EnableCoordPoint", about="the polygon of each word"),
                "enable_cand_word": Option(
                    parameter="EnableCandWord", about="other readings of each character, in the raw answer only"
                ),
                "preprocess": Option(
                    parameter="Preprocess", about="`False` does not straighten a tilted image", default=True
                ),
            },
            mainland=Site(max_base64=_SMALLER_IMAGE_BASE64, formats=_NO_BMP),
            international=None,
            takes_pdf=False,
            page_fields=("Angel",),
            detection_fields=(*_TEXT, "WordCoordPoint", "CandWord", "Words"),
        ),
    )
}
"""The actions of one shape: an image in, ``TextDetections`` out."""


def action_named(name: object) -> Action:
    """An action of the table, or a ConfigurationError that names them all."""
    if not isinstance(name, str) or name not in ACTIONS:
        raise ConfigurationError(f"action: unknown action {name!r:.80}; known are {', '.join(ACTIONS)}")
    return ACTIONS[name]


def offered_actions(*, international: bool) -> list[str]:
    """The actions that a site offers."""
    return [name for name, action in ACTIONS.items() if not international or action.international is not None]


def default_qps(action: str) -> int:
    """Calls a second that an account has by default for any action of the service."""
    return ACTIONS[action].qps if action in ACTIONS else DEFAULT_QPS


def is_international(host: str) -> bool:
    """Whether an endpoint is the international site's: only a host with ``.intl.`` in its name is.

    :param host: without scheme
    """
    return ".intl." in host.lower()
