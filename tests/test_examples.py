"""The example Dags, run by Airflow against the emulator: what a new user sees happen."""

import functools
import json
import runpy
import shutil
import threading
import warnings
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS, AIRFLOW_V_3_3_PLUS
from sqlalchemy.exc import OperationalError

from airflow_provider_tcocr.client.cos import CosSigner
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

    def run(name, dag="dag", **settings):
        for setting, value in settings.items():
            monkeypatch.setenv(setting, str(value))
        ended = run_dag(runpy.run_path(str(root / "example_dags" / f"{name}.py"))[dag])
        given = {
            one.task_id: one.xcom_pull(task_ids=one.task_id, map_indexes=one.map_index)
            for one in ended.get_task_instances()
        }
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
    assert "invoice.png" in (output / "report.html").read_text()


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


def test_documents_that_arrive_are_tables_and_a_query_by_the_events_of_their_assets(
    tcocr_emulator, run_example, demo, asset_events, tmp_path
):
    inbox, output = tmp_path / "inbox", tmp_path / "dataset"
    inbox.mkdir()
    documents = demo("broken-upload.png", "invoice.png", "journal.pdf")
    settings = {"TCOCR_UPLOADS": documents, "TCOCR_DOCUMENTS": inbox, "TCOCR_OUTPUT": output}

    def run(dag):
        told = run_example("example_tcocr_assets", dag, **settings)
        assert told.pop("state") == "success"
        return told

    assert run("arrive") == {"collect": 3}
    assert [uri for uri, _ in asset_events()].count(inbox.as_uri()) == 1
    assert run("arrive") == {"collect": None}
    assert [uri for uri, _ in asset_events()].count(inbox.as_uri()) == 1, "nothing new is no event"
    manifest = run("recognize")["recognize"]
    (extra,) = [extra for uri, extra in asset_events() if uri == output.as_uri()]
    assert (extra["recognized"], extra["failed"]) == (manifest["counts"]["recognized"], 1) == (5, 1)
    found = run("query")["least_sure"]
    assert sorted((Path(one["document_id"]).name, one["pages"]) for one in found) == [
        ("invoice.png", 1),
        ("journal.pdf", 4),
    ]
    assert [one["confidence"] for one in found] == sorted(one["confidence"] for one in found)


def test_each_dag_of_the_assets_waits_for_what_the_one_before_gives(root, monkeypatch):
    monkeypatch.setenv("TCOCR_OUTPUT", "s3://aws_default@lake/ocr")
    example = runpy.run_path(str(root / "example_dags" / "example_tcocr_assets.py"))

    def awaited(dag):
        timetable = example[dag].timetable
        condition = getattr(timetable, "asset_condition", None) or timetable.dataset_condition  # Airflow 2.11
        return [asset.uri for asset in condition.objects]

    def given(dag):
        return [asset.uri for task in example[dag].tasks for asset in task.outlets]

    assert given("arrive") == awaited("recognize") == ["file:///data/inbox"]
    assert given("recognize") == awaited("query") == ["s3://lake/ocr"]


@pytest.mark.filterwarnings("default")  # what boto and s3fs warn of is theirs
def test_a_bucket_of_documents_is_tables_in_another_one(s3_server, bucket, run_example, root, cos, monkeypatch):
    connection = {"conn_type": "aws", "login": "id", "password": "key"}
    connection["extra"] = {"endpoint_url": s3_server, "region_name": "us-east-1"}
    monkeypatch.setenv("AIRFLOW_CONN_COS_EXAMPLE", json.dumps(connection))  # Airflow keeps a connection's filesystem
    monkeypatch.setattr(
        "airflow_provider_tcocr.client.client.CosSigner", functools.partial(CosSigner, endpoint=cos.url)
    )
    for name in ("invoice.png", "journal.pdf"):
        cos.objects[f"2026-11-28/{name}"] = (root / "demo" / "documents" / name).read_bytes()
    with Emulator(secret_id=cos.secret_id, secret_key=cos.secret_key) as emulator:
        account = json.loads(emulator.connection)
        account["extra"]["cos_region"] = "ap-singapore"
        monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", json.dumps(account))
        told = run_example("example_tcocr_cos", TCOCR_OUTPUT="s3://cos_example@lake/ocr")
        assert [bool(call.url) for call in emulator.ledger.calls].count(True) == 1
    assert told["state"] == "success"
    pages = OcrDataset.open("s3://cos_example@lake/ocr").pages(columns=["document_uri", "page"]).to_pylist()
    assert sorted((row["document_uri"], row["page"]) for row in pages) == [
        ("cos://inbox-1250000000/2026-11-28/invoice.png", 1),
        *(("cos://inbox-1250000000/2026-11-28/journal.pdf", page) for page in range(1, 5)),
    ]


