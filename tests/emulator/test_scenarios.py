"""What a scenario can do to a call: every fault arrives as scripted, and the ledger still knows what was paid for."""

from __future__ import annotations

import http.client
import json
import socket
import time
from typing import Any

import pytest

from airflow_provider_tcocr.emulator import Emulator, Rule
from airflow_provider_tcocr.exceptions import ConfigurationError


def test_an_error_code_strikes_as_often_as_told_and_is_not_billed(emulator: Emulator, kit: Any) -> None:
    emulator.inject(code="FailedOperation.OcrFailed", message="Try again.", times=2)
    client = kit.client(emulator)
    codes = [kit.code_of(lambda: kit.recognize(client, kit.png())) for _ in range(3)]
    assert codes == ["FailedOperation.OcrFailed", "FailedOperation.OcrFailed", ""]
    assert emulator.ledger.by_code() == {"FailedOperation.OcrFailed": 2, "": 1}
    assert emulator.ledger.billed == 1


def test_rules_are_tried_in_order_and_the_first_that_strikes_is_the_only_one(emulator: Emulator, kit: Any) -> None:
    emulator.inject(code="A", times=1, after=1)
    emulator.inject(Rule(code="B", times=1))
    assert [kit.post(emulator).code for _ in range(3)] == ["B", "A", ""]


def test_a_rule_may_pick_its_calls(emulator: Emulator, kit: Any) -> None:
    emulator.inject(code="FailedOperation.ImageNoText", match=lambda request: request.image == kit.png(3))
    assert [kit.post(emulator, {"ImageBase64": _base64(kit.png(number))}).code for number in (2, 3)] == [
        "",
        "FailedOperation.ImageNoText",
    ]


def test_chance_is_the_same_after_every_reset(emulator: Emulator, kit: Any) -> None:
    def struck() -> list[bool]:
        emulator.reset()
        emulator.inject(code="InternalError", probability=0.4)
        return [kit.post(emulator).code != "" for _ in range(30)]

    first = struck()
    assert first == struck()
    assert 0 < sum(first) < 30


def test_a_code_that_is_billed_is_billed_when_injected_too(emulator: Emulator, kit: Any) -> None:
    emulator.inject(code="FailedOperation.EmptyImageError", times=1)
    emulator.inject(code="InternalError", billed=True, times=1)
    kit.post(emulator)
    kit.post(emulator)
    assert emulator.ledger.billed == 2


@pytest.mark.parametrize(("drop", "billed"), [("before", 0), ("during", 1), ("after", 1), ("truncate", 1)])
def test_a_dropped_connection_loses_the_answer_but_not_the_bill(
    emulator: Emulator, kit: Any, drop: str, billed: int
) -> None:
    emulator.inject(drop=drop, times=1)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        kit.post(emulator)
    assert emulator.ledger.billed == billed
    assert emulator.ledger.calls[0].scenario == drop
    assert emulator.ledger.by_code() == ({"": 1} if billed else {"(before)": 1})
    assert kit.post(emulator).code == ""


def test_the_sdk_sees_a_reset_as_a_network_error(emulator: Emulator, kit: Any) -> None:
    emulator.inject(drop="after", times=1)
    client = kit.client(emulator)
    assert kit.code_of(lambda: kit.recognize(client, kit.png())) == "ClientNetworkError"
    assert emulator.ledger.billed == 1


def test_a_hanging_call_was_paid_for_and_is_let_go_by_a_reset(emulator: Emulator, kit: Any) -> None:
    emulator.inject(drop="hang", times=1)
    with pytest.raises(TimeoutError):
        kit.post(emulator, timeout=0.3)
    assert emulator.ledger.billed == 1
    emulator.reset()
    assert emulator.ledger.made == 0


def test_a_client_that_goes_away_early_pays_all_the_same(emulator: Emulator, kit: Any) -> None:
    emulator.inject(latency=1.0)
    with pytest.raises(TimeoutError):
        kit.post(emulator, timeout=0.1)
    assert emulator.ledger.billed == 0
    limit = time.monotonic() + 10
    while not emulator.ledger.billed and time.monotonic() < limit:
        time.sleep(0.01)
    assert emulator.ledger.billed == 1


def test_stopping_does_not_wait_for_whoever_hangs(kit: Any) -> None:
    started = time.monotonic()
    with Emulator("canned") as emulator:
        emulator.inject(drop="hang")
        with pytest.raises(TimeoutError):
            kit.post(emulator, timeout=0.2)
    assert time.monotonic() - started < 3


def test_a_drip_arrives_whole_but_late(emulator: Emulator, kit: Any) -> None:
    emulator.inject(drop="drip", pace=0.005)
    started = time.monotonic()
    assert kit.post(emulator).response["TextDetections"]
    assert time.monotonic() - started > 0.4


def test_latency_of_a_rule_delays_the_call(emulator: Emulator, kit: Any) -> None:
    emulator.inject(latency=0.2)
    started = time.monotonic()
    assert kit.post(emulator).code == ""
    assert time.monotonic() - started >= 0.2
    assert emulator.ledger.calls[0].seconds >= 0.2


