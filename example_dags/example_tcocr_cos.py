"""Documents in Tencent's object storage, their tables beside them in another bucket, through its S3 endpoint."""

from __future__ import annotations

import os
from datetime import datetime

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

DOCUMENTS = os.environ.get("TCOCR_DOCUMENTS", "cos://inbox-1250000000/2026-11-28/")
OUTPUT = os.environ.get("TCOCR_OUTPUT", "s3://cos_s3@results-1250000000/ocr/2026-11-28")

with DAG(
    dag_id="example_tcocr_cos",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example", "tencent cloud", "ocr"],
    doc_md=__doc__,
) as dag:
    # [START howto_operator_tcocr_cos]
    # The service fetches images by signed URLs, made with the keys of the connection, whose cos_region is set. The
    # tables are written with the connection cos_s3, of the type aws, whose endpoint_url leads to COS.
    TencentCloudOcrBatchOperator(
        task_id="recognize",
        documents=DOCUMENTS,
        output_path=OUTPUT,
    )
    # [END howto_operator_tcocr_cos]
