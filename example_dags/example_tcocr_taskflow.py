"""A function names the documents, its task recognizes them: TaskFlow from a list to Parquet tables."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

DOCUMENTS = os.environ.get("TCOCR_DOCUMENTS", "/data/inbox")
OUTPUT = os.environ.get("TCOCR_OUTPUT", "/data/ocr")

with DAG(
    dag_id="example_tcocr_taskflow",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example", "tencent cloud", "ocr"],
    doc_md=__doc__,
) as dag:
    # [START howto_decorator_tcocr]
    @task.tencentcloud_ocr(output_path=OUTPUT, fail_on=0.05)
    def invoices(folder: str) -> list[dict[str, str]]:
        """Name the documents: what `documents` of the batch operator takes."""
        return [{"uri": str(path), "document_id": path.stem} for path in sorted(Path(folder).glob("invoice*"))]

    # [END howto_decorator_tcocr]

    @task
    def count(manifest: dict[str, Any]) -> int:
        """The pages that were recognized."""
        return int(manifest["counts"]["recognized"])

    count(invoices(DOCUMENTS))
