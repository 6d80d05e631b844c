"""A day's folder in shards: mapped tasks under one account's quota, their datasets read back as one."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

DOCUMENTS = os.environ.get("TCOCR_DOCUMENTS", "/data/inbox/2026-11-28")
OUTPUT = os.environ.get("TCOCR_OUTPUT", "/data/ocr/2026-11-28")
SHARDS = int(os.environ.get("TCOCR_SHARDS", "4"))
QUOTA, HOSTS = 10, 1

with DAG(
    dag_id="example_tcocr_shards",
    schedule=None,
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["example", "tencent cloud", "ocr"],
    doc_md=__doc__,
) as dag:
    # [START howto_shards_cut_tcocr]
    @task
    def cut() -> list[dict[str, Any]]:
        """List the folder; a document's name decides its shard, so one that comes late moves no other."""
        from zlib import crc32

        from airflow_provider_tcocr.documents import find_documents

        shards: dict[int, list[str]] = {}
        for document in find_documents(DOCUMENTS, output_path=OUTPUT):
            name = document.uri.rpartition("/")[2]
            shards.setdefault(crc32(os.fsencode(name)) % SHARDS, []).append(document.uri)
        return [{"documents": uris, "output_path": f"{OUTPUT}/shard-{shard}"} for shard, uris in sorted(shards.items())]

    # [END howto_shards_cut_tcocr]

    # [START howto_shards_tcocr]
    # The tasks of one host share one pace, so the quota is divided among hosts, not among shards.
    recognize = TencentCloudOcrBatchOperator.partial(task_id="recognize", max_qps=QUOTA / HOSTS).expand_kwargs(cut())
    # [END howto_shards_tcocr]

    # [START howto_shards_count_tcocr]
    @task
    def count(manifests: list[dict[str, Any]]) -> dict[str, int]:
        """Read all shards as one dataset."""
        from airflow_provider_tcocr.dataset import OcrDataset

        dataset = OcrDataset.open(list(manifests))
        statuses = dataset.pages(columns=["status"])["status"].to_pylist()
        return {status: statuses.count(status) for status in ("recognized", "empty", "failed")}

    # [END howto_shards_count_tcocr]

    count(recognize.output)
