"""Images behind URLs without a worker's slot: the trigger makes the calls, the service fetches the images itself."""

from __future__ import annotations

import os
from datetime import datetime, timedelta

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

URLS = os.environ.get("TCOCR_URLS", "https://images.example.com/1.jpg https://images.example.com/2.jpg").split()
OUTPUT = os.environ.get("TCOCR_OUTPUT", "/data/ocr")

with DAG(
    dag_id="example_tcocr_deferrable",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example", "tencent cloud", "ocr"],
    doc_md=__doc__,
) as dag:
    # [START howto_operator_tcocr_deferrable]
    TencentCloudOcrBatchOperator(
        task_id="recognize",
        documents=URLS,
        output_path=OUTPUT,  # where the triggerer reaches it too
        deferrable=True,
        retries=2,  # stored answers are not paid for again
        execution_timeout=timedelta(hours=6),
    )
    # [END howto_operator_tcocr_deferrable]
