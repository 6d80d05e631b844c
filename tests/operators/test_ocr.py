"""The operators through Airflow: what they return, how they fail, and what a retry pays for."""

import json
import os
import signal
from functools import partial
from pathlib import Path
from unittest.mock import MagicMock

import pyarrow.compute as pc
import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, ObjectStoragePath, task
from PIL import Image

from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.exceptions import BatchFailedError, DocumentError
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator, TencentCloudOcrOperator
from tests.documents import made


def context(run_id="run"):
    ti = MagicMock(dag_id="dag", task_id="task", run_id=run_id, map_index=-1)
    return {"ti": ti}


def write_images(folder, count):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.new("L", (40 + number, 30)).save(folder / f"{number:04}.png")
    return folder


def batch(tmp_path, **arguments):
    arguments = {"documents": str(tmp_path / "in"), "output_path": str(tmp_path / "out"), **arguments}
    return TencentCloudOcrBatchOperator(task_id="task", **arguments)


def test_a_batch_gives_the_manifest_and_nothing_larger(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 5)
    manifest = batch(tmp_path).execute(context())
    assert manifest["manifest_version"] == 1
    assert manifest["status"] == "complete"
    assert manifest["counts"] == {
        "documents": 5,
        "pages": 5,
        "recognized": 5,
        "empty": 0,
        "failed": 0,
        "reused": 0,
        "detections": OcrDataset.open(manifest).detections().num_rows,
    }
    assert manifest["calls"] == {"made": 5, "throttled": 0, "retried": 0}
    assert manifest["calls"]["made"] == tcocr_emulator.ledger.made
    assert len(json.dumps(manifest)) < 2000
    assert json.loads((tmp_path / "out/_manifest.json").read_text()) == manifest
    assert OcrDataset.open(manifest).pages().num_rows == 5


@pytest.mark.parametrize("output_path", [None, "out"])
def test_what_is_no_document_fails_for_good_before_any_call(tcocr_emulator, tmp_path, output_path):
    task = TencentCloudOcrOperator(
        task_id="task", document=b"\x89PNG", output_path=output_path and str(tmp_path / output_path)
    )
    with pytest.raises(AirflowFailException):
        task.execute(context())
    assert tcocr_emulator.ledger.made == 0


def test_a_batch_writes_its_report_where_that_is_asked_for(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 2)
    (tmp_path / "in/empty.png").touch()
    manifest = batch(tmp_path).execute(context())
    assert not (tmp_path / "out/report.html").exists()
    assert batch(tmp_path, report=True).execute(context())["counts"]["pages"] == manifest["counts"]["pages"] == 3
    assert (tmp_path / "out/report.html").read_text().count(' id="page-') == 3
    (tmp_path / "out/report.html").unlink()
    with pytest.raises(BatchFailedError):
        batch(tmp_path, report=True, fail_on="any").execute(context())
    assert (tmp_path / "out/report.html").exists()


def test_a_report_that_cannot_be_made_is_one_warning(tcocr_emulator, tmp_path, monkeypatch):
    log = MagicMock()
    monkeypatch.setattr(TencentCloudOcrBatchOperator, "log", log)  # each Airflow has a logger of its own
    write_images(tmp_path / "in", 2)
    (tmp_path / "out/report.html/in the way").mkdir(parents=True)
    assert batch(tmp_path, report=True).execute(context())["status"] == "complete"
    warnings = [call.args[0] % call.args[1:] for call in log.warning.call_args_list]
    assert [told for told in warnings if "report" in told] == ["The report could not be written: IsADirectoryError"]


def test_a_documents_name_and_a_refusal_forge_no_line_of_the_log(tcocr_emulator, tmp_path, monkeypatch):
    log = MagicMock()
    monkeypatch.setattr(TencentCloudOcrBatchOperator, "log", log)  # each Airflow has a logger of its own
    folder = write_images(tmp_path / "in", 1)
    (folder / "broken\nERROR forged\x1b[2J.png").write_bytes(b"no image")
    error = {"Code": "FailedOperation.Odd\nERROR forged", "Message": "\x1b[31m"}
    tcocr_emulator.inject(body=json.dumps({"Response": {"Error": error, "RequestId": "r\nERROR forged"}}).encode())
    assert batch(tmp_path, fail_on="never").execute(context())["counts"]["failed"] == 2
    (warned,) = [call.args[0] % call.args[1:] for call in log.warning.call_args_list if "failed" in str(call.args)]
    assert warned.count("ERROR forged") >= 4
    assert warned.isprintable()


