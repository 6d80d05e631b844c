"""What a task process does: the real operator, executed as Airflow's task runner does, its end written to a file."""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.chaos import failpoints


class Instance(SimpleNamespace):
    """What the operator asks of a task instance."""

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep it for the report."""
        self.pushed[key] = value


def run_task(job: dict[str, Any]) -> int:
    """Execute the operator.

    :return: 0 where it returned a manifest, 1 where it raised
    """
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    os.environ.update(job["environ"])
    tempfile.tempdir = job["temporary"]
    failpoints.set_up(job.get("failpoints", {}))
    from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

    operator = TencentCloudOcrBatchOperator(task_id="task", **job["operator"])
    signal.signal(signal.SIGTERM, lambda *_: operator.on_kill())  # as task_runner._run_task_and_map_outcome
    instance = Instance(dag_id="dag", task_id="task", run_id=job["run_id"], map_index=-1, pushed={})
    told: dict[str, Any] = {}
    try:
        told["manifest"] = operator.execute({"ti": instance})
    except BaseException as error:
        told["error"] = type(error).__name__
        told["cause"] = type(error.__cause__).__name__ if error.__cause__ else None
        told["text"] = str(error)
    told["pushed"] = instance.pushed
    hidden = Path(job["result"] + ".new")
    hidden.write_text(json.dumps(told))
    with contextlib.suppress(OSError):
        hidden.replace(job["result"])
    return int("error" in told)
