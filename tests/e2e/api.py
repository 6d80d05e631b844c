"""Airflow's REST API, as far as the scenarios ask it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.e2e.processes import until

ENDED = ("success", "failed")
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Api:
    """JSON over HTTP, with a token where Airflow asks for one.

    :param url: of the server, without a slash at its end
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._token = ""

    def get(self, path: str) -> Any:
        """Ask."""
        return self._send("GET", path)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Make."""
        return self._send("POST", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """Change."""
        return self._send("PATCH", path, body)

    def health(self) -> dict[str, Any]:
        """How each part is; empty while nobody answers."""
        try:
            return dict(self.get("/api/v2/monitor/health"))
        except OSError:
            return {}

    def dag_known(self, dag_id: str) -> bool:
        """Whether the Dag processor has parsed it; its import error is raised."""
        errors = self.get("/api/v2/importErrors")["import_errors"]
        if errors:
            raise RuntimeError(f"a Dag file cannot be imported: {errors[0]['filename']}\n{errors[0]['stack_trace']}")
        return any(dag["dag_id"] == dag_id for dag in self.get("/api/v2/dags")["dags"])

    def connect(self, name: str, connection: Mapping[str, Any]) -> None:
        """Make a connection, of the fields that ``AIRFLOW_CONN_...`` takes as JSON."""
        extra = json.dumps(connection["extra"])
        self.post("/api/v2/connections", {**connection, "connection_id": name, "extra": extra})

    def trigger(self, dag_id: str) -> str:
        """Start a run of a Dag, unpaused first.

        :return: the run's id
        """
        self.patch(f"/api/v2/dags/{dag_id}", {"is_paused": False})
        now = datetime.now(UTC).isoformat()
        return str(self.post(f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": now})["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """The run's state."""
        return str(self.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def ended(self, dag_id: str, run_id: str, *, timeout: float = 180.0) -> str:
        """Wait for the run's end, and give its state."""

        def told() -> str:
            state = self.run_state(dag_id, run_id)
            return state if state in ENDED else ""

        return until(f"the end of {dag_id}", told, timeout=timeout, every=0.5)

    def states(self, dag_id: str, run_id: str) -> dict[str, str]:
        """The state of each task of a run."""
        found = self.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")["task_instances"]
        return {one["task_id"]: str(one["state"]) for one in found}

    def links(self, dag_id: str, run_id: str, task_id: str) -> dict[str, str | None]:
        """The extra links of a task instance."""
        found = self.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/links")
        return dict(found["extra_links"])

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if not self._token and path.startswith("/api/") and "/monitor/" not in path:
            self._token = self.get("/auth/token")["access_token"]
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with _DIRECT.open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from error
