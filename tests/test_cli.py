"""The command ``tcocr`` itself; its subcommands have tests of their own."""

import os
import stat

import botocore.exceptions
import pytest

from airflow_provider_tcocr.cli import main
from airflow_provider_tcocr.documents.store import at_store
from tests.test_dataset import write


@pytest.mark.parametrize(
    ("subcommand", "told"),
    [
        ("emulator", "Serve a local emulator of Tencent Cloud OCR."),
        ("report", "Write an HTML report of what a batch read."),
        ("export", "Write what was read as text, Markdown, hOCR or searchable PDFs."),
    ],
)
def test_the_help_of_a_subcommand_keeps_the_case_of_names(subcommand, told, capsys):
    with pytest.raises(SystemExit):
        main([subcommand, "--help"])
    assert told in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def dead(s3, monkeypatch):
    """A path in a store that does not answer; botocore's errors are no OSError."""

    def fail(*_, **__):
        raise botocore.exceptions.EndpointConnectionError(endpoint_url="http://lake", error="planted")

    filesystem, _ = at_store(s3)
    for name in ("cat_file", "put_file", "open"):
        monkeypatch.setattr(filesystem, name, fail)
    return f"{s3}/out"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["report", "{dead}"], "cannot be read: EndpointConnectionError"),
        (["export", "{dead}", "--to", "{folder}"], "cannot be read: EndpointConnectionError"),
        (["report", "{out}", "--to", "{dead}/report.html"], "EndpointConnectionError: Could not connect"),
        (["export", "{out}", "--to", "{dead}"], "a: EndpointConnectionError: Could not connect"),
    ],
)
def test_a_store_that_does_not_answer_is_one_line_and_an_exit_status(dead, tmp_path, capsys, arguments, told):
    write(tmp_path / "out", "a")
    given = [one.format(dead=dead, folder=tmp_path / "to", out=tmp_path / "out") for one in arguments]
    assert main(given) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"tcocr {arguments[0]}: ")
    assert told in line


@pytest.mark.parametrize("to", ["", "folder", "pipe"])
def test_a_report_takes_the_place_of_no_folder_and_no_device(tmp_path, capsys, to):
    write(tmp_path / "out", "a")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for written in (f"{tmp_path}/{to}", f"file://{tmp_path}/{to}"):
        assert main(["report", str(tmp_path / "out"), "--to", written]) == 1
        assert capsys.readouterr().err == f"tcocr report: --to takes a file, which {written} is not\n"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
