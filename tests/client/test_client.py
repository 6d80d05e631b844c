"""The client against the emulator: every end of a call is typed, counted, and shows no secret."""

import asyncio
import io
import json
import socket
import threading
from base64 import b64encode
from contextlib import ExitStack, suppress
from urllib.parse import quote

import pytest

from airflow_provider_tcocr.api.actions import ACTION, ACTIONS
from airflow_provider_tcocr.api.options import Options
from airflow_provider_tcocr.api.request import body_of, image_body
from airflow_provider_tcocr.client.client import Client
from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
from airflow_provider_tcocr.client.credentials import Credential, StaticCredentials, static
from airflow_provider_tcocr.client.meter import Meter
from airflow_provider_tcocr.client.pace import Pace
from airflow_provider_tcocr.client.wire import HttpResponse, Wire
from airflow_provider_tcocr.exceptions import (
    ApiError,
    AuthenticationError,
    ConfigurationError,
    PageError,
    RequestError,
    ServiceError,
    ThrottledError,
    TransportError,
)

BODY = body_of({"ImageUrl": "https://example.com/page.png?q-signature=planted"})


def call(emulator, *, body=BODY, times=1, timeout=5.0, credentials=None, meter=None):
    config = ClientConfig(endpoint=Endpoint.parse(emulator.url), max_qps=1000, timeout=timeout)

    async def calls():
        client = Client(config, credentials or static(emulator.secret_id, emulator.secret_key))
        try:
            return [await client.call(ACTION, body, meter=meter) for _ in range(times)]
        finally:
            await client.close()

    return asyncio.run(calls())


def test_an_answer_is_handed_on_byte_for_byte(tcocr_emulator):
    (reply,) = call(tcocr_emulator)
    (told,) = tcocr_emulator.ledger.calls
    assert reply.body == told.answer
    assert reply.request_id == told.request_id


def test_without_a_configured_pace_each_action_is_called_at_its_own_quota(tcocr_emulator):
    async def paces():
        client = Client(
            ClientConfig(endpoint=Endpoint.parse(tcocr_emulator.url)),
            static(tcocr_emulator.secret_id, tcocr_emulator.secret_key),
        )
        try:
            for action in (*ACTIONS, "VatInvoiceOCR"):
                with suppress(RequestError, ServiceError):  # this emulator's site lacks most, or takes no URL for them
                    await client.call(action, BODY)
            return {action: pace.configured for (_, action, _), pace in client._paces.items()}
        finally:
            await client.close()

    assert asyncio.run(paces()) == {name: action.qps for name, action in ACTIONS.items()} | {"VatInvoiceOCR": 10}


def test_the_session_is_made_before_a_slot_is_waited_for(tcocr_emulator, monkeypatch):
    """A first call that leaves late lets the service see one too many in the second after it."""
    made, acquire = [], Pace.acquire
    monkeypatch.setattr(Wire, "_open", lambda wire, made_by=Wire._open: made.append("session") or made_by(wire))
    monkeypatch.setattr(Pace, "acquire", lambda pace, **given: made.append("slot") or acquire(pace, **given))
    call(tcocr_emulator)
    assert made == ["session", "slot"]


