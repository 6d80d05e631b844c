"""What can go wrong, in classes by what the caller can do about it.

TencentCloudOcrError
├── ConfigurationError      mend the connection, the options or the arguments (also a ValueError)
├── DocumentError           this document cannot be opened or sent; no call was made
├── TransportError          the answer did not arrive whole; the call may have been billed
├── ApiError                the service refused: code, message, request_id, action
│   ├── AuthenticationError     the keys are refused (also a FatalError)
│   ├── AccountError            not activated, in arrears, package used up (also a FatalError)
│   ├── RequestError            this request shape fails for every page (also a FatalError)
│   ├── PageError               this page fails, the next may not
│   ├── ThrottledError          too fast; slow down and ask again
│   └── ServiceError            a passing fault of the service; ask again
├── BatchFailedError        the batch ended, and too much of it failed: manifest
├── StoppedError            the batch was stopped; a retry continues where it was
├── FatalError              every further call would fail in the same way, and a retry too
│   └── CallLimitError          max_calls is reached
└── UnreadablePartError     a part of the journal is damaged, which is never treated as "not there"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_OBEYED: Final = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def on_one_line(text: str) -> str:
    """A text of anybody's, for a log or a terminal: what these would obey (a new line, a colour) is spelled out."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class TencentCloudOcrError(Exception):
    """Root of every error this package raises on purpose; its text is one line, whatever a document is called."""

    def __str__(self) -> str:
        return on_one_line(self._text())

    def _text(self) -> str:
        """The text before it is put on one line."""
        return super().__str__()


class ConfigurationError(TencentCloudOcrError, ValueError):
    """The connection, the options or the arguments are wrong; the message names the field and the rule."""


class FatalError(TencentCloudOcrError):
    """Every further call would fail in the same way: a batch stops at the first, and a retry could only fail again."""


class DocumentError(TencentCloudOcrError):
    """A document or one of its pages cannot be opened or sent; nothing was called, nothing is billed.

    :param code: one of ours, ``Document.Empty``, ``Document.Unreadable``, ``Document.Encrypted``, ...
    :param message: a sentence for the person who owns the document
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def _text(self) -> str:
        return f"{self.code}: {self.message}"


class TransportError(TencentCloudOcrError):
    """No whole answer arrived: refused, reset, timed out, truncated, or not the service's JSON.

    The service may have finished and billed the call, so every retry may pay once more.

    :param code: ``Transport.Connect``, ``Transport.Reset``, ``Transport.Timeout``, ``Transport.Foreign``, ...
    :param message: what was seen, without the request and without the body
    :param status: the HTTP status, where there was one
    """

    def __init__(self, code: str, message: str, *, status: int | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status

    def _text(self) -> str:
        return f"{self.code}: {self.message}"


class ApiError(TencentCloudOcrError):
    """The service answered with an error.

    :param code: the service's own code, as ``FailedOperation.ImageDecodeFailed``
    :param message: the service's own text
    :param request_id: the service's RequestId, None where it gave none
    :param action: the action that was called
    :param advice: what the user is to do
    """

    def __init__(
        self, code: str, message: str, *, request_id: str | None = None, action: str = "", advice: str = ""
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.request_id = request_id
        self.action = action
        self.advice = advice
        self.answer: bytes | None = None
        """The service's whole answer without secrets and the queries of URLs, for the journal; never part of a text."""

    def reword(self, worded: Callable[[str], str]) -> None:
        """Replace the service's texts.

        :param worded: gives the new text for each of the service's
        """
        self.code, self.message = self.args = (worded(self.code), worded(self.message))
        self.request_id = self.request_id and worded(self.request_id)

    def _text(self) -> str:
        text = f"{self.code}: {self.message} [{self.action or 'action unknown'}, RequestId {self.request_id or 'none'}]"
        return f"{text} {self.advice}" if self.advice else text


class AuthenticationError(ApiError, FatalError):
    """The keys, the token or the permission are refused; every further call would be."""


class AccountError(ApiError, FatalError):
    """The account cannot use the action now: not activated, in arrears, quota or package used up."""


class RequestError(ApiError, FatalError):
    """The shape of the request is refused; the same shape fails for every page."""


class PageError(ApiError):
    """The page cannot be recognized; other pages may be."""


class ThrottledError(ApiError):
    """More calls a second than the quota allows; the call was not carried out."""


class ServiceError(ApiError):
    """A passing fault of the service; the same call may succeed later."""


class BatchFailedError(TencentCloudOcrError):
    """The batch ended, and more of it failed than was allowed.

    Everything that was paid for is landed; :attr:`manifest` says what and where.

    :param message: how much failed, and the first codes
    :param manifest: the batch's manifest, as it was written
    """

    def __init__(self, message: str, manifest: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.message = message
        self.manifest = dict(manifest)

    def __reduce__(self) -> tuple[Any, ...]:  # else a copy in another process would lack the manifest
        return type(self), (self.message, self.manifest)


class StoppedError(TencentCloudOcrError):
    """The batch was stopped: no further call is made, and what was paid for is landed."""


class CallLimitError(FatalError):
    """``max_calls`` is reached; the batch stops as it does for an account error."""


class UnreadablePartError(TencentCloudOcrError):
    """A part of the journal cannot be read. It is never treated as missing: its pages would be paid for again."""


def reason_of(error: Exception) -> str:
    """The system's few words for an OSError, else the error's class; never its text, which may hold paths and URLs."""
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
