"""The ledger counts what an account would pay, and the quota is kept to the call."""

from __future__ import annotations

import base64
import json
import threading
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_tcocr.emulator import Emulator
from airflow_provider_tcocr.emulator.ledger import Ledger, peak
from airflow_provider_tcocr.emulator.quota import Quota


def test_a_call_is_written_down_without_image_and_secret(emulator: Emulator, kit: Any) -> None:
    answer = kit.post(
        emulator, {"ImageBase64": base64.b64encode(kit.png(5)).decode(), "IsPdf": True, "PdfPageNumber": 3}
    )
    call = emulator.ledger.calls[0]
    assert (call.action, call.code, call.billed, call.page) == ("GeneralAccurateOCR", "", True, 3)
    assert call.request_id == answer.response["RequestId"]
    assert call.answer == answer.body
    assert call.size > 0
    assert 0 <= call.seconds < 5
    told = json.dumps(emulator.ledger.rows()) + repr(emulator.ledger.calls)
    assert emulator.secret_key not in told
    assert base64.b64encode(kit.png(5)).decode() not in told


def test_a_signed_url_is_known_to_who_asks_for_it_and_shown_in_no_repr(emulator: Emulator, kit: Any) -> None:
    url = "http://127.0.0.1:9/a.png?q-signature=planted"
    kit.post(emulator, {"ImageUrl": url})
    (call,) = emulator.ledger.calls
    assert call.url == url
    assert "planted" not in repr(call)


def test_refused_and_throttled_calls_are_not_billed(kit: Any) -> None:
    with Emulator("canned", qps=2) as emulator:
        assert [kit.post(emulator).code for _ in range(3)] == ["", "", "RequestLimitExceeded"]
        assert emulator.ledger.billed == 2
        assert emulator.ledger.made == 3
        assert emulator.ledger.by_code() == {"": 2, "RequestLimitExceeded": 1}


def test_the_quota_is_refused_in_the_services_own_words(kit: Any) -> None:
    from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

    with Emulator("canned", qps=1) as emulator:
        client = kit.client(emulator)
        kit.recognize(client, kit.png())
        with pytest.raises(TencentCloudSDKException) as refused:
            kit.recognize(client, kit.png())
        assert refused.value.code == "RequestLimitExceeded"
        assert refused.value.message == (
            "Your current request times equals to `2` in a second, which exceeds the frequency limit `1` for a second"
        )
        time.sleep(1.02)
        assert kit.recognize(client, kit.png()).TextDetections


def test_wrong_keys_are_told_so_even_over_the_quota(kit: Any) -> None:
    with Emulator("canned", qps=1) as emulator:
        kit.post(emulator)
        assert kit.post(emulator, secret_key="another").code == "AuthFailure.SignatureFailure"


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 5))
def test_no_second_ever_holds_more_accepted_calls_than_the_quota(gaps: list[int], limit: int) -> None:
    quota, now, accepted = Quota(limit), 0.0, []
    for gap in gaps:
        now += gap / 16
        if quota.arrive(now, "EnglishOCR") is None:
            accepted.append(now)
        else:
            assert peak([*accepted, now], seconds=1.0) > limit
    assert peak(accepted, seconds=1.0) <= limit


def test_peaks_are_of_any_second_and_of_any_moment(kit: Any) -> None:
    assert peak([0.0, 0.5, 0.9, 1.0, 1.4, 3.0], seconds=1.0) == 4
    assert peak([], seconds=1.0) == 0
    with Emulator("canned", latency=1.0) as emulator:
        threads = [threading.Thread(target=kit.post, args=(emulator,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert emulator.ledger.peak_in_flight == 8
        assert emulator.ledger.peak_per_second() == 8
        assert all(call.seconds >= 1.0 for call in emulator.ledger.calls)


def test_jitter_spreads_arrivals(kit: Any) -> None:
    with Emulator("canned", jitter=0.2, seed=1) as emulator:
        started = time.monotonic()
        assert [kit.post(emulator).code for _ in range(5)] == [""] * 5
        assert time.monotonic() - started > 0.3  # a second on average


def test_calls_of_before_a_reset_do_not_come_back(kit: Any) -> None:
    with Emulator("canned", latency=0.3) as emulator:
        late = threading.Thread(target=kit.post, args=(emulator,))
        late.start()
        while not emulator.ledger.made:
            time.sleep(0.01)
        emulator.reset()
        late.join()
        assert emulator.ledger.made == 0


def test_answers_are_kept_only_where_wanted() -> None:
    ledger = Ledger(keep_answers=False)
    number = ledger.open(0.0, action="A", request_id="r")
    ledger.note(number, answer=b"{}", seconds=1.0)
    assert ledger.calls[0].answer is None


def test_the_connection_suits_the_engine_and_its_quota(kit: Any) -> None:
    with Emulator("canned", qps=7) as emulator:
        connection = json.loads(emulator.connection)
    assert connection["conn_type"] == "tencentcloud"
    assert connection["host"] == emulator.url
    assert (connection["login"], connection["password"]) == (emulator.secret_id, emulator.secret_key)
    assert connection["extra"] == {"timeout": 60, "max_qps": 7}
