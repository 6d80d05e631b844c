"""A local service that speaks Tencent Cloud API 3.0 for OCR: for tests, demos and laptops without an account.

    with Emulator(engine="canned") as emulator:
        os.environ["AIRFLOW_CONN_TENCENTCLOUD_DEFAULT"] = emulator.connection

Only names are defined here; the server, the engines and their libraries are imported when they are first used.

What the emulator does not do, and where it had to choose:

- The actions of ``api.actions``, by POST with TC3. No GET, no HmacSHA1 or HmacSHA256, no ``UNSIGNED-PAYLOAD``, no
  TLS, no CAM permissions, no regions: ``X-TC-Region`` and ``X-TC-Language`` are accepted and not looked at.
- The quota is counted for each action, by arrival over a trailing second. The real one is counted by access region
  and sub-account too, beside other limits. Calls over the quota are refused and do not use it up.
- The documented "10M" is read as 10,000,000 characters of base64, the stricter reading, and "7M" likewise. Which of
  two similar codes the service prefers is unknown in places: neither ImageBase64 nor ImageUrl is
  ``MissingParameter``; a page that the PDF does not have is ``InvalidParameterValue.InvalidParameterValueLimit``; an
  image of more than 89 million pixels is ``FailedOperation.ImageSizeTooLarge``; what is not strict base64 (a ``data:``
  prefix, line breaks) is ``FailedOperation.ImageDecodeFailed``.
- ``rapidocr`` reads print. It does not know handwriting from print (``WordsType="1"`` finds nothing). ``MulOCR`` reads
  with the same model as ``OCR`` and guesses the language by script, ``EnableDetectSplit`` doubles the size at which
  text is looked for, vertical writing is taken for a page on its side, EXIF rotation is honoured, transparency is laid
  on white, and PDF pages are rendered at 200 dpi: how the real service does these is not published.
- All actions read the same text, and answer in their own fields. ``Preprocess`` has no effect, the reserved
  ``Scene`` of GeneralBasicOCR is unknown, ``PdfPageSize`` is 0, and a character of EnglishOCR has no other reading
  than its own. Which option brings EnglishOCR's ``Words`` is not published: here ``EnableCoordPoint`` and
  ``EnableCandWord`` do. ``ImageUrl`` where a site does not support it is ``FailedOperation.DownLoadError``.
- ``canned`` never looks at pixels: any image that begins like one is answered, and no URL is fetched.
- Nothing is kept on disk, and the ledger is an account of calls, not of money: no packages, no prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import Engine
    from .ledger import Call, Ledger
    from .refusal import Refusal
    from .request import Options, Request
    from .scenario import Rule
    from .server import Emulator

__all__ = ["Call", "Emulator", "Engine", "Ledger", "Options", "Refusal", "Request", "Rule"]

_HOMES = {
    "Call": "ledger",
    "Emulator": "server",
    "Engine": "engine",
    "Ledger": "ledger",
    "Options": "request",
    "Refusal": "refusal",
    "Request": "request",
    "Rule": "scenario",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
