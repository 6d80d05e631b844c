"""Runs the cases, the contenders of each in turns, and prints Markdown: medians, spreads, and the bars."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .cases import CASES, Bar, Case, Round
from .fixture import write_dataset, write_images
from .measured import Load, Measured

_SECONDS = 3600


def main() -> int:
    """Run what is asked for; the exit code tells whether every bar was cleared."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=CASES, help="one case")
    parser.add_argument("--rounds", type=int, help="of each case")
    arguments = parser.parse_args()
    print(_machine(), flush=True)
    cleared = True
    for name in [arguments.only] if arguments.only else CASES:
        case = CASES[name]
        rounds = _rounds(case, min(case.rounds, arguments.rounds or case.rounds))
        print(f"\n### {case.title}\n\n{_contenders(rounds)}\n\n{_bars(case.bars, rounds)}", flush=True)
        cleared = cleared and all(_clears(bar, rounds) for bar in case.bars)
    return 0 if cleared else 1


def _rounds(case: Case, count: int) -> list[Round]:
    with tempfile.TemporaryDirectory(prefix="tcocr-bench-") as home, _server(case) as url:
        load: dict[str, Any] = {"url": url, "pages": 1, **case.load}
        if case.images or case.dataset:
            load["folder"] = str(Path(home, "in"))
        if case.images:
            write_images(Path(home, "in"), *case.images)
        if case.dataset:
            write_dataset(Path(home, "in"), case.dataset)
        return [{name: _measure(name, Load(**load)) for name in case.contenders} for _ in range(count)]


@contextmanager
def _server(case: Case) -> Iterator[str]:
    words = [sys.executable, "-m", "benchmarks.server", str(case.latency), *([str(case.quota)] if case.quota else [])]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.stdin.close()


def _measure(name: str, load: Load) -> Measured:
    contender, _, pages = name.partition("/")
    given = asdict(load) | ({"pages": int(pages)} if pages else {})
    words = [sys.executable, "-m", "benchmarks.contenders", contender, json.dumps(given)]
    ended = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, timeout=_SECONDS)
    return Measured(**json.loads(ended.stdout.splitlines()[-1]))


def _contenders(rounds: Sequence[Round]) -> str:
    lines = ["| contender | CPU a page, ms | pages a second | peak, MB |", "|---|---:|---:|---:|"]
    for name in rounds[0]:
        runs = [one[name] for one in rounds]
        cpu = _spread([1000 * run.cpu / run.pages for run in runs])
        rate = _spread([run.pages / run.wall for run in runs])
        lines.append(f"| {name} | {cpu} | {rate} | {_spread([run.peak / 2**20 for run in runs])} |")
    return "\n".join(lines)


def _bars(bars: Sequence[Bar], rounds: Sequence[Round]) -> str:
    lines = ["| figure | median (minimum to maximum) | bar | cleared |", "|---|---:|---:|---|"]
    for bar in bars:
        asked = f"at least {bar.least:g}" if bar.least is not None else ""
        asked = f"at most {bar.most:g}" if bar.most is not None else asked
        cleared = ("yes" if _clears(bar, rounds) else "**no**") if asked else ""
        lines.append(f"| {bar.told} | {_spread([bar.figure(one) for one in rounds])} | {asked} | {cleared} |")
    return "\n".join(lines)


def _clears(bar: Bar, rounds: Sequence[Round]) -> bool:
    figure = statistics.median(bar.figure(one) for one in rounds)
    return (bar.least is None or figure >= bar.least) and (bar.most is None or figure <= bar.most)


def _spread(values: Sequence[float]) -> str:
    median = f"{statistics.median(values):.3g}"
    return median if len(values) == 1 else f"{median} ({min(values):.3g} to {max(values):.3g})"


def _machine() -> str:
    model = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "")
    cores, load = os.cpu_count(), os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores of{model.partition(':')[2]}, Python {platform.python_version()}, "
        f"load {load:.1f} at the start; each ratio is taken within one round."
    )


if __name__ == "__main__":
    sys.exit(main())
