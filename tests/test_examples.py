"""The example Dags, run by Airflow against the emulator: what a new user sees happen."""

import json
import runpy
import shutil

import pyarrow.parquet as pq
import pytest

from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.emulator import Emulator

DEMO_PAGES = {
    "blank-page.png": 1,
    "broken-upload.png": 1,
    "delivery-note-rotated.png": 1,
    "invoice.png": 1,
    "journal.pdf": 4,
    "notice 停水通知.jpg": 1,
    "receipt-photo.jpg": 1,
    "shelf-label.bmp": 1,
}


@pytest.fixture
def run_example(root, run_dag, monkeypatch):
    """Run an example Dag as its file stands, with the settings it reads; gives the state and XCom of each task."""

    def run(name, **settings):
        for setting, value in settings.items():
            monkeypatch.setenv(setting, str(value))
        ended = run_dag(runpy.run_path(str(root / "example_dags" / f"{name}.py"))["dag"])
        given = {one.task_id: one.xcom_pull(task_ids=one.task_id) for one in ended.get_task_instances()}
        return {"state": str(ended.state.value), **given}

    return run


@pytest.fixture
def demo(root, tmp_path):
    """A copy of some of the demo's documents."""

    def copy(*names):
        folder = tmp_path / "documents"
        folder.mkdir()
        for name in names:
            shutil.copy(root / "demo" / "documents" / name, folder)
        return folder

    return copy


def pages_by_name(output):
    rows = OcrDataset.open(str(output)).pages().to_pylist()
    return {(row["document_uri"].rpartition("/")[2], row["page"]): row for row in rows}


def test_the_batch_turns_the_demo_documents_into_a_dataset(tcocr_emulator, run_example, demo, tmp_path):
    output = tmp_path / "dataset"
    told = run_example("example_tcocr_batch", TCOCR_DOCUMENTS=demo(*DEMO_PAGES), TCOCR_OUTPUT=output)
    assert told["state"] == "success"
    manifest, rows = told["recognize"], pages_by_name(output)
    assert json.loads((output / "_manifest.json").read_text()) == manifest
    assert set(rows) == {(name, page) for name, pages in DEMO_PAGES.items() for page in range(1, pages + 1)}
    assert manifest["counts"]["documents"] == len(DEMO_PAGES)
    assert manifest["counts"]["pages"] == sum(DEMO_PAGES.values()) == len(rows)
    assert manifest["calls"]["made"] == tcocr_emulator.ledger.made
    detections = pq.read_table(output / "detections")
    assert detections.num_rows == manifest["counts"]["detections"] == sum(row["detections"] for row in rows.values())
    assert told["count_words"] > 0


def test_the_batch_run_again_pays_for_nothing(tcocr_emulator, run_example, demo, tmp_path):
    settings = {"TCOCR_DOCUMENTS": demo("invoice.png", "shelf-label.bmp"), "TCOCR_OUTPUT": tmp_path / "dataset"}
    first, second = run_example("example_tcocr_batch", **settings), run_example("example_tcocr_batch", **settings)
    assert (first["recognize"]["calls"]["made"], second["recognize"]["calls"]["made"]) == (2, 0)
    assert second["recognize"]["counts"]["reused"] == 2
    assert first["count_words"] == second["count_words"]


def test_the_batch_reads_only_the_pages_it_is_asked_for(tcocr_emulator, run_example, demo, tmp_path):
    output = tmp_path / "dataset"
    run_example("example_tcocr_batch", TCOCR_DOCUMENTS=demo("journal.pdf"), TCOCR_OUTPUT=output, TCOCR_PAGES="2-3")
    assert set(pages_by_name(output)) == {("journal.pdf", 2), ("journal.pdf", 3)}


