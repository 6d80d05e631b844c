"""Rows of a journal, made as a batch makes them; a failing folder as a real subclass of the local one."""

import itertools
import json

import pytest

from airflow_provider_tcocr.arrow.rows import PageRow
from airflow_provider_tcocr.landing.folder import LocalFolder
from airflow_provider_tcocr.landing.journal import Journal
from airflow_provider_tcocr.landing.raw import RawPage

MOMENTS = itertools.count(1_700_000_000_000_000)


def make_answer(text, **unknown):
    detection = {
        "DetectedText": text,
        "Confidence": 99,
        "Polygon": [{"X": x, "Y": y} for x, y in ((1, 2), (30, 2), (30, 9), (1, 9))],
        "ItemPolygon": {"X": 1, "Y": 2, "Width": 29, "Height": 7},
        "AdvancedInfo": '{"Parag":{"ParagNo":1}}',
    }
    response = {"Angle": 359.99, "TextDetections": [detection], "RequestId": f"id-{text}", **unknown}
    return json.dumps({"Response": response}, ensure_ascii=False).encode()


def make_page(number, *, run="run", status="recognized", page=1, version="v", content="c", record=None, **fields):
    """One row; by default a recognized page whose text is its number."""
    answer = make_answer(str(number)) if status == "recognized" else None
    row = {
        "document_id": f"/in/{number:05}.png",
        "document_uri": f"/in/{number:05}.png",
        "page": page,
        "status": status,
        "action": "GeneralAccurateOCR",
        "options": "{}",
        "answer": answer,
        "attempts": 1,
        "recognized_at": next(MOMENTS),
        **fields,
    }
    return RawPage(
        record=record or f"{number}-{page}-{next(MOMENTS)}",
        run=run,
        identity=f"identity-{number}",
        version=version,
        content_sha256=content,
        page_count=1,
        row=PageRow(**row),
    )


@pytest.fixture
def page():
    return make_page


@pytest.fixture
def answer():
    return make_answer


@pytest.fixture
def raw(tmp_path):
    return LocalFolder(tmp_path / "raw")


@pytest.fixture
def journal(raw):
    """Makes journals over one folder: attempts, twins, later runs."""

    def make(*, run="run", folder=None, **arguments):
        return Journal(folder or raw, run=run, action="GeneralAccurateOCR", options="{}", **arguments)

    return make


@pytest.fixture(scope="session")
def s3_server():
    """A real S3 API on a free port, in this process."""
    s3fs = pytest.importorskip("s3fs")
    if int(s3fs.__version__.partition(".")[0]) < 2023:
        pytest.skip(f"s3fs {s3fs.__version__} is older than anything that Airflow's Amazon provider works with")
    pytest.importorskip("airflow.providers.amazon.aws.fs.s3")
    moto_server = pytest.importorskip("moto.server")
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server):
    """An S3 client with one empty bucket, ``lake``; nothing else is there."""
    import boto3
    import requests

    requests.post(f"{s3_server}/moto-api/reset", timeout=10)
    client = boto3.client(
        "s3", endpoint_url=s3_server, aws_access_key_id="id", aws_secret_access_key="key", region_name="us-east-1"
    )
    client.create_bucket(Bucket="lake")
    yield client
    client.close()


@pytest.fixture
def s3(s3_server, bucket, monkeypatch):
    """The bucket as a path that bears a connection, the only way to have ObjectStoragePath use one."""
    import json

    connection = {
        "conn_type": "aws",
        "login": "id",
        "password": "key",
        "extra": {"endpoint_url": s3_server, "region_name": "us-east-1"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    return "s3://aws_default@lake"
