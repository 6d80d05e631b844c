"""The signature holds against both published vectors, the SDK's OCR vectors, and the SDK's own signer."""

import json
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_tcocr.api.signing import canonical_request, signature, signed_headers, signing_date

PAYLOAD = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
CVM = {
    "host": "cvm.tencentcloudapi.com",
    "service": "cvm",
    "action": "DescribeInstances",
    "version": "2017-03-12",
    "content_type": "application/json; charset=utf-8",
    "timestamp": 1551113065,
}


def test_the_payload_of_the_published_vectors_is_as_published():
    assert sha256(PAYLOAD).hexdigest() == "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"


def test_the_first_published_vector_holds():
    canonical = canonical_request(
        {"content-type": CVM["content_type"], "host": CVM["host"]}, sha256(PAYLOAD).hexdigest()
    )
    assert sha256(canonical.encode()).hexdigest() == "5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031"
    signed = signature(
        "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", canonical, timestamp=1551113065, date="2019-02-25", service="cvm"
    )
    assert signed == "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"


def test_the_second_published_vector_holds():
    headers = signed_headers(
        sha256(PAYLOAD).hexdigest(), secret_id="AKID" + "*" * 32, secret_key="*" * 32, region="ap-guangzhou", **CVM
    )
    assert headers["Authorization"] == (
        f"TC3-HMAC-SHA256 Credential=AKID{'*' * 32}/2019-02-25/cvm/tc3_request, "
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )
    assert headers["X-TC-Region"] == "ap-guangzhou"


@pytest.mark.parametrize(
    ("payload_hash", "expected"),
    [
        (
            sha256(b'{"ImageUrl": "https://example.com/a.jpg"}').hexdigest(),
            "10d670e7a361f1b9f61e55f1a83f543670373659ec57a972f38c881d7eee2fae",
        ),
        (
            sha256(b"UNSIGNED-PAYLOAD").hexdigest(),
            "d602545c654af58646d1d112cc68b50ce749164c6f19722ae4122e0512cb14b7",
        ),
    ],
)
def test_the_ocr_vectors_hold(payload_hash, expected):
    canonical = canonical_request(
        {"content-type": "application/json", "host": "ocr.intl.tencentcloudapi.com"}, payload_hash
    )
    assert signature("SECRETEXAMPLE", canonical, timestamp=1551113065, date=signing_date(1551113065)) == expected


@settings(deadline=None, max_examples=60)
@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
    body=st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=4),
    timestamp=st.integers(0, 4_000_000_000),
)
def test_the_sdks_own_signer_agrees_on_random_requests(secret, body, timestamp):
    from tencentcloud.common.sign import Sign

    payload = json.dumps(body)
    canonical = canonical_request(
        {"content-type": "application/json", "host": "ocr.intl.tencentcloudapi.com"},
        sha256(payload.encode()).hexdigest(),
    )
    date = signing_date(timestamp)
    to_sign = f"TC3-HMAC-SHA256\n{timestamp}\n{date}/ocr/tc3_request\n{sha256(canonical.encode()).hexdigest()}"
    theirs = Sign.sign_tc3(secret, date, "ocr", to_sign)
    assert signature(secret, canonical, timestamp=timestamp, date=date) == theirs


def test_the_token_is_sent_and_does_not_enter_the_signature():
    plain = signed_headers("0" * 64, secret_id="i", secret_key="k", host="h", action="A", timestamp=0)
    with_token = signed_headers("0" * 64, secret_id="i", secret_key="k", host="h", action="A", timestamp=0, token="t")
    assert with_token.pop("X-TC-Token") == "t"
    assert with_token == plain


def test_the_headers_show_no_value_where_a_traceback_shows_variables():
    headers = signed_headers(
        "0" * 64, secret_id="i", secret_key="k", host="h", action="A", timestamp=0, token="planted"
    )
    assert repr(headers).startswith("<SignedHeaders Authorization, Content-Type, ")
    assert "planted" not in repr(headers)
    assert "Signature=" not in repr(headers)
