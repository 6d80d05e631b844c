"""The command ``tcocr`` itself; its subcommands have tests of their own."""

import pytest

from airflow_provider_tcocr.cli import main


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
