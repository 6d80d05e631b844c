"""The stage of a scenario: documents, emulators in this process, and task processes to start and to kill."""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from airflow_provider_tcocr.emulator import Emulator
from tests.chaos import measure

if TYPE_CHECKING:
    import pyarrow as pa

ROOT = Path(__file__).resolve().parents[2]


class Attempt:
    """One task process, from its start to its end."""

    def __init__(self, result: Path, log: Path) -> None:
        self.started = time.monotonic()
        self.pid = 0
        self.exit: int | None = None
        self.result_file, self.log_file = result, log
        self.alive, self.over = threading.Event(), threading.Event()

    def wait(self, timeout: float = 120.0) -> int:
        """The exit code; negative for a signal."""
        if not self.over.wait(timeout):
            raise TimeoutError(f"the task process did not end within {timeout} s; its log:\n{self.log[-3000:]}")
        assert self.exit is not None
        return self.exit

    def kill(self, number: signal.Signals = signal.SIGKILL) -> float:
        """Send a signal; gives the moment."""
        self.alive.wait(30)
        moment = time.monotonic()
        if not self.over.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
        return moment

    def told(self, timeout: float = 120.0) -> dict[str, Any]:
        """How the operator ended: ``manifest``, or ``error``, ``cause`` and ``text``; ``pushed`` to XCom."""
        self.wait(timeout)
        if not self.result_file.exists():
            raise AssertionError(
                f"the task process ended with {self.exit} and told nothing; its log:\n{self.log[-3000:]}"
            )
        return json.loads(self.result_file.read_text())

    def manifest(self, timeout: float = 120.0) -> dict[str, Any]:
        """What the operator returned."""
        told = self.told(timeout)
        if "manifest" not in told:
            raise AssertionError(f"the operator raised {told['error']}: {told['text']}")
        return told["manifest"]

    @property
    def log(self) -> str:
        """What the process wrote."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""


class Stage:
    """Owns a folder and the zygote; every scenario makes its own emulators and outputs.

    :param seed: of all chance
    """

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.folder = folder
        self.seed = seed
        self._attempts: dict[int, Attempt] = {}
        self._lock = threading.RLock()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._ready: queue.Queue[bool] = queue.Queue()
        self._references: dict[str, tuple[pa.Table, pa.Table]] = {}

    def __enter__(self) -> Stage:
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "TENCENTCLOUD"))
        }
        home = self.folder / "airflow"
        home.mkdir(parents=True, exist_ok=True)
        environ |= {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",
            "TMPDIR": str(self.folder),
        }
        self.environ = environ
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            cwd=ROOT,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        if not self._ready.get(timeout=60):
            raise RuntimeError("the zygote died; what it said is above")
        gc.collect()
        gc.freeze()  # the emulators measure: they must not be held up by what else is in this process
        return self

    def __exit__(self, *_: object) -> None:
        gc.unfreeze()
        assert self._zygote is not None
        assert self._zygote.stdin is not None
        self._zygote.stdin.close()
        self._zygote.wait(10)
        self._zygote.stdout.close()  # type: ignore[union-attr]

    def reference(self, documents: list[str], **operator: Any) -> tuple[pa.Table, pa.Table]:
        """The tables of an undisturbed run; made once."""
        key = json.dumps([documents, operator])
        if key not in self._references:
            output = self.place("reference")
            with self.emulator() as emulator:
                self.start(emulator, documents, output, **operator).manifest()
                assert emulator.ledger.billed == emulator.ledger.made == len(documents)
            self._references[key] = measure.tables(output)
        return self._references[key]

    def chance(self, name: str) -> Random:
        """Chance of a scenario's own, so that running it alone repeats it."""
        return Random(f"{self.seed} {name}")

    def place(self, name: str) -> Path:
        """An empty place for an output."""
        with self._lock:
            number = 0
            while (path := self.folder / "out" / f"{name}-{number}").exists():
                number += 1
            path.mkdir(parents=True)
        return path / "dataset"

    def documents(self, count: int, *, folder: str = "documents", first: int = 0) -> list[str]:
        """So many small images, each different; made once."""
        path = self.folder / folder
        path.mkdir(exist_ok=True)
        paths = [path / f"{number:05}.png" for number in range(first, first + count)]
        for number, one in enumerate(paths, first):
            if not one.exists():
                one.write_bytes(png(number))
        return [str(one) for one in paths]

    @staticmethod
    def sha256(documents: list[str]) -> set[str]:
        """What the ledger knows documents by."""
        return {hashlib.sha256(Path(one).read_bytes()).hexdigest() for one in documents}

    @contextlib.contextmanager
    def emulator(self, **arguments: Any) -> Iterator[Emulator]:
        """A canned emulator in this process, whose ledger outlives every task process."""
        with Emulator(**{"engine": "canned", "keep_answers": False, "seed": self.seed} | arguments) as emulator:
            yield emulator

    def start(
        self,
        emulator: Emulator,
        documents: list[Any],
        output: Path | str,
        *,
        run_id: str = "run",
        max_qps: float = 2000,
        timeout: float = 30,
        temporary: Path | None = None,
        secret_key: str | None = None,
        failpoints: dict[str, Any] | None = None,
        **operator: Any,
    ) -> Attempt:
        """Start a task process with the batch operator; returns at once.

        :param temporary: its TMPDIR: processes with one share a pace, as on one host
        """
        with self._lock:
            number = len(self._attempts)
            attempt = self._attempts[number] = Attempt(
                self.folder / f"result-{number}.json", self.folder / f"log-{number}.txt"
            )
        connection = json.loads(emulator.connection)
        connection["extra"] |= {"max_qps": max_qps, "timeout": timeout}
        if secret_key:
            connection["password"] = secret_key
        temporary = temporary or self.folder / "host"
        temporary.mkdir(exist_ok=True)
        self.say(
            {
                "job": number,
                "operator": {"documents": documents, "output_path": str(output), **operator},
                "run_id": run_id,
                "environ": {
                    "AIRFLOW_CONN_TENCENTCLOUD_DEFAULT": json.dumps(connection),
                    "TMPDIR": str(temporary),
                },
                "temporary": str(temporary),
                "failpoints": failpoints or {},
                "result": str(attempt.result_file),
                "log": str(attempt.log_file),
            }
        )
        return attempt

    def say(self, job: dict[str, Any]) -> None:
        """Hand a job to the zygote."""
        assert self._zygote is not None
        assert self._zygote.stdin is not None
        with self._lock:
            self._zygote.stdin.write(json.dumps(job).encode() + b"\n")
            self._zygote.stdin.flush()

    def _listen(self) -> None:
        assert self._zygote is not None
        assert self._zygote.stdout is not None
        for line in self._zygote.stdout:
            told = json.loads(line)
            if "ready" in told:
                self._ready.put(True)
                continue
            attempt = self._attempts[told["job"]]
            if "pid" in told:
                attempt.pid = told["pid"]
                attempt.alive.set()
            else:
                attempt.exit = told["exit"]
                attempt.alive.set()
                attempt.over.set()
        self._ready.put(False)


def png(number: int) -> bytes:
    """A grey image of 24 by 16 pixels, different for each number."""
    rows = b"".join(
        b"\0" + bytes((number >> 16 & 255, number >> 8 & 255, number & 255, row)) + b"\xee" * 20 for row in range(16)
    )
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 24, 16, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows, 1)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
