"""What every scenario works with."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.browser import Browser
from tests.e2e.deployment import Deployment, EmulatorProcess
from tests.e2e.processes import Processes

DAG_ID: Final = "example_tcocr_batch"


@dataclass(frozen=True, slots=True)
class Planted:
    """The secrets of this run; no text of them may be found anywhere."""

    secret_key: str = field(default_factory=lambda: secrets.token_hex(16))
    sts_key: str = field(default_factory=lambda: secrets.token_hex(16))
    wrong_key: str = field(default_factory=lambda: secrets.token_hex(16))
    token: str = field(default_factory=lambda: secrets.token_hex(60))
    signature: str = field(default_factory=lambda: secrets.token_hex(32))

    def signed(self, url: str) -> str:
        """The URL, signed as a storage does it."""
        return f"{url}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature={self.signature}"


@dataclass(slots=True)
class Stage:
    """What every scenario works with.

    :param emulator: of tencentcloud_default
    :param sts: the emulator that asks for a token
    :param output: where the Dags write
    :param run_id: of the example Dag, once it runs
    """

    processes: Processes
    airflow: Deployment
    browser: Browser
    emulator: EmulatorProcess
    sts: EmulatorProcess
    output: Path
    planted: Planted
    run_id: str = ""
