"""A folder of documents to a dataset of Parquet tables and a report: scans, photos and PDFs, every page once."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

DOCUMENTS = os.environ.get("TCOCR_DOCUMENTS", "/data/inbox")
OUTPUT = os.environ.get("TCOCR_OUTPUT", "/data/ocr")
PAGES = os.environ.get("TCOCR_PAGES", "all")

with DAG(
    dag_id="example_tcocr_batch",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example", "tencent cloud", "ocr"],
    doc_md=__doc__,
) as dag:
    # [START howto_operator_tcocr_batch]
    recognize = TencentCloudOcrBatchOperator(
        task_id="recognize",
        documents=DOCUMENTS,
        output_path=OUTPUT,
        pages=PAGES,
        report=True,
    )
    # [END howto_operator_tcocr_batch]

    # [START howto_dataset_tcocr]
    @task
    def count_words(manifest: dict[str, Any]) -> int:
        """Read the dataset back: any Arrow or Parquet tool does."""
        import pyarrow.compute as pc

        from airflow_provider_tcocr.dataset import OcrDataset

        pages = OcrDataset.open(manifest).pages(columns=["document_id", "text"])
        return int(pc.sum(pc.count_substring_regex(pages["text"], r"[\p{L}\p{N}]+")).as_py() or 0)

    # [END howto_dataset_tcocr]

    count_words(recognize.output)
