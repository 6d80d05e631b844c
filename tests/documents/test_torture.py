"""The torture set through a real batch: each page ends as the right row, and the worker stays small."""

import io
import os
import subprocess
import sys
from collections import defaultdict

import pytest
from PIL import Image, PngImagePlugin

from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.emulator import Emulator
from airflow_provider_tcocr.emulator.answer import Turn, detection
from tests.documents.torture import CASES

LARGEST = 600_000_000

WORKER = """
import sys
import threading
from pathlib import Path

import psutil

from airflow_provider_tcocr.batch.batch import Batch
from airflow_provider_tcocr.batch.request import BatchRequest
from airflow_provider_tcocr.batch.run import RunningBatch
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook

worker, held, over = psutil.Process(), [], threading.Event()


def watch():
    while not over.wait(0.01):
        try:
            held.append(sum(one.memory_full_info().pss for one in (worker, *worker.children())))
        except psutil.NoSuchProcess:
            pass


watcher = threading.Thread(target=watch)
watcher.start()
request = BatchRequest(documents=sys.argv[1], output_path=sys.argv[2], run=("torture",), fail_on="never")
RunningBatch(request, TencentCloudOcrHook().client, Batch.run, report=lambda line: None).result()
over.set()
watcher.join()
told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(int(told["VmHWM"].split()[0]) * 1024, max(held))
"""


def seen(request):
    """An answer with one detection: what is dark, in the pixels of what was sent."""
    with Image.open(io.BytesIO(request.image)) as sent:
        image = sent.convert("RGBA") if "transparency" in sent.info or "A" in sent.getbands() else sent.convert("RGB")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    left, top, right, bottom = white.convert("L").point(lambda value: 255 if value < 100 else 0).getbbox()
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return {
        "TextDetections": [
            detection(sent.format, confidence=0.99, polygon=corners, turn=Turn(0.0, *image.size), paragraph=1)
        ],
        "Angle": 0.0,
    }


@pytest.fixture(scope="module")
def tortured(tmp_path_factory):
    """One batch over the whole set, by its own process: the rows by name, its peak memory, and that with children."""
    folder = tmp_path_factory.mktemp("torture")
    (folder / "in").mkdir()
    for case in CASES:
        (folder / "in" / case.name).write_bytes(case.make())
    with Emulator("canned", answers=seen) as emulator, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # the service's own limits are not known
        patch.setattr(PngImagePlugin, "MAX_TEXT_CHUNK", 2**24)
        ended = subprocess.run(
            [sys.executable, "-c", WORKER, folder / "in", folder / "out"],
            env=os.environ | {"AIRFLOW_CONN_TENCENTCLOUD_DEFAULT": emulator.connection},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr[-3000:]
    dataset = OcrDataset.open(str(folder / "out"))
    found = defaultdict(list)
    for row in dataset.detections().to_pylist():
        found[row["document_id"], row["page"]].append(row)
    rows = defaultdict(list)
    for row in dataset.pages().to_pylist():
        name = os.path.basename(row["document_uri"])
        rows[name].append((row, found[row["document_id"], row["page"]]))
    return rows, *map(int, ended.stdout.split()[-2:])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_each_document_ends_as_the_right_rows_with_polygons_in_its_own_pixels(tortured, case):
    pages = tortured[0][case.shown]
    assert [row["page"] for row, _ in pages] == list(range(1, case.pages + 1))
    for row, found in pages:
        assert (row["error_code"] or row["status"]) == case.row, row["error_message"]
        assert row["prepared"] == case.prepared
        assert [detected["text"] for detected in found] == ([] if case.sent is None else [case.sent])
        for detected in found:
            bounds = [detected[edge] for edge in ("left", "top", "right", "bottom")]
            assert all(abs(one - other) <= 2 for one, other in zip(bounds, case.spot, strict=True)), bounds


def test_no_document_is_missing_and_none_is_there_twice(tortured):
    names = [case.shown for case in CASES]
    assert len(set(names)) == len(names)
    assert tortured[0].keys() == set(names)


def test_the_worker_stays_below_600_mb(tortured):
    assert tortured[1] < LARGEST


def test_it_does_so_together_with_the_processes_that_draw_what_they_share_counted_once(tortured):
    assert tortured[2] < LARGEST
