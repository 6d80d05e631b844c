"""The chaos suite: breaks batches in every way that is known, and prints what each way cost beside what it may cost.

make chaos [SEED=7] [ONLY=sigkill]
"""

from __future__ import annotations

import argparse
import logging
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

from tests.chaos import codes, faults, hostile, kills, quota, retries
from tests.chaos.check import Check
from tests.chaos.stage import ROOT, Stage

LIMIT = 600.0
"""Seconds for all of it."""

SCENARIOS: dict[str, Callable[[Stage], list[Check]]] = {
    "sigkill": kills.sigkill,
    "sigterm": kills.sigterm,
    "finalization": kills.finalization,
    "flaky": faults.flaky,
    "twins-close": faults.twins_close,
    "twins": faults.twins,
    "arrears": faults.arrears,
    "cleared": retries.again,
    "early-sigterm": retries.early,
    "task-sigterm": retries.supervised_sigterm,
    "task-timeout": retries.execution_timeout,
    "codes": codes.codes,
    "hostile": hostile.hostile,
    "quota": quota.alone,
    "jitter": quota.jittered,
    "learnt": quota.learnt,
    "one-host": quota.together,
    "hosts": quota.hosts,
}
BESIDE = ("hosts",)
"""Scenarios of minutes that need hardly any processor: run beside the others, in a process of their own."""
QUIET = ("quota", "jitter", "learnt", "one-host")
"""Scenarios that measure rates to a per cent: nothing runs beside them."""


def run(name: str, stage: Stage) -> bool:
    """Run a scenario and print its line."""
    started = time.monotonic()
    try:
        checks = SCENARIOS[name](stage)
    except Exception as error:
        traceback.print_exc()
        checks = [Check(f"raised {type(error).__name__}: {str(error)[:300]}", 1, "==", 0)]
    ok = all(check.ok for check in checks)
    taken = time.monotonic() - started
    print(f"{name:<14} {'ok    ' if ok else 'MISSED'} {taken:5.1f} s  " + "; ".join(map(str, checks)), flush=True)
    return ok


def _ended(beside: list[subprocess.Popen[str]]) -> bool:
    """Wait for those beside, and print their lines."""
    ok = True
    while beside:
        told, _ = beside[0].communicate()
        print(*told.splitlines()[1:-1], sep="\n", flush=True)
        ok &= beside.pop(0).returncode == 0
    return ok


class OutOfTimeError(BaseException):
    """The suite has taken longer than it may; no scenario catches this."""


def _out_of_time(*_: object) -> None:
    raise OutOfTimeError


def main() -> int:
    """Run all, or one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    seed = SystemRandom().randrange(10**6) if arguments.seed is None else arguments.seed
    names = arguments.only.split(",") if arguments.only else [name for name in SCENARIOS if name not in BESIDE]
    if unknown := [name for name in names if name not in SCENARIOS]:
        parser.error(f"unknown: {', '.join(unknown)}; known are {', '.join(SCENARIOS)}")
    started = time.monotonic()
    print(f"SEED={seed}", flush=True)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # clients that leave in the middle are the point
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.alarm(int(LIMIT))
    beside: list[subprocess.Popen[str]] = []
    if not arguments.only:
        for name in BESIDE:
            if name in SCENARIOS:
                command = [sys.executable, "-m", "tests.chaos.run", "--seed", str(seed), "--only", name]
                beside.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT))
    ok = True
    try:
        with (
            tempfile.TemporaryDirectory(prefix="tcocr-chaos-", ignore_cleanup_errors=True) as folder,
            Stage(Path(folder), seed=seed) as stage,
        ):
            for name in names:
                if name in QUIET:
                    ok &= _ended(beside)
                ok &= run(name, stage)
        ok &= _ended(beside)
    except OutOfTimeError:
        print(f"out of time: {LIMIT:.0f} s", flush=True)
        ok = False
    finally:
        for process in beside:
            process.kill()
    taken = time.monotonic() - started
    ok &= taken <= LIMIT
    print(f"{'all bars cleared' if ok else 'BARS MISSED'} in {taken:.0f} s (<= {LIMIT:.0f}); SEED={seed}")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
