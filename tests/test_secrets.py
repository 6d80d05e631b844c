"""What must never be found: planted keys, a token, signed URLs, image bytes; sought wherever a run leaves anything."""

import base64
import http.server
import json
import logging
import os
import re
import sqlite3
import struct
import subprocess
import sys
import zlib
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.emulator import Emulator
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook
from tests.documents import made
from tests.serving import serving

SECRET_ID = "AKIDplantedSecretId7Qm2Xw9Lr4Tz8Kb"
PLANTED = {
    "SecretKey": "plantedSecretKey5Vn8Hc3Js6Wp",
    "wrong SecretKey": "plantedWrongKey9Dd4Rf7Gy2Mx",
    "token": "plantedToken6Uk1Bq8Zv3Ne5Ct",
    "signature": "plantedSignature4Ho7Iy2Pa9Fe",
    "password": "plantedPassword3Sw6Ox1Lj8Dg",
    "image": "plantedPixels8Mb5Tr2Yc7Vh4Nk",
    "PDF password": "plantedPdfPassword2Eq9Xz4Lt6Rb",
    "wrong PDF password": "plantedPdfMistake7Ya3Kd5Wm1Gu",
}
QUERY = f"q-sign-algorithm=sha1&q-ak=AKIDother&q-signature={PLANTED['signature']}"
AMZ = f"X-Amz-Expires=60&X-Amz-Signature={PLANTED['signature']}"

DAGS = """
from airflow.providers.common.compat.sdk import DAG, task
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator, TencentCloudOcrOperator

with DAG(dag_id="planted_batch", schedule=None):
    TencentCloudOcrBatchOperator(
        task_id="batch",
        documents=[
            f"{{{{ var.value.planted_{name} }}}}"
            for name in ("image", "url", "pdf", "lost", "gone", "broken", "locked")
        ],
        output_path="{{ var.value.planted_output }}/batch",
        report=True,
        pdf_password_conn_id="{{ 'the_lock' }}",
    )
    TencentCloudOcrOperator(task_id="single", document="{{ var.value.planted_image }}")
    TencentCloudOcrOperator(task_id="by_url", document="{{ var.value.planted_url }}")

with DAG(dag_id="planted_failures", schedule=None):
    TencentCloudOcrOperator(task_id="lost", document="{{ var.value.planted_lost }}")
    TencentCloudOcrOperator(task_id="gone", document="{{ var.value.planted_gone }}")
    TencentCloudOcrOperator(
        task_id="locked", document="{{ var.value.planted_locked }}", pdf_password_conn_id="wrong_lock"
    )
    TencentCloudOcrBatchOperator(
        task_id="refused",
        documents=["{{ var.value.planted_image }}", "{{ var.value.planted_url }}"],
        output_path="{{ var.value.planted_output }}/refused",
        tencentcloud_conn_id="wrong_key",
    )
    TencentCloudOcrOperator(
        task_id="refused_single", document="{{ var.value.planted_image }}", tencentcloud_conn_id="wrong_key"
    )
    TencentCloudOcrBatchOperator(
        task_id="misspelt",
        documents=[{"url": "{{ var.value.planted_url }}"}],
        output_path="{{ var.value.planted_output }}/misspelt",
    )
    TencentCloudOcrBatchOperator(
        task_id="no_output", documents="{{ var.value.planted_url }}", output_path=" ", transfer="carrier pigeon"
    )
"""
RUN = """
import sys
from airflow.__main__ import main
for dag_id in sys.argv[1:]:
    sys.argv = ["airflow", "dags", "test", dag_id]
    try:
        main()
    except SystemExit as ended:
        print("ended with", ended.code, flush=True)
"""