def test_urls_are_recognized_by_the_trigger_and_nothing_is_fetched_here(tcocr_emulator, run_example, tmp_path):
    told = run_example("example_tcocr_deferrable", TCOCR_OUTPUT=tmp_path / "dataset")
    assert told["state"] == "success"
    assert told["recognize"]["counts"]["pages"] == told["recognize"]["calls"]["made"] == 2
    assert sorted(call.url for call in tcocr_emulator.ledger.calls) == [
        "https://images.example.com/1.jpg",
        "https://images.example.com/2.jpg",
    ]


def test_the_review_is_a_dag_where_airflow_can_ask_a_person_and_nothing_where_it_cannot(root):
    example = runpy.run_path(str(root / "example_dags" / "example_tcocr_review.py"))
    assert ("dag" in example) == AIRFLOW_V_3_1_PLUS


def test_a_page_that_is_asked_about_is_shown_as_it_is_and_left_out_where_it_is_rejected(root):
    example = runpy.run_path(str(root / "example_dags" / "example_tcocr_review.py"))
    pages = [
        {"document_id": "a.png", "page": page, "confidence_min": 31, "text": "# one\n![two](x)"} for page in (1, 2)
    ]
    assert example["question"](pages[1]) == {
        "subject": "a.png, page 2: confidence 31",
        "body": "Is this what the page says?\n\n    # one\n    ![two](x)",
    }
    answers = [{"chosen_options": ["Keep"]}, {"chosen_options": ["Leave out"]}]
    assert example["left_out"].function(pages, answers) == [["a.png", 2]]
    assert example["left_out"].function([], None) == []


@pytest.fixture
def person(airflow_database):
    """One who answers the questions of a Dag through Airflow's API, as they come; `asked` maps subjects to bodies."""
    with warnings.catch_warnings():  # Airflow's own
        warnings.simplefilter("ignore")
        from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
        from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
    from airflow.models.hitl import HITLDetail
    from airflow.utils.session import create_session

    class Person(threading.Thread):
        def __init__(self):
            super().__init__()
            self.asked, self.answers, self.gone = {}, {}, threading.Event()

        def get_id(self):
            return "1"

        get_name = get_id

        def run(self):
            while not self.gone.wait(0.2):
                with suppress(OperationalError), create_session() as session:  # SQLite has one writer
                    for question in session.query(HITLDetail).filter(HITLDetail.responded_at.is_(None)).all():
                        task = question.task_instance
                        if str(task.state) != "awaiting_input":
                            continue
                        self.asked[question.subject] = question.body
                        chosen = next(
                            (answer for name, answer in self.answers.items() if name in question.subject), "Keep"
                        )
                        update_hitl_detail(
                            task.dag_id,
                            task.run_id,
                            task.task_id,
                            UpdateHITLDetailPayload(chosen_options=[chosen], params_input={}),
                            user=self,
                            session=session,
                            map_index=task.map_index,
                        )

    person = Person()
    person.start()
    yield person
    person.gone.set()
    person.join()


@pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="dag.test() waits for a person from Airflow 3.3 on")
def test_a_person_says_which_doubtful_pages_are_left_out(tcocr_emulator, run_example, demo, person, tmp_path):
    documents, output = demo("broken-upload.png", "invoice.png", "shelf-label.bmp"), tmp_path / "dataset"
    person.answers = {"invoice.png, page 1": "Leave out", "shelf-label.bmp, page 1": "Keep"}
    settings = {"TCOCR_DOCUMENTS": documents, "TCOCR_OUTPUT": output}
    told = run_example("example_tcocr_review", TCOCR_CONFIDENCE=101, **settings)
    assert told["state"] == "success"
    assert told["left_out"] == [[str(documents / "invoice.png"), 1]]
    rows = pages_by_name(output)
    for name in ("invoice.png", "shelf-label.bmp"):
        row = rows[name, 1]
        subject = f"{row['document_id']}, page 1: confidence {row['confidence_min']}"
        assert row["text"].partition("\n")[0] in person.asked[subject]
    assert len(person.asked) == 2
    sure = run_example("example_tcocr_review", TCOCR_CONFIDENCE=0, **settings)
    assert (sure["state"], sure["left_out"], len(person.asked)) == ("success", [], 2)


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
