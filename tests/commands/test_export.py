"""The command ``tcocr export``: a file for each document, told by its path."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from airflow_provider_tcocr.batch.batch import Batch
from airflow_provider_tcocr.batch.request import BatchRequest
from airflow_provider_tcocr.batch.run import RunningBatch
from airflow_provider_tcocr.cli import main
from airflow_provider_tcocr.commands.export import SUFFIXES, file_names
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook
from tests.documents import made

NAMES = ["invoice.png", "journal.pdf", "broken-upload.png"]


@pytest.fixture
def dataset(tcocr_emulator, root, tmp_path):
    """The output path of a batch over some of the demo's documents; one of them cannot be opened."""
    hook = TencentCloudOcrHook()
    documents = [str(root / "demo" / "documents" / name) for name in NAMES]
    try:
        request = BatchRequest(documents=documents, output_path=str(tmp_path / "ocr"), run=("export",))
        RunningBatch(request, hook.client, Batch.run, report=lambda line: None).result()
    finally:
        hook.close()
    return str(tmp_path / "ocr")


def written(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("name", "begins"), [("text", ""), ("markdown", ""), ("hocr", "<?xml"), ("pdf", "%PDF-")], ids=str
)
def test_a_document_is_written_in_each_format(dataset, tmp_path, capsys, name, begins):
    (document,) = [one for one in OcrDataset.open(dataset).documents() if one.endswith("journal.pdf")]
    target = tmp_path / "new" / "folder"
    assert main(["export", dataset, "--format", name, "--document", document, "--to", str(target)]) == 0
    assert written(target) == [f"journal.pdf{SUFFIXES[name]}"]
    assert capsys.readouterr().out == f"{target / written(target)[0]}\n"
    content = (target / written(target)[0]).read_bytes()
    assert content.startswith(begins.encode())
    assert len(content) > 100


def test_without_a_document_all_are_written_as_text(dataset, tmp_path, capsys):
    assert main(["export", dataset, "--to", str(tmp_path / "text")]) == 0
    assert written(tmp_path / "text") == sorted(f"{name}.txt" for name in NAMES)
    assert len(capsys.readouterr().out.splitlines()) == 3
    whole = OcrDataset.open(dataset)
    assert (tmp_path / "text" / "invoice.png.txt").read_text() == whole.text(whole.documents()[0])


def test_a_document_that_cannot_be_written_is_told_and_the_next_one_is_written(dataset, tmp_path, capsys):
    assert main(["export", dataset, "--format", "pdf", "--to", str(tmp_path / "pdf")]) == 1
    assert written(tmp_path / "pdf") == ["invoice.png.pdf", "journal.pdf.pdf"]
    (told,) = capsys.readouterr().err.splitlines()
    assert told.startswith("tcocr export: ")
    assert "broken-upload.png" in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "has no _manifest.json"),
        (["{dataset}", "--document", "other"], "has no document 'other'"),
        (["{dataset}", "--to", "{dataset}/_manifest.json"], "File exists"),
        (["{dataset}", "--to", "{dataset}/_manifest.json/to"], "Not a directory"),
        (["{dataset}", "--format", "pdf", "--pdf-password-conn-id", "nope"], "there is no connection 'nope'"),
        (["{dataset}", "--to", "nosuchstore://lake/to"], "nosuchstore:// cannot be opened"),
    ],
)
def test_what_is_not_there_is_told(dataset, tmp_path, capsys, arguments, told):
    given = [one.format(dataset=dataset) for one in arguments]
    assert main(["export", "--to", str(tmp_path / "x"), *given]) == 1
    assert capsys.readouterr().err.count(told) == (len(NAMES) if "nosuchstore://lake/to" in arguments else 1)


