"""Every action of the table, asked by Tencent's own client: parameters, limits, quotas and the shape of its answers."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from airflow_provider_tcocr.api.actions import ACTION, ACTIONS, Action
from airflow_provider_tcocr.emulator import Emulator, Options, Request
from airflow_provider_tcocr.emulator.canned import invent
from airflow_provider_tcocr.exceptions import ConfigurationError

every_action = pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)
BMP = b"BM" + b"\0" * 12 + b"\x28\0\0\0"


@pytest.fixture(scope="module")
def mainland() -> Any:
    with Emulator("canned", international=False) as emulator:
        yield emulator


def ask(kit: Any, emulator: Emulator, action: Action, image: bytes, **parameters: Any) -> dict[str, Any]:
    """The answer by the SDK's typed client, or the code of its refusal as ``code``."""
    from tencentcloud.ocr.v20181119 import models

    client, given = kit.client(emulator), {}
    request = getattr(models, f"{action.name}Request")()
    request.ImageBase64 = base64.b64encode(image).decode()
    for name, value in parameters.items():
        setattr(request, name, value)
    code = kit.code_of(
        lambda: given.update(client.call_json(action.name, json.loads(request.to_json_string()))["Response"])
    )
    return {"code": code, **given}


@every_action
def test_every_parameter_of_an_action_is_taken_and_its_answer_has_its_fields(
    kit: Any, mainland: Emulator, action: Action
) -> None:
    options = {
        option.parameter: option.choices[0] if option.choices else True
        for name, option in action.options.items()
        if option.not_with is None
    }
    answer = ask(kit, mainland, action, kit.png(), **options)
    assert answer["code"] == ""
    assert answer.keys() - {"code"} == {"TextDetections", "RequestId", *action.page_fields}
    expected = set(action.detection_fields) - {"Language"}
    assert all(detection.keys() == expected for detection in answer["TextDetections"])
    assert mainland.ledger.calls[-1].action == action.name


@every_action
def test_the_sdks_typed_answer_reads_ours(kit: Any, mainland: Emulator, action: Action) -> None:
    from tencentcloud.ocr.v20181119 import models

    request = getattr(models, f"{action.name}Request")()
    request.ImageBase64 = base64.b64encode(kit.png()).decode()
    answer = getattr(kit.client(mainland), action.name)(request)
    assert all(detection.DetectedText for detection in answer.TextDetections)


@every_action
@pytest.mark.parametrize("parameter", ["LanguageType", "IsPdf", "ConfigID", "EnableCandWord", "EnableDetectText"])
def test_what_another_action_has_is_an_unknown_parameter(
    kit: Any, mainland: Emulator, action: Action, parameter: str
) -> None:
    value = {"LanguageType": "zh", "ConfigID": "OCR"}.get(parameter, True)
    body = {"ImageBase64": base64.b64encode(kit.png()).decode(), parameter: value}
    known = {option.parameter for option in action.options.values()} | ({"IsPdf"} if action.takes_pdf else set())
    code = kit.post(mainland, body, action=action.name).code
    assert code == ("" if parameter in known else "UnknownParameter")


@every_action
def test_a_bitmap_is_read_where_the_action_says_so(kit: Any, mainland: Emulator, action: Action) -> None:
    expected = "" if "BMP" in action.mainland.formats else "FailedOperation.UnKnowFileTypeError"
    assert ask(kit, mainland, action, BMP)["code"] == expected


@every_action
def test_the_limit_is_the_actions_own(kit: Any, mainland: Emulator, action: Action) -> None:
    limit = action.mainland.max_base64
    png = kit.png()
    fits = png + bytes(action.mainland.max_bytes - len(png))
    assert len(base64.b64encode(fits)) == limit
    assert ask(kit, mainland, action, fits)["code"] == ""
    assert ask(kit, mainland, action, fits + b"\0")["code"] == "LimitExceeded.TooLargeFileError"


def test_abroad_the_basic_action_has_a_smaller_limit_and_no_urls(kit: Any, emulator: Emulator) -> None:
    basic = ACTIONS["GeneralBasicOCR"]
    assert ask(kit, emulator, basic, kit.png() + bytes(5_250_000))["code"] == "LimitExceeded.TooLargeFileError"
    by_url = kit.post(emulator, {"ImageUrl": "https://nowhere.invalid/a.png"}, action=basic.name)
    assert by_url.code == "FailedOperation.DownLoadError"


def test_a_quota_is_kept_by_action(kit: Any) -> None:
    with Emulator("canned", qps=1) as emulator:
        assert kit.post(emulator).code == ""
        assert kit.post(emulator, action="GeneralBasicOCR").code == ""
        assert kit.post(emulator, action=ACTION).code == "RequestLimitExceeded"


def test_the_default_quota_is_each_actions_own(kit: Any) -> None:
    from airflow_provider_tcocr.emulator.quota import Quota

    quota = Quota("default")
    for action in ACTIONS.values():
        told = [quota.arrive(0.5, action.name) for _ in range(action.qps + 1)]
        assert told[:-1] == [None] * action.qps
        assert f"limit `{action.qps}`" in told[-1].message
    with Emulator("canned", qps="default") as emulator:
        assert "max_qps" not in json.loads(emulator.connection)["extra"]
    with pytest.raises(ConfigurationError, match="qps must be"):
        Emulator("canned", qps="most")  # type: ignore[arg-type]


def test_handwritten_characters_have_named_corners_and_english_ones_are_words() -> None:
    drawn = invent("x", Options(action=ACTIONS["GeneralHandwritingOCR"], is_words=True))["TextDetections"]
    printed = invent("x", Options(is_words=True))["TextDetections"]
    english = invent("x", Options(action=ACTIONS["EnglishOCR"], is_words=True))["TextDetections"]
    for one, same, other in zip(drawn, printed, english, strict=True):
        corners = [list(place.values()) for place in one["WordPolygon"]]
        assert corners == [place["WordCoordinate"] for place in same["WordCoordPoint"]]
        assert [word["Character"] for word in other["Words"]] == other["DetectedText"].split()
        assert len(other["WordCoordPoint"]) == len(other["Words"])


def test_the_language_is_the_one_that_was_asked_for_else_it_is_guessed() -> None:
    basic = ACTIONS["GeneralBasicOCR"]
    assert invent("x", Options(action=basic, language_type="kor"))["Language"] == "kor"
    assert {invent(str(one), Options(action=basic))["Language"] for one in range(20)} <= {"zh", "jap", "kor", "ara"}


def test_rapidocr_answers_in_the_actions_fields() -> None:
    pytest.importorskip("rapidocr")
    from pathlib import Path

    from airflow_provider_tcocr.emulator.rapid import RapidEngine

    image = (Path(__file__).parents[2] / "demo" / "documents" / "shelf-label.bmp").read_bytes()
    for name in ("EnglishOCR", "GeneralHandwritingOCR", "GeneralFastOCR"):
        action = ACTIONS[name]
        options = Options(action=action, is_words=name != "GeneralFastOCR")
        answer = RapidEngine(threads=1).answer(Request(name, {}, image=image), options)
        assert answer.keys() == {"TextDetections", *action.page_fields}
        assert all(set(detection) == set(action.detection_fields) for detection in answer["TextDetections"])
        assert any("Oolong" in detection["DetectedText"] for detection in answer["TextDetections"])
