"""The first steps of the README and of the quickstart, as somebody new takes them: in an empty folder, with a shell.

What is pasted is what the pages show; only the installation is left out, the port is a free one, and ``/data`` is a
folder of the test's own.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_docs import ROOT, blocks_of

DOCUMENTS = ("invoice.png", "shelf-label.bmp")
WORDS = "INVOICE"  # of the one, as it is printed; no name of a file is written so


class Newcomer:
    """Somebody in an empty folder, with two terminals and the package installed."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = Path(sys.executable).parent
        theirs = ("AIRFLOW", "TCOCR", "TENCENTCLOUD")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
        self.environment |= {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(folder)}
        self.connection = ""
        self._serving = None

    def serve(self, command):
        """The terminal that stays open."""
        self._serving = subprocess.Popen(
            command.split(), cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, text=True
        )
        self.connection = self._serving.stdout.readline()

    def paste(self, commands):
        """The other terminal, where the connection was pasted first."""
        ended = subprocess.run(
            ["bash", "-e", "-c", self.connection + commands],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    def leave(self):
        if self._serving is not None:
            self._serving.send_signal(signal.SIGINT)
            assert self._serving.wait(10) == 0
            self._serving.stdout.close()


@pytest.fixture
def newcomer(tmp_path):
    newcomer = Newcomer(tmp_path)
    yield newcomer
    newcomer.leave()


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def steps(page, folder):
    """What somebody new does with the blocks of a page, in order: serve, paste, write a file, or ask."""
    for block in blocks_of(page):
        text = re.sub(r"(?<![\w/])/data/", f"{folder}/", block.text)
        if block.language == "shell" and not text.startswith("make"):
            lines = [line for line in text.splitlines() if not line.startswith(("pip ", "python3 -m venv "))]
            served = [line for line in lines if line.startswith("tcocr emulator")]
            for line in served:
                yield "serve", re.sub(r"(?<=--port )\d+", str(free_port()), line)
            if pasted := [line for line in lines if line not in served]:
                yield "paste", "\n".join(pasted)
        elif block.mark in ("run", "try"):
            yield "write" if block.language == "python" else "ask", text


def file_named_in(page):
    """Where the page says that the Dag goes."""
    (name,) = re.findall(r"this into\s+`(?:/data/)?([\w/]+\.py)`", page.read_text())
    return name


@pytest.mark.real
@pytest.mark.parametrize("page", ["README.md", "docs/quickstart.md"])
def test_the_steps_lead_from_an_empty_folder_to_the_first_query(page, newcomer, monkeypatch):
    pytest.importorskip("rapidocr")
    duckdb = pytest.importorskip("duckdb")
    folder, asked = newcomer.folder, []
    monkeypatch.chdir(folder)
    (folder / "inbox").mkdir()
    for name in DOCUMENTS:
        shutil.copy(ROOT / "demo" / "documents" / name, folder / "inbox")
    for what, text in steps(ROOT / page, folder):
        if what == "serve":
            newcomer.serve(text)
            assert newcomer.connection.startswith("export AIRFLOW_CONN_TENCENTCLOUD_DEFAULT="), text
        elif what == "paste":
            newcomer.paste(text)
        elif what == "write":
            file = folder / file_named_in(ROOT / page)
            file.parent.mkdir()
            file.write_text(text)
        else:
            asked.append(duckdb.sql(text).fetchall())
    assert asked
    assert all(asked)
    assert any(WORDS in row[-1] for row in asked[0]), asked[0]