def test_several_datasets_are_exported_as_one_and_a_document_named_twice_once(dataset, tmp_path, capsys):
    (invoice,) = [one for one in OcrDataset.open(dataset).documents() if one.endswith("invoice.png")]
    named = ["--document", invoice, "--document", invoice]
    assert main(["export", dataset, f"{dataset}/", *named, "--to", str(tmp_path / "text")]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/text/invoice.png.txt\n"


@pytest.mark.parametrize("name", ["text", "pdf"])
def test_files_may_go_to_a_store(dataset, bucket, s3, capsys, name):
    (journal,) = [one for one in OcrDataset.open(dataset).documents() if one.endswith("journal.pdf")]
    assert main(["export", dataset, "--format", name, "--document", journal, "--to", f"{s3}/exported"]) == 0
    assert capsys.readouterr().out.endswith(f"{s3}/exported/journal.pdf{SUFFIXES[name]}\n")
    assert bucket.get_object(Bucket="lake", Key=f"exported/journal.pdf{SUFFIXES[name]}")["ContentLength"] > 100


def test_stdout_has_the_paths_alone_and_airflows_log_is_on_stderr(dataset, s3):
    command = [sys.executable, "-m", "airflow_provider_tcocr.cli", "export", dataset, "--to", f"{s3}/exported"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.splitlines() == [f"{s3}/exported/{name}.txt" for name in NAMES]
    assert "aws_default" in done.stderr


def test_whoever_reads_the_paths_may_stop(dataset, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "airflow_provider_tcocr.cli", "export", dataset, "--to", str(tmp_path / "text")]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")
    assert len(written(tmp_path / "text")) == 1


def test_a_path_that_the_terminal_cannot_show_is_printed_all_the_same(dataset, tmp_path):
    command = [sys.executable, "-m", "airflow_provider_tcocr.cli", "export", dataset, "--to", str(tmp_path / "文")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{tmp_path}/\\u6587/invoice.png.txt\n" in done.stdout


@pytest.mark.parametrize(
    ("documents", "names"),
    [
        (["/x/journal.pdf"], ["journal.pdf"]),  # and then .pdf: beside its document an export is another file
        (["/x/a.png", "/y/a.png", "/z/A.png"], ["a.png", "a.png-2", "A.png-3"]),
        (["s3://b/发票 1.jpg"], ["发票 1.jpg"]),
        (["https://h/x.png#0123"], ["x.png#0123"]),
        (["..", "/", "", "a\0b\n"], ["document", "document-2", "document-3", "a_b_"]),
        (["../../etc/passwd", ".hidden"], ["passwd", "hidden"]),
        (["x" * 400], ["x" * 200]),
        (["发" * 120 + ".png"], ["发" * 66]),
        (["a" + "𠀀" * 120], ["a" + "𠀀" * 49]),
    ],
)
def test_names_are_safe_and_each_is_one_files(documents, names):
    assert file_names(documents) == names


def test_a_name_that_every_document_has_is_numbered_in_one_pass():
    assert file_names([f"/{folder}/page.png" for folder in range(100_000)])[-1] == "page.png-100000"


def test_names_that_were_cut_fit_on_a_disk_even_numbered(tmp_path):
    for name in file_names(["发" * 120] * 3):
        (tmp_path / f"{name}.hocr").touch()
    assert len(written(tmp_path)) == 3


def test_asking_for_help_loads_nothing_heavy():
    code = (
        "import sys\nfrom airflow_provider_tcocr.cli import main\ntry:\n    main(['export', '--help'])\n"
        "except SystemExit:\n    print({'pyarrow', 'pikepdf', 'PIL', 'pypdfium2', 'airflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize(("conn_id", "status"), [("the_lock", 0), ("nowhere", 1), (None, 1)])
def test_an_encrypted_pdf_is_exported_with_the_password_of_a_connection(
    tcocr_emulator, tmp_path, monkeypatch, capsys, conn_id, status
):
    monkeypatch.setenv("AIRFLOW_CONN_THE_LOCK", json.dumps({"conn_type": "generic", "password": "sesame"}))
    (tmp_path / "locked.pdf").write_bytes(made.encrypted(b"sesame"))
    hook = TencentCloudOcrHook()
    request = BatchRequest(documents=[str(tmp_path / "locked.pdf")], output_path=str(tmp_path / "ocr"), run=("export",))
    try:
        running = RunningBatch(request, hook.client, Batch.run, report=lambda line: None, pdf_password="sesame")
        assert running.result().counts["recognized"] == 1
    finally:
        hook.close()
    named = [] if conn_id is None else ["--pdf-password-conn-id", conn_id]
    assert main(["export", f"{tmp_path}/ocr", "--format", "pdf", "--to", f"{tmp_path}/to", *named]) == status
    assert written(tmp_path / "to") == ["locked.pdf.pdf"] * (not status)
    assert ("pdf_password_conn_id" in capsys.readouterr().err) == bool(status)


def test_a_documents_name_commands_no_terminal(tcocr_emulator, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "broken\n\x1b]0;title\x07.png").write_bytes(b"no image")
    hook = TencentCloudOcrHook()
    try:
        request = BatchRequest(documents=str(tmp_path / "in"), output_path=str(tmp_path / "ocr"), run=("odd",))
        RunningBatch(request, hook.client, Batch.run, report=lambda line: None).result()
    finally:
        hook.close()
    assert main(["export", str(tmp_path / "ocr"), "--format", "pdf", "--to", str(tmp_path / "pdf")]) == 1
    (told,) = capsys.readouterr().err.splitlines()
    assert r"broken\n\x1b]0;title\x07.png" in told
    assert told.isprintable()
