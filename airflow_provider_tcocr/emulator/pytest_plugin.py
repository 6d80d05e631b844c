"""The pytest fixture ``tcocr_emulator``: fresh for each test, one server for the session, nothing heavy at import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from . import Emulator


@pytest.fixture(scope="session")
def tcocr_emulator_options() -> dict[str, Any]:
    """The arguments of the session's Emulator; override it in a ``conftest.py`` for another engine or a quota."""
    return {"engine": "canned"}


@pytest.fixture(scope="session")
def _tcocr_emulator_server(tcocr_emulator_options: dict[str, Any]) -> Iterator[Emulator]:
    from . import Emulator

    with Emulator(**tcocr_emulator_options) as emulator:
        yield emulator


@pytest.fixture
def tcocr_emulator(_tcocr_emulator_server: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A running emulator with an empty ledger and no faults; the default connection leads to it."""
    _tcocr_emulator_server.reset()
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", _tcocr_emulator_server.connection)
    yield _tcocr_emulator_server
    _tcocr_emulator_server.reset()
