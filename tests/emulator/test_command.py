"""The command, as another process sees it: the line for the shell, the control pages, and a quick end."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from airflow_provider_tcocr.cli import main, make_parser
from airflow_provider_tcocr.emulator import Emulator


@pytest.fixture
def running() -> Iterator[Any]:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "airflow_provider_tcocr.cli",
        "emulator",
        "--engine",
        "canned",
        "--qps",
        "500",
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        (word, assignment) = shlex.split(line)
        name, _, value = assignment.partition("=")
        yield SimpleNamespace(process=process, word=word, name=name, connection=json.loads(value))
        if process.poll() is None:
            process.kill()


def page(running: Any, path: str, data: Any = None) -> Any:
    body = None if data is None else json.dumps(data).encode()
    with urlopen(Request(running.connection["host"] + "/_emulator/" + path, data=body), timeout=10) as answer:
        return json.load(answer)


def test_the_command_prints_the_connection_counts_and_ends_on_sigterm(running: Any, kit: Any) -> None:
    assert (running.word, running.name) == ("export", "AIRFLOW_CONN_TENCENTCLOUD_DEFAULT")
    assert running.connection["extra"] == {"timeout": 60, "max_qps": 500}
    host, _, port = running.connection["host"].removeprefix("http://").partition(":")
    there = SimpleNamespace(
        host=host,
        port=int(port),
        token=None,
        secret_id=running.connection["login"],
        secret_key=running.connection["password"],
    )
    assert page(running, "health") == {"status": "ok", "engine": "canned"}
    page(running, "faults", [{"code": "InternalError", "times": 1}, {"drop": "after", "times": 1}])
    assert [kit.code_of(lambda: kit.recognize(kit.client(there), kit.png())) for _ in range(3)] == [
        "InternalError",
        "ClientNetworkError",
        "",
    ]
    ledger = page(running, "ledger?calls=1")
    assert (ledger["made"], ledger["billed"]) == (3, 2)
    assert [call["billed"] for call in ledger["calls"]] == [False, True, True]
    assert "answer" not in ledger["calls"][0]
    page(running, "reset", {})
    assert page(running, "ledger")["made"] == 0
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(10) == 0
    assert running.process.stderr.read() == ""


@pytest.mark.parametrize(
    "fault", [{"cod": "X"}, {"times": "3"}, {"times": True}, {"drop": "up"}, "X", {"body_base64": "?"}]
)
def test_a_fault_that_cannot_be_read_is_refused_with_its_reason(emulator: Emulator, fault: Any) -> None:
    there = SimpleNamespace(connection={"host": emulator.url})
    with pytest.raises(HTTPError) as refused:
        page(there, "faults", fault)
    with refused.value as answer:
        assert answer.code == 400
        assert json.load(answer)["error"]


def test_a_body_can_be_scripted_over_http_as_text_or_bytes(emulator: Emulator, kit: Any) -> None:
    there = SimpleNamespace(connection={"host": emulator.url})
    page(there, "faults", [{"body": "text", "times": 1}, {"body_base64": "/w==", "times": 1}])
    assert [kit.post(emulator).body for _ in range(2)] == [b"text", b"\xff"]


def test_a_port_that_is_taken_is_an_error_and_not_a_traceback(emulator: Emulator) -> None:
    command = [
        sys.executable,
        "-m",
        "airflow_provider_tcocr.cli",
        "emulator",
        "--engine",
        "canned",
        "--port",
        str(emulator.port),
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("option", "given", "told"),
    [
        ("--qps", "abc", "must be a whole number from 1 on, or 'default', not 'abc'"),
        ("--qps", "-1", "must be a whole number from 1 on, or 'default', not '-1'"),
        ("--qps", "0", "must be a whole number from 1 on, or 'default', not '0'"),
        ("--port", "abc", "must be a whole number from 0 to 65535, not 'abc'"),
        ("--port", "99999", "must be a whole number from 0 to 65535, not '99999'"),
        ("--port", "-1", "must be a whole number from 0 to 65535, not '-1'"),
    ],
)
def test_what_an_option_cannot_be_is_refused_in_words(
    option: str, given: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["emulator", f"{option}={given}"])
    assert f"argument {option}: {told}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "given", "said"),
    [
        ("--latency", "nan", "latency must be 0 seconds or more, not nan"),
        ("--latency=-1", None, "latency must be 0 seconds or more, not -1.0"),
        ("--threads", "0", "threads must be 1 or more, not 0"),
        ("--host", "", "host is empty"),
        ("--secret-key", "", "secret_key is empty"),
    ],
)
def test_what_no_emulator_can_be_is_refused_by_name(
    capsys: pytest.CaptureFixture[str], option: str, given: str | None, said: str
) -> None:
    asked = ["emulator", "--engine", "canned", option, *([] if given is None else [given])]
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert main(asked) == 1
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert capsys.readouterr().err == f"tcocr emulator: {said}\n"


def test_importing_the_emulator_its_plugin_and_the_command_loads_nothing_heavy() -> None:
    heavy = ("PIL", "aiohttp", "airflow", "cv2", "numpy", "onnxruntime", "pyarrow", "pypdfium2", "rapidocr")
    code = (
        "import sys, airflow_provider_tcocr.emulator, airflow_provider_tcocr.emulator.pytest_plugin\n"
        "import airflow_provider_tcocr.cli; airflow_provider_tcocr.cli.make_parser()\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert ended.stdout.strip() == "[]"


def test_without_the_extra_the_error_names_what_to_install() -> None:
    code = (
        "import sys; sys.modules['rapidocr'] = None\n"
        "from airflow_provider_tcocr.cli import main\n"
        "raise SystemExit(main(['emulator']))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert ended.returncode == 1
    assert "pip install airflow-provider-tcocr[emulator]" in ended.stderr
    assert "Traceback" not in ended.stderr
