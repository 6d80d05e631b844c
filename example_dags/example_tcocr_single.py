"""One document to plain JSON in XCom, for a task that needs its text at once."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrOperator

DOCUMENT = os.environ.get("TCOCR_DOCUMENT", "/data/inbox/invoice.png")

with DAG(
    dag_id="example_tcocr_single",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example", "tencent cloud", "ocr"],
    doc_md=__doc__,
) as dag:
    # [START howto_operator_tcocr_single]
    recognize = TencentCloudOcrOperator(
        task_id="recognize",
        document=DOCUMENT,
    )
    # [END howto_operator_tcocr_single]

    @task
    def first_line(result: dict[str, Any]) -> str:
        """The document's first line."""
        return (result["pages"][0]["text"] or "").partition("\n")[0]

    first_line(recognize.output)
