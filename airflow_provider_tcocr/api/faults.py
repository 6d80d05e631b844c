"""The one table of error codes: what each means for the page, the batch and the money, and what the user is to do.

Sources: the action's own list (16 codes), the platform's common codes, and the billing table, as of November 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..exceptions import (
    AccountError,
    ApiError,
    AuthenticationError,
    PageError,
    RequestError,
    ServiceError,
    ThrottledError,
)

NO_TEXT: Final = "FailedOperation.ImageNoText"
"""An ordinary blank page: its status is ``empty``, not ``failed``."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What one error code means.

    :param error: the class that is raised for it
    :param reason: why it is in that class
    :param advice: what the user is to do, in a sentence
    :param retries: how many times the same call may be repeated; a throttled call is repeated until it passes
    :param billed: whether the service bills the refused call
    :param fresh_url: the service could not fetch the URL: sign it anew, or send the bytes instead
    :param fresh_credential: temporary credentials may have just expired: get new ones once
    :param fresh_clock: the clocks differ: use the server's ``Date`` once
    :param suspect: may be the page's or the request's fault; a batch that meets nothing else stops
    """

    error: type[ApiError]
    reason: str
    advice: str
    retries: int = 0
    billed: bool = False
    fresh_url: bool = False
    fresh_credential: bool = False
    fresh_clock: bool = False
    suspect: bool = False


_KEYS = "Check the SecretId and SecretKey of the connection, and that the key is enabled."
_GRANT = "Grant the key's user this action, ocr: and its name, in Tencent's access management."
_ASK = "This is a fault of the service; if it lasts, give the RequestId to Tencent's support."
_BAD_IMAGE = "Open the document and check that it is complete; save it again as PNG, JPEG or PDF."
_SMALLER = "Send a smaller image: at most 10 MB in base64, which is about 7.5 MB of file."
_REPORT = "The provider sent what the service refuses; check options=, and report it with the RequestId."
_PAY = "Settle or top up the account in Tencent's console, then clear the task: what is landed is not paid for again."
_OPEN = (
    "Activate OCR for the account in Tencent's console; this action is not open to every account: ask Tencent's sales."
)
_SLOWER = "Nothing: the batch slows down. Lower max_qps, or ask Tencent for a larger quota, if it lasts."
_URL = "See that the URL can be fetched from the internet within 3 seconds, or use transfer='bytes'."


def _auth(reason: str, advice: str = _KEYS, **extra: bool | int) -> Fault:
    return Fault(AuthenticationError, reason, advice, **extra)  # type: ignore[arg-type]


def _account(reason: str, advice: str = _PAY) -> Fault:
    return Fault(AccountError, reason, advice)


def _request(reason: str, advice: str = _REPORT) -> Fault:
    return Fault(RequestError, reason, advice)


def _page(reason: str, advice: str = _BAD_IMAGE, **extra: bool | int) -> Fault:
    return Fault(PageError, reason, advice, **extra)  # type: ignore[arg-type]


def _service(reason: str, advice: str = _ASK, *, retries: int = 4, fresh_url: bool = False) -> Fault:
    return Fault(ServiceError, reason, advice, retries=retries, fresh_url=fresh_url)


def _throttled(reason: str) -> Fault:
    return Fault(ThrottledError, reason, _SLOWER)


FAULTS: Final[dict[str, Fault]] = {
    # The action's own list.
    "FailedOperation.ArrearsError": _account("the account is in arrears"),
    "FailedOperation.CountLimitError": _account(
        "today's number of calls is used up", "Wait for the next day or raise the quota, then clear the task."
    ),
    "FailedOperation.DetectFailed": _service("the detection failed, unspecific", retries=2),
    "FailedOperation.DownLoadError": _service("the service could not fetch the URL", _URL, retries=2, fresh_url=True),
    "FailedOperation.EmptyImageError": _page("the image is empty; the service bills it all the same", billed=True),
    "FailedOperation.EngineRecognizeTimeout": _service(
        "the engine ran out of time; load, or a page too full", "Split or shrink the page if it fails again.", retries=2
    ),
    "FailedOperation.ImageDecodeFailed": _page("the image cannot be decoded"),
    "FailedOperation.ImageNoText": _page("no text on the page: an empty page, not a failure", "Nothing."),
    "FailedOperation.ImageSizeTooLarge": _page("the image is too large", _SMALLER),
    "FailedOperation.LanguageNotSupport": _page(
        "the language is not supported", "Try config_id='MulOCR'.", suspect=True
    ),
    "FailedOperation.OcrFailed": _service("the recognition failed, unspecific", retries=2),
    "FailedOperation.UnKnowError": _service("unknown to the service itself", retries=2),
    "FailedOperation.UnKnowFileTypeError": _page("the file type is not known to the service"),
    "FailedOperation.UnOpenError": _account("the action is not activated for the account", _OPEN),
    "InvalidParameter.EngineImageDecodeFailed": _page("the engine cannot decode the image"),
    "InvalidParameterValue.InvalidParameterValueLimit": _page(
        "a value is out of its range, such as a page number", _REPORT, suspect=True
    ),
    "LimitExceeded.TooLargeFileError": _page("the file is too large", _SMALLER),
    "ResourceUnavailable.InArrears": _account("the account is in arrears"),
    "ResourceUnavailable.ResourcePackageRunOut": _account("the resource package is used up"),
    "ResourcesSoldOut.ChargeStatusException": _account("the account's billing state is abnormal"),
    # Of its siblings and of the international site.
    "FailedOperation": _service("failed, unspecific", retries=2),
    "FailedOperation.FileDecodeFailed": _page("the file cannot be decoded"),
    "FailedOperation.ImageBlur": _page("the image is blurred", "Photograph or scan the page again."),
    "FailedOperation.LLMServiceFailed": _service("a part of the service failed", retries=2),
    "FailedOperation.PDFParseFailed": _page("the PDF cannot be parsed"),
    "FailedOperation.ResponseParseFailed": _service("the service could not read its own answer", retries=2),
    "FailedOperation.WarningServiceFailed": _service("a part of the service failed", retries=2),
    "InvalidParameterValue.InvalidFileContentSize": _page("the file is too large", _SMALLER),
    "ResourceUnavailable.ImageDownloadError": _service(
        "the service could not fetch the URL", _URL, retries=2, fresh_url=True
    ),
    # The platform's common codes.
    "ActionOffline": _request("the action has been taken off line", _OPEN),
    "AuthFailure.InvalidAuthorization": _auth("the Authorization header is not as it should be"),
    "AuthFailure.InvalidSecretId": _auth("the SecretId is not a cloud API key"),
    "AuthFailure.MFAFailure": _auth("multi-factor authentication failed", "Use a key that needs no second factor."),
    "AuthFailure.SecretIdNotFound": _auth("the SecretId does not exist"),
    "AuthFailure.SignatureExpire": _auth(
        "the timestamp is more than 5 minutes from the server's", "Set the worker's clock.", fresh_clock=True
    ),
    "AuthFailure.SignatureFailure": _auth("the signature is wrong: a wrong SecretKey, or a proxy that changes bodies"),
    "AuthFailure.TokenFailure": _auth("the token is wrong or has expired", _KEYS, fresh_credential=True),
    "AuthFailure.UnauthorizedOperation": _auth("the key may not call the action", _GRANT),
    "DryRunOperation": _request("a dry run would have succeeded"),
    "InternalError": _service("an internal error of the platform"),
    "InvalidAction": _request("the action does not exist at this endpoint", "Check the connection's host."),
    "InvalidParameter": _request("a parameter is wrong"),
    "InvalidParameter.ConfigFormatError": _request("a parameter has a wrong format"),
    "InvalidParameterValue": _request("a parameter's value is wrong"),
    "InvalidRequest": _request("the request's body is wrong"),
    "IpInBlacklist": _auth("the worker's address is on the deny list", "Take the address off the list."),
    "IpNotInWhitelist": _auth("the worker's address is not on the allow list", "Put the address on the list."),
    "LimitExceeded": _account("a quota of the account is used up", "Raise the quota, then clear the task."),
    "MissingParameter": _request("a parameter is missing"),
    "NoSuchProduct": _request("the product does not exist at this endpoint", "Check the connection's host."),
    "NoSuchVersion": _request("the version does not exist at this endpoint", "Check the connection's host."),
    "OperationDenied": _auth("the operation is denied", _GRANT),
    "RequestLimitExceeded": _throttled("more calls a second than the quota"),
    "RequestLimitExceeded.GlobalRegionUinLimitExceeded": _throttled("more calls a second than the account's quota"),
    "RequestLimitExceeded.IPLimitExceeded": _throttled("more calls a second than one address may make"),
    "RequestLimitExceeded.UinLimitExceeded": _throttled("more calls a second than the account's quota"),
    "RequestSizeLimitExceeded": _page("the request is too large", _SMALLER),
    "ResourceInUse": _service("a resource is in use"),
    "ResourceInsufficient": _service("the service is short of resources"),
    "ResourceNotFound": _request("a resource does not exist"),
    "ResourceUnavailable": _service("a resource is unavailable"),
    "ResourcesSoldOut": _account("the resource is sold out"),
    "ResponseSizeLimitExceeded": _page("the answer would be too large", "Leave out is_words, or split the page."),
    "ServiceUnavailable": _service("the service is temporarily unavailable"),
    "UnauthorizedOperation": _auth("the key may not call the action", _GRANT),
    "UnknownParameter": _request("the endpoint does not know a parameter"),
    "UnsupportedOperation": _request("the operation is not supported", _OPEN),
    "UnsupportedProtocol": _request("the protocol is not supported"),
    "UnsupportedRegion": _request("the region is not supported", "Check the connection's region."),
}

_NEW = "This code is new to the provider; look it up in Tencent's documentation."
_FAMILIES: Final[dict[str, Fault]] = {
    "AuthFailure": _auth("an unknown code of the AuthFailure family", f"{_KEYS} {_NEW}"),
    "UnauthorizedOperation": _auth("an unknown code of the UnauthorizedOperation family", f"{_GRANT} {_NEW}"),
    "RequestLimitExceeded": _throttled("an unknown code of the RequestLimitExceeded family"),
    "InternalError": _service("an unknown code of the InternalError family"),
    "ServiceUnavailable": _service("an unknown code of the ServiceUnavailable family"),
    "ResourceInsufficient": _service("an unknown code of the ResourceInsufficient family"),
    "ResourceUnavailable": _account("an unknown code of the ResourceUnavailable family", _NEW),
    "ResourcesSoldOut": _account("an unknown code of the ResourcesSoldOut family", _NEW),
}
_UNKNOWN: Final = _page("an unknown code: this page's, and never retried", _NEW)
_SIZE_BY_TEXT: Final = _page("the request is too large, told as a signature failure", _SMALLER)
_NUMBERS = re.compile(r"`(\d+)`")


def fault_of(code: str, message: str = "") -> Fault:
    """What a code means: its own row, else its family's, else a failure of this page that is never retried.

    :param message: the service's text; read for one code only, where the service leaves no other way
    """
    if code == "AuthFailure.SignatureFailure" and "request size limit" in message:
        return _SIZE_BY_TEXT
    return FAULTS.get(code) or _FAMILIES.get(code.partition(".")[0], _UNKNOWN)


def error_of(code: str, message: str, *, request_id: str | None, action: str) -> ApiError:
    """The exception for an error of the service, with what the user is to do."""
    fault = fault_of(code, message)
    return fault.error(code, message, request_id=request_id, action=action, advice=fault.advice)


def limit_in(message: str) -> int | None:
    """The quota that a throttling text names: ``... equals to `7` in a second, which exceeds ... limit `5` ...``.

    :return: calls a second, None where the text names none
    """
    numbers = [int(number[:9]) for number in _NUMBERS.findall(message)]
    return numbers[-1] if len(numbers) >= 2 and numbers[-1] > 0 else None
