"""Not part of the suite: test_lineage.py runs it in a process of its own, where OpenLineage's client writes a file."""

import os

from airflow.providers.common.compat.sdk import DAG
from PIL import Image

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator, TencentCloudOcrOperator


def test_emit(tcocr_emulator, run_dag):
    folder = os.environ["TASK_FOLDER"]
    os.makedirs(f"{folder}/in")
    for number in range(3):
        Image.new("L", (40 + number, 30)).save(f"{folder}/in/{number}.png")
    secret = tcocr_emulator.url + "/nothing.png?X-Amz-Signature=planted"
    with DAG(dag_id="emit", schedule=None) as dag:
        TencentCloudOcrBatchOperator(
            task_id="batch", documents=[f"{folder}/in", secret], transfer="bytes", output_path=f"{folder}/out"
        )
        TencentCloudOcrBatchOperator(
            task_id="failing", documents=f"{folder}/in", pages="9", output_path=f"{folder}/failed"
        )
        TencentCloudOcrOperator(task_id="single", document=f"{folder}/in/1.png")
    assert str(run_dag(dag).state).endswith("failed")
