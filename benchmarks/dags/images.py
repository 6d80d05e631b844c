"""Two Dags over the same images: one batch task, and one mapped task an image as users write it."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from pathlib import Path

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

_DOCUMENTS = json.loads(os.environ.get("BENCHMARK_DOCUMENTS", "[]"))
_OUTPUT = os.environ.get("BENCHMARK_OUTPUT", "")

with DAG("benchmark_batch"):
    TencentCloudOcrBatchOperator(task_id="recognize", documents=_DOCUMENTS, output_path=_OUTPUT)

with DAG("benchmark_mapped"):

    @task
    def recognize(document: str) -> str:
        """Recognize one image with Tencent's SDK; its answer goes to XCom."""
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile
        from tencentcloud.ocr.v20181119 import models
        from tencentcloud.ocr.v20181119.ocr_client import OcrClient

        host = os.environ["BENCHMARK_URL"].partition("://")[2]
        profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=host))
        request = models.GeneralAccurateOCRRequest()
        request.ImageBase64 = b64encode(Path(document).read_bytes()).decode()
        client = OcrClient(Credential("AKIDbenchmark", "benchmark"), "", profile)
        answered: str = client.GeneralAccurateOCR(request).to_json_string()
        return answered

    @task
    def collect(answers: list[str]) -> None:
        """One Parquet file of all."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = [detection for answer in answers for detection in json.loads(answer)["TextDetections"]]
        texts = [
            {"text": row["DetectedText"], "confidence": row["Confidence"], "polygon": row["Polygon"]} for row in rows
        ]
        Path(_OUTPUT).mkdir()
        pq.write_table(pa.Table.from_pylist(texts), Path(_OUTPUT, "detections.parquet"))

    collect(recognize.expand(document=_DOCUMENTS))  # type: ignore[arg-type]
