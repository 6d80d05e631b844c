"""Deferral: what a trigger is given, what it does, what it tells, and what each leg pays for."""

import asyncio
import contextlib
import gc
import json
import pathlib
import threading
import time
from dataclasses import replace
from datetime import timedelta
from unittest.mock import MagicMock

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, TaskDeferred
from asgiref.sync import sync_to_async
from PIL import Image

from airflow_provider_tcocr.batch import handover, legs, run
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.exceptions import BatchFailedError, StoppedError
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator
from airflow_provider_tcocr.triggers import ocr as triggers
from airflow_provider_tcocr.triggers.ocr import TencentCloudOcrBatchTrigger
from tests.documents import made


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """No test of these waits for a scheduler."""
    monkeypatch.setattr(triggers, "EARLIEST", 0.0)


def context(run_id="run"):
    return {"ti": MagicMock(dag_id="dag", task_id="task", run_id=run_id, map_index=-1)}


@pytest.fixture
def logged(caplog, capsys):
    """What Airflow's task log was told: on 3.x it goes to the standard output, on 2.11 to the logging module."""
    caplog.set_level("INFO")
    return lambda: caplog.text + "".join(capsys.readouterr())


def urls(count, *, start=0):
    return [f"http://files.example/inbox/{number:04}.png" for number in range(start, start + count)]


def batch(tmp_path, **arguments):
    arguments = {"documents": urls(20), "output_path": str(tmp_path / "out"), "deferrable": True, **arguments}
    return TencentCloudOcrBatchOperator(task_id="task", **arguments)


def defer(operator, given=None):
    with pytest.raises(TaskDeferred) as caught:
        operator.execute(given or context())
    return caught.value


def rebuilt(deferred):
    """The trigger as a triggerer makes it, from what a metadata database keeps."""
    path, arguments = deferred.trigger.serialize()
    assert path == "airflow_provider_tcocr.triggers.ocr.TencentCloudOcrBatchTrigger"
    return TencentCloudOcrBatchTrigger(**json.loads(json.dumps(arguments)))


def event_of(trigger):
    async def only():
        events = [event.payload async for event in trigger.run()]
        assert len(events) == 1
        return events[0]

    return asyncio.run(only())


def complete(operator, deferred, event, given=None):
    assert deferred.method_name == "execute_complete"
    return operator.execute_complete(given or context(), event=event)


def test_a_deferred_batch_makes_its_calls_in_the_trigger_and_derives_its_tables_on_the_worker(tcocr_emulator, tmp_path):
    operator = batch(tmp_path)
    deferred = defer(operator)
    assert tcocr_emulator.ledger.made == 0
    event = event_of(rebuilt(deferred))
    assert event == {
        "status": "landed",
        "reason": None,
        "calls": {"made": 20, "throttled": 0, "retried": 0},
        "output_path": str(tmp_path / "out"),
    }
    assert tcocr_emulator.ledger.made == 20
    assert not (tmp_path / "out/pages").exists()
    manifest = complete(operator, deferred, event)
    assert tcocr_emulator.ledger.made == 20
    assert manifest["status"] == "complete"
    assert (manifest["counts"]["pages"], manifest["counts"]["reused"]) == (20, 0)
    assert manifest["calls"] == {"made": 20, "throttled": 0, "retried": 0}
    assert OcrDataset.open(manifest).pages()["document_id"].to_pylist() == urls(20)
    assert list((tmp_path / "out/_deferred").iterdir()) == []


def test_the_tables_are_those_of_a_batch_that_does_not_defer(tcocr_emulator, tmp_path):
    operator = batch(tmp_path)
    deferred = defer(operator)
    complete(operator, deferred, event_of(rebuilt(deferred)))
    batch(tmp_path, output_path=str(tmp_path / "plain"), deferrable=False).execute(context())
    names = ["document_id", "page", "status", "text", "detections", "confidence_mean"]
    one, other = (OcrDataset.open(str(tmp_path / name)).pages(columns=names) for name in ("out", "plain"))
    assert one.equals(other)


def test_the_trigger_is_given_neither_documents_nor_keys(tcocr_emulator, tmp_path):
    deferred = defer(batch(tmp_path, documents=urls(2000)))
    told = json.dumps(deferred.trigger.serialize()) + json.dumps(deferred.kwargs)
    assert len(told) < 1000
    assert tcocr_emulator.secret_key not in told
    assert "files.example" not in told


