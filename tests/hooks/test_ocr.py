"""The hook: signed calls from any colour of code, one pool of connections, a test that does not bill."""

import asyncio
import json
import threading
import time

import pytest

from airflow_provider_tcocr.exceptions import (
    AuthenticationError,
    ConfigurationError,
    RequestError,
)
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook
from tests.documents import made

URL = "https://example.com/page.png"


@pytest.fixture
def hook(tcocr_emulator):
    hook = TencentCloudOcrHook()
    yield hook
    hook.close()


def png():
    from io import BytesIO

    from PIL import Image

    file = BytesIO()
    Image.new("RGB", (60, 40), "white").save(file, "PNG")
    return file.getvalue()


def test_a_call_of_any_action_gives_the_inner_object(hook, tcocr_emulator):
    answer = hook.call("GeneralAccurateOCR", {"ImageUrl": URL})
    assert answer["RequestId"] == tcocr_emulator.ledger.calls[0].request_id
    with pytest.raises(RequestError) as caught:
        hook.call("NoSuchOCR", {})
    assert caught.value.code == "InvalidAction"


@pytest.mark.parametrize("action", ["A\r\nX: y", "", "发票", "Vat Invoice", None])
def test_what_cannot_be_an_actions_name_is_refused_before_any_call(hook, tcocr_emulator, action):
    with pytest.raises(ConfigurationError, match="action is a name"):
        hook.call(action, {})
    assert tcocr_emulator.ledger.made == 0


def test_the_connection_test_tells_good_keys_from_bad_ones_and_bills_nothing(hook, tcocr_emulator, monkeypatch):
    good, told = hook.test_connection()
    assert good, told
    bad = tcocr_emulator.connection.replace(tcocr_emulator.secret_key, "wrong")
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", bad)
    good, told = TencentCloudOcrHook().test_connection()
    assert not good
    assert "AuthFailure.SignatureFailure" in told
    assert tcocr_emulator.ledger.made == 2
    assert tcocr_emulator.ledger.billed == 0


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("AuthFailure.SecretIdNotFound", False),
        ("FailedOperation.UnOpenError", False),
        ("MissingParameter", True),
        ("FailedOperation.EmptyImageError", True),
        ("InternalError", False),
    ],
)
def test_the_connection_test_explains_each_refusal(hook, tcocr_emulator, code, valid):
    tcocr_emulator.inject(code=code)
    good, told = hook.test_connection()
    assert good is valid
    assert valid or code in told


def test_one_document_is_one_recognition_a_page(hook, tcocr_emulator):
    (recognition,) = hook.recognize({"uri": URL, "document_id": "mine"})
    served = tcocr_emulator.ledger.calls[0]
    assert (recognition.document_id, recognition.page, recognition.status) == ("mine", 1, "recognized")
    assert recognition.answer == served.answer
    assert recognition.request_id == served.request_id
    table = recognition.to_table()
    assert table.num_rows == len(recognition.detections) > 0
    assert recognition.text
    assert -180 < recognition.angle <= 180


def test_bytes_are_a_document_too(hook, tcocr_emulator):
    (recognition,) = hook.recognize(png())
    assert recognition.status == "recognized"
    assert recognition.document_id.startswith("sha256:")
    assert tcocr_emulator.ledger.calls[0].sha256 in recognition.document_id


def test_a_failed_page_is_data_with_code_and_advice(hook, tcocr_emulator):
    tcocr_emulator.inject(code="FailedOperation.ImageBlur")
    (recognition,) = hook.recognize(URL)
    assert (recognition.status, recognition.error_code) == ("failed", "FailedOperation.ImageBlur")
    assert "scan the page again" in recognition.error_message
    assert recognition.text is None
    assert recognition.detections == []


def test_a_document_that_cannot_be_opened_is_data_and_makes_no_call(hook, tcocr_emulator, tmp_path):
    (tmp_path / "empty.png").touch()
    (recognition,) = hook.recognize(str(tmp_path / "empty.png"))
    assert (recognition.status, recognition.error_code, recognition.page) == ("failed", "Document.Empty", 1)
    assert tcocr_emulator.ledger.made == 0


def test_an_error_that_every_page_would_meet_is_raised(hook, tcocr_emulator):
    tcocr_emulator.inject(code="AuthFailure.SecretIdNotFound")
    with pytest.raises(AuthenticationError):
        hook.recognize(URL)
    with pytest.raises(ConfigurationError, match="unknown option"):
        hook.recognize(URL, {"language": "zh"})


def test_plain_code_a_running_loop_and_threads_get_the_same_answer_over_one_pool(hook, tcocr_emulator):
    import airflow_provider_tcocr.client.wire as wire

    opened = []
    original = wire.Wire._open
    wire.Wire._open = lambda self: opened.append(self) or original(self)
    try:
        plain = hook.recognize(URL)[0]

        async def inside_a_loop():
            return hook.recognize(URL)[0], (await hook.arecognize(URL))[0]

        blocking, awaited = asyncio.run(inside_a_loop())
        found = []
        threads = [threading.Thread(target=lambda: found.append(hook.recognize(URL)[0])) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        wire.Wire._open = original
    told = {recognition.text for recognition in (plain, blocking, awaited, *found)}
    assert len(told) == 1
    assert len(found) == 4
    assert len(opened) == 1


def test_a_hook_that_is_dropped_closes_its_connections(tcocr_emulator):
    import gc
    import weakref as weak

    hook = TencentCloudOcrHook()
    hook.call("GeneralAccurateOCR", {"ImageUrl": URL})
    session = hook.client._wire._session
    client = weak.ref(hook.client)
    del hook
    gc.collect()
    assert client() is None
    for _ in range(100):
        if session.closed:
            break
        time.sleep(0.01)
    assert session.closed


def test_tencents_own_client_is_built_from_the_connection(hook, tcocr_emulator):
    from tencentcloud.ocr.v20181119.models import GeneralAccurateOCRRequest

    client = hook.get_conn()
    assert client.profile.retryer is None or type(client.profile.retryer).__name__ == "NoopRetryer"
    request = GeneralAccurateOCRRequest()
    request.ImageUrl = URL
    answer = client.GeneralAccurateOCR(request)
    assert answer.RequestId == tcocr_emulator.ledger.calls[0].request_id


def test_a_hook_shows_no_secret(hook, tcocr_emulator, capsys, caplog):
    caplog.set_level("DEBUG")
    tcocr_emulator.inject(code="InternalError", times=1)
    signed = "https://example.com/page.png?q-signature=planted"
    (recognition,) = hook.recognize(signed)
    shown = "".join([repr(hook.account), repr(hook.client), repr(recognition), caplog.text, *capsys.readouterr()])
    assert "planted" not in shown
    assert tcocr_emulator.secret_key not in shown
    assert "planted" not in recognition.document_id


def test_an_encrypted_pdf_is_read_with_a_connections_password_which_logs_do_not_show(hook, tcocr_emulator, monkeypatch):
    from airflow.providers.common.compat.sdk import redact

    monkeypatch.setenv("AIRFLOW_CONN_THE_LOCK", json.dumps({"conn_type": "generic", "password": "openSesame"}))
    document = made.encrypted(b"openSesame")
    assert hook.recognize(document)[0].error_code == "Document.Encrypted"
    assert redact("openSesame") == "openSesame"
    assert hook.recognize(document, pdf_password_conn_id="the_lock")[0].status == "recognized"
    assert redact("openSesame") == "***"
