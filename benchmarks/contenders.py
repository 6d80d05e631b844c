"""Who is measured: the provider, what users would write instead, and the limit. Each run is a process of its own.

``python -m benchmarks.contenders NAME LOAD`` does a small load, so that all is imported, then the whole one, and prints
what that took as JSON.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

_KEY: Final = "AKIDbenchmark", "benchmark"
_WARM: Final = 40
_THREADS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is to be done.

    :param url: the server's
    :param pages: how many
    :param in_flight: calls at once, for those that can
    :param folder: images to be sent, or a dataset to be read; None sends URLs
    :param qps: calls a second, None for the default quota
    """

    url: str
    pages: int
    in_flight: int = 128
    folder: str | None = None
    qps: float | None = 100_000

    def documents(self) -> list[str]:
        """Files, or URLs that nobody fetches."""
        if self.folder is not None:
            return sorted(map(str, Path(self.folder).iterdir()))[: self.pages]
        return [f"http://scans.example/{number // 1000:04}/{number % 1000:03}.png" for number in range(self.pages)]

    @property
    def host(self) -> str:
        """The server's host and port."""
        return self.url.partition("://")[2]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run took.

    :param wall: seconds
    :param cpu: seconds of the process, all threads
    :param peak: bytes above what was held before
    :param derived: seconds of the process for the tables alone, where a run tells that
    :param calling: seconds from the first answer to the last, where a run tells that
    """

    pages: int
    wall: float
    cpu: float
    peak: int
    derived: float = 0.0
    calling: float = 0.0


def limit(load: Load, output: Path) -> int:
    """The provider's HTTP session, each call signed; the answers are thrown away."""
    from airflow_provider_tcocr.api.options import Options
    from airflow_provider_tcocr.api.request import Body, image_body, url_body
    from airflow_provider_tcocr.api.signing import signed_headers
    from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
    from airflow_provider_tcocr.client.wire import Wire

    options = Options.parse(None, international=True)
    documents = iter(load.documents())

    def body_of(one: str) -> Body:
        return image_body(Path(one).read_bytes(), options) if load.folder else url_body(one, options)

    async def work(wire: Wire) -> int:
        done = 0
        for one in documents:
            body = body_of(one)
            headers = signed_headers(
                body.sha256(),
                secret_id=_KEY[0],
                secret_key=_KEY[1],
                host=load.host,
                action="GeneralAccurateOCR",
                timestamp=int(time.time()),
            )
            await wire.post(body, headers)
            done += 1
        return done

    async def run() -> int:
        wire = Wire(ClientConfig(endpoint=Endpoint.parse(load.url)))
        done = await asyncio.gather(*(work(wire) for _ in range(load.in_flight)))
        await wire.close()
        return sum(done)

    return asyncio.run(run())


def digest(load: Load, output: Path) -> int:
    """Base64 of each image and SHA-256 of the body, and no call."""
    documents = load.documents()
    for one in documents:
        hashlib.sha256(b64encode(Path(one).read_bytes())).hexdigest()
    return len(documents)


def provider(load: Load, output: Path) -> int:
    """One batch of the provider: called, landed, both tables derived."""
    from airflow_provider_tcocr.batch.loop import Batch
    from airflow_provider_tcocr.batch.request import BatchRequest
    from airflow_provider_tcocr.batch.run import RunningBatch
    from airflow_provider_tcocr.client.client import Client
    from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
    from airflow_provider_tcocr.client.credentials import static
    from airflow_provider_tcocr.client.loop import run

    client = Client(ClientConfig(endpoint=Endpoint.parse(load.url)), static(*_KEY))
    request = BatchRequest(
        documents=load.documents(),
        output_path=str(output),
        max_concurrency=load.in_flight,
        max_qps=load.qps,
        run=("benchmark",),
    )
    manifest = RunningBatch(request, client, Batch.run, report=lambda line: None).result()
    run(client.close())
    return int(manifest.counts["pages"])


def paced(load: Load, output: Path) -> Measured:
    """One batch of the provider, and between which moments its pages were recognized."""
    import pyarrow.dataset as ds

    whole = _measured(lambda: provider(load, output))
    moments = ds.dataset(output / "pages").to_table(columns=["recognized_at"])["recognized_at"].to_pylist()
    return replace(whole, calling=(max(moments) - min(moments)).total_seconds())


def resume(load: Load, output: Path) -> Measured:
    """A second batch over what a first has done, where the peak is the first one's, and a third that derives again."""
    first = _measured(lambda: provider(load, output))
    nobody = replace(load, url="http://127.0.0.1:9")
    second = _measured(lambda: provider(nobody, output))
    (output / "_manifest.json").unlink()
    third = _measured(lambda: provider(nobody, output))
    return replace(second, peak=first.peak, derived=third.cpu - second.cpu)


def sdk_loop(load: Load, output: Path) -> int:
    """Tencent's SDK in a loop, json, Parquet."""
    return _to_parquet(map(_sdk(load, connections=1), load.documents()), output)


def sdk_threads(load: Load, output: Path) -> int:
    """Tencent's SDK in 32 threads with as many pooled connections, json, Parquet."""
    with ThreadPoolExecutor(_THREADS) as threads:
        return _to_parquet(threads.map(_sdk(load, connections=_THREADS), load.documents()), output)


