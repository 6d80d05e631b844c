"""Clients of the emulator that nobody here wrote, and calls signed by hand that may then be spoiled."""

from __future__ import annotations

import base64
import http.client
import json
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_tcocr.api.signing import signed_headers
from airflow_provider_tcocr.emulator import Emulator

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


def png(number: int = 0) -> bytes:
    """A whole PNG of 8 by 8 pixels, another for each number."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + number.to_bytes(8, "big") for _ in range(8))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def sdk_client(emulator: Emulator, **keys: Any) -> Any:
    """Tencent's own client, pointed at an emulator."""
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile
    from tencentcloud.ocr.v20181119.ocr_client import OcrClient

    timeout = keys.pop("timeout", 60)
    given = {"secret_id": emulator.secret_id, "secret_key": emulator.secret_key, "token": emulator.token} | keys
    profile = HttpProfile(endpoint=f"{emulator.host}:{emulator.port}", protocol="http", reqTimeout=timeout)
    credential = Credential(given["secret_id"], given["secret_key"], given["token"])
    return OcrClient(credential, "", ClientProfile(httpProfile=profile, language="en-US"))


def recognize(client: Any, image: bytes | None = None, **parameters: Any) -> Any:
    """One call by the SDK: the typed answer, or its exception."""
    from tencentcloud.ocr.v20181119.models import GeneralAccurateOCRRequest

    request = GeneralAccurateOCRRequest()
    if image is not None:
        request.ImageBase64 = base64.b64encode(image).decode()
    for name, value in parameters.items():
        setattr(request, name, value)
    return client.GeneralAccurateOCR(request)


def code_of(call: Callable[[], Any]) -> str:
    """The code of the SDK's exception, "" where there was none."""
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    try:
        call()
    except TencentCloudSDKException as refused:
        return str(refused.code)
    return ""


@dataclass(frozen=True)
class Answered:
    """One raw answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def response(self) -> dict[str, Any]:
        return json.loads(self.body)["Response"]

    @property
    def code(self) -> str:
        return self.response.get("Error", {}).get("Code", "")


def post(
    emulator: Emulator,
    parameters: Any = None,
    *,
    body: bytes | None = None,
    sent: bytes | None = None,
    timestamp: float | None = None,
    spoil: Callable[[dict[str, str]], dict[str, str]] = dict,
    timeout: float = 20,
    **signing: Any,
) -> Answered:
    """One call signed by our own functions; ``sent`` is another body than the signed one, ``spoil`` changes headers."""
    if parameters is None:
        parameters = {"ImageBase64": base64.b64encode(png()).decode()}
    signed = json.dumps(parameters).encode() if body is None else body
    given = {"secret_id": emulator.secret_id, "secret_key": emulator.secret_key, "action": "GeneralAccurateOCR"}
    headers = signed_headers(
        sha256(signed).hexdigest(),
        host=f"{emulator.host}:{emulator.port}",
        timestamp=int(time.time() if timestamp is None else timestamp),
        **(given | signing),
    )
    connection = http.client.HTTPConnection(emulator.host, emulator.port, timeout=timeout)
    try:
        connection.request("POST", "/", body=signed if sent is None else sent, headers=spoil(headers))
        answer = connection.getresponse()
        return Answered(answer.status, dict(answer.headers), answer.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Kit:
    """What a test file takes from here."""

    png: Callable[..., bytes] = png
    client: Callable[..., Any] = sdk_client
    recognize: Callable[..., Any] = recognize
    code_of: Callable[..., str] = code_of
    post: Callable[..., Answered] = post
    samples: Path = SAMPLES


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.fixture
def emulator(tcocr_emulator: Emulator) -> Emulator:
    return tcocr_emulator