def test_ten_bad_documents_among_a_hundred_are_ten_rows_and_the_task_succeeds(tcocr_emulator, tmp_path, monkeypatch):
    log = MagicMock()
    monkeypatch.setattr(TencentCloudOcrBatchOperator, "log", log)  # each Airflow has a logger of its own
    folder = write_images(tmp_path / "in", 90)
    for number in range(5):
        (folder / f"bad-{number}.pdf").write_bytes(b"%PDF-1.4 broken " + str(number).encode())
        (folder / f"empty-{number}.png").touch()
    manifest = batch(tmp_path).execute(context())
    assert (manifest["counts"]["recognized"], manifest["counts"]["failed"]) == (90, 10)
    assert len(manifest["failures"]) == 10
    (warned,) = [call.args[0] % call.args[1:] for call in log.warning.call_args_list if "failed" in str(call.args)]
    assert warned.startswith(f"10 of 100 pages failed ({folder}/bad-0.pdf page 1: Document.Unreadable: ")
    pages = OcrDataset.open(manifest).pages()
    assert set(pages.filter(pc.equal(pages["status"], "failed"))["error_code"].to_pylist()) == {
        "Document.Empty",
        "Document.Unreadable",
    }
    assert tcocr_emulator.ledger.made == 90


@pytest.mark.parametrize(
    ("fail_on", "fails"), [("never", False), ("all", False), ("any", True), (0.5, False), ("0.2", True), (0.0, True)]
)
def test_fail_on_decides_how_many_failed_pages_are_too_many(tcocr_emulator, tmp_path, fail_on, fails):
    write_images(tmp_path / "in", 3)
    (tmp_path / "in/empty.png").touch()
    operator, given = batch(tmp_path, fail_on=fail_on), context()
    if not fails:
        assert operator.execute(given)["status"] == "complete"
        return
    with pytest.raises(BatchFailedError, match=r"Document\.Empty") as caught:
        operator.execute(given)
    assert caught.value.manifest["status"] == "failed"
    given["ti"].xcom_push.assert_called_once_with(key="return_value", value=caught.value.manifest)
    assert OcrDataset.open(str(tmp_path / "out")).pages().num_rows == 4


def test_a_task_that_is_to_push_nothing_pushes_no_manifest_when_it_fails(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 1)
    (tmp_path / "in/empty.png").touch()
    given = context()
    with pytest.raises(BatchFailedError):
        batch(tmp_path, fail_on="any", do_xcom_push=False).execute(given)
    given["ti"].xcom_push.assert_not_called()


def test_a_wrong_key_stops_at_once_without_a_retry(tcocr_emulator, tmp_path, monkeypatch):
    write_images(tmp_path / "in", 100)
    bad = tcocr_emulator.connection.replace(tcocr_emulator.secret_key, "wrong")
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", bad)
    with pytest.raises(AirflowFailException, match=r"AuthFailure\.SignatureFailure.*RequestId.*SecretKey"):
        batch(tmp_path, max_concurrency=8).execute(context())
    assert tcocr_emulator.ledger.made <= 8
    assert tcocr_emulator.ledger.billed == 0


def test_a_metadata_service_that_is_away_stops_a_batch_as_refused_keys_do(tcocr_emulator, tmp_path, monkeypatch):
    from airflow_provider_tcocr.hooks import connection

    read = partial(connection.read_connection, metadata="http://127.0.0.1:9/")
    monkeypatch.setattr(connection, "read_connection", read)
    bare = {"conn_type": "tencentcloud", "host": tcocr_emulator.url, "extra": {"credential": "cvm_role"}}
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", json.dumps(bare))
    write_images(tmp_path / "in", 20)
    with pytest.raises(AirflowFailException, match=r"Transport\.Credential.*cvm_role.*ConnectionRefusedError"):
        batch(tmp_path).execute(context())
    assert tcocr_emulator.ledger.made == 0


