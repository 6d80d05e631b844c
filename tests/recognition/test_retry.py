"""The policy: what each class of error allows, as a table."""

import pytest

from airflow_provider_tcocr.api.faults import FAULTS, error_of
from airflow_provider_tcocr.exceptions import (
    AccountError,
    AuthenticationError,
    PageError,
    RequestError,
    ServiceError,
    ThrottledError,
    TransportError,
)
from airflow_provider_tcocr.recognition.retry import TRANSPORT_RETRIES, RetryPolicy

POLICY = RetryPolicy()


def repetitions(error, **policy):
    """How many times the same failure is repeated before it is given up."""
    policy, failures = RetryPolicy(**policy), 0
    while failures < 50:
        failures += not isinstance(error, ThrottledError)
        if policy.after(error, failures=failures, spent=0, random=lambda: 0.5) is None:
            return failures - 1
        if isinstance(error, ThrottledError):
            return None
    return failures


@pytest.mark.parametrize(
    ("code", "times"),
    [
        ("Transport.Connect", TRANSPORT_RETRIES),
        ("Transport.Reset", TRANSPORT_RETRIES),
        ("Transport.Timeout", TRANSPORT_RETRIES),
        ("Transport.Truncated", TRANSPORT_RETRIES),
        ("Transport.Foreign", TRANSPORT_RETRIES),
        ("Transport.TooLarge", 0),
        ("Transport.Redirect", 0),
    ],
)
def test_a_lost_answer_is_asked_for_a_few_times_and_one_that_would_come_again_never(code, times):
    assert repetitions(TransportError(code, "lost")) == times


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_each_code_is_repeated_as_its_row_of_the_table_says(code):
    error, fault = error_of(code, "m", request_id=None, action="a"), FAULTS[code]
    if isinstance(error, ThrottledError):
        assert repetitions(error) is None
    elif isinstance(error, ServiceError):
        assert repetitions(error) == fault.retries > 0
    else:
        assert isinstance(error, AccountError | AuthenticationError | PageError | RequestError)
        assert repetitions(error) == 0


def test_a_throttled_call_is_never_given_up_and_costs_no_repetition():
    error = ThrottledError("RequestLimitExceeded", "slow down")
    again = POLICY.after(error, failures=99, spent=10**6, random=lambda: 0.0)
    assert again is not None
    assert 1.0 <= again.wait <= 2.0


def test_waits_double_up_to_the_cap_and_are_spread_over_their_upper_half():
    error = ServiceError("InternalError", "m")
    policy = RetryPolicy(base=1.0, cap=6.0)
    low = [policy.after(error, failures=n, spent=0, random=lambda: 0.0).wait for n in (1, 2, 3, 4)]
    high = [policy.after(error, failures=n, spent=0, random=lambda: 0.999999).wait for n in (1, 2, 3, 4)]
    assert low == [0.5, 1.0, 2.0, 3.0]
    assert high == pytest.approx([1.0, 2.0, 4.0, 6.0], rel=1e-5)


def test_after_the_deadline_a_page_is_given_up():
    error = ServiceError("InternalError", "m")
    assert POLICY.after(error, failures=1, spent=POLICY.deadline - 1, random=lambda: 0.5)
    assert POLICY.after(error, failures=1, spent=POLICY.deadline, random=lambda: 0.5) is None


@pytest.mark.parametrize("code", ["FailedOperation.DownLoadError", "ResourceUnavailable.ImageDownloadError"])
def test_a_url_that_the_service_cannot_fetch_may_be_sent_as_bytes(code):
    again = POLICY.after(ServiceError(code, "m"), failures=1, spent=0, random=lambda: 0.5)
    assert again.by_bytes
    assert not POLICY.after(ServiceError("InternalError", "m"), failures=1, spent=0, random=lambda: 0.5).by_bytes
