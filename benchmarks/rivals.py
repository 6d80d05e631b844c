"""What users write instead: Tencent's SDK in a loop or in threads, or one mapped Airflow task an image."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from .measured import KEY, Load, Measured

_THREADS: Final = 32


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
    client = OcrClient(Credential(*KEY), "", profile)
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
        "login": KEY[0],
        "password": KEY[1],
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
