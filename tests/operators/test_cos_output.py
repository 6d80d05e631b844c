"""A dataset in COS: through its S3 API, with the connection that the documentation shows."""

import json
import re
import socket
from pathlib import Path

import pytest

from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

pytestmark = pytest.mark.filterwarnings("default")  # what boto and s3fs warn of is theirs


def documented_connection():
    """The connection of docs/cos.md."""
    page = (Path(__file__).resolve().parents[2] / "docs/cos.md").read_text()
    (found,) = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL) if '"aws"' in block)
    return found


@pytest.fixture
def names(monkeypatch):
    """The hosts that were looked up; those of a bucket at ``localhost`` are this machine."""
    asked, real = [], socket.getaddrinfo

    def getaddrinfo(host, *arguments, **named):
        asked.append(host)
        return real("127.0.0.1" if str(host).endswith("localhost") else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_the_documented_connection_writes_a_dataset_as_cos_wants_it(
    s3_server, bucket, names, monkeypatch, tcocr_emulator, tmp_path
):
    connection = documented_connection()
    region = connection["extra"]["region_name"]
    assert connection["extra"]["endpoint_url"] == f"https://cos.{region}.myqcloud.com"
    connection["extra"] |= {"endpoint_url": s3_server.replace("127.0.0.1", "localhost"), "region_name": "us-east-1"}
    monkeypatch.setenv("AIRFLOW_CONN_COS_S3", json.dumps(connection | {"login": "id", "password": "key"}))
    (tmp_path / "in").mkdir()
    from PIL import Image

    Image.new("L", (40, 30)).save(tmp_path / "in/a.png")

    class TI:
        dag_id, task_id, run_id, map_index = "dag", "task", "monday", -1

    def run():
        operator = TencentCloudOcrBatchOperator(
            task_id="task", documents=str(tmp_path / "in"), output_path="s3://cos_s3@lake/out"
        )
        return operator.execute({"ti": TI()})

    manifest = run()
    assert (manifest["status"], manifest["calls"]["made"]) == ("complete", 1)
    assert OcrDataset.open(manifest).pages().num_rows == 1
    assert (run()["calls"]["made"], tcocr_emulator.ledger.made) == (0, 1)
    assert "lake.localhost" in names, "COS refuses requests whose bucket is in the path"
    keys = [one["Key"] for one in bucket.list_objects_v2(Bucket="lake")["Contents"]]
    assert {key.split("/")[1] for key in keys} == {"raw", "pages", "detections", "_manifest.json"}
    for key in keys:
        told = bucket.head_object(Bucket="lake", Key=key, ChecksumMode="ENABLED")
        assert not [name for name in told if name.startswith("Checksum")], "COS refuses boto's own checksums"
