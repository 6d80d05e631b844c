"""The links: where they lead, and that a task has them from its start on, however it ends."""

import pytest
from airflow.models.taskinstancekey import TaskInstanceKey
from airflow.providers.common.compat.sdk import DAG, XCom

from airflow_provider_tcocr.links.ocr import (
    TencentCloudOcrConsoleLink,
    TencentCloudOcrDatasetLink,
    dataset_url,
    keep_links,
)
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator, TencentCloudOcrOperator

DATASET, CONSOLE = TencentCloudOcrDatasetLink(), TencentCloudOcrConsoleLink()


@pytest.mark.parametrize(
    ("output", "url"),
    [
        ("/data/out", "file:///data/out"),
        ("s3://bucket/day=1/a&b", "https://console.aws.amazon.com/s3/buckets/bucket?prefix=day%3D1/a%26b/"),
        ("s3://minio@bucket/out", "s3://bucket/out"),
        ("gs://gcp@bucket/out", "https://console.cloud.google.com/storage/browser/bucket/out"),
        ("https://files.example/out", "https://files.example/out"),
    ],
)
def test_the_dataset_link_leads_to_the_stores_console_where_the_uri_tells_it(output, url):
    assert dataset_url(output) == url


@pytest.mark.parametrize(
    "output",
    ["javascript://%0aalert(1)//x", "JavaScript://%0aalert(1)//x", "data://text/html,x", "hdfs://name/out"],
)
def test_a_scheme_that_no_link_is_made_of_has_no_button(output):
    assert dataset_url(output) == ""


@pytest.mark.parametrize("end", ["?X-Amz-Signature=planted", "#planted"])
@pytest.mark.parametrize("start", ["https://files.example", "s3://bucket", "s3://minio@bucket", "gs://bucket"])
def test_an_output_path_with_a_query_is_kept_as_no_link(start, end):
    assert dataset_url(f"{start}/out{end}") == ""


def test_a_folder_may_have_a_question_mark_in_its_name():
    assert dataset_url("/data/out?") == "file:///data/out%3F"


def kept(run, link, map_index=-1):
    """What the link leads to, asked as the interface of this version asks."""
    key = TaskInstanceKey(run.dag_id, "task", run.run_id, map_index=map_index)
    try:
        from airflow.serialization.definitions import operatorlink as module
    except ImportError:
        from airflow.serialization import serialized_objects as module  # where Airflow 3.1 has it
    reader = getattr(module, "XComOperatorLink", None)
    if reader is None:  # Airflow 2.11
        return link.get_link(None, ti_key=key)
    return reader(name=link.name, xcom_key=link.xcom_key).get_link(None, ti_key=key)


@pytest.mark.parametrize(
    ("host", "console"),
    [
        ("ocr.tencentcloudapi.com", "https://console.cloud.tencent.com/ocr"),
        ("ocr.intl.tencentcloudapi.com", "https://console.tencentcloud.com/ocr"),
    ],
)
def test_a_task_that_fails_at_once_has_both_links(tmp_path, run_dag, monkeypatch, caplog, host, console):
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", f"tencentcloud://id:key@{host}")
    with DAG(dag_id=f"tcocr_links_{len(host)}", schedule=None) as dag:
        TencentCloudOcrBatchOperator(task_id="task", documents=[], output_path=f"{tmp_path}/out", pages="0")
    run = run_dag(dag)
    assert str(run.state).endswith("failed")
    assert kept(run, DATASET) == (tmp_path / "out").as_uri()
    assert kept(run, CONSOLE) == console
    assert "XCom not found" not in caplog.text


def test_a_mapped_task_without_a_connection_still_has_links(tmp_path, run_dag):
    with DAG(dag_id="tcocr_links_mapped", schedule=None) as dag:
        TencentCloudOcrBatchOperator.partial(
            task_id="task", documents=[], tencentcloud_conn_id="nobody_made_this"
        ).expand(output_path=[f"{tmp_path}/a-{{{{ dag.dag_id }}}}"])
    run = run_dag(dag)
    assert str(run.state).endswith("failed")
    assert kept(run, DATASET, map_index=0) == (tmp_path / "a-tcocr_links_mapped").as_uri()
    assert kept(run, CONSOLE, map_index=0) == "https://console.tencentcloud.com/ocr"


class Pushed(dict):
    """A task instance that keeps what is pushed."""

    def xcom_push(self, key, value):
        self[key] = value


@pytest.mark.parametrize("output", [None, "", " ", "s3://[x/out", "s3://bucket/\udcff"])
def test_what_is_no_output_path_has_no_button_and_fails_nothing(output):
    ti = Pushed()
    keep_links({"ti": ti}, output_path=output, international=False)
    assert ti == {DATASET.xcom_key: "", CONSOLE.xcom_key: "https://console.cloud.tencent.com/ocr"}


def test_a_task_without_a_dataset_has_no_button_for_one(tmp_path, run_dag):
    with DAG(dag_id="tcocr_links_single", schedule=None) as dag:
        TencentCloudOcrOperator(task_id="task", document="/nowhere", pages="0", tencentcloud_conn_id="nobody")
    assert kept(run_dag(dag), DATASET) == ""


@pytest.mark.parametrize("operator", [TencentCloudOcrBatchOperator, TencentCloudOcrOperator])
def test_both_operators_show_both_links(operator):
    assert [type(link) for link in operator.operator_extra_links] == [type(DATASET), type(CONSOLE)]


def test_a_stored_dag_knows_its_links():
    documents = {"documents": [], "output_path": "/out"}
    with DAG(dag_id="tcocr_links_stored", schedule=None) as dag:
        TencentCloudOcrBatchOperator(task_id="task", **documents)
    try:
        from airflow.serialization.serialized_objects import DagSerialization as Stored
    except ImportError:
        from airflow.serialization.serialized_objects import SerializedDAG as Stored
    told = Stored.to_dict(dag)
    task = Stored.from_dict(told).get_task("task")
    assert set(task.extra_links) == {"OCR dataset", "Tencent Cloud OCR console"}


def test_no_link_where_nothing_was_kept(airflow_database, monkeypatch):
    monkeypatch.setattr(XCom, "get_value", lambda **given: None)
    assert DATASET.get_link(None, ti_key=None) == ""