def test_an_account_that_runs_out_of_money_keeps_what_is_landed_and_pays_only_for_the_rest(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 60)
    tcocr_emulator.inject(code="ResourceUnavailable.InArrears", after=25)
    with pytest.raises(AirflowFailException, match=r"Stopped after 25 pages.*InArrears.*top up"):
        batch(tmp_path, max_concurrency=4).execute(context())
    assert tcocr_emulator.ledger.billed == 25
    assert tcocr_emulator.ledger.made <= 25 + 4
    assert OcrDataset.open(str(tmp_path / "out")).pages().num_rows == 25
    tcocr_emulator.reset()
    manifest = batch(tmp_path).execute(context())
    assert tcocr_emulator.ledger.made == 35
    assert (manifest["counts"]["recognized"], manifest["counts"]["reused"]) == (60, 25)


def test_max_calls_caps_the_calls_of_all_attempts(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 30)
    for _ in range(3):
        with pytest.raises(AirflowFailException, match="max_calls=20"):
            batch(tmp_path, max_calls=20).execute(context())
        assert tcocr_emulator.ledger.made == 20
    assert batch(tmp_path, max_calls=30).execute(context())["counts"]["recognized"] == 30


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"options": {"language": "zh"}}, "unknown option"),
        ({"options": {"config_id": "MulOCR", "enable_detect_split": True}}, "enable_detect_split"),
        ({"transfer": "url"}, "transfer"),
        ({"transfer": "post"}, "transfer"),
        ({"pages": "0"}, "page"),
        ({"fail_on": "some"}, "fail_on must be 'never', 'all', 'any', or a share between 0 and 1, not 'some'"),
        ({"fail_on": 2}, "fail_on"),
        ({"if_exists": "append"}, "if_exists"),
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"max_concurrency": "many"}, "max_concurrency"),
        ({"max_qps": -1}, "max_qps"),
        ({"max_calls": "x"}, "max_calls"),
        ({"pdf_dpi": 5}, "pdf_dpi"),
        ({"price_per_call": "nan"}, "price_per_call"),
        ({"price_per_call": "inf", "dry_run": True}, "price_per_call"),
        ({"price_per_call": -1}, "price_per_call"),
        ({"price_per_call": "cheap"}, "price_per_call"),
        ({"output_path": " "}, "output_path"),
        ({"output_path": f"{__file__}/out"}, "output_path: .*test_ocr.py is a file"),
        ({"output_path": "None"}, "output_path must be a path or a URI, not 'None'"),
        ({"output_path": 5}, "output_path"),
        ({"documents": [3]}, "document"),
        ({"dry_run": "{{ params.dry_run }}"}, "dry_run must be True or False, not"),
        ({"deferrable": "False"}, "deferrable"),
        ({"report": "False"}, "report"),
    ],
)
def test_wrong_arguments_are_refused_by_name_before_any_call(tcocr_emulator, tmp_path, arguments, told):
    write_images(tmp_path / "in", 2)
    with pytest.raises(AirflowFailException, match=told):
        batch(tmp_path, **arguments).execute(context())
    assert tcocr_emulator.ledger.made == 0


def test_nothing_found_names_what_was_looked_for_and_lets_the_task_retry(tcocr_emulator, tmp_path):
    with pytest.raises(DocumentError, match="/nowhere/at/all"):
        batch(tmp_path, documents="/nowhere/at/all").execute(context())
    assert tcocr_emulator.ledger.made == 0


def test_arguments_that_came_through_a_template_are_numbers_again(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 2)
    manifest = batch(
        tmp_path, max_qps="500", max_concurrency="2", max_calls="10", pdf_dpi="None", fail_on="0.5"
    ).execute(context())
    assert manifest["counts"]["recognized"] == 2


