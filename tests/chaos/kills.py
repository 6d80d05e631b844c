"""Task processes that are killed: while they call, and while they derive the tables."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq

from airflow_provider_tcocr.landing import journal
from tests.chaos import measure
from tests.chaos.check import Check
from tests.chaos.stage import Stage

GRACE = 5.0
"""Seconds that Airflow 3.3 leaves a task process between SIGTERM and SIGKILL."""


def sigkill(stage: Stage, *, pages: int = 1000, kills: int = 20, qps: float = 120, longest: float = 1.6) -> list[Check]:
    """Killed at random moments, each time run again."""
    return _killed(stage, signal.SIGKILL, pages=pages, kills=kills, qps=qps, longest=longest)


def sigterm(stage: Stage, *, pages: int = 1000, kills: int = 20, qps: float = 120, longest: float = 0.8) -> list[Check]:
    """Told to stop at random moments, each time run again; killed where that takes longer than Airflow waits."""
    return _killed(stage, signal.SIGTERM, pages=pages, kills=kills, qps=qps, longest=longest)


def _killed(stage: Stage, number: signal.Signals, *, pages: int, kills: int, qps: float, longest: float) -> list[Check]:
    documents = stage.documents(pages)
    reference = stage.reference(documents)
    name = number.name.lower()
    chance, output = stage.chance(name), stage.place(name)
    lost: set[int] = set()
    flying = second = 0
    slowest, in_time = 0.0, 0
    with stage.emulator(latency=0.08) as emulator:
        for _ in range(kills):
            attempt = stage.start(emulator, documents, output, max_qps=qps)
            attempt.over.wait(chance.uniform(0.05, longest))
            alive = not attempt.over.is_set()
            moment = attempt.kill(number)
            in_time += alive
            try:
                attempt.wait(GRACE)
            except TimeoutError:
                attempt.kill(signal.SIGUSR1)  # tells what its threads do
                time.sleep(0.2)
                attempt.kill()
                attempt.wait()
                print(f"did not end in time:\n{attempt.log[-4000:]}", file=sys.stderr)
            slowest = max(slowest, time.monotonic() - moment)
            calls = emulator.ledger.calls
            then = measure.in_flight(calls, moment)
            flying += len(then)
            lost |= then
            if number is signal.SIGKILL:
                recent = measure.last_second(calls, moment) - then
                second += len(recent)
                lost |= recent
        last = stage.start(emulator, documents, output, max_qps=qps).manifest()
        calls = emulator.ledger.calls
        billed = emulator.ledger.billed
    checks = [
        Check("killed while at work", in_time, ">=", kills),
        Check("tables equal", measure.same_tables(output, reference), "==", True),
        Check("pages", last["counts"]["recognized"], "==", pages),
        Check("calls billed", billed, "<=", pages + flying + second),
        Check("of which in flight at a kill", flying),
        Check("paid twice unexplained", measure.unexplained(calls, lost), "==", 0),
    ]
    if number is signal.SIGKILL:
        checks.insert(5, Check("answered in the second before one", second))
    else:
        checks.append(Check("paid twice", len(measure.paid_again(calls)), "==", 0))
        checks.append(Check("slowest end s", slowest, "<=", GRACE))
    return checks


def finalization(stage: Stage, *, pages: int = 1000, kills: int = 20) -> list[Check]:
    """Killed at the operations on the storage between the last answer and the manifest."""
    documents = stage.documents(pages)
    reference = stage.reference(documents)
    chance, output = stage.chance("finalization"), stage.place("finalization")
    saved = Path(str(output) + "-unmerged")
    died = hidden = early = 0
    with stage.emulator(latency=0.01) as emulator:
        first = stage.start(emulator, documents, output, max_qps=400, failpoints={"die": [1, "before"]})
        died += first.wait() == -signal.SIGKILL
        shutil.copytree(output, saved)
        made = emulator.ledger.made
        operations = _operations(saved)
        places = [1 + place * (operations - 1) // max(1, kills - 2) for place in range(kills - 1)]
        chance.shuffle(places)
        for place in places:
            if chance.random() < 0.6:  # else what the last one left is what this one finds
                shutil.rmtree(output)
                shutil.copytree(saved, output)
            number = min(place, _operations(output))
            moment = chance.choice(("before", "during", "after"))
            attempt = stage.start(emulator, documents, output, failpoints={"die": [number, moment]})
            died += attempt.wait() == -signal.SIGKILL
            hidden += len(list(output.rglob(".*")))
            whole = (output / "_manifest.json").exists()
            early += whole and not measure.same_tables(output, reference)
        stage.start(emulator, documents, output).manifest()
        further = emulator.ledger.made - made
    return [
        Check("killed", died, "==", kills),
        Check("manifests beside other tables", early, "==", 0),
        Check("tables equal", measure.same_tables(output, reference), "==", True),
        Check("further calls", further, "==", 0),
        Check("billed", made, "==", pages),
        Check("dot-files seen", hidden),
    ]


def _operations(output: Path) -> int:
    """How many operations on the storage a finalization takes: a merge writes one part and deletes the small ones."""
    if (output / "_manifest.json").exists():  # the tables stand, and nothing but the manifest is written
        return 1
    rows = [pq.read_metadata(part).num_rows for part in (output / "raw").glob("part-*.parquet")]
    few = sum(journal.FULL <= count < journal.LARGE for count in rows) <= journal.FEW
    small = [count for count in rows if count < (journal.FULL if few else journal.LARGE)]
    return 5 + len(small) if len(small) > 1 or 0 in small else 4
