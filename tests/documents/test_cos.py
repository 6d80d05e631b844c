"""Objects in COS, found and read by signed requests that a stand-in verifies."""

import itertools
import time
from dataclasses import replace

import pytest

from airflow_provider_tcocr.client.cos import CosSigner
from airflow_provider_tcocr.client.credentials import static
from airflow_provider_tcocr.client.temporary import TemporaryCredentials
from airflow_provider_tcocr.documents import as_document, content, find_documents, open_document, version_of
from airflow_provider_tcocr.exceptions import ConfigurationError, DocumentError
from tests.cos_stand_in import CosStandIn

KEYS = [
    "d/a.png",
    "d/中文 #1+&.png",
    "d/100%25.PNG",
    "d/sub/z?q.webp",
    "d/sub/deep/c.pdf",
    "d/_x.png",
    "d/_raw/a.png",
    "d/.b.png",
    "d/n.txt",
    "d/out/p.png",
    "d/odd[1].png",
    "d/up./x.png",
    "d/../x.png",
    "d/",
    "d2/other.png",
    "noext",
]
EVERY = [
    "d/100%25.PNG",
    "d/a.png",
    "d/odd[1].png",
    "d/sub/deep/c.pdf",
    "d/sub/z?q.webp",
    "d/up./x.png",
    "d/中文 #1+&.png",
]
B = "cos://b-1250000000"


@pytest.fixture
def filled(cos, make):
    cos.objects |= dict.fromkeys(KEYS, make.as_bytes(make.marked(), "PNG"))
    return cos


def signer(cos, **other):
    keys = {"secret_id": cos.secret_id, "secret_key": cos.secret_key, "token": cos.token} | other
    return CosSigner("ap-singapore", static(**keys), endpoint=cos.url)


def found(cos, named, **arguments):
    return [one.uri.removeprefix(f"{B}/") for one in find_documents(named, cos=signer(cos), **arguments)]


@pytest.mark.parametrize("page", [1, 3, 1000])
def test_a_folder_is_listed_whole_and_by_the_rules_of_folders(filled, page):
    filled.page = page
    assert found(filled, f"{B}/d/", output_path=f"{B}/d/out") == EVERY
    assert found(filled, [f"{B}/d/"], output_path=f"{B}/d/out/") == EVERY
    assert found(filled, f"{B}/d") == sorted([*EVERY, "d/out/p.png"])
    assert filled.refusals == filled.gets == []
    assert all(asked["encoding-type"] == "url" and asked["prefix"] != "" for asked in filled.listings)


def test_a_whole_bucket_is_a_folder(filled):
    assert found(filled, f"{B}/") == found(filled, B) == sorted([*EVERY, "d/out/p.png", "d2/other.png"])


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("d/*.png", ["d/a.png", "d/odd[1].png", "d/中文 #1+&.png"]),
        ("d/**/*.webp", ["d/sub/z?q.webp"]),
        ("d/*.txt", ["d/n.txt"]),
        ("*/*er.png", ["d2/other.png"]),
        ("d/[ab].png", ["d/a.png"]),
        ("d/odd[1].png", ["d/odd[1].png"]),
        ("d/sub/z?q.webp", ["d/sub/z?q.webp"]),
    ],
)
def test_a_glob_names_objects_and_a_name_with_signs_in_it_itself(filled, pattern, keys):
    assert found(filled, f"{B}/{pattern}") == keys
    assert found(filled, [f"{B}/{pattern}"]) == keys


def test_an_object_with_a_known_suffix_is_taken_without_a_look(filled):
    assert found(filled, f"{B}/d/a.png") == ["d/a.png"]
    assert found(filled, [f"{B}/none", f"{B}/d/a.png"]) == ["none", "d/a.png"]
    assert filled.asked == []
    assert found(filled, f"{B}/noext") == ["noext"]


def test_a_listing_tells_the_version_and_identity_is_the_uri(filled):
    listed = find_documents(f"{B}/d/sub/", cos=signer(filled))
    assert [version_of(one) for one in listed] == [filled.etag("d/sub/deep/c.pdf"), filled.etag("d/sub/z?q.webp")]
    assert [one.identity for one in listed] == [one.document_uri for one in listed] == [one.uri for one in listed]
    assert version_of(as_document(f"{B}/d/a.png")) is None


def test_the_region_may_stand_in_the_uri(filled):
    host = "cos://b-1250000000.cos.ap-tokyo.myqcloud.com"
    nowhere = CosSigner(None, static(filled.secret_id, filled.secret_key), endpoint=filled.url)
    assert [one.uri for one in find_documents(f"{host}/d/sub/", cos=nowhere)] == [
        f"{host}/d/sub/deep/c.pdf",
        f"{host}/d/sub/z?q.webp",
    ]
    with pytest.raises(ConfigurationError, match="cos_region"):
        find_documents(f"{B}/d/sub/", cos=nowhere)
    with pytest.raises(ConfigurationError, match="keys of a connection"):
        find_documents(f"{B}/d/sub/")


