"""A batch as the operator runs it, without Airflow: documents made on the spot, the emulator, a pace of its own."""

import io
import json
import tempfile

import pyarrow.parquet as pq
import pytest
from PIL import Image

from airflow_provider_tcocr.batch import commit, twins
from airflow_provider_tcocr.batch.batch import Batch
from airflow_provider_tcocr.batch.request import BatchRequest
from airflow_provider_tcocr.batch.run import RunningBatch
from airflow_provider_tcocr.client.client import Client
from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
from airflow_provider_tcocr.client.credentials import static
from airflow_provider_tcocr.client.loop import run as run_on_the_loop


@pytest.fixture(autouse=True)
def own_pace(tmp_path, monkeypatch):
    """A throttled test slows no other down, and a batch that is alone does not look for others for long."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(twins, "_AT_ONCE", 0.01)


def png(number, size=(40, 30)):
    """A small image, different for each number."""
    target = io.BytesIO()
    image = Image.new("RGB", size, (number % 256, number // 256 % 256, 7))
    image.save(target, format="PNG")
    return target.getvalue()


@pytest.fixture
def images(tmp_path):
    """Write images into the folder ``in`` and give its path."""

    def write(count, *, start=0, folder="in", size=(40, 30)):
        path = tmp_path / folder
        path.mkdir(exist_ok=True)
        for number in range(start, start + count):
            (path / f"{number:05}.png").write_bytes(png(number, size))
        return path

    return write


@pytest.fixture
def pdf(tmp_path):
    """Write a PDF of so many pages, each with a drawing of its own, and give its path."""

    def write(pages, *, name="in.pdf", size=(200, 100)):
        sheets = [Image.new("L", size, 255) for _ in range(pages)]
        for number, sheet in enumerate(sheets):
            sheet.paste(0, (number % size[0], 10, number % size[0] + 3, 50))
        path = tmp_path / name
        sheets[0].save(path, save_all=True, append_images=sheets[1:], resolution=72)
        return path

    return write


@pytest.fixture
def begin(tcocr_emulator, tmp_path):
    """Start a batch, or one leg of it; gives what runs. It reads ``in`` and writes to ``out``."""
    clients = []

    def start(leg=Batch.run, *, url=None, secret_key=None, timeout=10.0, qps=2000, **request):
        config = ClientConfig(endpoint=Endpoint.parse(url or tcocr_emulator.url), max_qps=qps, timeout=timeout)
        client = Client(config, static(tcocr_emulator.secret_id, secret_key or tcocr_emulator.secret_key))
        clients.append(client)
        arguments = {
            "documents": str(tmp_path / "in"),
            "output_path": str(tmp_path / "out"),
            "run": ("d", "t", "r", "-1"),
        }
        return RunningBatch(BatchRequest(**arguments | request), client, leg, report=lambda line: None)

    yield start
    for client in clients:
        run_on_the_loop(client.close())


@pytest.fixture
def batch(begin):
    """Run a batch to its end; gives the manifest."""
    return lambda **arguments: begin(**arguments).result()


class Tables:
    """What an output path holds."""

    def __init__(self, path):
        self.path = path

    def _table(self, name):
        parts = sorted((self.path / name).glob("part-*.parquet"))
        return [row for part in parts for row in pq.read_table(part).to_pylist()]

    @property
    def pages(self):
        return self._table("pages")

    @property
    def detections(self):
        return self._table("detections")

    @property
    def raw(self):
        return self._table("raw")

    @property
    def manifest(self):
        file = self.path / "_manifest.json"
        return json.loads(file.read_text()) if file.exists() else None

    @property
    def files(self):
        return {
            str(file.relative_to(self.path)): file.read_bytes()
            for name in ("pages", "detections")
            for file in sorted((self.path / name).glob("*"))
        }


@pytest.fixture
def out(tmp_path):
    return Tables(tmp_path / "out")


@pytest.fixture
def tables():
    return Tables


@pytest.fixture
def quick_landing(monkeypatch):
    """Land at once: for tests that wait for a landing."""
    monkeypatch.setattr(commit, "LINGER", 0.05)