def marked_png():
    """A PNG whose pixels and whose comment bear the marker; stored, not deflated."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    marker = PLANTED["image"].encode()
    rows = (b"\0" + marker * 2) * 20
    header = struct.pack(">IIBBBBB", 2 * len(marker), 20, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"tEXt", b"Comment\0" + marker)
        + chunk(b"IDAT", zlib.compress(rows, 0))
        + chunk(b"IEND", b"")
    )


def spellings(value):
    """The ways in which a value may stand in a text: as it is, and in base64 at each of the three alignments."""
    raw = value.encode()
    coded = [base64.b64encode(b"\0" * before + raw)[4 if before else 0 : -4] for before in range(3)]
    return [raw, *(text for text in coded if len(text) > 12)]


def found(content):
    """The names of what is planted in some bytes."""
    return {name for name, value in PLANTED.items() if any(spelling in content for spelling in spellings(value))}


def files_below(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file()]


def rows_of(database):
    """Every row of every table, as a table's name and bytes; what is compressed is opened."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in connection.execute(f'select * from "{table.decode()}"').fetchall():
                for value in row:
                    content = value if isinstance(value, bytes) else str(value).encode()
                    yield table.decode(), content
                    if content[:1] == b"\x78":
                        try:
                            yield table.decode(), zlib.decompress(content)
                        except zlib.error:
                            continue


@dataclass(frozen=True)
class Ran:
    """What a run left: its folder, the calls that the emulator met, all that was printed."""

    folder: Path
    calls: tuple
    shown: bytes

    def pages(self):
        return OcrDataset.open(str(self.folder / "out/batch")).pages().to_pylist()


class Shelf(http.server.BaseHTTPRequestHandler):
    """Gives the PDF to whoever brings the signature; all else is absent."""

    pdf = b""

    def do_GET(self):
        there = self.path.startswith("/scan.pdf") and PLANTED["signature"] in self.path
        self.send_response(200 if there else 404)
        self.end_headers()
        self.wfile.write(self.pdf if there else b"no")

    def do_HEAD(self):
        self.send_response(405)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def shelf(root):
    Shelf.pdf = (root / "demo/documents/journal.pdf").read_bytes()
    with serving(Shelf) as url:
        yield url.removeprefix("http://")


@pytest.fixture(scope="module")
def ran(root, shelf, airflow_database, tmp_path_factory):
    """Both Dags, run by ``airflow dags test`` at log level DEBUG in a process of its own, with everything planted."""
    folder = tmp_path_factory.mktemp("planted")
    for name in ("dags", "tmp", "logs", "out"):
        (folder / name).mkdir()
    (folder / "dags/planted.py").write_text(DAGS)
    (folder / "page.png").write_bytes(marked_png())
    (folder / "broken.png").write_bytes(marked_png()[:300])
    (folder / "locked.pdf").write_bytes(made.encrypted(PLANTED["PDF password"].encode()))
    keys = {"secret_id": SECRET_ID, "secret_key": PLANTED["SecretKey"], "token": PLANTED["token"]}
    with Emulator("canned", **keys) as emulator:
        emulator.inject(code="InternalError", times=1)
        emulator.inject(drop="during", times=1)
        given = {
            "IMAGE": str(folder / "page.png"),
            "BROKEN": str(folder / "broken.png"),
            "LOCKED": str(folder / "locked.pdf"),
            "URL": f"https://reader:{PLANTED['password']}@example.com/page.png?{QUERY}",
            "PDF": f"http://{shelf}/scan.pdf?{QUERY}",
            "LOST": f"http://reader:{PLANTED['password']}@{shelf}/lost.pdf?{AMZ}",
            "GONE": f"http://reader:{PLANTED['password']}@127.0.0.1:9/gone.pdf?{QUERY}",
            "OUTPUT": str(folder / "out"),
        }
        environment = os.environ | {f"AIRFLOW_VAR_PLANTED_{name}": value for name, value in given.items()}
        environment |= {
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "DEBUG",
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / "logs"),
            "TMPDIR": str(folder / "tmp"),
            "AIRFLOW_CONN_TENCENTCLOUD_DEFAULT": emulator.connection,
            "AIRFLOW_CONN_WRONG_KEY": emulator.connection.replace(PLANTED["SecretKey"], PLANTED["wrong SecretKey"]),
            "AIRFLOW_CONN_THE_LOCK": json.dumps({"conn_type": "generic", "password": PLANTED["PDF password"]}),
            "AIRFLOW_CONN_WRONG_LOCK": json.dumps({"conn_type": "generic", "password": PLANTED["wrong PDF password"]}),
        }
        ended = subprocess.run(
            [sys.executable, "-c", RUN, "planted_batch", "planted_failures"],
            capture_output=True,
            env=environment,
            timeout=180,
            check=False,
        )
        calls = emulator.ledger.calls
    return Ran(folder, calls, ended.stdout + ended.stderr)