@pytest.mark.parametrize("kind", [Path, lambda path: ObjectStoragePath(f"file://{path}")], ids=["path", "object store"])
def test_a_path_is_as_good_as_its_text(tcocr_emulator, tmp_path, kind):
    folder = write_images(tmp_path / "in", 2)
    manifest = batch(tmp_path, documents=kind(folder), output_path=kind(tmp_path / "out")).execute(context())
    assert manifest["counts"]["recognized"] == 2
    assert OcrDataset.open(kind(tmp_path / "out")).pages().num_rows == 2
    named = [kind(folder / "0000.png"), {"uri": kind(folder / "0001.png"), "document_id": "one"}]
    assert batch(tmp_path, documents=named).execute(context())["counts"]["documents"] == 2
    single = TencentCloudOcrOperator(
        task_id="task", document=kind(folder / "0000.png"), output_path=kind(tmp_path / "1")
    )
    assert single.execute(context())["counts"]["recognized"] == 1
    assert (tmp_path / "1/_manifest.json").exists()


def test_paths_of_an_object_store_come_through_a_dag(tcocr_emulator, tmp_path, run_dag):
    write_images(tmp_path / "in", 2)
    with DAG(dag_id="tcocr_paths", schedule=None) as dag:

        @task
        def listed():
            return sorted(ObjectStoragePath(f"file://{tmp_path}/in").iterdir())

        out = ObjectStoragePath(f"file://{tmp_path}/out/{{{{ dag.dag_id }}}}")
        TencentCloudOcrBatchOperator(task_id="task", documents=listed(), output_path=out)
    assert str(run_dag(dag).state).endswith("success")
    assert OcrDataset.open(f"{tmp_path}/out/tcocr_paths").pages().num_rows == 2


def test_an_output_path_that_a_template_leaves_out_is_no_folder_of_that_name(tcocr_emulator, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "in", 1)
    given = context()
    single = TencentCloudOcrOperator(task_id="task", document="in/0000.png", output_path="None")
    single.pre_execute(given)
    assert single.execute(given)["pages"][0]["status"] == "recognized"
    assert not (tmp_path / "None").exists()
    given["ti"].xcom_push.assert_any_call(key="_link_TencentCloudOcrDatasetLink", value="")


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """A PDF that opens with the password of ``the_lock``."""
    for name, password in (("THE_LOCK", "sesame"), ("WRONG_LOCK", "wrong"), ("NO_LOCK", None)):
        monkeypatch.setenv(f"AIRFLOW_CONN_{name}", json.dumps({"conn_type": "generic", "password": password}))
    path = tmp_path / "locked.pdf"
    path.write_bytes(made.encrypted(b"sesame"))
    return str(path)


def test_the_password_of_encrypted_pdfs_is_that_of_a_connection(tcocr_emulator, tmp_path, locked):
    with pytest.raises(BatchFailedError, match=r"Document\.Encrypted.*pdf_password_conn_id"):
        batch(tmp_path, documents=[locked], pdf_password_conn_id="None").execute(context())
    with pytest.raises(BatchFailedError, match=r"Document\.Encrypted.*connection 'wrong_lock' does not open it"):
        batch(tmp_path, documents=[locked], pdf_password_conn_id="wrong_lock").execute(context())
    with pytest.raises(AirflowFailException, match="connection 'no_lock' has no password"):
        batch(tmp_path, documents=[locked], pdf_password_conn_id="no_lock").execute(context())
    with pytest.raises(AirflowFailException, match="pdf_password_conn_id must be a text"):
        batch(tmp_path, documents=[locked], pdf_password_conn_id=7).execute(context())
    assert tcocr_emulator.ledger.made == 0
    dry = batch(tmp_path, documents=[locked], pdf_password_conn_id="the_lock", dry_run=True).execute(context())
    assert dry["calls"]["expected"] == 1
    manifest = batch(tmp_path, documents=[locked], pdf_password_conn_id="the_lock", report=True).execute(context())
    assert manifest["counts"]["recognized"] == 1
    assert '"pictured":1' in (tmp_path / "out" / "report.html").read_text()
    for output in ({}, {"output_path": str(tmp_path / "single")}):
        operator = TencentCloudOcrOperator(
            task_id="task", document=locked, pdf_password_conn_id="the_lock", pdf_dpi=None, **output
        )
        assert operator.execute(context())["counts"]["recognized"] == 1