def test_calls_in_a_row_use_one_connection_and_are_all_counted(tcocr_emulator):
    meter = Meter()
    call(tcocr_emulator, times=5, meter=meter)
    assert (meter.made, meter.throttled, meter.retried) == (5, 0, 0)
    assert tcocr_emulator.ledger.made == 5


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"drop": "before"}, "Transport.Reset"),
        ({"drop": "during"}, "Transport."),
        ({"drop": "after"}, "Transport.Reset"),
        ({"drop": "truncate"}, "Transport."),
        ({"drop": "hang"}, "Transport.Timeout"),
        ({"drop": "drip", "pace": 1.0}, "Transport.Timeout"),
        ({"body": b"<html>Bad Gateway</html>", "status": 502, "content_type": "text/html"}, "Transport.Foreign"),
        ({"body": b"<html>Welcome</html>", "content_type": "text/html"}, "Transport.Foreign"),
        ({"body": b""}, "Transport.Foreign"),
        ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}, "body": b""}, "Transport.Redirect"),
        ({"body": b"[" * 70_000_000}, "Transport.TooLarge"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_answer_that_does_not_come_whole_is_a_transport_error(tcocr_emulator, fault, code):
    tcocr_emulator.inject(**fault)
    meter = Meter()
    with pytest.raises(TransportError) as caught:
        call(tcocr_emulator, timeout=2.0 if fault.get("drop") in ("hang", "drip") else 30.0, meter=meter)
    assert caught.value.code.startswith(code)
    assert meter.made == tcocr_emulator.ledger.made == 1
    for shown in (str(caught.value), repr(caught.value)):
        assert "planted" not in shown
        assert tcocr_emulator.secret_key not in shown


def unconnected(config):
    """Call where no connection comes about: that is the error, and no call was made."""
    meter = Meter()

    async def one():
        client = Client(config, static("id", "key"))
        try:
            await client.call(ACTION, BODY, meter=meter)
        finally:
            await client.close()

    with pytest.raises(TransportError, match=r"Transport\.Connect"):
        asyncio.run(one())
    assert meter.made == 0


def test_a_refused_connection_is_no_call():
    unconnected(ClientConfig(endpoint=Endpoint.parse("http://127.0.0.1:9"), max_qps=1000))


@pytest.mark.parametrize("proxy", ["http://user:planted@:8080", "http://user:planted@host:99999"])
def test_a_proxy_of_the_environment_that_is_no_url_is_no_call_and_not_shown(tcocr_emulator, monkeypatch, proxy):
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")
    meter = Meter()
    with pytest.raises(TransportError, match=r"Transport\.Connect.*proxy") as caught:
        call(tcocr_emulator, meter=meter)
    assert meter.made == 0
    assert "planted" not in str(caught.value)


def test_a_connection_that_nobody_takes_in_time_is_no_call():
    """A firewall drops the first packet; here the kernel does, where nobody takes connections from a full queue."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf, ExitStack() as waiting:
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        port = deaf.getsockname()[1]
        unconnected(ClientConfig(endpoint=Endpoint.parse(f"http://127.0.0.1:{port}"), max_qps=1000, timeout=1.0))


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"code": "FailedOperation.ImageDecodeFailed"}, PageError),
        ({"code": "InternalError", "content_type": "application/json; charset=utf-8"}, ServiceError),
        ({"code": "InternalError", "content_type": "text/html"}, ServiceError),
        ({"code": "InternalError", "shape": "no-request-id"}, ServiceError),
        ({"code": "RequestLimitExceeded"}, ThrottledError),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_refusal_is_its_class_whatever_the_content_type(tcocr_emulator, fault, error):
    tcocr_emulator.inject(**fault)
    with pytest.raises(error) as caught:
        call(tcocr_emulator)
    assert caught.value.code == fault["code"]
    assert caught.value.action == ACTION


@pytest.mark.parametrize("escaped", [False, True])
def test_a_refusal_that_repeats_the_key_or_the_token_is_told_without_them(tcocr_emulator, monkeypatch, escaped):
    key, token = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "st/oken+0123="
    told = f"the token {token} of {key} is not known".replace("/", "\\/" if escaped else "/")
    refusal = f'{{"Response":{{"Error":{{"Code":"AuthFailure.TokenFailure","Message":"{told}"}},"RequestId":"r"}}}}'

    async def post(self, body, headers):
        return HttpResponse(refusal.encode(), 200, None, 0.0)

    monkeypatch.setattr(Wire, "post", post)
    with pytest.raises(AuthenticationError) as raised:
        call(tcocr_emulator, credentials=static(tcocr_emulator.secret_id, key, token))
    assert raised.value.message == "the token *** of *** is not known"
    for text in (str(raised.value), repr(raised.value), raised.value.answer.decode()):
        assert "***" in text
        assert "oken+" not in text
        assert key not in text


def test_a_throttled_answer_is_counted(tcocr_emulator):
    tcocr_emulator.inject(code="RequestLimitExceeded", times=1)
    meter = Meter()
    with pytest.raises(ThrottledError):
        call(tcocr_emulator, meter=meter)
    assert (meter.made, meter.throttled) == (1, 1)


@pytest.mark.parametrize("where", ["secret_id", "secret_key"])
def test_a_wrong_key_is_an_authentication_error(tcocr_emulator, where):
    keys = {"secret_id": tcocr_emulator.secret_id, "secret_key": tcocr_emulator.secret_key, where: "planted"}
    with pytest.raises(AuthenticationError) as caught:
        call(tcocr_emulator, credentials=static(**keys))
    assert "planted" not in str(caught.value)


def test_a_clock_that_is_wrong_is_set_once_by_the_servers_date():
    from airflow_provider_tcocr.emulator import Emulator

    with Emulator(engine="canned", skew=3600) as ahead:
        meter = Meter()
        replies = call(ahead, times=3, meter=meter)
        assert len(replies) == 3
        assert meter.made == ahead.ledger.made == 4
        assert ahead.ledger.billed == 3


def test_a_large_image_is_sent_whole_again_when_the_clock_is_set():
    from PIL import Image

    from airflow_provider_tcocr.emulator import Emulator

    target = io.BytesIO()
    Image.effect_noise((1500, 1500), 90).save(target, "PNG")
    with Emulator(engine="canned", skew=3600) as ahead:
        call(ahead, body=image_body(target.getvalue(), Options()))  # a body cut short would not bear its signature
        assert (ahead.ledger.made, ahead.ledger.billed) == (2, 1)


class Renewable:
    """Temporary credentials of which the first has just expired."""

    blocking = True
    identity = None

    def __init__(self, emulator, token):
        self.emulator, self.token = emulator, token
        self.asked = []

    def current(self, *, refresh=False):
        self.asked.append(refresh)
        token = self.token if refresh else "expired"
        return Credential(self.emulator.secret_id, self.emulator.secret_key, token)


def test_a_refused_token_is_renewed_once():
    from airflow_provider_tcocr.emulator import Emulator

    with Emulator(engine="canned", token="good") as emulator:
        credentials = Renewable(emulator, "good")
        call(emulator, credentials=credentials)
        assert credentials.asked == [False, False, True]
        still_bad = Renewable(emulator, "bad")
        with pytest.raises(AuthenticationError):
            call(emulator, credentials=still_bad)
        assert still_bad.asked == [False, False, True]


def test_a_source_that_blocks_holds_up_no_event_loop(tcocr_emulator):
    turned = threading.Event()

    class Slow:
        blocking, identity = True, None

        def current(self, *, refresh=False):
            assert turned.wait(10), "the loop stood still while the source was asked"
            return Credential(tcocr_emulator.secret_id, tcocr_emulator.secret_key)

    async def calls():
        client = Client(ClientConfig(endpoint=Endpoint.parse(tcocr_emulator.url)), Slow())
        asyncio.get_running_loop().call_later(0.1, turned.set)
        try:
            return await client.call(ACTION, BODY)
        finally:
            await client.close()

    assert asyncio.run(calls()).request_id


def test_the_calls_of_one_role_keep_one_pace_however_often_its_secret_id_changes(tcocr_emulator):
    class Changing:
        blocking, identity = True, "cvm_role of this machine"
        asked = 0

        def current(self, *, refresh=False):
            self.asked += 1
            return Credential(f"id{self.asked}", tcocr_emulator.secret_key)

    async def calls():
        client = Client(ClientConfig(endpoint=Endpoint.parse(tcocr_emulator.url), max_qps=1000), Changing())
        for _ in range(3):
            with pytest.raises(AuthenticationError):
                await client.call(ACTION, BODY)
        await client.close()
        return client

    client = asyncio.run(calls())
    assert client._credentials.asked == 3
    assert len(client._paces) == 1


def test_reprs_show_no_secret():
    credential = Credential("planted-id", "planted-key", "planted-token")
    config = ClientConfig(proxy="http://user:planted@proxy:3128")
    for shown in (repr(credential), repr(StaticCredentials(credential)), repr(config)):
        assert "planted" not in shown


@pytest.mark.parametrize(
    ("host", "port", "url", "authority", "international"),
    [
        (None, None, "https://ocr.intl.tencentcloudapi.com/", "ocr.intl.tencentcloudapi.com", True),
        ("ocr.tencentcloudapi.com", None, "https://ocr.tencentcloudapi.com/", "ocr.tencentcloudapi.com", False),
        (
            "ocr.tencentcloudapi.com",
            8443,
            "https://ocr.tencentcloudapi.com:8443/",
            "ocr.tencentcloudapi.com:8443",
            False,
        ),
        ("http://127.0.0.1:9000", None, "http://127.0.0.1:9000/", "127.0.0.1:9000", False),
        ("http://127.0.0.1", 9000, "http://127.0.0.1:9000/", "127.0.0.1:9000", False),
        ("http://höst_1.example.", None, "http://höst_1.example./", "höst_1.example.", False),
        ("http://[::1]:9000", None, "http://[::1]:9000/", "[::1]:9000", False),
        (
            "https://ocr.intl.tencentcloudapi.com:443",
            None,
            "https://ocr.intl.tencentcloudapi.com/",
            "ocr.intl.tencentcloudapi.com",
            True,
        ),
    ],
)
def test_an_endpoint_is_a_host_name_or_a_whole_url(host, port, url, authority, international):
    endpoint = Endpoint.parse(host, port)
    assert (endpoint.url, endpoint.authority, endpoint.international) == (url, authority, international)


@pytest.mark.parametrize(
    "host",
    [
        "ftp://a",
        "http://",
        "http://user:planted@a",
        "http://a/path",
        "http://a?planted",
        "a:port",
        "http://a:99999",
        "a planted",
        "http://exa mple",
        "a%20b",
        "a..b",
        f"{'a' * 64}.example",
        "a,b",
        "[a",
    ],
)
def test_a_host_that_cannot_be_meant_is_refused_without_being_shown(host):
    with pytest.raises(ConfigurationError, match="host") as caught:
        Endpoint.parse(host)
    assert "planted" not in str(caught.value)


def test_two_ports_that_disagree_are_refused():
    with pytest.raises(ConfigurationError, match="9000"):
        Endpoint.parse("http://127.0.0.1:9000", 9001)


@pytest.mark.parametrize("code", ["InternalError", "RequestLimitExceeded", "AuthFailure.SecretIdNotFound"])
def test_a_refusal_that_repeats_what_it_was_sent_shows_neither_token_nor_image(code):
    from airflow_provider_tcocr.emulator import Emulator

    token, image = "plantedToken/6Uk1Bq8Z", b"BM" + b"plantedPixels" * 9
    repeated = b64encode(image).decode()
    told = (
        f"X-TC-Token: {token}, ImageBase64: {repeated}, bucket.example/key?x-cos-security-token={quote(token, safe='')}"
    )
    error = {"Code": f"{code}.{token}", "Message": told}
    foreign = json.dumps({"Response": {"Error": error, "RequestId": token}}).replace("/", r"\/").encode()
    with Emulator("canned", token=token) as emulator:
        emulator.inject(body=foreign)
        with pytest.raises(ApiError) as caught:
            call(
                emulator,
                body=image_body(image, Options()),
                credentials=static(emulator.secret_id, emulator.secret_key, token),
            )
    assert caught.value.code == f"{code}.***"
    assert caught.value.request_id == "***"
    hidden = "X-TC-Token: ***, ImageBase64: ***, bucket.example/key?x-cos-security-token=***"
    assert caught.value.message == hidden
    assert json.loads(caught.value.answer)["Response"]["RequestId"] == "***"
    assert b"planted" not in caught.value.answer + repr(vars(caught.value)).encode()
    assert repeated.encode() not in caught.value.answer
