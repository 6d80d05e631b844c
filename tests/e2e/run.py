"""The whole thing: a real Airflow, a real browser, and what each scenario found beside what it must find.

make e2e [ONLY=leaks,killed]: its screenshots and logs are left in e2e-output.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.chaos.check import Check
from tests.e2e import killed, leaks, web
from tests.e2e.browser import Browser, MissingBrowserError, find_browser
from tests.e2e.deployment import PARTS, ROOT, Deployment, EmulatorProcess
from tests.e2e.processes import Processes
from tests.e2e.site import Site
from tests.e2e.stage import DAG_ID, Planted, Stage

LIMIT: Final = 600.0
"""Seconds for all of it."""
OUTPUT: Final = ROOT / "e2e-output"

SCENARIOS: Final[dict[str, Callable[[Stage], list[Check]]]] = {
    "login": web.login,
    "connection": web.connection,
    "dag": web.dag,
    "task": web.task,
    "killed": killed.killed,
    "leaks": leaks.leaks,  # last, so that it looks at what all others have left
}


class StoppedError(BaseException):
    """Out of time, or told to stop; no scenario catches this."""


def tell(name: str, started: float, checks: list[Check]) -> bool:
    """Print the line of a scenario."""
    ok = all(check.ok for check in checks)
    taken = time.monotonic() - started
    print(f"{name:<11} {'ok    ' if ok else 'MISSED'} {taken:5.1f} s  " + "; ".join(map(str, checks)), flush=True)
    return ok


def run(name: str, stage: Stage) -> bool:
    """Run a scenario and print its line."""
    started = time.monotonic()
    try:
        checks = SCENARIOS[name](stage)
        stage.processes.check()
    except Exception as error:
        traceback.print_exc()
        stage.browser.picture(f"{name}-raised")
        checks = [Check(f"raised {type(error).__name__}: {str(error)[:300]}", 1, "==", 0)]
    return tell(name, started, checks)


def play(folder: Path, names: list[str], site: Site) -> bool:
    """Start everything, run the scenarios, stop everything."""
    planted, data, said = Planted(), folder / "data", folder / "said"
    for new in (folder / "airflow", data, said, folder / "profile"):
        new.mkdir()
    airflow = Deployment(
        folder / "airflow",
        extra={
            "TCOCR_DOCUMENTS": str(ROOT / "demo" / "documents"),
            "TCOCR_OUTPUT": str(data / "example"),
            "TCOCR_E2E_OUTPUT": str(data),
            "TCOCR_E2E_SITE": site.url,
            "TCOCR_E2E_PAGES": str(killed.PAGES),
            "TCOCR_E2E_QPS": str(killed.QPS),
            "AIRFLOW_VAR_E2E_ADDRESS": planted.signed(f"{site.url}/signed-invoice.png"),
            "AIRFLOW_VAR_E2E_MISSING": planted.signed(f"{site.url}/missing/signed-invoice.png"),
        },
    )
    for dag in (ROOT / "example_dags" / f"{DAG_ID}.py", *Path(__file__).parent.glob("dags/*.py")):
        shutil.copy(dag, airflow.dags)
    ok, started = True, time.monotonic()
    processes = Processes(airflow.environ)
    try:
        with processes:
            slow = ("--latency", str(killed.LATENCY))
            emulator = EmulatorProcess(processes, "emulator", said, "--secret-key", planted.secret_key, *slow)
            keys = ("--secret-key", planted.sts_key, "--token", planted.token)
            sts = EmulatorProcess(processes, "emulator-sts", said, *keys)
            airflow.migrate()
            for part in PARTS:
                airflow.start(processes, part)
            airflow.healthy(processes)
            tell("start", started, [Check("processes", len(processes.groups), "==", len(PARTS) + 2)])
            with Browser(airflow.url, environ=airflow.environ, profile=folder / "profile", pictures=OUTPUT) as browser:
                stage = Stage(processes, airflow, browser, emulator, sts, data, planted)
                for name in names:
                    ok &= run(name, stage)
    finally:
        shutil.copytree(airflow.logs, OUTPUT / "logs")
        ok &= tell(
            "stop", processes.stopping, [Check("processes left over and killed", len(processes.orphans), "==", 0)]
        )
    return ok


def _stop(number: int, _: object) -> None:
    raise StoppedError(f"out of time: {LIMIT:.0f} s" if number == signal.SIGALRM else signal.Signals(number).name)


def main() -> int:
    """Run all, or some.

    :return: 0 where every bar is cleared
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="scenarios, with commas between")
    given = parser.parse_args().only
    names = given.split(",") if given else list(SCENARIOS)
    if unknown := [name for name in names if name not in SCENARIOS]:
        parser.error(f"unknown: {', '.join(unknown)}; known are {', '.join(SCENARIOS)}")
    started = time.monotonic()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, _stop)
    try:
        find_browser()
    except MissingBrowserError as error:
        print(error, file=sys.stderr)
        return 2
    signal.alarm(int(LIMIT))
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir()
    ok = False
    try:
        with (
            tempfile.TemporaryDirectory(prefix="tcocr-e2e-", ignore_cleanup_errors=True) as folder,
            Site() as site,
        ):
            ok = play(Path(folder), names, site)
    except StoppedError as error:
        print(f"stopped: {error}", flush=True)
    taken = time.monotonic() - started
    pictures = len(list(OUTPUT.glob("*.png")))
    print(f"{'all bars cleared' if ok else 'BARS MISSED'} in {taken:.0f} s (<= {LIMIT:.0f}); {pictures} pictures")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