def test_no_documents_are_an_empty_dataset(tcocr_emulator, tmp_path):
    manifest = batch(tmp_path, documents=[]).execute(context())
    assert manifest["status"] == "complete"
    assert manifest["counts"]["pages"] == 0
    assert OcrDataset.open(manifest).detections().num_rows == 0


def test_a_folder_that_has_grown_pays_for_what_is_new(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 10)
    batch(tmp_path).execute(context("monday"))
    write_images(tmp_path / "in", 14)
    manifest = batch(tmp_path).execute(context("tuesday"))
    assert (tcocr_emulator.ledger.made, manifest["calls"]["made"]) == (14, 4)
    assert (manifest["counts"]["recognized"], manifest["counts"]["reused"]) == (14, 10)


def test_if_exists_decides_over_other_runs_and_never_over_ones_own(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 4)
    batch(tmp_path).execute(context("monday"))
    with pytest.raises(AirflowFailException, match="if_exists"):
        batch(tmp_path, if_exists="error").execute(context("tuesday"))
    assert batch(tmp_path, if_exists="error").execute(context("monday"))["counts"]["reused"] == 4
    assert tcocr_emulator.ledger.made == 4
    again = batch(tmp_path, if_exists="overwrite").execute(context("tuesday"))
    assert (again["calls"]["made"], again["counts"]["reused"]) == (4, 0)
    retried = batch(tmp_path, if_exists="overwrite").execute(context("tuesday"))
    assert (retried["calls"]["made"], retried["counts"]["reused"]) == (0, 4)


def test_overwriting_lets_go_of_what_others_paid_for_only_when_it_is_whole(tcocr_emulator, tmp_path, monkeypatch):
    write_images(tmp_path / "in", 3)
    batch(tmp_path).execute(context("monday"))
    good = tcocr_emulator.connection
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", good.replace(tcocr_emulator.secret_key, "wrong"))
    with pytest.raises(AirflowFailException):
        batch(tmp_path, if_exists="overwrite").execute(context("tuesday"))
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", good)
    made = tcocr_emulator.ledger.made
    assert batch(tmp_path).execute(context("wednesday"))["counts"]["reused"] == 3
    assert tcocr_emulator.ledger.made == made
    batch(tmp_path, options={"enable_detect_text": False}).execute(context("monday"))
    batch(tmp_path, if_exists="overwrite").execute(context("thursday"))
    assert batch(tmp_path, options={"enable_detect_text": False}).execute(context("friday"))["calls"]["made"] == 0


def test_a_dead_endpoint_uses_up_no_calls(tmp_path, monkeypatch):
    write_images(tmp_path / "in", 2)
    dead = {"conn_type": "tencentcloud", "login": "i", "password": "k", "host": "http://127.0.0.1:9"}
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", json.dumps(dead))
    with pytest.raises(BatchFailedError, match=r"Transport\.Connect") as caught:
        batch(tmp_path, max_calls=1).execute(context())
    assert caught.value.manifest["calls"]["made"] == 0


@pytest.mark.parametrize(
    ("document", "arguments", "told"),
    [
        ("cos://bucket-125/a.png", {}, "cos_region"),
        ("cos://bucket/a.png", {}, "APPID"),
        ("https://example.com/a.pdf", {"transfer": "url"}, "PDF"),
    ],
)
def test_what_no_call_could_carry_is_refused_before_any_call(tcocr_emulator, tmp_path, document, arguments, told):
    with pytest.raises(AirflowFailException, match=told):
        batch(tmp_path, documents=[document], **arguments).execute(context())
    single = TencentCloudOcrOperator(task_id="task", document=document, **arguments)
    with pytest.raises(AirflowFailException, match=told):
        single.execute(context())
    assert tcocr_emulator.ledger.made == 0


