"""Airflow's own supervisor around Airflow's own task process, for one task of a Dag file, as a worker does it.

    python -m tests.chaos.supervised DAGS_FOLDER TRY_NUMBER

Only the API server is missing: whatever is asked is answered with yes (Airflow's own dry run misses fields).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx

DAG_FILE = """
import json
from datetime import timedelta
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

ARGUMENTS = json.loads(Path(__file__).with_name("arguments.json").read_text())
TIMEOUT = ARGUMENTS.pop("execution_timeout", None)

with DAG("chaos", schedule=None):
    TencentCloudOcrBatchOperator(
        task_id="recognize", execution_timeout=TIMEOUT and timedelta(seconds=TIMEOUT), **ARGUMENTS
    )
"""


def write_dag(folder: Path, arguments: dict[str, Any]) -> None:
    """The Dag file and the operator's arguments; ``execution_timeout`` in seconds."""
    folder.mkdir(exist_ok=True)
    (folder / "chaos_dag.py").write_text(DAG_FILE)
    (folder / "arguments.json").write_text(json.dumps(arguments))


def answer(request: httpx.Request) -> httpx.Response:
    """The API server's part."""
    if not request.url.path.endswith("/run"):
        return httpx.Response(200, json={"ok": True})
    now = "2026-11-22T00:00:00Z"
    run: dict[str, Any] = {"dag_id": "chaos", "run_id": "run", "run_type": "manual", "state": "running"}
    run |= dict.fromkeys(("logical_date", "data_interval_start", "data_interval_end", "start_date", "run_after"), now)
    run |= {"end_date": None, "partition_key": None, "consumed_asset_events": []}
    return httpx.Response(200, json={"dag_run": run, "max_tries": 5, "should_retry": True})


def main() -> int:
    """Supervise one attempt; gives the task process's exit code."""
    folder, try_number = sys.argv[1], int(sys.argv[2])
    os.environ["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"] = json.dumps(
        [
            {
                "name": "chaos",
                "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
                "kwargs": {"path": folder},
            }
        ]
    )
    from uuid import UUID

    from airflow.sdk.api.client import Client
    from airflow.sdk.api.datamodels._generated import BundleInfo, TaskInstance
    from airflow.sdk.execution_time.supervisor import supervise_task

    instance = TaskInstance(
        id=UUID(int=try_number),
        task_id="recognize",
        dag_id="chaos",
        run_id="run",
        try_number=try_number,
        dag_version_id=UUID(int=7),
        context_carrier={},
    )
    return supervise_task(
        ti=instance,
        bundle_info=BundleInfo(name="chaos", version=None),
        dag_rel_path="chaos_dag.py",
        token="",
        client=Client(base_url="http://api.invalid", token="", transport=httpx.MockTransport(answer)),
        subprocess_logs_to_stdout=True,
    )


if __name__ == "__main__":
    sys.exit(main())
