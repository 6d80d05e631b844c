"""What a worker leaves for a triggerer: read back as it was; what is damaged or not there is an error that says so."""

import json
from dataclasses import replace

import pytest

from airflow_provider_tcocr.batch.handover import Handover, read_handover, remove_handover, write_handover
from airflow_provider_tcocr.batch.request import BatchRequest
from airflow_provider_tcocr.client.meter import Meter
from airflow_provider_tcocr.documents import as_document
from airflow_provider_tcocr.exceptions import TencentCloudOcrError
from airflow_provider_tcocr.landing.folder import open_folder

NAMED = [
    "http://files.example/a.png",
    {"uri": "http://files.example/b.png", "document_id": "票据 b"},
    {"uri": "/data/c.pdf", "pages": "2-5,-1"},
]


@pytest.fixture
def handover(tmp_path):
    request = BatchRequest(
        documents=NAMED,
        output_path=str(tmp_path),
        options={"config_id": "MulOCR"},
        pages=[1, 3],
        pdf_dpi=None,
        max_qps=2.5,
        max_calls=7,
        fail_on=0.05,
        run=("dag", "task", "run", "3"),
    )
    return Handover(
        request=request,
        documents=tuple(as_document(one) for one in NAMED),
        started_at=1_795_000_000_000_001,
        reused=4,
        calls=Meter(made=3, throttled=2, retried=1),
        known=11,
    )


def test_it_is_read_back_as_it_was(handover, tmp_path):
    folder = open_folder(tmp_path)
    write_handover(folder, handover)
    read = read_handover(folder, handover.request.run_key)
    assert read.documents == handover.documents
    assert (read.started_at, read.reused, read.known) == (handover.started_at, handover.reused, handover.known)
    assert read.calls == handover.calls
    names = [name for name in BatchRequest.__dataclass_fields__ if name != "documents"]
    assert {name: getattr(read.request, name) for name in names} == {
        name: getattr(handover.request, name) for name in names
    }
    assert read.request.run_key == handover.request.run_key


def test_each_run_has_its_own_and_takes_only_its_own_away(handover, tmp_path):
    folder = open_folder(tmp_path)
    write_handover(folder, handover)
    with pytest.raises(TencentCloudOcrError, match="must share one output_path"):
        read_handover(folder, "of another run")
    remove_handover(folder, replace(handover, request=replace(handover.request, run=("another",))))
    remove_handover(folder, replace(handover, started_at=handover.started_at - 1))
    assert read_handover(folder, handover.request.run_key)
    remove_handover(folder, handover)
    remove_handover(folder, handover)
    with pytest.raises(TencentCloudOcrError, match="must share one output_path"):
        read_handover(folder, handover.request.run_key)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told[:-1],
        lambda told: b"",
        lambda told: b"[]",
        lambda told: json.dumps(json.loads(told) | {"version": 99}).encode(),
        lambda told: json.dumps(json.loads(told) | {"documents": [["one"]]}).encode(),
        lambda told: json.dumps(json.loads(told) | {"request": {"planted": 1}}).encode(),
        lambda told: json.dumps(json.loads(told) | {"calls": {"planted": 1}}).encode(),
        lambda told: json.dumps(json.loads(told) | {"known": 1e999}).encode(),
        lambda told: b"[" * 100_000,
        lambda told: told.replace(b'"output_path":"', b'"output_path":"/elsewhere'),
    ],
)
def test_a_damaged_one_is_an_error_that_names_it(handover, tmp_path, spoil):
    folder = open_folder(tmp_path)
    write_handover(folder, handover)
    (file,) = (tmp_path / "_deferred").iterdir()
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(TencentCloudOcrError, match=r"_deferred/.*cannot be read"):
        read_handover(folder, handover.request.run_key)
