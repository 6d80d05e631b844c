"""The manifest: written, read back, removed; a damaged one is an error and not "none there"."""

import json

import pytest

from airflow_provider_tcocr.arrow import PageRow
from airflow_provider_tcocr.exceptions import TencentCloudOcrError
from airflow_provider_tcocr.landing.folder import LocalFolder
from airflow_provider_tcocr.landing.manifest import Failure, Manifest, read_manifest, remove_manifest, write_manifest

FAILED = PageRow(
    document_id="名" * 1000,
    document_uri="/in",
    page=1,
    status="failed",
    action="A",
    options="{}",
    error_code="Code",
    error_message="m" * 1000,
    request_id="r",
)
MANIFEST = Manifest(
    status="complete",
    output_path="/out",
    raw_uri="/out/raw",
    pages_uri="/out/pages",
    detections_uri="/out/detections",
    counts={"pages": 1},
    calls={"made": 1},
    started_at="2026-11-22T00:00:00+00:00",
    finished_at="2026-11-22T00:00:01+00:00",
    failures=(Failure.of(FAILED),),
)


def test_a_manifest_comes_back_as_it_was_written(tmp_path):
    folder = LocalFolder(tmp_path)
    assert read_manifest(folder) is None
    write_manifest(folder, MANIFEST)
    assert read_manifest(folder) == MANIFEST.to_json() == json.loads(json.dumps(MANIFEST.to_json()))
    remove_manifest(folder)
    remove_manifest(folder)
    assert read_manifest(folder) is None


def test_the_texts_of_failures_are_cut():
    (failure,) = MANIFEST.failures
    assert (len(failure.document_id), len(failure.error_message)) == (300, 300)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b"null"])
def test_a_damaged_manifest_is_an_error_that_names_it(tmp_path, content):
    (tmp_path / "_manifest.json").write_bytes(content)
    with pytest.raises(TencentCloudOcrError, match=r"_manifest\.json"):
        read_manifest(LocalFolder(tmp_path))
