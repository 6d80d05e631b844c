"""What Airflow stores of rendered template fields: documents, and no secret of their URLs."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, redact, task

from airflow_provider_tcocr.operators.masking import MASKING_COST, WITHHELD, mask
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator, TencentCloudOcrOperator


def url(name, number=0):
    return f"https://example.com/{name}-{number}.png?id=7&X-Amz-Signature=planted{name}{number:04}%2Fxyz"


def many(name):
    return [url(name, number) for number in range(300)]


def stored(dag_id):
    """The rendered fields of each task, as the metadata database has them."""
    database = Path(os.environ["AIRFLOW_HOME"], "airflow.db")
    query = "select task_id, map_index, rendered_fields from rendered_task_instance_fields where dag_id = ?"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return {(task_id, index): json.loads(fields) for task_id, index, fields in connection.execute(query, [dag_id])}


@pytest.fixture
def run(run_dag, tcocr_emulator, tmp_path, request):
    """Run the tasks that a function makes; what Airflow stored of them, and the emulator's ledger."""

    def run(make):
        dag_id = request.node.originalname[:200]
        with DAG(dag_id=dag_id, schedule=None) as dag:
            make(str(tmp_path / "out"))
        assert str(run_dag(dag).state).endswith("success")
        return stored(dag_id)

    return run


def test_a_batch_shows_its_documents_without_their_queries(run):
    def make(out):
        TencentCloudOcrBatchOperator(
            task_id="listed",
            documents=[url("list"), {"uri": url("mapped"), "document_id": "a"}],
            output_path=out + "/1",
        )
        TencentCloudOcrBatchOperator(task_id="alone", documents=url("alone"), output_path=out + "/2")

    told = run(make)
    assert told["listed", -1]["documents"] == [
        "https://example.com/list-0.png?***",
        {"uri": "https://example.com/mapped-0.png?***", "document_id": "a"},
    ]
    assert told["alone", -1]["documents"] == "https://example.com/alone-0.png?***"
    assert "planted" not in str(told)


def test_what_a_template_or_an_earlier_task_gives_is_masked_too(run, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_TCOCR_URL", url("variable"))

    def make(out):
        @task
        def sign():
            return [url("pulled")]

        TencentCloudOcrOperator(task_id="single", document="{{ var.value.tcocr_url }}")
        TencentCloudOcrBatchOperator(task_id="pulled", documents=sign(), output_path=out)

    told = run(make)
    assert told["single", -1]["document"] == "https://example.com/variable-0.png?***"
    assert told["pulled", -1]["documents"] == ["https://example.com/pulled-0.png?***"]
    assert "planted" not in str(told)


def test_what_the_tasks_of_a_mapped_task_give_is_recognized_and_masked(run, tcocr_emulator):
    def make(out):
        @task
        def sign(number):
            return url("lazy", number)

        TencentCloudOcrBatchOperator(task_id="lazy", documents=sign.expand(number=[0, 1]), output_path=out)

    assert "planted" not in str(run(make)["lazy", -1])
    assert tcocr_emulator.ledger.billed == 2
    assert "planted" not in redact(f"log: {url('lazy', 0)} {url('lazy', 1)}")


def test_a_mapped_task_is_masked_by_what_it_is_mapped_over(run):
    def make(out):
        TencentCloudOcrBatchOperator.partial(task_id="mapped").expand_kwargs(
            [{"documents": [url("shard", number)], "output_path": f"{out}/{number}"} for number in range(2)]
        )
        TencentCloudOcrOperator.partial(task_id="single").expand(
            document=[url("single", number) for number in range(2)]
        )

    told = run(make)
    assert [told["mapped", number]["documents"] for number in range(2)] == [
        [f"https://example.com/shard-{number}.png?***"] for number in range(2)
    ]
    assert [told["single", number]["document"] for number in range(2)] == [
        f"https://example.com/single-{number}.png?***" for number in range(2)
    ]
    assert "planted" not in str(told)


def test_more_secrets_than_airflow_could_mask_are_not_shown_and_are_recognized_all_the_same(run, tcocr_emulator):
    assert not mask(many("many"))

    def make(out):
        TencentCloudOcrBatchOperator(task_id="many", documents=many("many"), output_path=out, max_qps=1000)

    told = run(make)
    assert told["many", -1]["documents"] == WITHHELD
    assert told["many", -1]["pages"] == "all"
    assert tcocr_emulator.ledger.billed == 300
    assert "planted" not in str(told)


def test_documents_without_secrets_are_shown_as_they_are(run, tmp_path):
    (tmp_path / "page.png").write_bytes(b"")
    documents = [str(tmp_path / "page.png"), "https://example.com/page.png?page=1"]

    def make(out):
        TencentCloudOcrBatchOperator(task_id="plain", documents=documents, output_path=out)

    assert run(make)["plain", -1]["documents"] == documents


PLACES = {"documents", "document", "output_path"}


@pytest.mark.parametrize("operator", [TencentCloudOcrBatchOperator, TencentCloudOcrOperator])
def test_a_signed_url_where_another_argument_belongs_is_refused_and_not_quoted(operator):
    """Airflow masks what it logs, but hands the error itself to listeners, as that of OpenLineage."""
    ti = MagicMock(dag_id="dag", task_id="task", run_id="run", map_index=-1)
    needed = {"documents": [], "output_path": "/o"} if operator is TencentCloudOcrBatchOperator else {"document": "/a"}
    for name in set(operator.template_fields) - PLACES:
        for value in (url(name), {"config_id": url(name)}, [1, url(name)]):
            task = operator(task_id="task", **needed, **{name: value})
            with pytest.raises(AirflowFailException, match=f"^{name} contains a URL") as caught:
                task.pre_execute({"ti": ti})
            assert "planted" not in str(caught.value)


def test_masking_stays_within_its_cost():
    assert mask([url("few", number) for number in range(20)])
    assert not mask("https://example.com/a.png?" + "&".join(f"name{n}=value-{n}" for n in range(400)))
    assert mask(f"https://example.com/a.png?t={'x' * (MASKING_COST // 5)}")
