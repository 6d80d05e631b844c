"""What a document is called, what of it may be shown, what identifies it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_tcocr.documents import as_document, travels_as_url
from airflow_provider_tcocr.exceptions import ConfigurationError

SIGNED = [
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20261122&X-Amz-Date=20261122T000000Z&X-Amz-Expires=60"
    "&X-Amz-SignedHeaders=host&X-Amz-Security-Token=t&X-Amz-Signature=SECRET",
    "x-amz-signature=SECRET&x-amz-date=2",
    "X-Goog-Algorithm=GOOG4&X-Goog-Date=1&X-Goog-Signature=SECRET",
    "q-sign-algorithm=sha1&q-ak=AKID&q-sign-time=1;2&q-key-time=1;2&q-header-list=host&q-url-param-list="
    "&q-signature=SECRET&x-cos-security-token=SECRET",
    "AWSAccessKeyId=AKIA&Expires=1795357348&Signature=SECRET",
    "GoogleAccessId=a%40b&Expires=1&Signature=SECRET",
    "OSSAccessKeyId=LTAI&Expires=1&Signature=SECRET&security-token=SECRET",
    "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=LTAI%2F20261122&x-oss-date=1&x-oss-expires=60"
    "&x-oss-additional-headers=host&x-oss-security-token=SECRET&x-oss-signature=SECRET",
    "AccessKeyId=AK&Expires=1&x-obs-security-token=SECRET&Signature=SECRET",
    "Policy=p&Signature=SECRET&Key-Pair-Id=k",
    "sv=2022-11-02&se=2026-11-22&sr=b&sp=r&spr=https&st=2026&skoid=x&sktid=y&skt=1&ske=2&sks=b&skv=3&sig=SECRET",
]


@pytest.mark.parametrize("signature", SIGNED)
def test_signature_parameters_are_no_part_of_the_identity_and_are_never_shown(signature):
    one = as_document(f"https://h.example/a/b.png?{signature}")
    other = as_document(f"https://h.example/a/b.png?{signature.replace('SECRET', 'OTHER').upper()}")
    assert one.identity == other.identity == "https://h.example/a/b.png"
    assert one.document_id == other.document_id
    assert one.document_uri == "https://h.example/a/b.png"
    assert "SECRET" not in repr(one)
    assert one.uri.endswith(signature)


def test_other_parameters_identify_and_show_as_a_short_hash():
    one = as_document("https://h.example/get?id=1&X-Amz-Signature=s")
    two = as_document("https://h.example/get?id=2&X-Amz-Signature=s")
    assert one.identity == "https://h.example/get?id=1"
    assert one.document_uri == two.document_uri == "https://h.example/get"
    assert one.document_id != two.document_id
    assert one.document_id.startswith("https://h.example/get#")
    assert len(one.document_id) < len(one.document_uri) + 20


@pytest.mark.parametrize(
    "name", ["x-oss-process", "x-obs-image-process", "x-cos-process", "q-id", "q-", "x-amzn-page", "signature-page"]
)
def test_what_selects_the_content_identifies_though_it_begins_as_a_signature_does(name):
    signed = f"q-sign-algorithm=sha1&q-signature=s&{name}="
    one, two = (as_document(f"https://h.example/a.png?{signed}image/crop,x_{x}") for x in (0, 500))
    assert one.identity == f"https://h.example/a.png?{name}=image/crop,x_0"
    assert one.document_id != two.document_id
    assert as_document(f"s3://b/{name}?{name}=1.png").document_uri == f"s3://b/{name}?{name}=1.png"


@pytest.mark.parametrize(
    "spelled",
    ["/x/a.png", "/x//a.png", "//x/a.png", "/x/./a.png", "/./x/a.png", "file:///x/a.png", "file://localhost/x//a.png"],
)
def test_a_path_identifies_however_it_is_spelled_and_is_shown_as_it_is_spelled(spelled):
    document = as_document(spelled)
    assert document.identity == "/x/a.png"
    assert document.document_uri == spelled


def test_a_relative_path_identifies_as_it_is_relative_and_what_two_dots_mean_is_the_disks_to_say():
    assert [as_document(name).identity for name in ("a.png", "./a.png", ".//x/./a.png")] == [
        "a.png",
        "a.png",
        "x/a.png",
    ]
    assert as_document("/x/../a.png").identity == "/x/../a.png"


def test_ordinary_words_that_a_signature_also_uses_identify_where_nothing_is_signed():
    assert as_document("https://h.example/a?sp=1&expires=2").identity == "https://h.example/a?sp=1&expires=2"


def test_credentials_and_fragments_of_a_url_are_never_shown():
    document = as_document("https://user:secret@H.example/a.png#part")
    assert document.document_uri == document.document_id == "https://H.example/a.png"
    assert document.identity == "https://h.example/a.png"
    assert "secret" not in repr(document)


def test_credentials_of_a_url_within_a_url_are_never_shown():
    document = as_document("https://proxy.example/https://user:secret@scans.example/a@b.png")
    assert document.document_uri == "https://proxy.example/https://scans.example/a@b.png"
    assert "secret" not in document.document_id


def test_the_connection_of_an_object_stays_and_a_password_does_not():
    assert as_document("s3://conn@bucket/a b/#1?.png").document_uri == "s3://conn@bucket/a b/#1?.png"
    assert as_document("s3://conn:secret@bucket/k").document_uri == "s3://conn@bucket/k"
    assert as_document("abfs://c@acc/k.png?sv=1&sig=secret").document_uri == "abfs://c@acc/k.png"


def test_the_users_own_id_is_the_id_and_the_identity():
    document = as_document({"uri": "https://h/a.png?X-Amz-Signature=s", "document_id": "发票 7"})
    assert (document.document_id, document.identity) == ("发票 7", "发票 7")
    assert document.document_uri == "https://h/a.png"


@pytest.mark.parametrize(
    "name", ["a b.png", "发票#1.png", "50%.png", "what?.png", "a&b=c.png", "C:\\x.png", "[1]*.png"]
)
def test_a_local_path_stays_as_the_user_spelled_it(name):
    document = as_document(f"./folder/{name}")
    assert document.uri == document.document_id == document.document_uri == f"./folder/{name}"
    assert document.identity == f"folder/{name}"


def test_a_file_name_that_is_no_utf8_is_shown_so_that_every_table_takes_it():
    one, two = as_document(os.fsdecode(b"/x/\xff.png")), as_document(os.fsdecode(b"/x/\xfe.png"))
    assert one.document_uri == two.document_uri == "/x/\ufffd.png"
    assert one.document_id != two.document_id
    assert all(text.encode() for text in (one.document_id, one.document_uri, one.identity))
    assert one.uri == os.fsdecode(b"/x/\xff.png")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (7, "int"),
        (b"a.png", "bytes"),
        (None, "NoneType"),
        ("", "empty"),
        ("  ", "empty"),
        ("a\0b", "null character"),
        ({}, "has no uri"),
        ({"document_id": "a"}, "has no uri"),
        ({"uri": 7}, "int"),
        ({"uri": "a", "page": 1, "Name": 2}, "Name, page"),
        ({"uri": "a", "document_id": 7}, "document_id"),
        ({"uri": "a", "document_id": " "}, "document_id"),
        ({"uri": "a", "pages": "x"}, "pages"),
        ("https:///a.png", "without a host"),
        ("http://[::1/a.png?sig=SECRET", "not a URL"),
        ("file://folder/a.png", "absolute"),
        ("file://a.png", "absolute"),
    ],
)
def test_a_wrong_item_is_refused_by_name(wrong, told):
    with pytest.raises(ConfigurationError, match=told) as raised:
        as_document(wrong)
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize(
    ("uri", "as_url"),
    [
        ("https://h/a.png", True),
        ("HTTP://h/a.jpg?x=.pdf", True),
        ("cos://bucket-1250000000/a.jpg", True),
        ("https://h/a.PDF?X-Amz-Signature=s", False),
        ("https://h/a%2Epdf", False),
        ("cos://bucket-1250000000/a.pdf", False),
        ("s3://bucket/a.png", False),
        ("/data/a.png", False),
        ("file:///data/a.png", False),
    ],
)
def test_auto_sends_urls_as_urls_except_pdfs_told_by_the_suffix(uri, as_url):
    assert travels_as_url(as_document(uri), "auto") is as_url
    assert travels_as_url(as_document(uri), "bytes") is False


def test_transfer_url_takes_what_the_service_can_reach_and_nothing_else():
    assert travels_as_url(as_document("https://h/a.pdf"), "url") is True
    for uri in ("/data/a.png", "s3://b/a.png"):
        with pytest.raises(ConfigurationError, match="cannot fetch"):
            travels_as_url(as_document(uri), "url")
    with pytest.raises(ConfigurationError, match="transfer is one of"):
        travels_as_url(as_document("a.png"), "base64")


def test_importing_documents_loads_nothing_heavy():
    code = (
        "import sys, airflow_provider_tcocr.documents\n"
        "heavy = ('PIL', 'pypdfium2', 'aiohttp', 'pyarrow', 'airflow', 'fsspec')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
