"""A process that has imported everything once, and forks a fresh task process for each job.

Reads jobs as lines of JSON, tells pids and ends the same way. It starts no thread, so that a fork is safe; Airflow
forks its task processes too.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys

PRELOADED = (
    "aiohttp",
    "pyarrow.parquet",
    "PIL.PngImagePlugin",
    "airflow_provider_tcocr.operators.ocr",
    "airflow_provider_tcocr.batch.run",
    "airflow_provider_tcocr.hooks.connection",
    "airflow_provider_tcocr.documents.images",
    "tests.chaos.task",
)


def main() -> None:
    """Serve until there is nobody left to serve."""
    for name in PRELOADED:
        importlib.import_module(name)
    tell({"ready": True})
    jobs: dict[int, int] = {}
    told = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.005)
        if ready:
            read = os.read(0, 1 << 20)
            if not read:
                break
            *lines, told = (told + read).split(b"\n")
            for line in lines:
                job = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    become(job)
                jobs[pid] = job["job"]
                tell({"job": job["job"], "pid": pid})
        while jobs:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            tell({"job": jobs.pop(pid), "exit": os.waitstatus_to_exitcode(status)})
    for pid in jobs:
        os.kill(pid, signal.SIGKILL)


def become(job: dict) -> None:
    """Be the job's process, and end as it does."""
    code = 70
    try:
        log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        from tests.chaos.task import run_task

        code = run_task(job)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def tell(what: dict) -> None:
    """One line to whoever started this."""
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    main()
