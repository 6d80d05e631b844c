"""``@task.tencentcloud_ocr`` through Airflow: a function names the documents, and nothing it returns is rendered."""

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, AirflowSkipException, task
from PIL import Image

from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.decorators.ocr import _OcrDecoratedOperator
from airflow_provider_tcocr.operators.masking import WITHHELD
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        Image.new("L", (40 + number, 30)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def ended(run_dag, tcocr_emulator, request):
    """Run the tasks that a function makes; the run's state and what each task gave."""

    def run(make):
        with DAG(dag_id=request.node.originalname, schedule=None) as dag:
            make()
        dag_run = run_dag(dag)
        given = {
            (one.task_id, one.map_index): one.xcom_pull(task_ids=one.task_id, map_indexes=one.map_index)
            for one in dag_run.get_task_instances()
        }
        return str(dag_run.state.value), given

    return run


def operator(function, tmp_path, **arguments):
    arguments = {"task_id": "task", "output_path": str(tmp_path / "out"), **arguments}
    return _OcrDecoratedOperator(python_callable=function, **arguments)


def context():
    return {"ti": MagicMock(dag_id="dag", task_id="task", run_id="run", map_index=-1)}


def test_the_task_recognizes_what_the_function_returns_and_gives_the_manifest(ended, inbox, tmp_path, tcocr_emulator):
    def make():
        @task
        def folder():
            return str(inbox)

        @task.tencentcloud_ocr(output_path="{{ params.out }}", params={"out": str(tmp_path / "out")}, max_qps=50)
        def scans(folder, *, only=None, run_id=None):
            assert run_id
            return [f"{folder}/{name}" for name in only]

        scans(folder(), only=["0.png", "2.png"])

    state, given = ended(make)
    manifest = given["scans", -1]
    assert (state, manifest["status"], manifest["counts"]["recognized"]) == ("success", "complete", 2)
    assert tcocr_emulator.ledger.billed == 2
    assert OcrDataset.open(manifest).pages().num_rows == 2


def test_what_the_function_returns_is_never_rendered(ended, inbox, tmp_path):
    def make():
        @task.tencentcloud_ocr(output_path=str(tmp_path / "out"))
        def scans():
            return [{"uri": str(inbox / "0.png"), "document_id": "{{ 7 * 7 }}"}, "https://h.example/{{ run_id }}.png"]

        scans()

    state, given = ended(make)
    assert state == "success"
    assert OcrDataset.open(given["scans", -1]).pages()["document_id"].to_pylist() == [
        "{{ 7 * 7 }}",
        "https://h.example/{{ run_id }}.png",
    ]


def test_airflow_shows_the_task_by_the_name_of_its_decorator():
    assert _OcrDecoratedOperator.custom_operator_name == "@task.tencentcloud_ocr"


def test_it_has_what_the_decorated_operator_of_airflow_3_0_asks_for_when_it_has_executed():
    assert hasattr(_OcrDecoratedOperator, "xcom_push")


def test_documents_are_no_template_field_and_all_that_the_batch_has_besides_are():
    fields = set(_OcrDecoratedOperator.template_fields)
    assert fields == {"op_args", "op_kwargs"} | set(TencentCloudOcrBatchOperator.template_fields) - {"documents"}


def test_the_function_may_be_a_coroutine(ended, inbox, tmp_path):
    def make():
        @task.tencentcloud_ocr(output_path=str(tmp_path / "out"))
        async def scans(name):
            await asyncio.sleep(0)
            return [str(inbox / name)]

        scans("0.png")

    state, given = ended(make)
    assert (state, given["scans", -1]["counts"]["recognized"]) == ("success", 1)


def test_it_maps_over_the_arguments_of_its_function(ended, inbox, tmp_path):
    def make():
        @task.tencentcloud_ocr(output_path=str(tmp_path) + "/out/{{ ti.map_index }}")
        def scans(name):
            return [str(inbox / name)]

        scans.expand(name=["0.png", "1.png"])

    state, given = ended(make)
    assert state == "success"
    assert [OcrDataset.open(given["scans", index]).pages().num_rows for index in (0, 1)] == [1, 1]
    assert given["scans", 0]["output_path"] != given["scans", 1]["output_path"]


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        (None, "NoneType"),
        (7, "int"),
        (b"/data/a.png", "bytes"),
        (iter(["/data/a.png"]), "list_iterator"),
        ((name for name in ["/data/a.png"]), "generator"),
    ],
    ids=repr,
)
def test_what_is_no_documents_is_refused_for_good_before_any_call(tcocr_emulator, tmp_path, returned, kind):
    with pytest.raises(AirflowFailException, match=f"returns the documents.* not a {kind}"):
        operator(lambda: returned, tmp_path).execute(context())
    assert tcocr_emulator.ledger.made == 0
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("returned", ["", [""], [None], {"url": "/data/a.png"}], ids=repr)
def test_a_document_that_is_none_is_refused_as_the_batch_operator_refuses_it(tcocr_emulator, tmp_path, returned):
    with pytest.raises(AirflowFailException, match="document"):
        operator(lambda: returned, tmp_path).execute(context())
    assert tcocr_emulator.ledger.made == 0


def test_an_empty_list_is_an_empty_dataset(tcocr_emulator, tmp_path):
    manifest = operator(list, tmp_path).execute(context())
    assert (manifest["status"], manifest["counts"]["pages"]) == ("complete", 0)


@pytest.mark.parametrize("name", [str, lambda folder: {"uri": str(folder / "0.png")}, lambda folder: folder / "0.png"])
def test_a_folder_a_mapping_and_a_path_are_documents(tcocr_emulator, inbox, tmp_path, name):
    assert operator(lambda: name(inbox), tmp_path).execute(context())["counts"]["failed"] == 0
    assert tcocr_emulator.ledger.billed in (1, 3)


def test_a_function_that_skips_skips_the_task(tcocr_emulator, tmp_path):
    def nothing_today():
        raise AirflowSkipException("nothing today")

    with pytest.raises(AirflowSkipException):
        operator(nothing_today, tmp_path).execute(context())


def test_the_arguments_of_the_function_are_stored_without_the_secrets_of_their_urls(ended, tmp_path, tcocr_emulator):
    def url(name, number=0):
        return f"https://example.com/{name}-{number}.png?q-signature=planted{name}{number:04}"

    lot = [url("lot", number) for number in range(300)]

    def make():
        @task.tencentcloud_ocr(output_path=str(tmp_path / "few"))
        def few(first, *, rest):
            return [first, *rest]

        @task.tencentcloud_ocr(output_path=str(tmp_path / "many"), max_qps=1000)
        def many(urls):
            assert urls == lot
            return urls

        few(url("first"), rest=[url("rest")])
        many(lot)

    state, _ = ended(make)
    assert (state, tcocr_emulator.ledger.billed) == ("success", 302)
    database = Path(os.environ["AIRFLOW_HOME"], "airflow.db")
    query = "select task_id, rendered_fields from rendered_task_instance_fields where task_id in ('few', 'many')"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        told = {task_id: json.loads(fields) for task_id, fields in connection.execute(query)}
    assert "https://example.com/first-0.png?***" in str(told["few"]["op_args"])
    assert told["few"]["op_kwargs"] == {"rest": ["https://example.com/rest-0.png?***"]}
    assert told["many"]["op_args"] == WITHHELD
    assert "planted" not in str(told)
