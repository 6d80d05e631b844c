"""The triggerer killed in the middle of a deferred batch, and the next one that finishes it."""

from __future__ import annotations

from typing import Final

from tests.chaos.check import Check
from tests.e2e.api import ENDED
from tests.e2e.processes import until
from tests.e2e.stage import Stage

DAG_ID: Final = "e2e_deferred"
PAGES: Final = 500
QPS: Final = 30
LATENCY: Final = 0.025
"""Seconds of a call: with QPS calls a second the batch takes 17 seconds."""
KILL_AFTER: Final = 150
"""Calls that have been made when the triggerer is killed."""


def killed(stage: Stage) -> list[Check]:
    """SIGKILL to the triggerer after some calls; a new one finishes, and pays next to nothing twice."""
    from airflow_provider_tcocr.dataset import OcrDataset

    api, emulator = stage.airflow.api, stage.emulator
    until(f"the Dag {DAG_ID}", lambda: api.dag_known(DAG_ID))
    emulator.reset()
    run_id = api.trigger(DAG_ID)

    def state() -> str:
        return api.states(DAG_ID, run_id)["recognize"]

    def reached() -> str:
        now = state()
        return now if now in ("deferred", *ENDED) else ""

    first = until("a task that defers or ends", reached)
    if first != "deferred":
        made = emulator.ledger()["made"]
        return [Check(f"not deferred: the task ran on the worker, {first}, {made} calls; deferred", False, "==", True)]
    until(f"{KILL_AFTER} calls", lambda: emulator.ledger()["made"] >= KILL_AFTER, every=0.1)
    stage.processes.groups["triggerer"].kill()
    before = emulator.ledger()
    still = state()
    stage.browser.open(f"/dags/{DAG_ID}")
    stage.browser.find("[data-testid=task-state-badge]")
    stage.browser.picture("deferred-triggerer-killed")
    stage.airflow.start(stage.processes, "triggerer")
    ended = api.ended(DAG_ID, run_id, timeout=180)
    after = emulator.ledger()
    stage.browser.open(f"/dags/{DAG_ID}")
    stage.browser.find("[data-testid=state-badge][aria-label=success]")
    stage.browser.picture("deferred-finished")
    pages = OcrDataset.open(str(stage.output / "deferred")).pages(columns=["document_id", "status"]).to_pylist()
    in_flight = before["peak_in_flight"]
    return [
        Check("calls when it was killed", before["made"], "<=", PAGES - 2 * QPS),
        Check("state then", still, "==", "deferred"),
        Check("run", ended, "==", "success"),
        Check(f"calls in all, {in_flight} in flight", after["made"], "<=", PAGES + in_flight + QPS),
        Check("pages", len(pages), "==", PAGES),
        Check("documents", len({page["document_id"] for page in pages}), "==", PAGES),
        Check("recognized or empty", sum(page["status"] != "failed" for page in pages), "==", PAGES),
    ]