def test_the_batch_over_nothing_fails_and_says_what_it_looked_for(tcocr_emulator, run_example, tmp_path, capfd, caplog):
    told = run_example("example_tcocr_batch", TCOCR_DOCUMENTS=tmp_path / "absent", TCOCR_OUTPUT=tmp_path / "dataset")
    assert told["state"] == "failed"
    assert tcocr_emulator.ledger.made == 0
    assert not (tmp_path / "dataset" / "_manifest.json").exists()
    shown = "".join(capfd.readouterr()) + caplog.text
    assert "no document found" in shown
    assert str(tmp_path / "absent") in shown


def test_the_single_document_is_plain_json_for_the_next_task(tcocr_emulator, run_example, demo):
    document = demo("invoice.png") / "invoice.png"
    told = run_example("example_tcocr_single", TCOCR_DOCUMENT=document)
    assert told["state"] == "success"
    result = told["recognize"]
    assert (result["counts"]["pages"], result["document_uri"]) == (1, str(document))
    assert told["first_line"] == result["pages"][0]["text"].partition("\n")[0]
    assert told["first_line"]


def test_the_shards_of_a_folder_are_one_dataset_and_a_late_document_is_all_that_is_paid_again(
    tcocr_emulator, run_example, demo, root, tmp_path
):
    names = ["blank-page.png", "broken-upload.png", "invoice.png", "journal.pdf", "shelf-label.bmp"]
    settings = {"TCOCR_DOCUMENTS": demo(*names), "TCOCR_OUTPUT": tmp_path / "dataset", "TCOCR_SHARDS": 2}
    first = run_example("example_tcocr_shards", **settings)
    assert first["state"] == "success"
    assert sum(first["count"].values()) == sum(DEMO_PAGES[name] for name in names)
    assert first["count"]["failed"] == 1
    assert {path.name for path in (tmp_path / "dataset").iterdir()} == {"shard-0", "shard-1"}
    made = tcocr_emulator.ledger.made
    shutil.copy(root / "demo" / "documents" / "receipt-photo.jpg", tmp_path / "documents")
    second = run_example("example_tcocr_shards", **settings)
    assert sum(second["count"].values()) == sum(first["count"].values()) + 1
    assert tcocr_emulator.ledger.made == made + 1


def test_the_documents_that_a_function_names_are_recognized_under_the_names_it_gives(
    tcocr_emulator, run_example, demo, tmp_path
):
    documents = demo("invoice.png", "shelf-label.bmp")
    told = run_example("example_tcocr_taskflow", TCOCR_DOCUMENTS=documents, TCOCR_OUTPUT=tmp_path / "dataset")
    assert told["state"] == "success"
    assert told["count"] == told["invoices"]["counts"]["pages"] == 1
    assert OcrDataset.open(told["invoices"]).pages()["document_id"].to_pylist() == ["invoice"]


@pytest.mark.real
def test_the_batch_reads_what_is_on_the_paper(run_example, demo, tmp_path, monkeypatch):
    output = tmp_path / "dataset"
    with Emulator(engine="rapidocr") as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", emulator.connection)
        documents = demo("shelf-label.bmp", "delivery-note-rotated.png", "blank-page.png")
        told = run_example("example_tcocr_batch", TCOCR_DOCUMENTS=documents, TCOCR_OUTPUT=output)
    assert told["state"] == "success"
    rows = pages_by_name(output)
    assert rows["blank-page.png", 1]["status"] == "empty"
    label, note = rows["shelf-label.bmp", 1], rows["delivery-note-rotated.png", 1]
    assert label["text"].split() == ["Oolong", "tea", "乌龙茶", "EUR", "12.90", "SKU", "40-1187", "51.60", "/", "kg"]
    assert label["angle"] == pytest.approx(0, abs=2)
    assert note["text"].startswith("DELIVERY NOTE\nNo. 005731\n")
    assert "2 crates, 212.4 kg in all" in note["text"]
    assert note["angle"] == pytest.approx(90, abs=2)
    assert told["count_words"] > 50
