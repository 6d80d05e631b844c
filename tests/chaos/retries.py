"""Attempts that end early or come again: what the next one pays for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from airflow_provider_tcocr.emulator import Emulator
from tests.chaos import failpoints, measure, supervised
from tests.chaos.check import Check
from tests.chaos.kills import GRACE
from tests.chaos.stage import ROOT, Stage


def again(stage: Stage, *, pages: int = 500) -> list[Check]:
    """A task cleared after success; then every file's mtime touched; then both with another run."""
    documents = [str(path) for path in copies(stage, pages)]
    reference, output = stage.reference(documents), stage.place("again")
    checks = []
    with stage.emulator(latency=0.01) as emulator:
        stage.start(emulator, documents, output).manifest()
        made = emulator.ledger.made
        for what, run_id, touch in (
            ("cleared", "run", False),
            ("touched", "run", True),
            ("another run", "run-2", False),
            ("another run, touched", "run-3", True),
        ):
            if touch:
                for number, one in enumerate(documents):
                    os.utime(one, (1, 1_700_000_000 + number + len(checks)))
            manifest = stage.start(emulator, documents, output, run_id=run_id).manifest()
            checks.append(Check(f"calls when {what}", emulator.ledger.made - made, "==", 0))
            checks.append(Check("reused", manifest["counts"]["reused"], "==", pages))
            made = emulator.ledger.made
    return [*checks, Check("tables equal", measure.same_tables(output, reference), "==", True)]


def copies(stage: Stage, pages: int) -> list[Path]:
    """Documents of this scenario's own, since it changes them."""
    return [Path(one) for one in stage.documents(pages, folder="touched")]


def early(stage: Stage) -> list[Check]:
    """SIGTERM before the batch has begun, and SIGTERM that another thread receives: told to stop is told to stop."""
    before, calls = _terminated(stage, {"terminate_at_hook": True})
    elsewhere, _ = _terminated(stage, {"terminate_elsewhere": 1.0})
    return [
        Check("calls when told before the first", calls, "==", 0),
        Check("ended after s", before, "<=", GRACE - 1.0),
        Check("ended after s when another thread is told", elsewhere, "<=", GRACE - 1.0),
    ]


def _terminated(stage: Stage, wanted: dict[str, object]) -> tuple[float, int]:
    """Seconds that it lived from its SIGTERM on, and calls that it made."""
    documents, output = stage.documents(200), stage.place("early")
    with stage.emulator() as emulator:
        attempt = stage.start(emulator, documents, output, max_qps=20, failpoints=wanted)
        while failpoints.TERMINATED not in attempt.log and not attempt.over.wait(0.01):
            pass
        try:
            attempt.wait(GRACE)
        except TimeoutError:
            attempt.kill()
            attempt.wait()
        ended, moment = time.monotonic(), attempt.log.partition(failpoints.TERMINATED)[2].split()[0]
        return ended - float(moment), emulator.ledger.made


def supervised_sigterm(stage: Stage, *, pages: int = 400) -> list[Check]:
    """A real Airflow task process receives SIGTERM in the middle, then is tried again."""
    return _supervised(stage, pages=pages, execution_timeout=None)


def execution_timeout(stage: Stage, *, pages: int = 400) -> list[Check]:
    """A real Airflow task process runs into its execution_timeout, then is tried again without."""
    return _supervised(stage, pages=pages, execution_timeout=2.0)


def _supervised(stage: Stage, *, pages: int, execution_timeout: float | None) -> list[Check]:
    documents = stage.documents(pages)
    reference, output = stage.reference(documents), stage.place("supervised")
    folder = output.with_name("dags")
    arguments = {"documents": documents, "output_path": str(output), "max_qps": 100}
    supervised.write_dag(folder, arguments | {"execution_timeout": execution_timeout})
    with stage.emulator(latency=0.3) as emulator:
        first = _airflow(stage, emulator, folder)
        task = None
        while first.poll() is None and (execution_timeout or emulator.ledger.made < pages // 2):
            task = next(iter(psutil.Process(first.pid).children()), task)
            time.sleep(0.01)
        moment = time.monotonic()
        if task is not None and execution_timeout is None:
            task.send_signal(signal.SIGTERM)
            while time.monotonic() < moment + 10 and _lives(task):
                time.sleep(0.01)
        taken = time.monotonic() - moment
        first.wait(20)
        flying = measure.in_flight(emulator.ledger.calls, moment)
        landed, billed = len(measure.raw_request_ids(output)), emulator.ledger.billed
        stage.start(emulator, documents, output).manifest()
        last = emulator.ledger
    state = "up_for_retry" in (folder / "log.txt").read_text()
    return [
        Check("up for retry", state, "==", True),
        Check("calls before", billed, ">=", 20),
        Check("answers not landed", billed - landed, "==", 0),
        Check("ended after s", taken, "<=", GRACE) if execution_timeout is None else Check("in time", True),
        Check("billed", last.billed, "<=", pages + len(flying)),
        Check("paid twice", len(measure.paid_again(last.calls)), "==", 0),
        Check("tables equal", measure.same_tables(output, reference), "==", True),
    ]


def _lives(task: psutil.Process) -> bool:
    try:
        return bool(task.status() != psutil.STATUS_ZOMBIE)  # until its supervisor looks, seconds later
    except psutil.NoSuchProcess:
        return False


def _airflow(stage: Stage, emulator: Emulator, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "log.txt").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.supervised", str(folder), "1"],
            env=stage.environ | {"AIRFLOW_CONN_TENCENTCLOUD_DEFAULT": emulator.connection},
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
