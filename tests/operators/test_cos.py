"""Documents in COS through the operators and the hook: the service fetches what the stand-in finds well signed."""

import functools
import io
import json
import logging
import tempfile
from urllib.parse import parse_qs, urlsplit

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from PIL import Image

from airflow_provider_tcocr.client.cos import CosSigner
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.emulator import Emulator, fetch
from airflow_provider_tcocr.emulator.canned import CannedEngine
from airflow_provider_tcocr.exceptions import BatchFailedError, DocumentError
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator, TencentCloudOcrOperator
from airflow_provider_tcocr.recognition import recognizer
from airflow_provider_tcocr.recognition.retry import RetryPolicy
from tests.cos_stand_in import CosStandIn

B = "cos://inbox-1250000000"
SECRETS = ("plantedSecretKeyXyz", "plantedTokenXyz")
KEYS = {"secret_id": "AKIDcosAndOcr", "secret_key": SECRETS[0], "token": SECRETS[1]}


class Fetching(CannedEngine):
    """Invents answers, and fetches every URL first, as the service does."""

    fetches = True


class TI:
    """What of a task instance the operators use."""

    dag_id, task_id, run_id, map_index = "dag", "task", "monday", -1

    def xcom_push(self, *, key, value):
        self.pushed = value


def png(shade):
    target = io.BytesIO()
    Image.new("L", (30 + shade, 20), shade).save(target, "PNG")
    return target.getvalue()


def pdf(pages):
    sheets = [Image.new("L", (60 + page, 40), 255) for page in range(pages)]
    target = io.BytesIO()
    sheets[0].save(target, "PDF", save_all=True, append_images=sheets[1:])
    return target.getvalue()


@pytest.fixture
def bucket(monkeypatch, tmp_path):
    """A bucket under temporary keys; the connection has them, and the region."""
    with CosStandIn(**KEYS) as bucket, Emulator(Fetching(), **KEYS) as emulator:
        connection = json.loads(emulator.connection)
        connection["extra"] |= {"cos_region": "ap-singapore", "max_qps": 1000}
        monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", json.dumps(connection))
        monkeypatch.setattr(
            "airflow_provider_tcocr.client.client.CosSigner", functools.partial(CosSigner, endpoint=bucket.url)
        )
        monkeypatch.setattr(recognizer, "RetryPolicy", lambda: RetryPolicy(base=0.01, cap=0.01))
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        bucket.objects |= {"in/a.png": png(1), "in/sub/发票 #1.png": png(2), "in/c.pdf": pdf(3), "in/note.txt": b"x"}
        bucket.calls = emulator.ledger
        bucket.emulator = emulator
        yield bucket


def batch(tmp_path, documents=f"{B}/in/", **arguments):
    operator = TencentCloudOcrBatchOperator(
        task_id="task", documents=documents, output_path=str(tmp_path / "out"), **arguments
    )
    return operator.execute({"ti": TI()})


def rows(tmp_path):
    return OcrDataset.open(str(tmp_path / "out")).pages().to_pylist()


def test_a_folder_goes_as_urls_but_for_its_pdf_and_is_paid_once(bucket, tmp_path):
    manifest = batch(tmp_path)
    assert manifest["status"] == "complete"
    assert [(row["document_uri"], row["page"], row["status"], row["width"] is None) for row in rows(tmp_path)] == [
        (f"{B}/in/a.png", 1, "recognized", True),
        (f"{B}/in/c.pdf", 1, "recognized", False),
        (f"{B}/in/c.pdf", 2, "recognized", False),
        (f"{B}/in/c.pdf", 3, "recognized", False),
        (f"{B}/in/sub/发票 #1.png", 1, "recognized", True),
    ]
    assert {row["document_id"] for row in rows(tmp_path)} == {row["document_uri"] for row in rows(tmp_path)}
    assert [bool(call.url) for call in bucket.calls.calls].count(True) == 2
    assert sorted(bucket.gets) == ["in/a.png", "in/c.pdf", "in/sub/发票 #1.png"]
    assert bucket.refusals == []
    bucket.asked.clear()
    again = batch(tmp_path)
    assert (again["calls"]["made"], again["counts"]["reused"], bucket.gets) == (0, 5, [])
    bucket.objects["in/c.pdf"] = pdf(2)
    assert batch(tmp_path)["calls"]["made"] == 2


def test_bytes_are_read_here_and_never_go_as_a_url(bucket, tmp_path):
    assert batch(tmp_path, f"{B}/in/**/*.png", transfer="bytes")["counts"]["recognized"] == 2
    assert [call.url for call in bucket.calls.calls] == [None, None]


