"""One Airflow home and one temporary folder for the whole run, set before Airflow is imported."""

import os
import tempfile
import warnings
from pathlib import Path

import pytest

HOME = tempfile.mkdtemp(prefix="tcocr-tests-")
ROOT = Path(__file__).resolve().parent.parent
for name in [name for name in os.environ if name.startswith(("AIRFLOW", "TENCENTCLOUD", "TCOCR"))]:
    del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": HOME,
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "example_dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    "TMPDIR": HOME,
}
tempfile.tempdir = HOME


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def samples() -> Path:
    """The real documents beside the checkout; a test that needs them says so when they are not there."""
    folder = ROOT.parent / "shared" / "samples"
    if not folder.is_dir():
        pytest.skip("the sample documents are not beside the checkout")
    return folder


@pytest.fixture
def account(tcocr_emulator):
    """The emulator's connection, read as a hook reads it."""
    from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook

    return TencentCloudOcrHook().account


@pytest.fixture(scope="session")
def airflow_database():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from airflow.utils.db import initdb

        initdb()


@pytest.fixture
def run_dag(airflow_database):
    """Run a Dag by ``dag.test()`` and give its run."""

    def run(dag, **arguments):
        with warnings.catch_warnings():  # Airflow's own
            warnings.simplefilter("ignore")
            try:
                from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
            except ImportError:
                try:
                    from airflow.models.dagbag import DagBag, sync_bag_to_db  # Airflow 3.1
                except ImportError:
                    dag.sync_to_db()
                    return dag.test(**arguments)
            from airflow.dag_processing.bundles.manager import DagBundlesManager

            DagBundlesManager().sync_bundles_to_db()
            bag = DagBag(dag_folder=os.devnull)
            bag.bag_dag(dag)
            sync_bag_to_db(bag, "dags-folder", None)
            return dag.test(**arguments)

    return run


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
