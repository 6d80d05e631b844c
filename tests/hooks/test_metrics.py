"""What Airflow's metrics are told of a batch, by a backend of each version's own kind."""

from collections import Counter
from unittest.mock import MagicMock

import pytest
from PIL import Image

from airflow_provider_tcocr.exceptions import BatchFailedError
from airflow_provider_tcocr.hooks.metrics import Metrics
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator, TencentCloudOcrOperator

try:
    from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
except ImportError:
    from airflow.metrics.base_stats_logger import NoStatsLogger


class Sink(NoStatsLogger):
    """A backend that keeps what it is sent."""

    def __init__(self):
        self.counted = Counter()
        self.timed = []
        self.tags = []

    def incr(self, stat, count=1, rate=1, *, tags=None):
        if count < 0:
            raise ValueError("count must be a positive value.")  # as OpenTelemetry's does
        self.counted[stat, (tags or {}).get("status")] += count
        self.tags.append(tags)

    def timing(self, stat, dt, *, tags=None):
        self.timed.append((stat, dt, (tags or {}).get("status")))
        self.tags.append(tags)


class Broken(NoStatsLogger):
    """A backend that is away."""

    def incr(self, *given, **named):
        raise OSError("no route to the metrics")

    timing = incr


@pytest.fixture
def use(monkeypatch):
    """Have Airflow use a backend."""

    def install(backend):
        from airflow.providers.common.compat.sdk import Stats

        try:
            from airflow.sdk._shared.observability.metrics import stats
        except ImportError:
            monkeypatch.setattr(Stats, "instance", backend)
        else:
            monkeypatch.setattr(stats, "_backend", backend)
        return backend

    return install


def images(folder, count):
    folder.mkdir()
    for number in range(count):
        Image.new("L", (40 + number, 30)).save(folder / f"{number}.png")


def batch(tmp_path, **arguments):
    operator = TencentCloudOcrBatchOperator(
        task_id="task", documents=str(tmp_path / "in"), output_path=str(tmp_path / "out"), **arguments
    )
    ti = MagicMock(dag_id="dag", task_id="task", run_id="run", map_index=-1)
    return operator.execute({"ti": ti})


def test_a_batch_counts_its_pages_and_calls_and_times_them(tcocr_emulator, tmp_path, use):
    sink = use(Sink())
    images(tmp_path / "in", 6)
    (tmp_path / "in/empty.png").touch()
    tcocr_emulator.inject(code="RequestLimitExceeded", times=2)
    tcocr_emulator.inject(code="InternalError", after=2, times=1)
    manifest = batch(tmp_path)
    calls = manifest["calls"]
    assert (calls["throttled"], calls["retried"]) == (2, 1)
    assert {name: count for name, count in sink.counted.items() if name[0].startswith("tcocr.")} == {
        ("tcocr.pages", "recognized"): 6,
        ("tcocr.pages", "failed"): 1,
        ("tcocr.calls", None): calls["made"],
        ("tcocr.throttled", None): 2,
        ("tcocr.retried", None): 1,
    }
    latencies = [value for name, value, status in sink.timed if (name, status) == ("tcocr.latency", "recognized")]
    assert len(latencies) == 6
    (whole,) = [(value, status) for name, value, status in sink.timed if name == "tcocr.batch"]
    assert whole[0] >= max(latencies)
    assert whole[1] == "complete"


def test_tags_are_the_action_and_the_status_and_nothing_else(tcocr_emulator, tmp_path, use):
    sink = use(Sink())
    images(tmp_path / "in", 1)
    batch(tmp_path)
    assert {name for tags in sink.tags for name in tags} == {"action", "status"}
    assert {tags["action"] for tags in sink.tags} == {"GeneralAccurateOCR"}


def test_what_is_reused_is_not_counted_again(tcocr_emulator, tmp_path, use):
    images(tmp_path / "in", 3)
    batch(tmp_path)
    sink = use(Sink())
    batch(tmp_path)
    assert not sink.counted
    assert [name for name, _, _ in sink.timed] == ["tcocr.batch"]


def test_a_batch_that_fails_is_counted_as_one(tcocr_emulator, tmp_path, use):
    sink = use(Sink())
    (tmp_path / "in").mkdir()
    (tmp_path / "in/empty.png").touch()
    with pytest.raises(BatchFailedError):
        batch(tmp_path)
    assert sink.counted == {("tcocr.pages", "failed"): 1}
    assert [(name, status) for name, _, status in sink.timed] == [("tcocr.batch", "failed")]


def test_one_document_to_xcom_is_counted_too(tcocr_emulator, tmp_path, use):
    sink = use(Sink())
    images(tmp_path / "in", 1)
    ti = MagicMock(dag_id="dag", task_id="task", run_id="run", map_index=-1)
    TencentCloudOcrOperator(task_id="task", document=str(tmp_path / "in/0.png")).execute({"ti": ti})
    assert sink.counted == {("tcocr.calls", None): 1, ("tcocr.pages", "recognized"): 1}


def test_metrics_that_cannot_be_sent_break_no_batch_and_are_told_once(tcocr_emulator, tmp_path, use, caplog):
    use(Broken())
    images(tmp_path / "in", 3)
    assert batch(tmp_path)["counts"]["recognized"] == 3
    assert [record.message for record in caplog.records if "Metrics" in record.message] == [
        "Metrics cannot be sent (OSError)"
    ]


def test_a_call_that_found_no_connection_is_taken_back_from_the_next(use, caplog):
    sink = use(Sink())
    metrics = Metrics("GeneralAccurateOCR")
    for made in (1, -1, 1, 1):
        metrics.count(made=made)
    assert sink.counted["tcocr.calls", None] == metrics.made == 2
    assert caplog.records == []
