"""The signature of COS is its own SDK's; names and listings are read as hostile input is."""

import pytest

from airflow_provider_tcocr.api.cos import CosUri, check_region, error_code, presigned_url, read_listing
from airflow_provider_tcocr.exceptions import ConfigurationError

BASE = "https://b-1250000000.cos.ap-singapore.myqcloud.com"
KEYS = {"secret_id": "AKIDx", "secret_key": "sk", "now": 1795357348}
TIME = "1795357288%3B1795357648"


def signed(names, signature, time=TIME):
    return (
        f"q-sign-algorithm=sha1&q-ak=AKIDx&q-sign-time={time}&q-key-time={time}&q-header-list=host"
        f"&q-url-param-list={names}&q-signature={signature}"
    )


def test_the_url_of_an_object_is_the_one_that_cos_python_sdk_v5_makes():
    url = presigned_url(BASE, "dir/发票 1.jpg", seconds=300, **KEYS)
    assert url == f"{BASE}/dir/%E5%8F%91%E7%A5%A8%201.jpg?{signed('', '00ff40fdb623ffda1c8a280d1c15087cc7795f1a')}"


def test_a_token_is_signed_and_sent_as_the_sdk_does_when_it_is_handed_one():
    url = presigned_url(BASE, "dir/发票 1.jpg", seconds=300, token="tok/en+==", **KEYS)
    assert url == (
        f"{BASE}/dir/%E5%8F%91%E7%A5%A8%201.jpg?x-cos-security-token=tok%2Fen%2B%3D%3D&"
        + signed("x-cos-security-token", "0cbf060c5fabf73881861923bb2e481a4a565419")
    )


def test_dots_in_a_key_are_no_way_up():
    url = presigned_url(BASE, "a/../b./c.png", seconds=300, **KEYS)
    assert url == f"{BASE}/a/..%2Fb.%2Fc.png?{signed('', 'ea782d35e5b52e7a31abbc750c516cb1de2d510f')}"


def test_the_parameters_of_a_listing_are_signed_as_the_sdk_signs_them():
    query = {"prefix": "收件 箱/", "max-keys": "1000", "marker": "a&b", "encoding-type": "url"}
    url = presigned_url(BASE, "", query=query, token="tok/en+==", **KEYS)
    names = "encoding-type%3Bmarker%3Bmax-keys%3Bprefix%3Bx-cos-security-token"
    assert url == (
        f"{BASE}/?encoding-type=url&marker=a%26b&max-keys=1000&prefix=%E6%94%B6%E4%BB%B6%20%E7%AE%B1%2F"
        "&x-cos-security-token=tok%2Fen%2B%3D%3D&"
        + signed(names, "065484cb895b6bf8bde8511775a4ff2efc37e79c", "1795357288%3B1795357948")
    )


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("cos://b-125/a/发票 1.png", CosUri("b-125", None, "a/发票 1.png")),
        ("cos://my-scans-1250000000/", CosUri("my-scans-1250000000", None, "")),
        ("cos://b-125", CosUri("b-125", None, "")),
        ("cos://b-125.cos.ap-singapore.myqcloud.com/a", CosUri("b-125", "ap-singapore", "a")),
        ("cos://b-125/100%25 #1?.png", CosUri("b-125", None, "100%25 #1?.png")),
    ],
)
def test_a_uri_names_a_bucket_with_its_appid_and_a_key_as_it_is(uri, told):
    assert CosUri.parse(uri) == told


@pytest.mark.parametrize(
    "uri",
    [
        "cos://bucket/a",
        "cos:///a",
        "cos://B-125/a",
        "cos://conn@b-125/a",
        "cos://b-125:80/a",
        "cos://evil.example#b-125/a",
        "cos://b-125.cos.ap-x.myqcloud.com.evil.example/a",
        "cos://b-125.evil.example/a",
        "cos://{region}-125/a",
        "cos://b-125/\udcff",
        f"cos://{'b' * 200}-125/a",
    ],
)
def test_what_is_no_bucket_never_becomes_part_of_a_host(uri):
    with pytest.raises(ConfigurationError):
        CosUri.parse(uri)


def test_a_region_is_a_word_of_its_kind():
    assert check_region("ap-beijing-fsi") == "ap-beijing-fsi"
    for wrong in ("ap-x.evil.example/", "AP-X", "", "-x", "ap x", "a" * 70):
        with pytest.raises(ConfigurationError, match="cos_region"):
            check_region(wrong)


def listing(inside, head=""):
    return f"{head}<ListBucketResult>{inside}</ListBucketResult>"


def test_a_listing_gives_keys_with_their_etags_and_where_it_goes_on():
    body = listing(
        "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextMarker>a%20b</NextMarker>"
        '<Contents><Key>%E5%8F%91+%2B%26.png</Key><ETag>"e1"</ETag></Contents><Contents><Key>a%20b</Key></Contents>'
    )
    listed = read_listing(body.encode())
    assert listed.etags == {"发++&.png": "e1", "a b": ""}
    assert listed.marker == "a b"
    assert read_listing(body.replace("true", "false").encode()).marker is None
    assert read_listing(body.replace("<NextMarker>a%20b</NextMarker>", "").encode()).marker == "发++&.png"


def test_a_listing_with_a_namespace_is_one_too():
    body = listing("<Contents><Key>a</Key></Contents>").replace("Result>", 'Result xmlns="urn:x">', 1)
    assert list(read_listing(body.encode()).etags) == ["a"]


ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>",
        b"{}",
        b"<html></html>",
        listing("<Contents><Key>&e;</Key></Contents>", ENTITY).encode(),
        listing("<Contents><Key>&e;</Key></Contents>", ENTITY).encode("utf-16"),
        listing("<IsTruncated>true</IsTruncated>").encode(),
        listing("")[:-4].encode(),
    ],
)
def test_what_is_no_listing_is_refused_and_so_is_a_document_type(body):
    with pytest.raises(ValueError, match=r"XML|listing|one without"):
        read_listing(body)


def test_of_a_refusal_only_a_code_is_taken():
    assert error_code(b"<Error>\n<Code>AccessDenied</Code><Message>secret</Message>") == "AccessDenied"
    for odd in (b"", b"<Code></Code>", b"<Code>a b</Code>", b"<Code>" + b"a" * 99 + b"</Code>"):
        assert error_code(odd) is None
