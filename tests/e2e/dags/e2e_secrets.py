"""Signed URLs and temporary keys in every way that a batch takes them; two tasks fail, for their tracebacks.

The URLs come from Airflow Variables at run time, so that no Dag file holds a secret.
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator, TencentCloudOcrOperator

OUTPUT = os.environ["TCOCR_E2E_OUTPUT"]
SIGNED = "{{ var.value.e2e_address }}"
MISSING = "{{ var.value.e2e_missing }}"
COS = "cos://scans-1250000000.cos.ap-singapore.myqcloud.com/signed-invoice.png"  # signed by the provider

TASKS: dict[str, dict[str, Any]] = {
    "by_url": {"documents": [SIGNED]},
    "deferrable": {"documents": [SIGNED], "deferrable": True},
    "cos": {"documents": [COS]},
    "cos_deferred": {"documents": [COS], "deferrable": True},
    "by_bytes": {"documents": [{"uri": SIGNED}], "transfer": "bytes"},
    "missing": {"documents": [MISSING], "transfer": "bytes", "fail_on": "any"},
    "refused": {"documents": [SIGNED], "tencentcloud_conn_id": "tencentcloud_wrong"},
}

with DAG("e2e_secrets", schedule=None, start_date=datetime(2026, 1, 1), catchup=False):
    for task_id, arguments in TASKS.items():
        TencentCloudOcrBatchOperator(
            task_id=task_id,
            output_path=f"{OUTPUT}/secrets/{task_id}",
            **{"tencentcloud_conn_id": "tencentcloud_sts", **arguments},
        )
    TencentCloudOcrOperator(task_id="single", document=SIGNED, tencentcloud_conn_id="tencentcloud_sts")
