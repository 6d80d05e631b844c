"""A deferred batch that takes a while, for a triggerer that is killed in the middle of it."""

from __future__ import annotations

import os
from datetime import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

PAGES = int(os.environ["TCOCR_E2E_PAGES"])

with DAG("e2e_deferred", schedule=None, start_date=datetime(2026, 1, 1), catchup=False):
    TencentCloudOcrBatchOperator(
        task_id="recognize",
        documents=[f"{os.environ['TCOCR_E2E_SITE']}/page-{number:04}.png" for number in range(PAGES)],
        output_path=f"{os.environ['TCOCR_E2E_OUTPUT']}/deferred",
        max_qps=float(os.environ["TCOCR_E2E_QPS"]),
        deferrable=True,
    )
