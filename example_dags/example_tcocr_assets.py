"""Documents arrive, tables are made, DuckDB queries them: three Dags, each scheduled on the asset of the one before."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, Asset, task

from airflow_provider_tcocr.assets.uri import asset_uri
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

UPLOADS = os.environ.get("TCOCR_UPLOADS", "/data/uploads")
DOCUMENTS = os.environ.get("TCOCR_DOCUMENTS", "/data/inbox")
OUTPUT = os.environ.get("TCOCR_OUTPUT", "/data/ocr")

INBOX, DATASET = Asset(uri=asset_uri(DOCUMENTS)), Asset(uri=asset_uri(OUTPUT))
DEFAULTS: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1),
    "catchup": False,
    "tags": ["example", "tencent cloud", "ocr"],
    "doc_md": __doc__,
}

# [START howto_assets_arrive_tcocr]
with DAG(dag_id="example_tcocr_assets_arrive", schedule=None, **DEFAULTS) as arrive:

    @task(outlets=[INBOX])
    def collect() -> int:
        """Move what was uploaded into the inbox; where nothing was, a skipped task gives no event."""
        uploads = sorted(path for path in Path(UPLOADS).iterdir() if path.is_file())
        if not uploads:
            raise AirflowSkipException(f"nothing new in {UPLOADS}")
        for path in uploads:
            path.rename(Path(DOCUMENTS, path.name))
        return len(uploads)

    collect()
# [END howto_assets_arrive_tcocr]

# [START howto_assets_recognize_tcocr]
with DAG(dag_id="example_tcocr_assets_recognize", schedule=[INBOX], **DEFAULTS) as recognize:
    # The whole inbox each time: what is paid for costs nothing, so an event that is missed or doubled does no harm.
    TencentCloudOcrBatchOperator(task_id="recognize", documents=DOCUMENTS, output_path=OUTPUT, outlets=[DATASET])
# [END howto_assets_recognize_tcocr]

# [START howto_assets_query_tcocr]
with DAG(dag_id="example_tcocr_assets_query", schedule=[DATASET], **DEFAULTS) as query:

    @task
    def least_sure() -> list[dict[str, Any]]:
        """Ask DuckDB for the five documents that were read with the least confidence."""
        import duckdb

        from airflow_provider_tcocr.dataset import OcrDataset

        sql = """
            SELECT document_id, count(*), round(avg(confidence_mean), 1) AS confidence
            FROM pages WHERE status = 'recognized'
            GROUP BY document_id ORDER BY confidence, document_id LIMIT 5
        """
        pages = OcrDataset.open(OUTPUT).reader("pages", columns=["document_id", "status", "confidence_mean"])
        rows = duckdb.connect().register("pages", pages).execute(sql).fetchall()
        return [{"document_id": name, "pages": count, "confidence": mean} for name, count, mean in rows]

    least_sure()
# [END howto_assets_query_tcocr]
