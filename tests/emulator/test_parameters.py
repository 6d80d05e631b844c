"""The action's parameter list, by both sites, and what is refused of a document before anyone looks at its pixels."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_tcocr.emulator import Emulator, Options, Refusal
from airflow_provider_tcocr.emulator.request import check_parameters, check_source, read_request

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def refused(parameters: Any, *, international: bool = True) -> str:
    try:
        request = read_request(json.dumps(parameters).encode())
        check_source(request, check_parameters(request, international=international).site)
    except Refusal as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, "MissingParameter"),
        ({"ImageBase64": None}, "MissingParameter"),
        ({"ImageBase64": ""}, "FailedOperation.EmptyImageError"),
        ({"ImageUrl": ""}, "FailedOperation.DownLoadError"),
        ({"ImageBase64": "data:image/png;base64," + PNG}, "FailedOperation.ImageDecodeFailed"),
        ({"ImageBase64": PNG[:8] + "\n" + PNG[8:]}, "FailedOperation.ImageDecodeFailed"),
        ({"ImageBase64": PNG[:-1]}, "FailedOperation.ImageDecodeFailed"),
        ({"ImageBase64": 5}, "InvalidParameter"),
        ({"ImageBase64": PNG, "IsPdf": "true"}, "InvalidParameter"),
        ({"ImageBase64": PNG, "PdfPageNumber": "1"}, "InvalidParameter"),
        ({"ImageBase64": PNG, "PdfPageNumber": True}, "InvalidParameter"),
        ({"ImageBase64": PNG, "PdfPageNumber": 0}, "InvalidParameterValue.InvalidParameterValueLimit"),
        ({"ImageBase64": PNG, "ConfigID": "ocr"}, "InvalidParameterValue"),
        ({"ImageBase64": PNG, "LanguageType": "zh"}, "UnknownParameter"),
        ({"ImageBase64": PNG, "isPdf": True}, "UnknownParameter"),
        ([1], "InvalidParameter"),
        ({"ImageBase64": PNG, "IsPdf": True, "PdfPageNumber": 2, "ConfigID": "MulOCR", "EnableDetectText": False}, ""),
    ],
)
def test_the_parameter_list_is_kept_strictly(parameters: Any, code: str) -> None:
    assert refused(parameters) == code


@pytest.mark.parametrize("extra", [{"IsWords": True}, {"WordsType": "1"}])
def test_words_are_known_to_the_mainland_site_only(extra: dict[str, Any]) -> None:
    assert refused({"ImageBase64": PNG} | extra) == "UnknownParameter"
    assert refused({"ImageBase64": PNG} | extra, international=False) == ""


def test_words_type_is_a_string_of_three() -> None:
    assert refused({"ImageBase64": PNG, "WordsType": 1}, international=False) == "InvalidParameter"
    assert refused({"ImageBase64": PNG, "WordsType": "3"}, international=False) == "InvalidParameterValue"


def test_what_belongs_to_ordinary_ocr_has_no_effect_with_mul_ocr() -> None:
    body = {"ImageBase64": PNG, "ConfigID": "MulOCR", "IsWords": True, "EnableDetectSplit": True, "WordsType": "1"}
    options = check_parameters(read_request(json.dumps(body).encode()), international=False)
    assert options == Options(config_id="MulOCR")


def test_the_url_wins_where_both_are_given() -> None:
    request = read_request(json.dumps({"ImageUrl": "http://a/b", "ImageBase64": PNG}).encode())
    assert request.url == "http://a/b"
    assert request.image is None
    assert request.sha256 is None


def test_base64_of_ten_million_characters_passes_and_four_more_do_not() -> None:
    assert refused({"ImageBase64": "A" * 10_000_000}) == ""
    assert refused({"ImageBase64": "A" * 10_000_004}) == "LimitExceeded.TooLargeFileError"


@settings(deadline=None)
@given(st.binary(max_size=50))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    assert code_of_body(body) in ("", "InvalidParameter")


def code_of_body(body: bytes) -> str:
    try:
        read_request(body)
    except Refusal as refusal:
        return refusal.code
    return ""


@settings(deadline=None)
@given(
    st.sampled_from(["ImageBase64", "ImageUrl", "IsPdf", "PdfPageNumber", "X"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
)
def test_any_value_of_any_parameter_is_taken_or_refused(name: str, value: Any) -> None:
    assert isinstance(refused({name: value, "ConfigID": "OCR"}), str)


@pytest.mark.parametrize(
    ("content", "extra", "code"),
    [
        (b"GIF89a" + b"\0" * 40, {}, "FailedOperation.UnKnowFileTypeError"),
        (b"II*\0" + b"\0" * 40, {}, "FailedOperation.UnKnowFileTypeError"),
        (b"RIFF\0\0\0\0WEBPVP8 ", {}, "FailedOperation.UnKnowFileTypeError"),
        (b"BM is how this text begins, and it is no bitmap", {}, "FailedOperation.UnKnowFileTypeError"),
        (b"just text", {"IsPdf": True}, "FailedOperation.UnKnowFileTypeError"),
        (b"%PDF-1.7\n", {}, "FailedOperation.UnKnowFileTypeError"),
        (b"%PDF-1.7\n", {"IsPdf": True}, ""),
        (b"\xff\xd8\xff\xe0", {}, ""),
        (b"\xff\xd8\xff\xe0", {"IsPdf": True}, ""),
        (b"BM" + b"\0" * 12 + b"\x28\0\0\0", {}, ""),
    ],
)
def test_the_file_type_is_told_by_its_first_bytes(
    emulator: Emulator, kit: Any, content: bytes, extra: dict[str, Any], code: str
) -> None:
    client = kit.client(emulator)
    assert kit.code_of(lambda: kit.recognize(client, content, **extra)) == code
    assert emulator.ledger.billed == (code == "")


def test_an_empty_image_is_refused_and_billed(emulator: Emulator, kit: Any) -> None:
    client = kit.client(emulator)
    assert kit.code_of(lambda: kit.recognize(client, b"")) == "FailedOperation.EmptyImageError"
    assert emulator.ledger.billed == 1


def test_a_call_without_an_image_is_not_billed(emulator: Emulator, kit: Any) -> None:
    client = kit.client(emulator)
    assert kit.code_of(lambda: kit.recognize(client)) == "MissingParameter"
    assert emulator.ledger.billed == 0


def test_a_body_beyond_all_limits_is_refused_and_not_read(emulator: Emulator, kit: Any) -> None:
    assert kit.post(emulator, body=b" " * (33 * 2**20)).code == "RequestSizeLimitExceeded"


def test_the_sdk_hears_of_a_parameter_that_this_site_lacks(emulator: Emulator, kit: Any) -> None:
    client = kit.client(emulator)
    assert kit.code_of(lambda: kit.recognize(client, kit.png(), IsWords=True)) == "UnknownParameter"
