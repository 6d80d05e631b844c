"""A batch in a process of its own, killed at random moments: every row is there, and little is paid for twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.until import until

SEED = int(os.environ.get("TCOCR_TEST_SEED", "20261122"))
IN_FLIGHT = 8
QPS = 100

RUN = """
import json, sys
from airflow_provider_tcocr.batch.request import BatchRequest
from airflow_provider_tcocr.batch.batch import Batch
from airflow_provider_tcocr.batch.run import RunningBatch
from airflow_provider_tcocr.client.client import Client
from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
from airflow_provider_tcocr.client.credentials import static

given = json.loads(sys.argv[1])
config = ClientConfig(endpoint=Endpoint.parse(given["url"]), max_qps=given["qps"], timeout=10)
client = Client(config, static(given["secret_id"], given["secret_key"]))
running = RunningBatch(BatchRequest(**given["request"]), client, Batch.run, report=lambda line: None)
import signal
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
print("started", flush=True)
print(json.dumps(running.result().to_json()), flush=True)
"""


@pytest.fixture
def process(tcocr_emulator, tmp_path):
    """Start the batch in a process of its own."""
    started = []

    def start(**request):
        given = {
            "url": tcocr_emulator.url,
            "secret_id": tcocr_emulator.secret_id,
            "secret_key": tcocr_emulator.secret_key,
            "qps": QPS,
            "request": {
                "documents": str(tmp_path / "in"),
                "output_path": str(tmp_path / "out"),
                "max_concurrency": IN_FLIGHT,
                "run": ["d", "t", "r", "-1"],
            }
            | request,
        }
        environment = {
            **os.environ,
            "TMPDIR": str(tmp_path),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
        }
        child = subprocess.Popen(
            [sys.executable, "-c", RUN, json.dumps(given)], env=environment, stdout=subprocess.PIPE, text=True
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()
        child.stdout.close()


def test_killed_at_random_moments_every_page_is_there_and_little_is_paid_twice(process, images, out, tcocr_emulator):
    chance = random.Random(SEED)
    images(150)
    tcocr_emulator.inject(latency=0.02)
    kills = 0
    for _ in range(4):
        before = tcocr_emulator.ledger.made
        child = process()
        until(lambda before=before, child=child: tcocr_emulator.ledger.made > before or child.poll() is not None, 60)
        time.sleep(chance.random() * 0.6)
        kills += child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
    last = process()
    manifest = json.loads(last.communicate(timeout=60)[0].splitlines()[-1])
    assert kills >= 3, f"seed {SEED}"
    assert manifest["counts"]["recognized"] == 150
    pages = out.pages
    assert len({page["document_id"] for page in pages}) == len(pages) == 150
    assert tcocr_emulator.ledger.billed <= 150 + kills * (IN_FLIGHT + QPS), f"seed {SEED}"
    served = {call.request_id for call in tcocr_emulator.ledger.calls}
    assert {page["request_id"] for page in pages} <= served


def test_terminated_it_lands_what_is_in_flight_and_a_retry_pays_for_no_page_again(process, images, out, tcocr_emulator):
    images(150)
    tcocr_emulator.inject(latency=0.1)
    child = process()
    until(lambda: tcocr_emulator.ledger.made >= 30, 60)
    child.terminate()
    started = time.monotonic()
    assert child.wait(10) == 143
    assert time.monotonic() - started < 5
    made = tcocr_emulator.ledger.made
    assert len(out.raw) == made
    manifest = json.loads(process().communicate(timeout=60)[0].splitlines()[-1])
    assert (manifest["counts"]["recognized"], manifest["counts"]["reused"]) == (150, made)
    assert tcocr_emulator.ledger.made == 150
