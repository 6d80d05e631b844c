"""What hook lineage and OpenLineage are told: few inputs, both tables, and no secret."""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from PIL import Image

from airflow_provider_tcocr.arrow.schema import DETECTIONS_SCHEMA, PAGES_SCHEMA
from airflow_provider_tcocr.documents import as_document
from airflow_provider_tcocr.operators.lineage import MAX_INPUTS, bounded, report_lineage
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator


@pytest.mark.parametrize(
    ("places", "told"),
    [
        (["/in/a", "/in/b", "/in/a"], ["/in/a", "/in/b"]),
        ([f"/in/{number}" for number in range(1000)], ["/in"]),
        ([f"s3://b/d{number % 3}/{number}" for number in range(1000)], ["s3://b/d0", "s3://b/d1", "s3://b/d2"]),
        ([f"https://h.example/{number}" for number in range(1000)], ["https://h.example"]),
        ([f"/in/{number}/a" for number in range(1000)] + ["s3://b/x"], ["/in", "s3://b"]),
        ([f"https://h{number}/a" for number in range(1000)], [f"https://h{number}" for number in range(MAX_INPUTS)]),
        ([f"/{number}" for number in range(1000)], [f"/{number}" for number in range(MAX_INPUTS)]),
        ([], []),
    ],
)
def test_of_many_documents_the_folders_are_told(places, told):
    assert bounded(places) == told


def test_a_batch_tells_hook_lineage_its_documents_and_its_dataset(tcocr_emulator, tmp_path, lineage_collector):
    (tmp_path / "in").mkdir()
    Image.new("L", (40, 30)).save(tmp_path / "in/a b.png")
    secret = tcocr_emulator.url + "/nothing.png?q-signature=planted"
    operator = TencentCloudOcrBatchOperator(
        task_id="task",
        documents=[str(tmp_path / "in"), secret],
        transfer="bytes",
        output_path=str(tmp_path / "out"),
    )
    operator.execute({"ti": MagicMock(dag_id="dag", task_id="task", run_id="run", map_index=-1)})
    collected = lineage_collector.collected_assets
    assert [told.asset.uri for told in collected.inputs] == [
        (tmp_path / "in/a b.png").as_uri(),
        f"{tcocr_emulator.url}/nothing.png",
    ]
    (output,) = collected.outputs
    assert output.asset.uri == (tmp_path / "out").as_uri()
    assert type(output.context).__name__ == "TencentCloudOcrHook"
    assert "planted" not in repr(collected)


def test_lineage_that_cannot_be_told_fails_no_task(caplog):
    def broken():
        yield as_document("/a.png")
        raise RuntimeError("no lineage today")

    assert report_lineage(None, broken()) is None
    assert "Lineage cannot be reported (RuntimeError)" in caplog.text


def test_openlineage_is_told_nothing_of_a_task_that_wrote_nothing():
    operator = TencentCloudOcrBatchOperator(task_id="task", documents=[], output_path="/out")
    assert operator.get_openlineage_facets_on_complete(None) is None


@pytest.fixture(scope="module")
def emitted(tmp_path_factory):
    """The events of a Dag run as OpenLineage's client wrote them, by task and type; the folder they speak of."""
    folder = tmp_path_factory.mktemp("lineage")
    log = folder / "events.jsonl"
    given = os.environ | {
        "TASK_FOLDER": str(folder),
        "OPENLINEAGE__TRANSPORT__TYPE": "file",
        "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(log),
        "OPENLINEAGE__TRANSPORT__APPEND": "true",
    }
    emit = Path(__file__).with_name("emit_lineage.py")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(emit)],
        cwd=emit.parent.parent.parent,
        capture_output=True,
        text=True,
        env=given,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    text = log.read_text()
    assert "non-serializable" not in text
    assert "planted" not in text
    events = [json.loads(line) for line in text.splitlines()]
    return {(event["job"]["name"], event["eventType"]): event for event in events}, folder


def names(datasets):
    return [(dataset["namespace"], dataset["name"]) for dataset in datasets]


def test_openlineage_is_told_documents_tables_schemas_and_rows(emitted):
    events, folder = emitted
    event = events["emit.batch", "COMPLETE"]
    (page,) = [dataset for dataset in event["inputs"] if dataset["namespace"] != "file"]
    assert page["namespace"].startswith("http://127.0.0.1:")
    assert page["name"] == "/nothing.png"
    assert names(event["inputs"])[:3] == [("file", f"{folder}/in/{number}.png") for number in range(3)]
    assert names(event["outputs"]) == [("file", f"{folder}/out/pages"), ("file", f"{folder}/out/detections")]
    manifest = json.loads((folder / "out/_manifest.json").read_text())
    for dataset, schema, rows in zip(
        event["outputs"],
        (PAGES_SCHEMA, DETECTIONS_SCHEMA),
        (manifest["counts"]["pages"], manifest["counts"]["detections"]),
        strict=True,
    ):
        told = [(field["name"], field["type"]) for field in dataset["facets"]["schema"]["fields"]]
        assert told == [(field.name, str(field.type)) for field in schema]
        assert dataset["outputFacets"]["outputStatistics"]["rowCount"] == rows
    assert manifest["counts"]["pages"] == 4


def test_openlineage_is_told_of_a_batch_that_failed_with_tables_too(emitted):
    events, folder = emitted
    event = events["emit.failing", "FAIL"]
    assert names(event["outputs"]) == [("file", f"{folder}/failed/pages"), ("file", f"{folder}/failed/detections")]


def test_openlineage_is_told_the_document_of_a_task_without_a_dataset(emitted):
    events, folder = emitted
    event = events["emit.single", "COMPLETE"]
    assert names(event["inputs"]) == [("file", f"{folder}/in/1.png")]
    assert event["outputs"] == []
