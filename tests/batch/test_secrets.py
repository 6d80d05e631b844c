"""Planted secrets are in no log record, exception, repr, part or manifest of a batch, whatever becomes of it."""

import gc
import io
import logging

import pytest
from PIL import Image

from airflow_provider_tcocr.batch.request import BatchRequest
from airflow_provider_tcocr.client.client import Client
from airflow_provider_tcocr.documents import content
from airflow_provider_tcocr.exceptions import TencentCloudOcrError
from airflow_provider_tcocr.recognition import recognizer
from airflow_provider_tcocr.recognition.retry import RetryPolicy

KEY = "plantedSecretKeyXyz"
SIGNATURE = "plantedSignatureXyz"
PIXELS = "plantedPixelsXyz"
URLS = [
    f"https://bucket.s3.amazonaws.com/a.png?X-Amz-Signature={SIGNATURE}",
    f"https://user:{SIGNATURE}@example.com/b.png?id=7",
    f"http://127.0.0.1:9/c.pdf?q-sign-algorithm=sha1&q-signature={SIGNATURE}",
]


def image_with_a_marker():
    """The marker stands in the pixels and behind the image."""
    pixels = PIXELS.encode() * 20
    image = Image.frombytes("L", (len(PIXELS), 20), pixels)
    target = io.BytesIO()
    image.save(target, format="BMP")
    return target.getvalue() + PIXELS.encode()


def package_objects():
    """Whatever of ours is alive, as a debugger or a crash report would show it."""
    for one in gc.get_objects():
        module = type(one).__module__
        if isinstance(module, str) and module.startswith("airflow_provider_tcocr.") and ".emulator" not in module:
            yield one


@pytest.fixture
def everything_logged(caplog):
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("airflow_provider_tcocr", "aiohttp", "asyncio", "PIL", "pypdfium2", "fsspec")):
            caplog.set_level(logging.DEBUG, logger=name)
    return caplog


FAULTS = [
    {},
    {"code": "FailedOperation.DownLoadError"},
    {"code": "AuthFailure.SignatureFailure"},
    {"code": "ResourceUnavailable.InArrears", "after": 1},
    {"body": b"<html>", "status": 502, "times": 2},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_nothing_that_is_secret_is_shown_anywhere(
    begin, images, out, tcocr_emulator, everything_logged, monkeypatch, tmp_path, fault
):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/marked.bmp").write_bytes(image_with_a_marker())
    (tmp_path / "in/broken.pdf").write_bytes(b"%PDF-1.4 " + PIXELS.encode())
    (tmp_path / "in/odd.png").write_bytes(b"\x89PNG\r\n\x1a\n" + PIXELS.encode())
    documents = [*(str(path) for path in sorted((tmp_path / "in").iterdir())), *URLS]
    if fault:
        tcocr_emulator.inject(**fault)
    monkeypatch.setattr(content, "_HTTP_ATTEMPTS", 1)
    monkeypatch.setattr(recognizer, "RetryPolicy", lambda: RetryPolicy(base=0.01, cap=0.01))
    shown = []
    real = Client.call

    async def call(self, *arguments, **named):
        if not shown:
            shown.extend(repr(one) for one in package_objects())
        return await real(self, *arguments, **named)

    monkeypatch.setattr(Client, "call", call)
    running = begin(documents=documents, fail_on="never", max_concurrency=2)
    try:
        manifest = running.result()
        shown += [repr(manifest), str(manifest.to_json())]
    except TencentCloudOcrError as error:
        shown += [str(error), repr(error), str(error.__cause__), str(error.__context__)]
    assert shown
    shown += [record.getMessage() + str(record.exc_text) + str(record.args) for record in everything_logged.records]
    stored = b"".join(file.read_bytes() for file in out.path.rglob("*") if file.is_file())
    rows = str(out.raw) + str(out.pages) + str(out.detections)
    for secret in (tcocr_emulator.secret_key, SIGNATURE, PIXELS):
        assert not [text[:300] for text in shown if secret in text]
        assert secret.encode() not in stored
        assert secret not in rows


def test_a_wrong_key_is_not_shown(begin, images, out, tcocr_emulator, everything_logged):
    images(5)
    manifest = begin(secret_key=KEY).result()
    assert "AuthFailure.SignatureFailure" in manifest.reason
    shown = [repr(manifest), *(record.getMessage() for record in everything_logged.records)]
    assert not [text for text in shown if KEY in text]


def test_a_request_does_not_show_its_documents():
    request = BatchRequest(documents=[URLS[0], {"uri": URLS[1]}], output_path="/out")
    assert SIGNATURE not in repr(request)
