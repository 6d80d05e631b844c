"""Which answers are plain, and their numbers as lines of digits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_tcocr.api.plain import read_plain

DETECTION: dict[str, Any] = {
    "DetectedText": "Invoice",
    "Confidence": 99,
    "Polygon": [{"X": 64, "Y": 40}, {"X": 952, "Y": 41}, {"X": 951, "Y": 64}, {"X": -3, "Y": 63}],
    "AdvancedInfo": '{"Parag":{"ParagNo":1}}',
    "ItemPolygon": {"X": 64, "Y": 40, "Width": 888, "Height": 24},
    "Words": [],
    "WordCoordPoint": [],
}


def body(*detections: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps({"Response": {"TextDetections": detections, "RequestId": "r", **fields}}).encode()


def test_a_plain_answer_is_read_whole() -> None:
    page = read_plain(body(DETECTION, Angle=359.5, Language="zh"))
    assert page is not None
    answer = page.answer
    assert (answer.page_angle, answer.language, answer.request_id) == (-0.5, "zh", "r")
    [detection] = answer.text_detections
    assert (detection.detected_text, detection.confidence) == ("Invoice", 99)
    assert detection.advanced_info == '{"Parag":{"ParagNo":1}}'


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), ("\n,", " :\t")])
def test_places_are_digits_line_by_line_however_the_json_is_spaced(separators: tuple[str, str]) -> None:
    response = {"Response": {"TextDetections": [DETECTION, DETECTION]}}
    page = read_plain(json.dumps(response, separators=separators).encode())
    assert page is not None
    assert page.vertices.split() == [b"64", b"40", b"952", b"41", b"951", b"64", b"-3", b"63"] * 2
    assert page.sides.split() == [b"64", b"40", b"888", b"24"] * 2


@pytest.mark.parametrize(
    "fields",
    [
        {"DetectedText": None},
        {"Confidence": "99"},
        {"Confidence": 2**31},
        {"Words": [{"Character": "I", "Confidence": 99}]},
        {"WordCoordPoint": [{"WordCoordinate": []}]},
        {"WordPolygon": [{}]},
        {"AdvancedInfo": {}},
    ],
)
def test_a_detection_with_words_or_of_another_type_is_not_plain(fields: dict[str, Any]) -> None:
    assert read_plain(body(DETECTION, DETECTION | fields)) is None


@pytest.mark.parametrize("name", ["DetectedText", "Confidence", "Polygon", "ItemPolygon"])
def test_a_detection_that_lacks_something_is_not_plain(name: str) -> None:
    assert read_plain(body({key: value for key, value in DETECTION.items() if key != name})) is None


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"Response":{}}', body(), b'{"Response":null}'])
def test_what_holds_no_detection_is_not_plain(answer: bytes) -> None:
    assert read_plain(answer) is None


@pytest.mark.parametrize(
    "polygon",
    [
        None,
        [],
        DETECTION["Polygon"][:3],
        [*DETECTION["Polygon"], {"X": 1, "Y": 1}],
        [{"Y": 40, "X": 64}, *DETECTION["Polygon"][1:]],
        [{"X": 64.5, "Y": 40}, *DETECTION["Polygon"][1:]],
        [{"X": "64", "Y": 40}, *DETECTION["Polygon"][1:]],
        [{"X": None, "Y": 40}, *DETECTION["Polygon"][1:]],
        [{"X": 64, "Y": 40, "Z": 1}, *DETECTION["Polygon"][1:]],
        [{"X": 2**31, "Y": 40}, *DETECTION["Polygon"][1:]],
        [{"X": -(2**31) - 1, "Y": 40}, *DETECTION["Polygon"][1:]],
        [{"X9": 64, "Y": 40}, *DETECTION["Polygon"][1:]],
        [{"X": 64, "-Y": 40}, *DETECTION["Polygon"][1:]],
        [{"X ": 64, "Y": 40}, *DETECTION["Polygon"][1:]],
    ],
)
def test_a_polygon_of_another_form_is_not_plain(polygon: Any) -> None:
    assert read_plain(body(DETECTION, DETECTION | {"Polygon": polygon})) is None


@pytest.mark.parametrize(
    "box",
    [
        None,
        {},
        {"X": 1, "Y": 2, "Height": 4, "Width": 3},
        {"X": 1, "Y": 2, "Width": 3.5, "Height": 4},
        {"X": 1, "Y": 2, "Width": 3, "Height2": 4},
        {"X": 1, "Y": 2, "Width": 10**40, "Height": 4},
    ],
)
def test_an_item_polygon_of_another_form_is_not_plain(box: Any) -> None:
    assert read_plain(body(DETECTION | {"ItemPolygon": box})) is None