def test_foreign_answers_come_byte_for_byte(emulator: Emulator, kit: Any) -> None:
    emulator.inject(body=b"<html>log in first</html>", times=1)
    emulator.inject(status=502, times=1)
    emulator.inject(status=302, headers={"Location": "http://127.0.0.1:1/"}, times=1)
    emulator.inject(body=b"", content_type="application/json", times=1)
    page, gateway, moved, empty = (kit.post(emulator) for _ in range(4))
    assert (page.status, page.body, page.headers["Content-Type"]) == (200, b"<html>log in first</html>", "text/html")
    assert (gateway.status, gateway.headers["Content-Type"]) == (502, "text/html")
    assert (moved.status, moved.headers["Location"]) == (302, "http://127.0.0.1:1/")
    assert (empty.body, empty.headers["Content-Type"]) == (b"", "application/json")
    assert emulator.ledger.billed == 0
    assert emulator.ledger.by_code() == {"(body)": 2, "(status 502)": 1, "(status 302)": 1}


def test_another_content_type_is_put_on_a_true_answer(emulator: Emulator, kit: Any) -> None:
    emulator.inject(content_type="application/json; charset=utf-8")
    answer = kit.post(emulator)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.response["TextDetections"]
    assert emulator.ledger.billed == 1


def test_an_error_may_come_with_a_status_of_its_own(emulator: Emulator, kit: Any) -> None:
    emulator.inject(code="InternalError", status=500)
    answer = kit.post(emulator)
    assert (answer.status, answer.code) == (500, "InternalError")


def test_an_error_may_lack_its_request_id(emulator: Emulator, kit: Any) -> None:
    emulator.inject(code="InternalError", shape="no-request-id")
    assert kit.post(emulator).response.keys() == {"Error"}


@pytest.mark.parametrize(
    ("shape", "fact"),
    [
        ("no-response", lambda whole: "Response" not in whole),
        ("null-response", lambda whole: whole["Response"] is None),
        ("list-response", lambda whole: isinstance(whole["Response"], list)),
        ("null-error", lambda whole: whole["Response"]["Error"] is None),
        ("null-detections", lambda whole: whole["Response"]["TextDetections"] is None),
        ("no-detections", lambda whole: whole["Response"].keys() == {"RequestId"}),
        ("old-angle", lambda whole: "Angel" in whole["Response"] and "Angle" not in whole["Response"]),
        ("null-fields", lambda whole: whole["Response"]["TextDetections"][0]["Polygon"] is None),
        ("missing-fields", lambda whole: len(whole["Response"]["TextDetections"][0]) == 2),
        ("unknown-fields", lambda whole: "Glyphs" in whole["Response"]["TextDetections"][0]),
        ("numbers-as-strings", lambda whole: isinstance(whole["Response"]["TextDetections"][0]["Confidence"], str)),
        ("huge", lambda whole: len(whole["Response"]["Padding"]) == 50_000_000),
    ],
)
def test_a_true_answer_may_take_an_odd_shape(emulator: Emulator, kit: Any, shape: str, fact: Any) -> None:
    emulator.inject(shape=shape)
    answer = kit.post(emulator)
    assert fact(json.loads(answer.body))
    assert emulator.ledger.billed == 1
    assert emulator.ledger.calls[0].answer == answer.body


def test_a_function_may_shape_the_answer(emulator: Emulator, kit: Any) -> None:
    emulator.inject(shape=lambda envelope: {"Response": {"RequestId": envelope["Response"]["RequestId"], "Angle": "?"}})
    assert kit.post(emulator).response["Angle"] == "?"


def test_throttling_may_be_scripted_too(emulator: Emulator, kit: Any) -> None:
    emulator.inject(code="RequestLimitExceeded", times=1)
    client = kit.client(emulator)
    assert kit.code_of(lambda: kit.recognize(client, kit.png())) == "RequestLimitExceeded"


def test_rules_that_mean_nothing_are_refused(emulator: Emulator) -> None:
    with pytest.raises(ConfigurationError, match="drop must be one of"):
        emulator.inject(drop="sideways")
    with pytest.raises(ConfigurationError, match="shape must be one of"):
        emulator.inject(shape="round")
    with pytest.raises(ConfigurationError, match="probability"):
        emulator.inject(probability=2)
    with pytest.raises(TypeError):
        emulator.inject(nonsense=1)


def test_a_port_that_was_closed_opens_again_with_its_ledger(kit: Any) -> None:
    with Emulator("canned") as emulator:
        port = emulator.port
        kit.post(emulator)
        emulator.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((emulator.host, port), timeout=1)
        emulator.start()
        assert emulator.port == port
        kit.post(emulator)
        assert emulator.ledger.made == 2


def _base64(content: bytes) -> str:
    import base64

    return base64.b64encode(content).decode()