def test_a_url_is_signed_anew_at_each_attempt(bucket, tmp_path):
    bucket.answers["in/a.png"] = (500, b"")
    assert batch(tmp_path, [f"{B}/in/a.png"], transfer="url", fail_on="never")["counts"]["failed"] == 1
    assert bucket.calls.made == len(bucket.gets) == 3
    (row,) = rows(tmp_path)
    assert row["error_code"] == "FailedOperation.DownLoadError"


def test_what_the_service_cannot_fetch_in_time_is_sent_as_bytes(bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch, "SECONDS", 0.3)
    bucket.answers["in/a.png"] = (None, 1.0)
    assert batch(tmp_path, [f"{B}/in/a.png"])["status"] == "complete"
    assert [bool(call.url) for call in bucket.calls.calls] == [True, False]
    assert rows(tmp_path)[0]["width"] == 31


def test_an_absent_object_is_a_failed_row_and_a_bucket_that_refuses_a_failed_task(bucket, tmp_path):
    with pytest.raises(BatchFailedError, match=r"Document\.Missing: there is no cos://inbox-1250000000/in/none\.png"):
        batch(tmp_path, [f"{B}/in/none.png"])
    bucket.secret_key = "another"
    with pytest.raises(DocumentError, match=r"HTTP 403 \(SignatureDoesNotMatch\)"):
        batch(tmp_path)


def test_the_hook_and_the_single_operator_take_them_too(bucket, tmp_path):
    hook = TencentCloudOcrHook()
    assert [page.status for page in hook.recognize(f"{B}/in/a.png")] == ["recognized"]
    assert [page.page for page in hook.recognize({"uri": f"{B}/in/c.pdf", "pages": "2-"})] == [2, 3]
    hook.close()
    told = TencentCloudOcrOperator(task_id="task", document=f"{B}/in/a.png").execute({"ti": TI()})
    assert (told["document_uri"], told["counts"]["recognized"]) == (f"{B}/in/a.png", 1)
    operator = TencentCloudOcrOperator(task_id="task", document=f"{B}/in/c.pdf", output_path=str(tmp_path / "out"))
    assert operator.execute({"ti": TI()})["counts"]["pages"] == 3
    assert bucket.refusals == []


def test_without_a_region_nothing_is_contacted_and_the_field_is_named(bucket, tmp_path, monkeypatch):
    connection = json.loads(bucket.emulator.connection)
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", json.dumps(connection))
    for documents in (f"{B}/in/", [f"{B}/in/a.png"]):
        with pytest.raises(AirflowFailException, match="cos_region"):
            batch(tmp_path, documents)
    with pytest.raises(AirflowFailException, match="cos_region"):
        TencentCloudOcrOperator(task_id="task", document=f"{B}/in/a.png").execute({"ti": TI()})
    assert (bucket.asked, bucket.calls.made) == ([], 0)


@pytest.mark.parametrize("fault", ["none", "slow", "refused", "absent", "no listing"])
def test_no_signed_url_and_no_token_is_shown_or_stored(bucket, tmp_path, monkeypatch, caplog, capsys, fault):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(fetch, "SECONDS", 0.3)
    for key in {"slow": ["in/a.png"], "refused": ["in/a.png", "in/c.pdf"], "no listing": [""]}.get(fault, []):
        bucket.answers[key] = (None, 0.8) if fault == "slow" else (403, b"<Error><Code>AccessDenied</Code></Error>")
    documents = [f"{B}/in/none.png", f"{B}/in/none.pdf"] if fault == "absent" else f"{B}/in/"
    shown = []
    ti = TI()
    operator = TencentCloudOcrBatchOperator(task_id="task", documents=documents, output_path=str(tmp_path / "out"))
    try:
        shown.append(str(operator.execute({"ti": ti})))
    except (BatchFailedError, DocumentError) as error:
        shown += [repr(error), str(error), repr(error.__cause__), repr(error.__context__), str(vars(ti))]
    shown += [
        *capsys.readouterr(),
        *(f"{record.getMessage()} {record.args} {record.exc_text}" for record in caplog.records),
    ]
    stored = [file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()]
    if stored:
        shown.append(str(rows(tmp_path)))
    signatures = {parse_qs(urlsplit(target).query)["q-signature"][0] for target in bucket.targets}
    assert len(signatures) >= (1 if fault == "no listing" else 2)
    for secret in (*SECRETS, *signatures, "q-signature=", "x-cos-security-token="):
        assert not [text[:500] for text in shown if secret in text]
        assert not [True for content in stored if secret.encode() in content]