def _sdk(load: Load, *, connections: int) -> Callable[[str], str]:
    """One document's call by the SDK's models, as its documentation shows it; gives the answer's JSON."""
    from requests.adapters import HTTPAdapter
    from tencentcloud.common.credential import Credential
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile
    from tencentcloud.ocr.v20181119 import models
    from tencentcloud.ocr.v20181119.ocr_client import OcrClient

    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=load.host, keepAlive=True))
    client = OcrClient(Credential(*_KEY), "", profile)
    client.request.conn._session.mount("http://", HTTPAdapter(pool_maxsize=connections))

    def call(document: str) -> str:
        request = models.GeneralAccurateOCRRequest()
        if load.folder:
            request.ImageBase64 = b64encode(Path(document).read_bytes()).decode()
        else:
            request.ImageUrl = document
        answered: str = client.GeneralAccurateOCR(request).to_json_string()
        return answered

    return call


def _to_parquet(answers: Iterable[str], output: Path) -> int:
    """Rows as dicts, a table of them, a file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pages = 0
    rows: list[dict[str, Any]] = []
    for pages, answered in enumerate(answers, 1):
        for number, detection in enumerate(json.loads(answered)["TextDetections"]):
            rows.append(
                {
                    "page": pages,
                    "detection": number,
                    "text": detection["DetectedText"],
                    "confidence": detection["Confidence"],
                    "polygon": detection["Polygon"],
                    "item_polygon": detection["ItemPolygon"],
                    "advanced_info": detection["AdvancedInfo"],
                }
            )
    output.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), output / "detections.parquet")
    return pages


def one_task(load: Load, output: Path) -> Measured:
    """A Dag of one batch task."""
    return _dag(load, output, "benchmark_batch")


def mapped_tasks(load: Load, output: Path) -> Measured:
    """A Dag of one mapped task an image, each with Tencent's SDK."""
    return _dag(load, output, "benchmark_mapped")


def _dag(load: Load, output: Path, dag_id: str) -> Measured:
    """Run a Dag by ``airflow dags test``; the time is from the first task's start on, without Airflow's own."""
    import sqlite3
    from datetime import datetime

    output.mkdir()
    connection = {
        "conn_type": "tencentcloud",
        "login": _KEY[0],
        "password": _KEY[1],
        "host": load.url,
        "extra": {"max_qps": load.qps},
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(output),
        "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).with_name("dags")),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_CONN_TENCENTCLOUD_DEFAULT": json.dumps(connection),
        "BENCHMARK_DOCUMENTS": json.dumps(load.documents()),
        "BENCHMARK_OUTPUT": str(output / "out"),
        "BENCHMARK_URL": load.url,
    }
    for words in (["db", "migrate"], ["dags", "test", dag_id]):
        command = [sys.executable, "-m", "airflow", *words]
        subprocess.run(command, env=environment, check=True, capture_output=True)
    with sqlite3.connect(output / "airflow.db") as database:
        moments = database.execute("SELECT min(start_date), max(end_date) FROM task_instance").fetchone()
        (state,) = database.execute("SELECT state FROM dag_run").fetchone()
    if state != "success":
        raise RuntimeError(f"{dag_id} ended as {state}")
    start, end = map(datetime.fromisoformat, moments)
    return Measured(load.pages, (end - start).total_seconds(), 0.0, 0)


def imports(load: Load, output: Path) -> Measured:
    """What a Dag file pays for importing the operators, after Airflow itself; in a process of its own."""
    sdk = "from airflow.providers.common.compat.sdk import DAG"
    return _in_a_process("import airflow_provider_tcocr.operators.ocr", first=sdk)


def discovery(load: Load, output: Path) -> Measured:
    """What each Airflow command pays for the provider's metadata."""
    return _in_a_process("from airflow_provider_tcocr.get_provider_info import get_provider_info; get_provider_info()")


def _in_a_process(code: str, *, first: str = "") -> Measured:
    timed = (
        f"import time, typing, contextlib; {first}\n"
        f"wall, cpu = time.perf_counter(), time.process_time()\n{code}\n"
        "print(time.perf_counter() - wall, time.process_time() - cpu)"
    )
    told = subprocess.run([sys.executable, "-c", timed], check=True, capture_output=True, text=True).stdout
    wall, cpu = map(float, told.splitlines()[-1].split())
    return Measured(1, wall, cpu, 0)


def search(load: Load, output: Path) -> int:
    """A text search over the detections in DuckDB, nothing configured."""
    import duckdb

    query = f"SELECT document_id, page, text FROM '{load.folder}/detections/*.parquet' WHERE text LIKE '%payment%'"  # noqa: S608
    return len(duckdb.connect().execute(query).fetchall())


def duckdb(load: Load, output: Path) -> int:
    """The whole detections table in DuckDB; likewise the three below."""
    import duckdb

    return len(duckdb.read_parquet(f"{load.folder}/detections/*.parquet").to_arrow_table())


def polars(load: Load, output: Path) -> int:
    """In polars."""
    import polars

    return polars.read_parquet(f"{load.folder}/detections/*.parquet").height


def pandas(load: Load, output: Path) -> int:
    """In pandas, whose lists are objects."""
    import pandas

    return len(pandas.read_parquet(f"{load.folder}/detections"))


def pyarrow(load: Load, output: Path) -> int:
    """In pyarrow."""
    import pyarrow.parquet

    return int(pyarrow.parquet.read_table(f"{load.folder}/detections").num_rows)


CONTENDERS: Final[dict[str, Callable[[Load, Path], int | Measured]]] = {
    one.__name__: one
    for one in (
        *(limit, digest, provider, paced, resume, sdk_loop, sdk_threads),
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
        return _measured(lambda: run(load, Path(folder, "out")))


def _measured(run: Callable[[], int | Measured]) -> Measured:
    held = _resident()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    wall, cpu = time.perf_counter(), time.process_time()
    found = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return found if isinstance(found, Measured) else Measured(found, wall, cpu, _peak() - held)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def _peak() -> int:
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(asdict(measure(sys.argv[1], Load(**json.loads(sys.argv[2]))))))
