"""A real Airflow on SQLite: its home, its environment, and its four processes."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.e2e.api import Api
from tests.e2e.processes import MARK, Group, Processes, until

ROOT: Final = Path(__file__).resolve().parents[2]
PARTS: Final = {
    "api-server": "metadatabase",
    "scheduler": "scheduler",
    "dag-processor": "dag_processor",
    "triggerer": "triggerer",
}
"""The four processes, and what each is called in the answer about health."""


class Deployment:
    """One Airflow, from ``db migrate`` to healthy.

    :param home: its AIRFLOW_HOME, an empty folder
    :param extra: more of the environment of its processes
    """

    def __init__(self, home: Path, *, extra: dict[str, str]) -> None:
        api_port, worker_port, trigger_port = free_ports(3)
        self.home = home
        self.url = f"http://127.0.0.1:{api_port}"
        self.dags = home / "dags"
        self.logs = home / "logs"
        self.database = home / "airflow.db"
        for folder in (self.dags, self.logs, home / "tmp"):
            folder.mkdir()
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AIRFLOW", "TENCENTCLOUD", "TCOCR")) and not name.lower().endswith("_proxy")
        }
        self.environ = inherited | {
            MARK: str(home),
            "TMPDIR": str(home / "tmp"),
            "PYTHONPATH": str(ROOT),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{self.url}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(api_port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(64),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.database}",
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(worker_port),
            "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(trigger_port),
            "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",
            "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10",  # so that a dead one is soon known for dead
            **extra,
        }
        self.api = Api(self.url)

    def migrate(self) -> None:
        """Make the database."""
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, timeout=180)
        if done.returncode:
            raise RuntimeError(f"airflow db migrate ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def start(self, processes: Processes, part: str) -> Group:
        """Start one of the four."""
        return processes.start(part, [sys.executable, "-m", "airflow", part], log=self.logs / f"{part}.log")

    def healthy(self, processes: Processes) -> None:
        """Wait until all four are."""

        def told() -> bool:
            processes.check()
            health: dict[str, Any] = self.api.health()
            return all(health.get(name, {}).get("status") == "healthy" for name in PARTS.values())

        until("a healthy Airflow", told, timeout=180)


class EmulatorProcess:
    """The emulator in a process of its own, canned: it answers at once and looks at no pixels.

    :param name: of the process and of its log, whose first line holds the keys
    :param arguments: of the command
    """

    def __init__(self, processes: Processes, name: str, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "airflow_provider_tcocr.cli", "emulator", "--engine", "canned", *arguments]
        group = processes.start(name, command, log=folder / f"{name}.log")

        def line() -> str:
            group.check()
            return group.log.partition("\n")[0] if "\n" in group.log else ""

        (told,) = shlex.split(until(f"{name}'s connection", line).partition("=")[2])
        self.connection: dict[str, Any] = json.loads(told)
        self.url: str = self.connection["host"]
        self._api = Api(self.url)

    def ledger(self) -> dict[str, Any]:
        """What it has counted since the last reset."""
        return dict(self._api.get("/_emulator/ledger"))

    def calls(self) -> list[dict[str, Any]]:
        """Every call since the last reset."""
        return list(self._api.get("/_emulator/ledger?calls=1")["calls"])

    def reset(self) -> None:
        """Count anew."""
        self._api.post("/_emulator/reset", {})


def free_ports(count: int) -> list[int]:
    """So many free ports, each different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
