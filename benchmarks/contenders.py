"""Who is measured, by name; each run is a process of its own.

``python -m benchmarks.contenders NAME LOAD`` does a small load, so that all is imported, then the whole one, and prints
what that took as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from .around import discovery, duckdb, imports, pandas, polars, pyarrow, search
from .measured import Load, Measured, measured
from .provider import bare, digest, limit, paced, provider, resume
from .rivals import mapped_tasks, one_task, sdk_loop, sdk_threads

_WARM: Final = 40

CONTENDERS: Final[dict[str, Callable[[Load, Path], int | Measured]]] = {
    one.__name__: one
    for one in (
        *(limit, bare, digest, provider, paced, resume, sdk_loop, sdk_threads),
        *(one_task, mapped_tasks, imports, discovery, search, duckdb, polars, pandas, pyarrow),
    )
}
_COLD: Final = (one_task, mapped_tasks, imports, discovery)


def measure(name: str, load: Load) -> Measured:
    """Run a contender in this process."""
    run = CONTENDERS[name]
    with tempfile.TemporaryDirectory(prefix="tcocr-bench-") as folder:
        if run not in _COLD:
            run(replace(load, pages=min(_WARM, load.pages)), Path(folder, "warm"))
        return measured(lambda: run(load, Path(folder, "out")))


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(asdict(measure(sys.argv[1], Load(**json.loads(sys.argv[2]))))))
