"""The canned engine: many shapes of text, always the same for the same image, and a test's own answers first."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from airflow_provider_tcocr.emulator import Emulator, Options, Refusal, Request
from airflow_provider_tcocr.emulator.canned import invent


def test_the_same_image_has_the_same_answer_and_another_another(emulator: Emulator, kit: Any) -> None:
    client = kit.client(emulator)
    first, again, other = (kit.recognize(client, kit.png(number)) for number in (1, 1, 2))
    assert [one.DetectedText for one in first.TextDetections] == [one.DetectedText for one in again.TextDetections]
    assert [one.DetectedText for one in first.TextDetections] != [one.DetectedText for one in other.TextDetections]


def test_the_pages_of_one_pdf_differ(emulator: Emulator, kit: Any) -> None:
    client = kit.client(emulator)
    pages = [kit.recognize(client, b"%PDF-1.7", IsPdf=True, PdfPageNumber=page) for page in (1, 2)]
    assert pages[0].to_json_string() != pages[1].to_json_string()
    assert [call.page for call in emulator.ledger.calls] == [1, 2]


def test_an_image_url_is_answered_and_not_fetched(emulator: Emulator, kit: Any) -> None:
    answer = kit.recognize(kit.client(emulator), ImageUrl="https://nowhere.invalid/a.png")
    assert answer.TextDetections
    assert emulator.ledger.calls[0].url == "https://nowhere.invalid/a.png"
    assert emulator.ledger.calls[0].sha256 is None


def test_invented_answers_hold_what_makes_real_ones_hard() -> None:
    answers = [invent(str(number), Options()) for number in range(300)]
    texts = {one["DetectedText"] for answer in answers for one in answer["TextDetections"]}
    counts = [len(answer["TextDetections"]) for answer in answers]
    assert min(counts) == 1
    assert max(counts) == 40
    assert any(text.endswith(" ") for text in texts)
    assert any('"' in text for text in texts)
    assert any(ord(character) > 0xFFFF for text in texts for character in text)
    assert {round(answer["Angle"]) for answer in answers} >= {0, 90, 180, 270, 360}
    shared = sum(
        one["AdvancedInfo"] == two["AdvancedInfo"] and abs(one["ItemPolygon"]["Y"] - two["ItemPolygon"]["Y"]) <= 6
        for answer in answers
        for one, two in zip(answer["TextDetections"], answer["TextDetections"][1:], strict=False)
    )
    assert shared > 100


def test_invented_geometry_lies_on_the_page_with_one_box_for_each_polygon() -> None:
    for number in range(300):
        for one in invent(str(number), Options())["TextDetections"]:
            assert len(one["Polygon"]) == 4
            assert all(0 <= point["X"] <= 3508 and 0 <= point["Y"] <= 3508 for point in one["Polygon"])
            assert one["ItemPolygon"]["Height"] == pytest.approx(28, abs=1)
            assert 50 <= one["Confidence"] <= 100
            assert json.loads(one["AdvancedInfo"])["Parag"]["ParagNo"] >= 1
            assert one["Words"] == one["WordCoordPoint"] == []


def test_words_are_the_characters_without_spaces() -> None:
    for one in invent("words", Options(is_words=True))["TextDetections"]:
        assert "".join(word["Character"] for word in one["Words"]) == "".join(one["DetectedText"].split())
        assert len(one["Words"]) == len(one["WordCoordPoint"])


def test_without_text_detection_there_is_one_line() -> None:
    assert len(invent("line", Options(detect_text=False))["TextDetections"]) == 1


def test_a_test_gives_answers_by_hash_and_by_url(kit: Any) -> None:
    answers = {
        sha256(kit.png(7)).hexdigest(): {"TextDetections": [], "Angle": 1.0},
        "http://a/b": {"TextDetections": [], "Angle": 2.0},
    }
    with Emulator("canned", answers=answers) as emulator:
        client = kit.client(emulator)
        assert kit.recognize(client, kit.png(7)).Angle == 1.0
        assert kit.recognize(client, ImageUrl="http://a/b").Angle == 2.0
        assert kit.recognize(client, kit.png(8)).TextDetections


def test_a_function_may_be_the_engine_and_may_refuse(kit: Any) -> None:
    def blank(request: Request) -> dict[str, Any]:
        if request.page == 2:
            raise Refusal("FailedOperation.ImageNoText", "Nothing.")
        return {"TextDetections": [], "Angle": 0.5}

    with Emulator(blank) as emulator:
        client = kit.client(emulator)
        assert kit.recognize(client, kit.png()).Angle == 0.5
        code = kit.code_of(lambda: kit.recognize(client, kit.png(), PdfPageNumber=2))
        assert code == "FailedOperation.ImageNoText"
        assert emulator.ledger.billed == 1


def test_an_engine_that_fails_is_an_internal_error(kit: Any, caplog: pytest.LogCaptureFixture) -> None:
    def broken(request: Request) -> dict[str, Any]:
        raise ZeroDivisionError

    with Emulator(broken) as emulator:
        assert kit.post(emulator).code == "InternalError"
    assert "ZeroDivisionError" in caplog.text
