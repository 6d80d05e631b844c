"""The fixture: an emulator that is new to each test, and the connection that leads to it."""

from __future__ import annotations

import os
from typing import Any

from airflow_provider_tcocr.emulator import Emulator


def test_the_connection_leads_to_the_fixtures_emulator(tcocr_emulator: Emulator) -> None:
    assert os.environ["AIRFLOW_CONN_TENCENTCLOUD_DEFAULT"] == tcocr_emulator.connection


def test_a_test_may_leave_calls_and_faults_behind(tcocr_emulator: Emulator, kit: Any) -> None:
    tcocr_emulator.inject(code="InternalError")
    assert kit.post(tcocr_emulator).code == "InternalError"


def test_and_the_next_finds_none_of_them(tcocr_emulator: Emulator, kit: Any) -> None:
    assert tcocr_emulator.ledger.made == 0
    assert kit.post(tcocr_emulator).code == ""
