"""One page: how many calls it takes, what its row says of them, and what is no page's fault."""

import asyncio
import itertools
import tempfile

import pytest

from airflow_provider_tcocr.api.actions import ACTION
from airflow_provider_tcocr.api.settings import CallSettings
from airflow_provider_tcocr.client.client import Client
from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
from airflow_provider_tcocr.client.credentials import static
from airflow_provider_tcocr.client.meter import Meter
from airflow_provider_tcocr.client.wire import Wire
from airflow_provider_tcocr.documents import PreparedPage, as_document
from airflow_provider_tcocr.exceptions import (
    AccountError,
    AuthenticationError,
    DocumentError,
    RequestError,
    TransportError,
)
from airflow_provider_tcocr.recognition.recognizer import PageSource, Recognizer, url_of
from airflow_provider_tcocr.recognition.retry import RetryPolicy

SETTINGS = CallSettings.parse(ACTION, None, transfer="auto", pdf_dpi=200, international=True)
QUICK = RetryPolicy(base=0.01, cap=0.02)
PNG = b"\x89PNG\r\n\x1a\n planted-image-bytes"
URL = "https://example.com/page.png?q-signature=planted"


@pytest.fixture(autouse=True)
def own_pace(tmp_path, monkeypatch):
    """A throttled test slows no other down."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


async def prepared():
    return PreparedPage(PNG, False, 10, 20, "shrunk", (2.0, 0.0, 0.0, 0.0, 2.0, 0.0))


BYTES = PageSource(load=prepared)


def one_after_the_other(urls):
    async def url():
        return next(urls)

    return url


def always(given):
    return one_after_the_other(itertools.repeat(given))


@pytest.fixture
def recognize(tcocr_emulator):
    """Recognize one page; gives the outcome and the meter."""

    def run(source=BYTES, *, policy=QUICK, timeout=30.0, max_qps=1000, gate=None, url=None):
        config = ClientConfig(endpoint=Endpoint.parse(url or tcocr_emulator.url), max_qps=max_qps, timeout=timeout)
        meter = Meter()

        async def one():
            client = Client(config, static(tcocr_emulator.secret_id, tcocr_emulator.secret_key))
            recognizer = Recognizer(client, SETTINGS, policy=policy)
            try:
                return await recognizer.recognize(source, meter=meter, gate=gate)
            finally:
                await client.close()

        try:
            return asyncio.run(one()), meter
        except BaseException as error:
            error.meter = meter
            raise

    return run


def test_a_page_is_one_call_and_its_answer_byte_for_byte(recognize, tcocr_emulator):
    outcome, meter = recognize()
    (call,) = tcocr_emulator.ledger.calls
    assert (outcome.status, outcome.answer, outcome.request_id) == ("recognized", call.answer, call.request_id)
    assert (outcome.attempts, meter.made, meter.retried, meter.throttled) == (1, 1, 0, 0)
    assert (outcome.page.width, outcome.page.height, outcome.page.prepared) == (10, 20, "shrunk")


@pytest.mark.parametrize(
    ("fault", "code", "made"),
    [
        ({"drop": "before"}, "Transport.Reset", 4),
        ({"drop": "during"}, "Transport.", 4),
        ({"drop": "after"}, "Transport.Reset", 4),
        ({"drop": "truncate"}, "Transport.", 4),
        ({"drop": "hang"}, "Transport.Timeout", 4),
        ({"drop": "drip", "pace": 1.0}, "Transport.Timeout", 4),
        ({"body": b"<html>", "status": 502}, "Transport.Foreign", 4),
        ({"body": b"<html>"}, "Transport.Foreign", 4),
        ({"body": b""}, "Transport.Foreign", 4),
        ({"shape": "null-response"}, "Transport.Foreign", 4),
        ({"status": 307, "headers": {"Location": "http://127.0.0.1:9/"}, "body": b""}, "Transport.Redirect", 1),
        ({"body": b"[" * 70_000_000}, "Transport.TooLarge", 1),
        ({"code": "InternalError"}, "InternalError", 5),
        ({"code": "FailedOperation.OcrFailed"}, "FailedOperation.OcrFailed", 3),
        ({"code": "FailedOperation.ImageDecodeFailed"}, "FailedOperation.ImageDecodeFailed", 1),
        ({"code": "NewFamily.NewCode"}, "NewFamily.NewCode", 1),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_fault_that_lasts_is_a_failed_page_after_so_many_calls(recognize, tcocr_emulator, fault, code, made):
    tcocr_emulator.inject(**fault)
    outcome, meter = recognize(timeout=0.3 if fault.get("drop") in ("hang", "drip") else 30.0)
    assert outcome.status == "failed"
    assert outcome.error_code.startswith(code)
    assert outcome.error_message
    assert tcocr_emulator.ledger.made == meter.made == outcome.attempts == made
    assert meter.retried == made - 1


@pytest.mark.parametrize(
    "fault", [{"drop": "before"}, {"drop": "truncate"}, {"code": "ServiceUnavailable"}, {"body": b""}]
)
def test_a_fault_that_passes_is_a_recognized_page_that_tells_its_attempts(recognize, tcocr_emulator, fault):
    tcocr_emulator.inject(**fault, times=2)
    outcome, meter = recognize()
    assert (outcome.status, outcome.attempts, meter.retried) == ("recognized", 3, 2)
    assert outcome.answer == tcocr_emulator.ledger.calls[-1].answer
    assert outcome.error_code is None


def test_throttled_calls_cost_no_repetition(recognize, tcocr_emulator, monkeypatch):
    monkeypatch.setattr(asyncio, "sleep", quick_sleep(asyncio.sleep))
    tcocr_emulator.inject(code="RequestLimitExceeded", times=8)
    tcocr_emulator.inject(code="InternalError", times=4)
    outcome, meter = recognize()
    assert (outcome.status, outcome.attempts) == ("recognized", 13)
    assert (meter.made, meter.throttled, meter.retried) == (13, 8, 4)


def quick_sleep(real):
    async def sleep(seconds, *rest):
        await real(min(seconds, 0.01), *rest)

    return sleep


def test_a_blank_page_is_empty_and_not_failed(recognize, tcocr_emulator):
    tcocr_emulator.inject(code="FailedOperation.ImageNoText", times=1)
    outcome, _ = recognize()
    assert (outcome.status, outcome.error_code, outcome.attempts) == ("empty", None, 1)
    assert outcome.request_id
    tcocr_emulator.inject(shape="no-detections", times=1)
    outcome, _ = recognize()
    assert (outcome.status, outcome.error_code) == ("empty", None)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("AuthFailure.SecretIdNotFound", AuthenticationError),
        ("FailedOperation.UnOpenError", AccountError),
        ("ResourceUnavailable.InArrears", AccountError),
        ("UnknownParameter", RequestError),
    ],
)
def test_what_every_page_would_meet_is_raised_after_one_call(recognize, tcocr_emulator, code, error):
    tcocr_emulator.inject(code=code)
    with pytest.raises(error, match=f"{code}.*RequestId") as caught:
        recognize()
    assert caught.value.meter.made == tcocr_emulator.ledger.made == 1


def test_a_connection_that_is_refused_is_tried_again_and_no_call(recognize):
    outcome, meter = recognize(url="http://127.0.0.1:9")
    assert (outcome.status, outcome.error_code, outcome.attempts) == ("failed", "Transport.Connect", 0)
    assert (meter.made, meter.retried) == (0, 0)


def test_only_a_call_that_left_and_repeats_one_that_left_is_retried(recognize, tcocr_emulator, monkeypatch):
    monkeypatch.setattr(asyncio, "sleep", quick_sleep(asyncio.sleep))
    ends = iter(["refused", "lost", "refused", "throttled", "told the time", "answered"])
    post = Wire.post

    async def ending(wire, body, headers):
        if (end := next(ends)) == "refused":
            raise TransportError("Transport.Connect", "no connection")
        if end == "lost":
            tcocr_emulator.inject(drop="after", times=1)
        elif end == "throttled":
            tcocr_emulator.inject(code="RequestLimitExceeded", times=1)
        elif end == "told the time":
            tcocr_emulator.inject(code="AuthFailure.SignatureExpire", times=1)
        return await post(wire, body, headers)

    monkeypatch.setattr(Wire, "post", ending)
    outcome, meter = recognize()
    assert (outcome.status, outcome.attempts) == ("recognized", 4)
    assert (meter.made, meter.throttled, meter.retried) == (4, 1, 2)  # the throttled one, and that after the time


def test_the_url_is_asked_for_anew_at_each_call(recognize, tcocr_emulator):
    tcocr_emulator.inject(code="InternalError", times=2)
    signed = iter(f"{URL}&turn={turn}" for turn in range(9))
    outcome, _ = recognize(PageSource(url=one_after_the_other(signed)))
    assert outcome.status == "recognized"
    assert [call.url[-1] for call in tcocr_emulator.ledger.calls] == ["0", "1", "2"]
    assert outcome.page is None


def test_a_url_that_the_service_cannot_fetch_falls_back_to_bytes_where_that_is_allowed(recognize, tcocr_emulator):
    tcocr_emulator.inject(code="FailedOperation.DownLoadError", match=lambda request: request.url)
    outcome, meter = recognize(PageSource(url=always(URL), load=prepared))
    first, second = tcocr_emulator.ledger.calls
    assert (first.url, second.url) == (URL, None)
    assert second.sha256
    assert (outcome.status, outcome.attempts, meter.retried) == ("recognized", 2, 1)
    assert outcome.page.width == 10


def test_a_url_that_the_service_cannot_fetch_fails_where_bytes_are_not_allowed(recognize, tcocr_emulator):
    tcocr_emulator.inject(code="FailedOperation.DownLoadError", match=lambda request: request.url)
    outcome, _ = recognize(PageSource(url=always(URL)))
    assert (outcome.status, outcome.error_code) == ("failed", "FailedOperation.DownLoadError")
    assert tcocr_emulator.ledger.made == 3


def test_other_faults_of_a_url_do_not_fall_back_to_bytes(recognize, tcocr_emulator):
    tcocr_emulator.inject(code="InternalError", times=1)
    outcome, _ = recognize(PageSource(url=always(URL), load=prepared))
    assert [call.url for call in tcocr_emulator.ledger.calls] == [URL, URL]
    assert outcome.page is None


async def missing():
    raise DocumentError("Document.Missing", "there is no https://example.com/page.png")


def test_a_fallback_that_cannot_read_the_document_either_is_a_failed_page(recognize, tcocr_emulator):
    tcocr_emulator.inject(code="FailedOperation.DownLoadError")
    outcome, meter = recognize(PageSource(url=always(URL), load=missing))
    assert (outcome.status, outcome.error_code, outcome.attempts) == ("failed", "Document.Missing", 1)
    assert meter.made == 1


def test_a_page_that_cannot_be_prepared_is_a_failed_page_without_a_call(recognize, tcocr_emulator):
    outcome, meter = recognize(PageSource(load=missing))
    assert (outcome.status, outcome.error_code, outcome.attempts) == ("failed", "Document.Missing", 0)
    assert (meter.made, tcocr_emulator.ledger.made) == (0, 0)


def test_a_url_with_a_lone_surrogate_is_a_failed_page_without_a_call_that_shows_no_query(recognize, tcocr_emulator):
    document = as_document("https://example.com/\udcff.png?q-signature=planted")
    outcome, meter = recognize(PageSource(url=url_of(document, client=None)))
    assert (outcome.status, outcome.error_code, outcome.attempts) == ("failed", "Document.Unreadable", 0)
    assert outcome.error_message == "https://example.com/\ufffd.png cannot be read: its URL is not valid"
    assert (meter.made, tcocr_emulator.ledger.made) == (0, 0)


def test_the_page_is_prepared_once_however_often_it_is_sent(recognize, tcocr_emulator):
    tcocr_emulator.inject(code="InternalError", times=3)
    loads = []

    async def load():
        loads.append(1)
        return await prepared()

    recognize(PageSource(load=load))
    assert (len(loads), tcocr_emulator.ledger.made) == (1, 4)


class NoMore(Exception):
    pass


class Closing:
    """A gate that lets so many calls leave."""

    def __init__(self, calls):
        self.left = calls

    def while_waiting(self):
        pass

    def before_leaving(self):
        if not self.left:
            raise NoMore
        self.left -= 1


def test_a_gate_can_have_no_call_made_and_what_was_made_is_counted(recognize, tcocr_emulator):
    tcocr_emulator.inject(code="InternalError")
    with pytest.raises(NoMore) as caught:
        recognize(gate=Closing(2))
    assert tcocr_emulator.ledger.made == caught.value.meter.made == 2


def test_waiting_for_the_quota_does_not_use_the_deadline_up(recognize, tcocr_emulator):
    """Else the pages at the end of a slow queue would be given up at their first passing fault."""
    tcocr_emulator.inject(code="InternalError", times=2)
    outcome, _ = recognize(policy=RetryPolicy(base=0.01, cap=0.02, deadline=0.5), max_qps=2)
    assert (outcome.status, outcome.attempts) == ("recognized", 3)


def test_the_deadline_ends_a_page_that_fails_slowly(recognize, tcocr_emulator):
    tcocr_emulator.inject(code="InternalError", latency=0.3)
    outcome, _ = recognize(policy=RetryPolicy(base=0.01, cap=0.02, deadline=0.5))
    assert (outcome.status, outcome.attempts) == ("failed", 2)


def test_what_is_passed_around_shows_neither_image_nor_url_nor_answer(recognize):
    outcome, _ = recognize()
    source = PageSource(url=always(URL), load=prepared)
    for shown in (repr(outcome), repr(source), repr(outcome.page)):
        assert "planted" not in shown
        assert "TextDetections" not in shown


def test_without_a_credential_every_page_would_fail_so_it_is_no_row(tcocr_emulator):
    from airflow_provider_tcocr.client.client import Client
    from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
    from airflow_provider_tcocr.client.temporary import TemporaryCredentials
    from airflow_provider_tcocr.exceptions import AuthenticationError
    from airflow_provider_tcocr.recognition.retry import RetryPolicy

    def dead():
        raise OSError("planted metadata host")

    async def one():
        client = Client(
            ClientConfig(endpoint=Endpoint.parse(tcocr_emulator.url)), TemporaryCredentials(dead, kind="cvm_role")
        )
        recognizer = Recognizer(client, SETTINGS, policy=RetryPolicy(base=0.01))
        await recognizer.recognize(PageSource(url=always("https://example.com/a.png")), meter=Meter())

    with pytest.raises(AuthenticationError, match="cvm_role") as caught:
        asyncio.run(one())
    assert "planted" not in str(caught.value)
    assert tcocr_emulator.ledger.made == 0
