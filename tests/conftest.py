"""One Airflow home and one temporary folder for the whole run, set before Airflow is imported."""

import hashlib
import http.server
import json
import os
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.serving import serving

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


@pytest.fixture(autouse=True)
def masked_no_longer():
    """What one test had masked is not masked in the next: Airflow 2.11 masks secrets of any length, a ``t`` too."""
    yield
    module = sys.modules.get("airflow.utils.log.secrets_masker")
    masker = getattr(module, "_secrets_masker", None)
    if masker is not None and sys.modules["airflow"].__version__.startswith("2."):
        masker().patterns = set()
        masker().replacer = None


@pytest.fixture
def account(tcocr_emulator):
    """The emulator's connection, read as a hook reads it."""
    from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook

    return TencentCloudOcrHook().account


@pytest.fixture
def cos():
    """A bucket of Tencent's object storage, with permanent keys; it is empty."""
    from tests.cos_stand_in import CosStandIn

    with CosStandIn() as bucket:
        yield bucket


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
                    if hasattr(dag, "sync_to_db"):  # Airflow 2.11
                        dag.sync_to_db()
                    return dag.test(**arguments)
            from airflow.dag_processing.bundles.manager import DagBundlesManager

            DagBundlesManager().sync_bundles_to_db()
            bag = DagBag(dag_folder=os.devnull)
            bag.bag_dag(dag)
            sync_bag_to_db(bag, "dags-folder", None)
            return dag.test(**arguments)

    return run


@pytest.fixture
def asset_events(airflow_database):
    """Give every event that Airflow has: the asset's URI and the event's extra."""

    def events():
        try:
            from airflow.models.asset import AssetEvent
        except ImportError:
            from airflow.models.dataset import DatasetEvent as AssetEvent
        from airflow.utils.session import create_session

        with create_session() as session:
            return [(event.uri, event.extra) for event in session.query(AssetEvent).all()]

    return events


@pytest.fixture
def lineage_collector(monkeypatch):
    """Airflow's own collector of hook lineage, as it is once something reads it."""
    from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector
    from airflow.providers.common.compat.sdk import HookLineageCollector

    collecting = HookLineageCollector()
    monkeypatch.setattr("airflow.providers.common.compat.sdk.get_hook_lineage_collector", lambda: collecting)
    return get_hook_lineage_collector()


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
    connection = {
        "conn_type": "aws",
        "login": "id",
        "password": "key",
        "extra": {"endpoint_url": s3_server, "region_name": "us-east-1"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    return "s3://aws_default@lake"


class Cloud:
    """A CVM's metadata service and STS on one local port, which serves as a proxy to them too.

    :param triple: what is given out: SecretId, SecretKey, token
    :param ill: ``hang`` accepts and never answers; a pair is a status and a body; None is well
    :param asked: the path or the action of each request, with its parameters
    """

    role = "ocr reader"
    long_term = ("AKIDlong", "plantedLongTermKey")

    def __init__(self):
        self.triple = ("AKIDtemporary", "plantedTemporaryKey", "plantedToken")
        self.ill, self.content_type = None, "application/json"
        self.life, self.clock = 7200, time.time
        self.asked, self.headers = [], []
        self.well = threading.Event()

    def expires(self):
        return int(self.clock() + self.life)

    def metadata(self, path):
        self.asked.append((path, {}))
        if path == "/role/":
            return self.role
        names = ("TmpSecretId", "TmpSecretKey", "Token")
        return json.dumps(
            dict(zip(names, self.triple, strict=True), Code="Success", ExpiredTime=self.expires())
            if path == f"/role/{quote(self.role)}"
            else {"Code": "Failed"}
        )

    def sts(self, headers, body):
        action = headers["X-TC-Action"]
        self.asked.append((action, json.loads(body)))
        if action == "AssumeRole" and not self.signed(headers, body):
            told = {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "planted"}}
        else:
            names = ("TmpSecretId", "TmpSecretKey", "Token")
            told = {"Credentials": dict(zip(names, self.triple, strict=True)), "ExpiredTime": self.expires()}
        return json.dumps({"Response": {**told, "RequestId": "r"}})

    def signed(self, headers, body):
        from airflow_provider_tcocr.api.signing import canonical_request, signature, signing_date

        stamp = int(headers["X-TC-Timestamp"])
        to_sign = {"content-type": headers["Content-Type"], "host": headers["Host"]}
        canonical = canonical_request(to_sign, hashlib.sha256(body).hexdigest())
        day = signing_date(stamp)
        right = signature(self.long_term[1], canonical, timestamp=stamp, date=day, service="sts")
        scope = f"Credential={self.long_term[0]}/{day}/sts/tc3_request"
        return right in headers["Authorization"] and scope in headers["Authorization"]


@pytest.fixture
def cloud():
    """Stand-ins for the sources of temporary credentials; ``url`` is STS, ``url`` + ``role/`` the metadata service."""
    cloud = Cloud()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(lambda: cloud.metadata(self.path))

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(lambda: cloud.sts(self.headers, body))

        def answer(self, ask):
            cloud.headers.append(self.headers)
            if cloud.ill == "hang":
                cloud.well.wait(30)
                return
            status, told = cloud.ill or (200, ask())
            self.send_response(status)
            self.send_header("Content-Type", cloud.content_type)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told.encode())

        def log_message(self, *told):
            pass

    with serving(Handler) as url:
        cloud.url = f"{url}/"
        yield cloud
        cloud.well.set()
