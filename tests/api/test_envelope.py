"""Any bytes are a success, a typed refusal, or a typed foreign body; an error is never taken for an empty page."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_tcocr.api.envelope import Opened, decode, open_answer, utf8, without_queries
from airflow_provider_tcocr.api.faults import limit_in
from airflow_provider_tcocr.exceptions import (
    ApiError,
    PageError,
    ServiceError,
    TencentCloudOcrError,
    ThrottledError,
    TransportError,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


def body(**response):
    return json.dumps({"Response": response}).encode()


def test_a_success_gives_its_request_id():
    assert open_answer(body(RequestId="r", TextDetections=[]), action="A") == Opened("r", detects=False)
    assert open_answer(body(TextDetections=None), action="A") == Opened(None, detects=False)


@pytest.mark.parametrize(
    ("response", "detects"),
    [
        (b'{"TextDetections": [{"DetectedText": "a"}]}', True),
        (b'{"TextDetections":\n[ \t{}\r\n]}', True),
        (b'{"TextDetections": ["\\ud800"]}', True),  # no strict decoder reads it
        (b'{"TextDetections": [ \n ]}', False),
        (b'{"TextDetections": null}', False),
        (b'{"TextDetections": {"0": {}}}', False),
        (b'{"TextDetections": "[1]"}', False),
        (b'{"Other": {"TextDetections": [{}]}}', False),
        (b'{"Other": "\\ud800", "TextDetections": []}', False),
        (b"{}", False),
    ],
)
def test_a_success_tells_whether_it_holds_any_text_detection(response, detects):
    assert open_answer(b'{"Response": %s}' % response, action="A").detects is detects


def test_a_refusal_inside_http_200_is_an_error_whatever_the_content_type():
    with pytest.raises(PageError) as caught:
        open_answer(
            body(Error={"Code": "FailedOperation.ImageDecodeFailed", "Message": "m"}, RequestId="r"), action="A"
        )
    assert (caught.value.code, caught.value.request_id, caught.value.action) == (
        "FailedOperation.ImageDecodeFailed",
        "r",
        "A",
    )


def test_a_refusal_without_request_id_keeps_its_code():
    with pytest.raises(PageError) as caught:
        open_answer(body(Error={"Code": "FailedOperation.ImageDecodeFailed"}), action="A")
    assert caught.value.request_id is None


@pytest.mark.parametrize("error", [{}, [], "text", 0, False, {"Code": None}])
def test_an_error_of_an_unknown_shape_is_still_an_error(error):
    with pytest.raises(ServiceError):
        open_answer(body(Error=error), action="A")


@pytest.mark.parametrize(
    "foreign",
    [b"", b"  ", b"<html>502</html>", b"null", b"[]", b'{"Response": null}', b'{"Response": []}', b"{", b"\x00"],
)
def test_a_foreign_body_is_a_transport_error_that_does_not_show_it(foreign):
    with pytest.raises(TransportError) as caught:
        open_answer(foreign, action="A", status=502)
    assert caught.value.status == 502
    assert "502" in str(caught.value)
    assert "html>" not in str(caught.value)


def test_a_json_refusal_with_another_status_is_read():
    with pytest.raises(ServiceError):
        open_answer(body(Error={"Code": "InternalError", "Message": ""}), action="A", status=500)


@pytest.mark.parametrize("status", [201, 203, 206, 500])
def test_what_was_read_of_a_page_is_an_answer_whatever_status_a_proxy_gave_it(status):
    """It is paid for; asked again, it would be paid for up to four times and be a failed page nevertheless."""
    answer = body(TextDetections=[{"DetectedText": "a"}], RequestId="r")
    assert open_answer(answer, action="A", status=status) == Opened("r", detects=True)


def test_a_blank_page_is_one_only_with_a_status_of_success():
    blank = body(TextDetections=[], RequestId="r")
    assert open_answer(blank, action="A", status=203) == Opened("r", detects=False)
    with pytest.raises(TransportError, match="HTTP 502"):
        open_answer(blank, action="A", status=502)


def test_http_429_from_a_proxy_is_throttling_that_names_no_quota():
    with pytest.raises(ThrottledError) as raised:
        open_answer(b"<html>too many</html>", action="A", status=429)
    assert limit_in(raised.value.message) is None


def test_http_413_is_this_pages_size():
    with pytest.raises(PageError):
        open_answer(b"<html>too large</html>", action="A", status=413)


def test_another_charset_is_read_by_its_declaration():
    text = '{"Response": {"RequestId": "编号"}}'
    assert utf8(text.encode("gbk"), "application/json; charset=GBK") == text.encode()
    assert utf8(text.encode(), "application/json; charset=GBK") == text.encode()
    assert utf8(b"\xef\xbb\xbf{}", "") == b"{}"
    with pytest.raises(TransportError):
        utf8(b"\xff\xfe{", "application/json")


@pytest.mark.parametrize("odd", [b'"\\ud800"', b"NaN", b'"\x01"', b"1e999", b"NaN," + b"9" * 6000])
def test_a_paid_answer_with_odd_values_is_still_an_answer(odd):
    assert open_answer(b'{"Response": {"RequestId": "r", "TextDetections": [' + odd + b"]}}", action="A") == Opened(
        "r", detects=True
    )


@given(st.binary(max_size=200))
def test_any_bytes_end_as_success_or_typed_error(foreign):
    try:
        open_answer(foreign, action="A")
        decode(foreign)
    except TencentCloudOcrError:
        pass


@given(JSON, JSON)
def test_any_json_in_the_envelope_ends_as_success_or_typed_error(error, request_id):
    try:
        open_answer(body(Error=error, RequestId=request_id), action="A")
    except ApiError as caught:
        str(caught).encode()
    else:
        assert error is None


@pytest.mark.parametrize("field", ["Error", "RequestId"])
@pytest.mark.parametrize("depth", range(900, 1010, 5))
def test_nesting_of_any_depth_ends_as_success_or_typed_error(field, depth):
    nested = b"[" * depth + b"]" * depth
    with contextlib.suppress(TencentCloudOcrError):
        open_answer(b'{"Response": {"%s": %s}}' % (field.encode(), nested), action="A")


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (
            "cannot fetch https://b.example/a.png?q-sign-algorithm=sha1&q-signature=planted (403)",
            "https://b.example/a.png",
        ),
        ("no: 'http://u:planted@b.example/a.png'", "http://b.example/a.png"),
        ('"https://b.example/a.png?sig=planted": gone', "https://b.example/a.png"),
        ("HTTPS://B.EXAMPLE/?planted", "HTTPS://B.EXAMPLE/"),
    ],
)
@pytest.mark.parametrize("escaped", [False, True])
def test_a_url_that_a_refusal_names_loses_its_query_and_its_password(told, kept, escaped):
    body = json.dumps({"Response": {"Error": {"Code": "FailedOperation.DownLoadError", "Message": told}}}).encode()
    body = body.replace(b"/", rb"\/") if escaped else body
    with pytest.raises(ServiceError) as caught:
        open_answer(body, action="GeneralAccurateOCR")
    assert kept in caught.value.message
    assert "planted" not in str(caught.value)
    scrubbed = without_queries(body)
    assert b"planted" not in scrubbed
    assert json.loads(scrubbed)["Response"]["Error"]["Message"] == caught.value.message


@pytest.mark.parametrize("told", ["Is it whole? See https://b.example/a.png", "a?b=c", "100 % of 5?"])
def test_a_refusal_without_a_query_is_kept_as_it_is(told):
    body = json.dumps({"Response": {"Error": {"Code": "InternalError", "Message": told}}}).encode()
    assert without_queries(body) == body


@pytest.mark.parametrize("piece", [b"http://", b"http://a?b", b"http://a@", rb"https:\/\/a"])
def test_a_refusal_of_nothing_but_urls_is_read_through_once(piece):
    """Looked at again from each URL on, four megabytes would take days."""
    body = b'{"Response": {"Error": {"Code": "InternalError", "Message": "%s"}}}' % (piece * 2**19)
    assert len(without_queries(body)) <= len(body)
    with pytest.raises(ServiceError):
        open_answer(body, action="A")


def test_a_password_is_taken_out_before_a_long_message_is_cut():
    told = "x" * 470 + " https://reader:plantedPassword@b.example/a.png" + "x" * 500
    with pytest.raises(ServiceError) as caught:
        open_answer(body(Error={"Code": "InternalError", "Message": told}, RequestId="r" * 900), action="A")
    assert "planted" not in caught.value.message
    assert len(caught.value.message) == len(caught.value.request_id) == 500
