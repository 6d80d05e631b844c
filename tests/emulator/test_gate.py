"""Who is let in: Tencent's own client is, and each way of being wrong has its own code."""

from __future__ import annotations

import re
from typing import Any

import pytest

from airflow_provider_tcocr.emulator import Emulator

NOW = 1_700_000_000


def test_tencents_own_client_is_understood(emulator: Emulator, kit: Any) -> None:
    answer = kit.recognize(kit.client(emulator), kit.png())
    assert answer.TextDetections[0].DetectedText
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.RequestId)
    assert emulator.ledger.calls[0].request_id == answer.RequestId
    assert emulator.ledger.calls[0].signed


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"secret_id": "AKIDsomeoneelse"}, "AuthFailure.SecretIdNotFound"),
        ({"secret_key": "another"}, "AuthFailure.SignatureFailure"),
        ({"token": "stolen"}, "AuthFailure.TokenFailure"),
    ],
)
def test_foreign_keys_are_refused_to_the_sdk(emulator: Emulator, kit: Any, keys: dict[str, str], code: str) -> None:
    client = kit.client(emulator, **keys)
    assert kit.code_of(lambda: kit.recognize(client, kit.png())) == code
    assert emulator.ledger.billed == 0
    assert not emulator.ledger.calls[0].signed or code == "AuthFailure.TokenFailure"


@pytest.mark.parametrize("seconds", [-301, 310, -86_400])
def test_a_timestamp_more_than_five_minutes_off_has_expired(emulator: Emulator, kit: Any, seconds: int) -> None:
    import time

    assert kit.post(emulator, timestamp=time.time() + seconds).code == "AuthFailure.SignatureExpire"


@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_timestamp_less_than_five_minutes_off_will_do(emulator: Emulator, kit: Any, seconds: int) -> None:
    import time

    assert kit.post(emulator, timestamp=time.time() + seconds).code == ""


def test_a_body_changed_under_way_fails_its_signature(emulator: Emulator, kit: Any) -> None:
    answer = kit.post(emulator, body=b'{"ImageUrl": "http://a/1"}', sent=b'{"ImageUrl": "http://a/2"}')
    assert answer.code == "AuthFailure.SignatureFailure"
    assert not emulator.ledger.calls[0].signed


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [
        (r"/\d{4}-\d\d-\d\d/", "/2020-01-01/"),
        (r"/ocr/", "/cvm/"),
        (r"tc3_request", "aws4_request"),
        (r"SignedHeaders=[^,]*", "SignedHeaders=host"),
        (r"SignedHeaders=[^,]*", "SignedHeaders=content-type"),
        (r"SignedHeaders=[^,]*", "SignedHeaders=host;content-type"),
        (r"SignedHeaders=[^,]*", "SignedHeaders=content-type;host;x-not-there"),
        (r"TC3-HMAC-SHA256", "TC3-HMAC-MD5"),
        (r".*", ""),
    ],
)
def test_an_authorization_of_another_kind_is_invalid(
    emulator: Emulator, kit: Any, pattern: str, replacement: str
) -> None:
    def spoil(headers: dict[str, str]) -> dict[str, str]:
        return headers | {"Authorization": re.sub(pattern, replacement, headers["Authorization"], count=1)}

    assert kit.post(emulator, spoil=spoil).code == "AuthFailure.InvalidAuthorization"


def test_a_header_changed_after_signing_fails_its_signature(emulator: Emulator, kit: Any) -> None:
    changed = {"Content-Type": "application/json; charset=utf-8"}
    assert kit.post(emulator, spoil=lambda headers: headers | changed).code == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    ("name", "pattern", "code"),
    [
        ("Authorization", "(?<=Credential=)[^/]*", "AuthFailure.SecretIdNotFound"),
        ("Authorization", "(?<=Signature=).*", "AuthFailure.SignatureFailure"),
        ("Content-Type", ".*", "AuthFailure.SignatureFailure"),
        ("X-TC-Token", ".*", "AuthFailure.TokenFailure"),
        ("X-TC-Version", ".*", "NoSuchVersion"),
    ],
)
def test_stray_bytes_in_a_header_are_refused_as_any_wrong_value(
    emulator: Emulator, kit: Any, name: str, pattern: str, code: str
) -> None:
    def spoil(headers: dict[str, str]) -> dict[str, str]:
        return headers | {name: re.sub(pattern, "\xff\xfe", headers.get(name, ""), count=1)}

    answer = kit.post(emulator, spoil=spoil)
    assert (answer.status, answer.code) == (200, code)


def test_a_body_too_deep_to_be_read_is_refused(emulator: Emulator, kit: Any) -> None:
    answer = kit.post(emulator, body=b'{"ImageBase64":' + b"[" * 5000 + b"]" * 5000 + b"}")
    assert (answer.status, answer.code) == (200, "InvalidParameter")


def test_a_signature_for_another_service_is_refused(emulator: Emulator, kit: Any) -> None:
    assert kit.post(emulator, service="cvm").code == "AuthFailure.InvalidAuthorization"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"action": "GeneralOCR"}, "InvalidAction"),
        ({"action": "EnglishOCR"}, "InvalidAction"),
        ({"action": "GeneralBasicOCR"}, ""),
        ({"version": "2017-03-12"}, "NoSuchVersion"),
    ],
)
def test_a_site_has_its_actions_in_one_version(
    emulator: Emulator, kit: Any, changed: dict[str, str], code: str
) -> None:
    assert kit.post(emulator, **changed).code == code


@pytest.mark.parametrize("name", ["X-TC-Timestamp", "X-TC-Version"])
def test_a_missing_header_is_a_missing_parameter(emulator: Emulator, kit: Any, name: str) -> None:
    answer = kit.post(emulator, spoil=lambda headers: {key: headers[key] for key in headers if key != name})
    assert answer.code == "MissingParameter"


def test_temporary_keys_need_their_token(kit: Any) -> None:
    with Emulator("canned", token="t-1") as emulator:
        assert kit.code_of(lambda: kit.recognize(kit.client(emulator), kit.png())) == ""
        assert kit.post(emulator).code == "AuthFailure.TokenFailure"
        assert kit.post(emulator, token="t-2").code == "AuthFailure.TokenFailure"
        assert '"token": "t-1"' in emulator.connection


def test_a_clock_that_is_ahead_says_so_in_its_date_header(kit: Any) -> None:
    import time
    from email.utils import parsedate_to_datetime

    with Emulator("canned", skew=3600) as emulator:
        refused = kit.post(emulator)
        assert refused.code == "AuthFailure.SignatureExpire"
        told = parsedate_to_datetime(refused.headers["Date"]).timestamp()
        assert told - time.time() == pytest.approx(3600, abs=5)
        assert kit.post(emulator, timestamp=told).code == ""


def test_a_refusal_comes_with_status_200_as_json(emulator: Emulator, kit: Any) -> None:
    answer = kit.post(emulator, secret_key="another")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers.keys() >= {"Date", "Content-Length"}
    assert answer.response.keys() == {"Error", "RequestId"}
