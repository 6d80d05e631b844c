"""The error table holds every code of the service's list, and unknown codes fall to their family."""

import pytest

from airflow_provider_tcocr.api.faults import FAULTS, error_of, fault_of, limit_in
from airflow_provider_tcocr.exceptions import (
    AccountError,
    ApiError,
    AuthenticationError,
    PageError,
    RequestError,
    ServiceError,
    ThrottledError,
)

ACTIONS_OWN = [
    "FailedOperation.DownLoadError",
    "FailedOperation.EmptyImageError",
    "FailedOperation.EngineRecognizeTimeout",
    "FailedOperation.ImageDecodeFailed",
    "FailedOperation.ImageNoText",
    "FailedOperation.ImageSizeTooLarge",
    "FailedOperation.LanguageNotSupport",
    "FailedOperation.OcrFailed",
    "FailedOperation.UnKnowError",
    "FailedOperation.UnKnowFileTypeError",
    "FailedOperation.UnOpenError",
    "InvalidParameterValue.InvalidParameterValueLimit",
    "LimitExceeded.TooLargeFileError",
    "ResourceUnavailable.InArrears",
    "ResourceUnavailable.ResourcePackageRunOut",
    "ResourcesSoldOut.ChargeStatusException",
]


def test_the_table_holds_the_services_own_list():
    assert len(ACTIONS_OWN) == 16
    assert set(ACTIONS_OWN) <= FAULTS.keys()


def test_every_row_says_why_and_what_to_do():
    for code, fault in FAULTS.items():
        assert issubclass(fault.error, ApiError), code
        assert fault.reason, code
        assert fault.advice.endswith("."), code


def test_only_passing_faults_are_repeated_and_only_an_empty_image_is_billed():
    for code, fault in FAULTS.items():
        assert (fault.retries > 0) == (fault.error is ServiceError), code
    assert [code for code, fault in FAULTS.items() if fault.billed] == ["FailedOperation.EmptyImageError"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AuthFailure.Brandnew", AuthenticationError),
        ("UnauthorizedOperation.Brandnew", AuthenticationError),
        ("RequestLimitExceeded.Brandnew", ThrottledError),
        ("InternalError.Brandnew", ServiceError),
        ("ResourceUnavailable.Brandnew", AccountError),
        ("ResourcesSoldOut.Brandnew", AccountError),
        ("LimitExceeded.Brandnew", PageError),
        ("FailedOperation.Brandnew", PageError),
        ("InvalidParameterValue.Brandnew", PageError),
        ("Brandnew", PageError),
        ("", PageError),
    ],
)
def test_an_unknown_code_is_known_by_its_family_and_never_retried_for_ever(code, kind):
    assert fault_of(code).error is kind


def test_a_signature_failure_for_size_does_not_stop_the_batch():
    text = "The provided credentials could not be validated because of exceeding request size limit"
    assert fault_of("AuthFailure.SignatureFailure", text).error is PageError
    assert fault_of("AuthFailure.SignatureFailure", "wrong").error is AuthenticationError


def test_what_a_user_sees_names_code_request_id_and_advice():
    error = error_of("FailedOperation.UnOpenError", "Not open.", request_id="r-1", action="GeneralAccurateOCR")
    assert isinstance(error, AccountError)
    for told in ("FailedOperation.UnOpenError", "r-1", "GeneralAccurateOCR", "sales"):
        assert told in str(error)


@pytest.mark.parametrize("code", ["MissingParameter", "UnknownParameter", "InvalidAction", "UnsupportedRegion"])
def test_a_wrong_request_shape_is_every_pages_fault(code):
    assert fault_of(code).error is RequestError


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("Your current request times equals to `7` in a second, which exceeds the frequency limit `5` for a second", 5),
        ("您当前每秒请求 `6` 次，超过了每秒频率上限 `5` 次。", 5),
        ("too fast", None),
        ("limit `0` of `0`", None),
        ("`5`", None),
    ],
)
def test_the_quota_is_read_from_the_throttling_text(text, limit):
    assert limit_in(text) == limit
