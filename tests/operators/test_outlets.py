"""The events on a task's assets, through Airflow and its database, on every version."""

from unittest.mock import MagicMock

import pytest
from airflow.providers.common.compat.sdk import DAG, Asset, AssetAlias
from PIL import Image

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator


def images(folder, count):
    folder.mkdir()
    for number in range(count):
        Image.new("L", (40 + number, 30)).save(folder / f"{number}.png")


def test_an_alias_gets_an_event_for_the_dataset_and_an_asset_the_same_counts(
    tcocr_emulator, tmp_path, run_dag, asset_events
):
    images(tmp_path / "in", 3)
    (tmp_path / "in/empty.png").touch()
    output, declared = tmp_path / "停水 out", f"x-tcocr:{tmp_path.name}"
    with DAG(dag_id="tcocr_assets", schedule=None) as dag:
        TencentCloudOcrBatchOperator(
            task_id="task",
            documents=str(tmp_path / "in"),
            output_path=str(output),
            outlets=[AssetAlias("tcocr"), Asset(uri=declared)],
        )
    run = run_dag(dag)
    assert str(run.state).endswith("success")
    manifest = run.get_task_instance("task").xcom_pull(task_ids="task")
    extra = {
        "status": "complete", "documents": 4, "pages": 4, "recognized": 3, "empty": 0, "failed": 1,
        "detections": manifest["counts"]["detections"],
    }  # fmt: skip
    found = [event for event in asset_events() if event[0] in (declared, output.as_uri())]
    assert sorted(found, key=str) == sorted([(declared, extra), (output.as_uri(), extra)], key=str)


def test_a_batch_that_fails_gives_no_event(tcocr_emulator, tmp_path, run_dag, asset_events):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/empty.png").touch()
    with DAG(dag_id="tcocr_no_assets", schedule=None) as dag:
        TencentCloudOcrBatchOperator(
            task_id="task",
            documents=str(tmp_path / "in"),
            output_path=str(tmp_path / "out"),
            outlets=[AssetAlias("tcocr")],
        )
    assert str(run_dag(dag).state).endswith("failed")
    assert (tmp_path / "out").as_uri() not in [uri for uri, _ in asset_events()]


def test_an_event_that_cannot_be_added_fails_the_task(tcocr_emulator, tmp_path):
    images(tmp_path / "in", 1)
    operator = TencentCloudOcrBatchOperator(
        task_id="task",
        documents=str(tmp_path / "in"),
        output_path=str(tmp_path / "out"),
        outlets=[AssetAlias("tcocr")],
    )
    with pytest.raises(KeyError, match="outlet_events"):
        operator.execute({"ti": MagicMock(dag_id="dag", task_id="task", run_id="run", map_index=-1)})
    assert (tmp_path / "out/_manifest.json").exists()