@pytest.mark.parametrize("key", [*EVERY, "d/../x.png"])
def test_objects_of_any_name_are_read(filled, key):
    with open_document(as_document(f"{B}/{key}"), cos=signer(filled)) as opened:
        assert opened.page(1).width == 60
    assert filled.gets == [key]


def test_temporary_keys_are_signed_with_their_token(make):
    with CosStandIn(token="a/token+==") as cos:
        cos.objects["d/a.png"] = make.as_bytes(make.marked(), "PNG")
        (document,) = find_documents(f"{B}/d/", cos=signer(cos))
        with open_document(document, cos=signer(cos)) as opened:
            assert opened.page_count == 1
        with pytest.raises(DocumentError, match="InvalidSecurityToken"):
            find_documents(f"{B}/d/", cos=signer(cos, token=None))


@pytest.mark.parametrize("wanted", ["none", "none/", "none/*.png", "d/*.bmp"])
def test_nothing_found_raises_and_names_it(filled, wanted):
    with pytest.raises(DocumentError) as raised:
        found(filled, f"{B}/{wanted}")
    assert raised.value.code == "Document.Missing"
    assert f"{B}/{wanted}" in str(raised.value)


def read(cos, key="d/a.png", **other):
    with pytest.raises(DocumentError) as raised, open_document(as_document(f"{B}/{key}"), cos=signer(cos, **other)):
        pass
    return raised.value


def test_a_refusal_names_the_document_and_the_code_of_cos_and_no_secret(filled):
    for refusal, keys in (
        ("SignatureDoesNotMatch", {"secret_key": "plantedKey"}),
        ("InvalidAccessKeyId", {"secret_id": "plantedId"}),
        ("InvalidSecurityToken", {"token": "plantedToken"}),
    ):
        told = str(read(filled, **keys))
        assert told == f"Document.Unreadable: {B}/d/a.png cannot be read: the server answers HTTP 403 ({refusal})"
        with pytest.raises(DocumentError, match=rf"HTTP 403 \({refusal}\)") as raised:
            find_documents(f"{B}/d/", cos=signer(filled, **keys))
        assert "planted" not in repr(raised.value)


def test_a_url_of_another_day_is_refused(filled):
    late = CosSigner("ap-x", static(filled.secret_id, filled.secret_key), endpoint=filled.url, clock=lambda: 1e9)
    with pytest.raises(DocumentError, match="RequestTimeTooSkewed"):
        find_documents(f"{B}/d/", cos=late)


def test_an_absent_object_is_missing_and_an_absent_bucket_says_so(filled):
    assert read(filled, "none.png").code == "Document.Missing"
    filled.answers["d/a.png"] = filled.answers[""] = (404, b"<Error><Code>NoSuchBucket</Code></Error>")
    assert "NoSuchBucket" in str(read(filled))
    with pytest.raises(DocumentError, match="NoSuchBucket"):
        found(filled, f"{B}/d/")


def test_a_passing_fault_is_asked_again_with_a_new_signature(filled):
    filled.answers["d/a.png"] = (503, b"<Error><Code>SlowDown</Code></Error>")
    later = itertools.count()
    access = replace(signer(filled), clock=lambda: time.time() + next(later))
    with pytest.raises(DocumentError, match="SlowDown"), open_document(as_document(f"{B}/d/a.png"), cos=access):
        pass
    assert len(filled.targets) == len(set(filled.targets)) == 3


def test_an_object_that_does_not_come_is_an_error_in_time(filled, monkeypatch):
    monkeypatch.setattr(content, "_HTTP_SECONDS", 0.2)
    filled.answers["d/a.png"] = (None, 1.0)
    assert "was not received within 0.2 seconds" in str(read(filled))


def test_without_a_credential_nothing_is_read_and_the_error_names_its_kind(filled):
    def dead():
        raise OSError("planted")

    access = CosSigner("ap-x", TemporaryCredentials(dead, kind="cvm_role"), endpoint=filled.url)
    with pytest.raises(DocumentError, match="cvm_role") as raised, open_document(as_document(f"{B}/a"), cos=access):
        pass
    assert "planted" not in str(raised.value)
    assert filled.asked == []


LOOP = b"<ListBucketResult><IsTruncated>true</IsTruncated><NextMarker>d/a</NextMarker></ListBucketResult>"
FOREIGN = b"<ListBucketResult><Contents><Key>elsewhere/../d/a.png</Key></Contents></ListBucketResult>"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"<html>", "the answer is no XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><ListBucketResult/>', "document type"),
        (LOOP, "does not advance"),
        (FOREIGN, "no document found"),
    ],
)
def test_a_hostile_listing_is_an_error(filled, body, told):
    filled.answers[""] = (200, body)
    with pytest.raises(DocumentError, match=told):
        found(filled, f"{B}/d/")