def test_the_single_operator_takes_no_folder(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 3)
    for output in (None, str(tmp_path / "out")):
        operator = TencentCloudOcrOperator(task_id="task", document=str(tmp_path / "in"), output_path=output)
        with pytest.raises(BatchFailedError, match=r"Document\.Unreadable"):
            operator.execute(context())
    assert tcocr_emulator.ledger.made == 0


def test_one_document_is_plain_json(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 1)
    result = TencentCloudOcrOperator(task_id="task", document=str(tmp_path / "in/0000.png")).execute(context())
    assert set(result) == {"document_id", "document_uri", "counts", "pages"}
    (page,) = result["pages"]
    assert set(page) == {
        "page", "status", "text", "angle", "request_id", "error_code", "error_message", "detections",
    }  # fmt: skip
    assert {"detection", "text", "confidence", "left", "polygon", "item_polygon"} <= set(page["detections"][0])
    assert result["counts"]["recognized"] == 1
    assert json.loads(json.dumps(result)) == result


def test_a_result_too_large_for_xcom_is_refused_with_the_way_out(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 1)
    tcocr_emulator.inject(
        shape=lambda envelope: {
            "Response": {**envelope["Response"], "TextDetections": envelope["Response"]["TextDetections"] * 200}
        }
    )
    operator = TencentCloudOcrOperator(task_id="task", document=str(tmp_path / "in/0000.png"))
    with pytest.raises(AirflowFailException, match="output_path="):
        operator.execute(context())


def test_an_exception_from_a_signal_ends_the_calls_for_one_document(tcocr_emulator, tmp_path):
    """As a time-out of Airflow's does, which is raised in the main thread while that waits."""

    class TimeoutIsOver(BaseException):
        pass

    def over(*_):
        raise TimeoutIsOver

    def interrupted(request):
        asked.append(request)
        if len(asked) == 1:
            os.kill(os.getpid(), signal.SIGUSR1)
        return True

    asked = []
    sheets = [Image.new("L", (40, 30), shade) for shade in range(40)]
    sheets[0].save(tmp_path / "in.pdf", save_all=True, append_images=sheets[1:])
    tcocr_emulator.inject(latency=5.0, match=interrupted)
    operator = TencentCloudOcrOperator(task_id="task", document=str(tmp_path / "in.pdf"))
    before = signal.signal(signal.SIGUSR1, over)
    try:
        with pytest.raises(TimeoutIsOver):
            operator.execute(context())
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert operator._recognizing.cancelled()
    assert tcocr_emulator.ledger.made < 40


def test_one_document_with_an_output_path_is_a_batch_of_one(tcocr_emulator, tmp_path):
    write_images(tmp_path / "in", 1)
    operator = TencentCloudOcrOperator(
        task_id="task", document=str(tmp_path / "in/0000.png"), output_path=str(tmp_path / "out")
    )
    manifest = operator.execute(context())
    assert manifest["counts"]["pages"] == 1
    assert OcrDataset.open(manifest).pages().num_rows == 1
    assert operator.execute(context())["calls"]["made"] == 0


def test_one_document_that_fails_fails_the_task_with_its_reason(tcocr_emulator, tmp_path):
    (tmp_path / "empty.png").touch()
    with pytest.raises(BatchFailedError, match=r"Document\.Empty"):
        TencentCloudOcrOperator(task_id="task", document=str(tmp_path / "empty.png")).execute(context())


def test_a_dag_runs_a_mapped_batch_with_templates_and_reads_the_shards_as_one(tcocr_emulator, tmp_path, run_dag):
    for shard in ("a", "b"):
        write_images(tmp_path / shard, 3)
    with DAG(dag_id="tcocr_mapped", schedule=None) as dag:
        TencentCloudOcrBatchOperator.partial(task_id="task").expand_kwargs(
            [
                {"documents": str(tmp_path / shard), "output_path": f"{tmp_path}/out/{shard}-{{{{ dag.dag_id }}}}"}
                for shard in ("a", "b")
            ]
        )
    run = run_dag(dag)
    assert str(run.state).endswith("success")
    paths = [str(tmp_path / f"out/{shard}-tcocr_mapped") for shard in ("a", "b")]
    assert OcrDataset.open(paths).pages().num_rows == 6
