"""What is read of an answer, sound or not."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_tcocr.api.answer import Answer, answer_from, normalise_angle, read_answer
from airflow_provider_tcocr.api.detection import ItemPolygon, Point, TextDetection, paragraph_number
from airflow_provider_tcocr.api.scalars import INT32_MAX, INT32_MIN
from airflow_provider_tcocr.exceptions import TransportError

OFFICIAL = (Path(__file__).parents[1] / "arrow" / "general_accurate_ocr.json").read_bytes()
FIELDS = (
    *("DetectedText", "Confidence", "Polygon", "AdvancedInfo", "ItemPolygon", "Words", "WordCoordPoint", "Language"),
    "WordPolygon",
)
NAMES: tuple[str, ...] = (
    *FIELDS,
    "Response",
    "TextDetections",
    "Angle",
    "Angel",
    "RequestId",
    "Error",
    "X",
    "Y",
    "Width",
    "Height",
)
NAMES += ("Character", "WordCoordinate", "Parag", "ParagNo", "Other")

anything: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())  # lone surrogates too
    | st.sampled_from(["12", "-3.6", "nan", "1e999", "1_0", "{}", "xx", '{"Parag":{"ParagNo":1}}']),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=12,
)


def one(**fields: object) -> TextDetection:
    """The only detection of an answer that holds it as the service would send it."""
    [detection] = read_answer(json.dumps({"Response": {"TextDetections": [fields]}}).encode()).detections
    return detection


def is_safe(answer: Answer) -> bool:
    """Whether every value fits the tables: re-encoding proves the texts, the schema of the fast path the integers."""
    again = msgspec.json.decode(msgspec.json.encode(answer), type=Answer)
    return again == answer and all(angle is None or math.isfinite(angle) for angle in (answer.angle, answer.angel))


def test_the_published_shape_is_read_whole() -> None:
    answer = read_answer(OFFICIAL)
    assert len(answer.detections) == 9
    assert answer.request_id == "5d0e5a3c-0000-4000-8000-00000000cafe"
    first = answer.detections[0]
    assert first.confidence == 99
    assert first.item_polygon == ItemPolygon(446, 93, 263, 22)
    assert first.polygon == [Point(446, 93), Point(709, 96), Point(709, 118), Point(446, 115)]
    assert [detection.paragraph for detection in answer.detections] == [1, 2, 3, 3, 3, 4, 4, 4, 4]


def test_an_upright_page_has_an_angle_near_zero() -> None:
    assert read_answer(OFFICIAL).page_angle == pytest.approx(-0.01, abs=1e-4)


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(0, 0), (90, 90), (180, 180), (-180, 180), (181, -179), (270, -90), (360, 0), (-0.5, -0.5), (719.5, -0.5)],
)
def test_angles_lie_between_minus_180_and_180(degrees: float, expected: float) -> None:
    assert normalise_angle(degrees) == expected


@pytest.mark.parametrize("degrees", [math.nan, math.inf, -math.inf, None])
def test_what_is_no_number_is_no_angle(degrees: float | None) -> None:
    assert normalise_angle(degrees) is None


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_angle_is_normalised(degrees: float) -> None:
    angle = normalise_angle(degrees)
    assert angle is not None
    assert -180 < angle <= 180
    assert math.copysign(1, angle) == 1 or angle != 0


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"Angel": 12.5}, 12.5), ({"Angle": 1, "Angel": 2}, 1), ({"Angle": None, "Angel": 2}, 2), ({}, None)],
)
def test_the_misspelt_angle_stands_in_for_the_other(fields: dict[str, object], expected: float | None) -> None:
    assert read_answer(json.dumps({"Response": fields}).encode()).page_angle == expected


@pytest.mark.parametrize("detections", [None, [], {}, 0, "none"])
def test_an_answer_may_hold_no_detections(detections: object) -> None:
    assert read_answer(json.dumps({"Response": {"TextDetections": detections}}).encode()).detections == []


def test_an_error_answer_has_no_detections() -> None:
    answer = read_answer(b'{"Response":{"Error":{"Code":"FailedOperation.ImageNoText","Message":"-"},"RequestId":"r"}}')
    assert (answer.detections, answer.request_id) == ([], "r")


def test_numbers_are_read_from_strings_and_fractions_are_rounded() -> None:
    detection = one(Confidence="98.6", Polygon=[{"X": "1", "Y": 2.0}, {"X": 2.7, "Y": " 4 "}])
    assert detection.confidence == 99
    assert detection.polygon == [Point(1, 2), Point(3, 4)]


@pytest.mark.parametrize("value", [None, True, [], {}, "x", "", "1_0", "nan", math.nan, math.inf, 2**31, -(2**31) - 1])
def test_what_is_no_int32_is_none(value: object) -> None:
    assert one(Confidence=value).confidence is None


def test_the_bounds_of_int32_are_read() -> None:
    assert one(Confidence=INT32_MAX).confidence == INT32_MAX
    assert one(Confidence=INT32_MIN).confidence == INT32_MIN


def test_an_integer_of_any_length_is_survived() -> None:
    body = b'{"Response":{"TextDetections":[{"DetectedText":"a","Confidence":' + b"9" * 10_000 + b"}]}}"
    [detection] = read_answer(body).detections
    assert (detection.detected_text, detection.confidence) == ("a", None)


def test_a_polygon_with_a_broken_vertex_is_none_altogether() -> None:
    assert one(Polygon=[{"X": 1, "Y": 2}, {"X": 1}]).polygon is None
    assert one(ItemPolygon={"X": 1, "Y": 2, "Width": 3}).item_polygon is None


CORNERS = {"LeftTop": (1, 2), "RightTop": (3, 2), "RightBottom": (3, 4), "LeftBottom": (1, 4)}
NAMED = {name: {"X": x, "Y": y} for name, (x, y) in CORNERS.items()}


@pytest.mark.parametrize("confidence", [97, "97"], ids=["soundly", "tolerantly"])
def test_named_corners_are_a_polygon_clockwise_from_the_top_left(confidence: object) -> None:
    detection = one(Confidence=confidence, WordPolygon=[NAMED, {**NAMED, "LeftBottom": None}, {}])
    assert detection.word_polygons == [[Point(x, y) for x, y in CORNERS.values()], None, None]
    assert detection.words is None


@pytest.mark.parametrize("corners", [[None], [3], [{**NAMED, "LeftTop": {"X": 1}}], [{**NAMED, "LeftTop": []}]])
def test_a_broken_corner_costs_its_polygon_and_no_more(corners: object) -> None:
    detection = one(DetectedText="text", WordPolygon=corners)
    assert (detection.detected_text, detection.word_polygons) == ("text", [None])


def test_what_is_no_list_of_corners_is_none() -> None:
    assert one(WordPolygon={"LeftTop": 1}).word_polygons == one(WordPolygon=None).word_polygons == []


@pytest.mark.parametrize(("language", "expected"), [("zh", "zh"), (None, None), (3, None)])
def test_a_page_may_have_a_language(language: object, expected: str | None) -> None:
    assert read_answer(json.dumps({"Response": {"Language": language}}).encode()).language == expected


def test_one_broken_field_costs_no_other() -> None:
    detection = one(
        DetectedText="text", Confidence=[], Polygon=None, ItemPolygon={"X": 1, "Y": 2, "Width": 3, "Height": 4}
    )
    assert detection == TextDetection(detected_text="text", item_polygon=ItemPolygon(1, 2, 3, 4))


def test_an_entry_that_is_no_object_keeps_its_place() -> None:
    answer = read_answer(b'{"Response":{"TextDetections":[null,{"DetectedText":"b"},3]}}')
    assert [detection.detected_text for detection in answer.detections] == [None, "b", None]


def test_lone_surrogates_become_replacement_characters() -> None:
    answer = read_answer(b'{"Response":{"TextDetections":[{"DetectedText":"a\\ud800b\\ud83d\\ude00"}]}}')
    assert answer.detections[0].detected_text == "a\ufffdb\U0001f600"


def test_a_body_in_bad_utf_8_is_still_read() -> None:
    answer = read_answer(b'{"Response":{"TextDetections":[{"DetectedText":"a\xffb","Confidence":7}]}}')
    assert (answer.detections[0].detected_text, answer.detections[0].confidence) == ("a\ufffdb", 7)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b" \n"])
def test_a_mark_before_the_body_is_no_matter(mark: bytes) -> None:
    assert read_answer(mark + OFFICIAL) == read_answer(OFFICIAL)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"1",
        b"{}",
        b'{"Response":null}',
        b'{"Response":[]}',
        b'{"Response":{',
        b"\xff\xfe",
    ],
)
def test_a_foreign_body_is_the_one_typed_error(body: bytes) -> None:
    with pytest.raises(TransportError) as caught:
        read_answer(body)
    assert caught.value.code == "Transport.Foreign"


def test_the_error_does_not_tell_the_body() -> None:
    with pytest.raises(TransportError) as caught:
        read_answer(b"patient name: secret")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("field", ["Response", "TextDetections", "Unknown", "AdvancedInfo"])
def test_nesting_without_end_is_survived_or_the_typed_error(field: str) -> None:
    deep = b"[" * 200_000 + b"]" * 200_000
    for body in (b'{"Response":{"%s":%s}}' % (field.encode(), deep), b'{"%s":%s}' % (field.encode(), deep)):
        with suppress(TransportError):
            read_answer(body)


@pytest.mark.parametrize(
    ("advanced_info", "expected"),
    [
        ('{"Parag":{"ParagNo":1}}', 1),
        ('{"Parag":{"ParagNo":0}}', 0),
        ('{"Parag":{"ParagNo":"7"}}', 7),
        ('{"Parag":{"ParagNo":3},"More":"x"}', 3),
        ('{"Parag":{"ParagNo":4},"More":"' + "x" * 100 + '"}', 4),
        ('{"Parag":{"ParagNo":99999999999}}', None),
        ('{"Parag":null}', None),
        ('{"Parag":[]}', None),
        ("", None),
        ("{}", None),
        ("xx", None),
        ("0", None),
        ("[" * 100_000, None),
        ("\ud800", None),
        (None, None),
    ],
)
def test_the_paragraph_is_read_where_there_is_one(advanced_info: str | None, expected: int | None) -> None:
    assert paragraph_number(advanced_info) == expected


def test_an_answer_is_read_in_every_form_a_client_gives_it() -> None:
    whole = json.loads(OFFICIAL)
    inner = whole["Response"]
    expected = read_answer(OFFICIAL)
    forms = (OFFICIAL, bytearray(OFFICIAL), memoryview(OFFICIAL), OFFICIAL.decode(), whole, inner, json.dumps(inner))
    assert all(answer_from(form) == expected for form in forms)


@pytest.mark.parametrize("value", [{}, {"foo": 1}, {"Response": None}, "", b"[]", "null"])
def test_what_is_no_answer_in_any_form_is_the_typed_error(value: Any) -> None:
    with pytest.raises(TransportError, match=r"Transport\.Foreign"):
        answer_from(value)


def test_a_dict_may_hold_what_json_cannot() -> None:
    answer = answer_from({"TextDetections": [{"DetectedText": "a\ud800", "Confidence": 10**400, "Words": object()}]})
    assert answer.detections == [TextDetection(detected_text="a\ufffd")]


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: OFFICIAL[:900] + tail))
def test_any_bytes_give_an_answer_or_the_typed_error(body: bytes) -> None:
    with suppress(TransportError):
        assert is_safe(read_answer(body))


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, anything)), anything, anything)
def test_any_json_in_the_place_of_any_field_is_survived(
    detection: dict[str, Any], angle: object, other: object
) -> None:
    response = {"Angle": angle, "RequestId": other, "TextDetections": [detection, {"DetectedText": "sound"}, other]}
    answer = read_answer(json.dumps({"Response": response}).encode())
    assert is_safe(answer)
    assert len(answer.detections) == 3
    assert answer.detections[1].detected_text == "sound"
    assert is_safe(answer_from(response))


@given(
    st.lists(st.tuples(st.text(), st.integers(0, 100), st.integers(INT32_MIN, INT32_MAX)), max_size=5),
    st.floats(-360, 360),
)
def test_decoding_encoding_and_decoding_changes_nothing(rows: list[tuple[str, int, int]], angle: float) -> None:
    detections = [
        {"DetectedText": text, "Confidence": confidence, "Polygon": [{"X": x, "Y": -1}], "Words": [{"Character": text}]}
        for text, confidence, x in rows
    ]
    answer = read_answer(json.dumps({"Response": {"TextDetections": detections, "Angle": angle}}).encode())
    assert read_answer(b'{"Response":%s}' % msgspec.json.encode(answer)) == answer
    assert [detection.detected_text for detection in answer.detections] == [text for text, _, _ in rows]