def test_what_is_handed_over_names_the_connection_of_pdf_passwords_and_holds_none(
    tcocr_emulator, tmp_path, monkeypatch
):
    monkeypatch.setenv("AIRFLOW_CONN_THE_LOCK", json.dumps({"conn_type": "generic", "password": "plantedSesame"}))
    locked = tmp_path / "locked.pdf"
    locked.write_bytes(made.encrypted(b"plantedSesame"))
    operator = batch(tmp_path, documents=[*urls(2), str(locked)], pdf_password_conn_id="the_lock")
    deferred = defer(operator)
    (handover,) = (tmp_path / "out/_deferred").iterdir()
    assert "the_lock" in handover.read_text()
    told = json.dumps(deferred.trigger.serialize()) + json.dumps(deferred.kwargs)
    left = b"".join(path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert "plantedSesame" not in told
    assert b"plantedSesame" not in left
    manifest = complete(operator, deferred, event_of(rebuilt(deferred)))
    assert manifest["counts"]["recognized"] == 3


def test_a_trigger_serializes_every_argument():
    trigger = TencentCloudOcrBatchTrigger(output_path="/o", run_key="k", tencentcloud_conn_id="c", end_time=12.5)
    path, arguments = trigger.serialize()
    assert TencentCloudOcrBatchTrigger(**arguments).serialize() == (path, arguments)
    assert set(arguments) == set(TencentCloudOcrBatchTrigger.__init__.__kwdefaults__) | {
        "output_path",
        "run_key",
        "tencentcloud_conn_id",
    }


def test_what_is_sent_as_bytes_stays_on_the_worker_and_the_log_says_so(tcocr_emulator, tmp_path, logged):
    image = tmp_path / "in.png"
    Image.new("L", (40, 30)).save(image)
    operator = batch(tmp_path, documents=[str(image), *urls(3)])
    deferred = defer(operator)
    told = logged()
    assert "1 of 4 documents are sent as bytes and stay on the worker" in told
    assert "3 pages are left to a trigger" in told
    assert tcocr_emulator.ledger.made == 1
    event = event_of(rebuilt(deferred))
    assert event["calls"]["made"] == 3
    manifest = complete(operator, deferred, event)
    assert manifest["calls"]["made"] == tcocr_emulator.ledger.made == 4
    assert OcrDataset.open(manifest).pages()["document_id"].to_pylist() == [str(image), *urls(3)]


@pytest.mark.parametrize(
    "secret",
    ["http://files.example/a.png?X-Amz-Signature=planted5ecret", "http://user:planted5ecret@files.example/a.png"],
)
def test_a_batch_with_a_url_that_bears_a_query_or_a_password_runs_on_the_worker(
    tcocr_emulator, tmp_path, logged, secret
):
    manifest = batch(tmp_path, documents=[*urls(2), secret]).execute(context())
    assert manifest["counts"]["recognized"] == 3
    assert "Not deferred: 1 documents have a query or a password" in logged()
    assert not any("planted5ecret" in file.read_text() for file in (tmp_path / "out").rglob("*.json"))


def test_a_batch_whose_every_page_is_paid_for_does_not_defer(tcocr_emulator, tmp_path):
    batch(tmp_path, deferrable=False).execute(context())
    manifest = batch(tmp_path).execute(context("another"))
    assert (manifest["counts"]["reused"], manifest["calls"]["made"]) == (20, 0)


def test_a_batch_without_urls_does_not_defer(tcocr_emulator, tmp_path):
    Image.new("L", (40, 30)).save(tmp_path / "in.png")
    assert batch(tmp_path, documents=str(tmp_path / "in.png")).execute(context())["counts"]["recognized"] == 1
    assert batch(tmp_path, documents=[]).execute(context("none"))["counts"]["pages"] == 0


def test_pages_paid_for_before_are_told_as_reused(tcocr_emulator, tmp_path):
    batch(tmp_path, documents=urls(5), deferrable=False).execute(context())
    operator, given = batch(tmp_path), context("another")
    deferred = defer(operator, given)
    event = event_of(rebuilt(deferred))
    manifest = complete(operator, deferred, event, given)
    assert (manifest["counts"]["reused"], manifest["calls"]["made"]) == (5, 15)


def test_the_calls_of_another_run_on_the_same_path_are_not_told_as_its_own(tcocr_emulator, tmp_path):
    """`calls.made` is held against the bill: added up over all runs, it must not exceed it."""
    operator = batch(tmp_path)
    deferred = defer(operator)
    batch(tmp_path, documents=urls(15, start=100), deferrable=False).execute(context("another"))
    manifest = complete(operator, deferred, event_of(rebuilt(deferred)))
    assert (manifest["calls"]["made"], tcocr_emulator.ledger.made) == (20, 35)


def test_pages_that_another_run_pays_for_meanwhile_are_told_as_reused(tcocr_emulator, tmp_path):
    """As the runs of a backfill do it that share an output path."""
    operator = batch(tmp_path)
    batch(tmp_path, documents=urls(3), deferrable=False).execute(context("before"))
    deferred = defer(operator)
    batch(tmp_path, documents=urls(8), deferrable=False).execute(context("meanwhile"))
    manifest = complete(operator, deferred, event_of(rebuilt(deferred)))
    assert tcocr_emulator.ledger.made == 20
    assert (manifest["counts"]["reused"], manifest["calls"]["made"]) == (8, 12)


def test_a_zombie_that_ends_the_batch_leaves_what_the_next_attempt_has_handed_over(
    tcocr_emulator, tmp_path, monkeypatch
):
    """A worker that was taken for dead in its last leg, while the retry has deferred again."""
    operator = batch(tmp_path)
    deferred = defer(operator)
    event = event_of(rebuilt(deferred))

    def frozen(output, ended):
        handover.write_handover(output, replace(ended, started_at=ended.started_at + 1))
        handover.remove_handover(output, ended)

    with monkeypatch.context() as patched:
        patched.setattr(legs, "remove_handover", frozen)
        complete(operator, deferred, event)
    assert complete(operator, deferred, event)["counts"]["recognized"] == 20
    assert list((tmp_path / "out/_deferred").iterdir()) == []


def test_no_event_is_sent_before_the_scheduler_has_seen_the_deferral(tcocr_emulator, tmp_path, monkeypatch):
    monkeypatch.setattr(triggers, "EARLIEST", 1.5)
    deferred = defer(batch(tmp_path, documents=urls(1)))
    started = time.monotonic()
    event_of(rebuilt(deferred))
    assert time.monotonic() - started >= 1.5


def test_outside_of_tests_that_is_five_seconds():
    assert "EARLIEST: Final = 5.0" in pathlib.Path(triggers.__file__).read_text()


def test_a_trigger_that_starts_again_pays_for_nothing_again(tcocr_emulator, tmp_path, caplog):
    """Cancelled as a triggerer does that shuts down; then the next one makes it anew."""
    tcocr_emulator.inject(latency=0.05)
    operator = batch(tmp_path, documents=urls(200), max_concurrency=4)
    deferred = defer(operator)

    async def cancelled():
        task = asyncio.ensure_future(anext(rebuilt(deferred).run()))
        while tcocr_emulator.ledger.made < 40:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    gc.collect()
    assert "never retrieved" not in caplog.text
    made = tcocr_emulator.ledger.made
    assert 40 <= made < 200
    event = event_of(rebuilt(deferred))
    assert event["calls"]["made"] == 200 - made
    manifest = complete(operator, deferred, event)
    assert tcocr_emulator.ledger.made == 200
    assert manifest["counts"]["recognized"] == 200
    assert manifest["calls"]["made"] == 200, "the calls of the trigger that was cancelled are told, too"


def test_on_kill_stops_new_calls_and_lands_what_is_in_flight(tcocr_emulator, tmp_path):
    tcocr_emulator.inject(latency=0.1)
    deferred = defer(batch(tmp_path, documents=urls(200), max_concurrency=4))
    trigger = rebuilt(deferred)

    async def killed():
        task = asyncio.ensure_future(anext(trigger.run()))
        while tcocr_emulator.ledger.made < 8:
            await asyncio.sleep(0.01)
        await trigger.on_kill()
        return (await task).payload

    event = asyncio.run(killed())
    assert event["status"] == "failed"
    made = tcocr_emulator.ledger.made
    assert made < 200
    again = rebuilt(defer(batch(tmp_path, documents=urls(200))))
    tcocr_emulator.reset()
    assert event_of(again)["calls"]["made"] == 200 - made


@pytest.mark.parametrize("end", ["cancelled", "killed"])
def test_a_trigger_that_is_ended_while_it_starts_makes_no_call(tcocr_emulator, tmp_path, monkeypatch, end):
    """The store that holds the handover answers only after the trigger's end."""
    reading, answer, begun = threading.Event(), threading.Event(), []
    read, running = handover.read_handover, run.RunningBatch

    def slow(*given):
        reading.set()
        assert answer.wait(30)
        return read(*given)

    def recorded(*given, **named):
        begun.append(running(*given, **named))
        return begun[-1]

    monkeypatch.setattr(handover, "read_handover", slow)
    monkeypatch.setattr(run, "RunningBatch", recorded)
    trigger = rebuilt(defer(batch(tmp_path)))
    begun.clear()

    async def ended():
        task = asyncio.ensure_future(anext(trigger.run()))
        while not reading.is_set():
            await asyncio.sleep(0.01)
        if end == "cancelled":
            task.cancel()
            await asyncio.sleep(0)  # it has met the cancellation
        else:
            await trigger.on_kill()
        answer.set()
        await asyncio.wait([task])
        await sync_to_async(lambda: None)()  # in the one thread where triggers start, after them
        return task

    task = asyncio.run(ended())
    for one in begun:
        with contextlib.suppress(StoppedError):
            one.result()
    assert tcocr_emulator.ledger.made == 0
    if end == "cancelled":
        assert task.cancelled()
    else:
        assert task.result().payload["status"] == "failed"


def test_the_triggers_loop_is_never_blocked(tcocr_emulator, tmp_path):
    tcocr_emulator.inject(latency=0.02)
    deferred = defer(batch(tmp_path, documents=urls(100)))

    async def longest_pause():
        task = asyncio.ensure_future(anext(rebuilt(deferred).run()))
        longest, last = 0.0, time.monotonic()
        while not task.done():
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        return longest, {thread.name for thread in threading.enumerate()}

    pause, names = asyncio.run(longest_pause())
    assert "tcocr-loop" in names
    assert pause < 2, "a triggerer calls two tenths of a second blocked; a loaded machine is given ten times that"


def test_a_refused_key_stops_the_trigger_and_fails_the_task_for_good_with_what_was_landed(tcocr_emulator, tmp_path):
    tcocr_emulator.inject(code="ResourceUnavailable.InArrears", after=12)
    operator = batch(tmp_path, max_concurrency=1)
    deferred = defer(operator)
    event = event_of(rebuilt(deferred))
    assert event["status"] == "stopped"
    assert "ResourceUnavailable.InArrears" in event["reason"]
    made, given = tcocr_emulator.ledger.made, context()
    with pytest.raises(AirflowFailException, match=r"InArrears"):
        complete(operator, deferred, event, given)
    assert tcocr_emulator.ledger.made == made
    manifest = json.loads((tmp_path / "out/_manifest.json").read_text())
    assert (manifest["status"], manifest["counts"]["recognized"]) == ("stopped", 12)
    given["ti"].xcom_push.assert_called_once_with(key="return_value", value=manifest)
    assert manifest["calls"]["made"] == made


def test_max_calls_holds_across_the_legs(tcocr_emulator, tmp_path):
    operator = batch(tmp_path, max_calls=7)
    deferred = defer(operator)
    event = event_of(rebuilt(deferred))
    assert event["status"] == "stopped"
    with pytest.raises(AirflowFailException, match=r"max_calls=7"):
        complete(operator, deferred, event)
    assert tcocr_emulator.ledger.made == 7


def test_pages_that_fail_in_the_trigger_are_rows_and_are_not_asked_again_on_the_worker(tcocr_emulator, tmp_path):
    tcocr_emulator.inject(code="FailedOperation.ImageBlur", times=3)
    operator = batch(tmp_path)
    deferred = defer(operator)
    manifest = complete(operator, deferred, event_of(rebuilt(deferred)))
    assert manifest["counts"]["failed"] == 3
    assert tcocr_emulator.ledger.made == manifest["calls"]["made"] == 20


def test_too_many_failed_pages_fail_the_task_as_without_deferral(tcocr_emulator, tmp_path):
    tcocr_emulator.inject(code="FailedOperation.ImageBlur", times=3)
    operator = batch(tmp_path, fail_on="any")
    deferred = defer(operator)
    event = event_of(rebuilt(deferred))
    with pytest.raises(BatchFailedError, match=r"3 of 20 pages failed"):
        complete(operator, deferred, event)


def test_what_the_service_cannot_fetch_is_left_to_the_worker_which_sends_its_bytes(
    tcocr_emulator, tmp_path, file_server
):
    file_server.files["/one.png"] = file_server.png(1)
    tcocr_emulator.inject(code="FailedOperation.DownLoadError", match=lambda request: request.url is not None)
    operator = batch(tmp_path, documents=[f"{file_server.url}/one.png"])
    deferred = defer(operator)
    event = event_of(rebuilt(deferred))
    assert event["status"] == "landed"
    assert file_server.asked == [], "a triggerer fetches no document"
    manifest = complete(operator, deferred, event)
    assert manifest["counts"]["recognized"] == 1
    assert file_server.asked == ["/one.png"]
    assert manifest["calls"]["made"] == tcocr_emulator.ledger.made


def test_an_output_path_that_the_triggerer_does_not_see_is_told(tcocr_emulator, tmp_path):
    operator = batch(tmp_path)
    deferred = defer(operator)
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    event = event_of(rebuilt(deferred))
    assert event["status"] == "failed"
    assert "triggerer and workers must share one output_path" in event["reason"]
    with pytest.raises(StoppedError, match=r"must share one output_path"):
        complete(operator, deferred, event)


def test_a_connection_that_is_wrong_fails_for_good(tcocr_emulator, tmp_path, monkeypatch):
    operator = batch(tmp_path)
    deferred = defer(operator)
    broken = json.loads(tcocr_emulator.connection)
    broken["extra"]["max_qsp"] = 3
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", json.dumps(broken))
    event = event_of(rebuilt(deferred))
    assert (event["status"], event["permanent"]) == ("failed", True)
    with pytest.raises(AirflowFailException, match=r"max_qsp"):
        complete(operator, deferred, event)


@pytest.mark.parametrize("event", [None, {}, "landed", {"status": "?"}])
def test_a_lost_event_fails_the_task_so_that_a_retry_goes_on(tcocr_emulator, tmp_path, event):
    operator = batch(tmp_path)
    deferred = defer(operator)
    with pytest.raises(StoppedError, match=r"event was lost"):
        complete(operator, deferred, event)


def test_execution_timeout_ends_the_trigger_in_order_and_a_retry_goes_on(tcocr_emulator, tmp_path, logged):
    tcocr_emulator.inject(latency=0.1)
    operator = batch(tmp_path, documents=urls(100), max_concurrency=2, execution_timeout=timedelta(seconds=1))
    deferred = defer(operator)
    assert deferred.timeout == timedelta(seconds=61)
    event = event_of(rebuilt(deferred))
    assert event["status"] == "timeout"
    made = tcocr_emulator.ledger.made
    assert event["calls"]["made"] == made < 100
    assert f"{made} pages landed" in logged()
    with pytest.raises(StoppedError, match=rf"execution_timeout was reached after {made} calls"):
        complete(operator, deferred, event)
    retried = batch(tmp_path, documents=urls(100))
    deferred = defer(retried)
    assert event_of(rebuilt(deferred))["calls"]["made"] == 100 - made


def test_a_deferred_batch_lands_in_an_object_store(tcocr_emulator, s3):
    operator = TencentCloudOcrBatchOperator(task_id="task", documents=urls(3), output_path=f"{s3}/out", deferrable=True)
    deferred = defer(operator)
    manifest = complete(operator, deferred, event_of(rebuilt(deferred)))
    assert OcrDataset.open(manifest).pages().num_rows == 3


def test_a_dag_run_defers_and_ends_with_the_manifest(tcocr_emulator, tmp_path, run_dag):
    with DAG("deferred", schedule=None) as dag:
        batch(tmp_path)
    run = run_dag(dag)
    assert run.state == "success"
    manifest = run.get_task_instance("task").xcom_pull(task_ids="task")
    assert manifest["counts"]["recognized"] == tcocr_emulator.ledger.made == 20


def test_a_stop_of_a_batch_that_may_not_defer_tells_the_pages_that_were_paid_for_before(tcocr_emulator, tmp_path):
    batch(tmp_path, documents=urls(5), deferrable=False).execute(context("before"))
    tcocr_emulator.inject(code="ResourceUnavailable.InArrears")
    with pytest.raises(AirflowFailException, match=r"InArrears"):
        batch(tmp_path, documents=[*urls(8), "http://files.example/a.png?signature=planted"]).execute(context())
    assert json.loads((tmp_path / "out/_manifest.json").read_text())["counts"]["reused"] == 5


def test_a_stop_before_the_deferral_tells_them_too(tcocr_emulator, tmp_path):
    image = tmp_path / "in.png"
    Image.new("L", (40, 30)).save(image)
    batch(tmp_path, documents=urls(5), deferrable=False).execute(context("before"))
    tcocr_emulator.inject(code="ResourceUnavailable.InArrears")
    with pytest.raises(AirflowFailException, match=r"InArrears"):
        batch(tmp_path, documents=[str(image), *urls(8)]).execute(context())
    assert json.loads((tmp_path / "out/_manifest.json").read_text())["counts"]["reused"] == 5