@pytest.fixture(scope="module")
def said(ran):
    """All that was printed and logged, but for what Airflow 3's supervisor tells of its talk with the task at DEBUG.

    That talk is two message kinds: values that are to be masked, and rendered fields. ``dag.test()`` masks nothing.
    """
    own = re.compile(rb"(Sending request|Received message from task runner) .*msg=(MaskSecret|SetRenderedFields)\(")
    return b"\n".join(line for line in ran.shown.splitlines() if not own.search(line))


def test_the_run_met_everything_that_could_tell_a_secret(ran, said):
    answered = {call.code for call in ran.calls}
    assert answered >= {"", "InternalError", "AuthFailure.SignatureFailure"}
    rows = {row["document_uri"].rpartition("/")[2]: row for row in ran.pages()}
    assert {name: row["status"] for name, row in rows.items()} == {
        "page.png": "recognized",
        "scan.pdf": "recognized",
        "lost.pdf": "failed",
        "gone.pdf": "failed",
        "broken.png": "failed",
        "locked.pdf": "recognized",
    }
    assert said.count(b"Traceback") >= 6
    for told in (
        b"lost.pdf",
        b"gone.pdf",
        b"AuthFailure.SignatureFailure",
        b"unknown key in a document",
        b"output_path must",
        b"wrong_lock",
    ):
        assert told in said
    assert all(found(value.encode()) for value in PLANTED.values())
    assert found(base64.b64encode(marked_png())) == {"image"}


def test_nothing_planted_is_printed_or_logged(ran, said):
    assert found(said) == set()
    for path in files_below(ran.folder / "logs"):
        assert found(path.read_bytes()) == set(), path


def test_nothing_planted_is_in_the_dataset(ran):
    written = files_below(ran.folder / "out")
    assert {path.parent.name for path in written} >= {"raw", "pages", "detections", "batch"}
    assert "report.html" in {path.name for path in written}
    for path in written:
        assert found(path.read_bytes() + str(path).encode()) == set(), path
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            assert found(repr([table.schema.metadata, table.to_pylist()]).encode()) == set(), path


def test_the_database_holds_nothing_planted_and_what_templates_rendered_without_it(ran):
    told = defaultdict(set)
    rendered = b""
    for table, content in rows_of(Path(os.environ["AIRFLOW_HOME"], "airflow.db")):
        told[table] |= found(content)
        rendered += content if table == "rendered_task_instance_fields" else b""
    assert {"xcom", "dag_run", "rendered_task_instance_fields"} <= told.keys()
    assert b"example.com/page.png?***" in rendered
    assert {table: names for table, names in told.items() if names} == {}


def test_nothing_planted_is_left_beside_the_run(ran):
    for path in files_below(ran.folder / "tmp"):
        assert found(path.read_bytes() + str(path).encode()) == set(), path


def test_a_manifest_and_its_xcom_name_documents_without_their_queries(ran):
    manifest = json.loads((ran.folder / "out/batch/_manifest.json").read_text())
    shown = {failure["document_id"].partition("#")[0] for failure in manifest["failures"]}
    assert any(name.endswith("/lost.pdf") for name in shown)
    assert not any("?" in name or "@" in name for name in shown)


def test_tencents_own_client_logs_neither_keys_nor_the_image_at_debug(monkeypatch, caplog):
    from tencentcloud.ocr.v20181119.models import GeneralAccurateOCRRequest

    keys = {"secret_id": SECRET_ID, "secret_key": PLANTED["SecretKey"], "token": PLANTED["token"]}
    caplog.set_level(logging.DEBUG)
    with Emulator("canned", **keys) as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", emulator.connection)
        request = GeneralAccurateOCRRequest()
        request.ImageBase64 = base64.b64encode(marked_png()).decode()
        assert TencentCloudOcrHook().get_conn().GeneralAccurateOCR(request).TextDetections
    assert found(caplog.text.encode()) == set()
    assert SECRET_ID not in caplog.text
