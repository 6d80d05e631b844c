"""What importing costs: a Dag file with the operators loads nothing heavy that Airflow has not, nor does the rest."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "PIL",
    "aiohttp",
    "cv2",
    "duckdb",
    "fsspec",
    "img2pdf",
    "numpy",
    "onnxruntime",
    "pandas",
    "pikepdf",
    "pyarrow",
    "pybase64",
    "pypdfium2",
    "rapidocr",
    "requests",
    "tencentcloud",
)
EXAMPLES = Path(__file__).resolve().parent.parent / "example_dags"
PRELUDE = f"""\
import json, runpy, socket, sys, warnings

told = []
def loaded(step):
    "Write down which of the heavy ones are there now, and whether Airflow is."
    names = {{name.partition(".")[0] for name in sys.modules}}
    told.append([step, sorted(names & set({HEAVY!r})), "airflow" in names])

def refused(*arguments, **options):
    raise AssertionError("importing opened a connection")
"""
AIRFLOW = """\
warnings.simplefilter("ignore")  # Airflow's own
try:
    import airflow.sdk
    import airflow.providers.standard.operators.hitl
except ImportError:
    pass
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseHook, BaseOperator, conf, task
warnings.simplefilter("error")
"""


def run(*steps):
    """Run steps in a fresh process without a connection: after each, the heavy modules there and whether Airflow is."""
    source = PRELUDE + "".join(f"{code}\nloaded({name!r})\n" for name, code in steps) + "print(json.dumps(told))"
    given = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_CONN", "TCOCR"))}
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, env=given, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return {name: (set(heavy), airflow) for name, heavy, airflow in json.loads(ended.stdout.splitlines()[-1])}


@pytest.fixture(scope="module")
def dag_file():
    parse = "".join(f"runpy.run_path({str(path)!r})\n" for path in sorted(EXAMPLES.glob("*.py")))
    return run(
        ("airflow", AIRFLOW),
        ("operators", "import airflow_provider_tcocr.operators.ocr"),
        ("hook", "from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook; TencentCloudOcrHook()"),
        ("examples", "socket.socket.connect = socket.getaddrinfo = refused\n" + parse),
    )


@pytest.fixture(scope="module")
def without_airflow():
    return run(
        (
            "provider info",
            "from airflow_provider_tcocr.get_provider_info import get_provider_info; get_provider_info()",
        ),
        ("emulator", "import airflow_provider_tcocr.emulator"),
        ("plugin", "import airflow_provider_tcocr.emulator.pytest_plugin"),
        ("command", "from airflow_provider_tcocr.cli import make_parser; make_parser()"),
    )


@pytest.mark.parametrize("step", ["operators", "hook"])
def test_the_operators_and_the_hook_load_nothing_heavy_that_airflow_has_not_loaded(dag_file, step):
    assert dag_file[step][0] - dag_file["airflow"][0] == set()


def test_the_operators_load_none_of_what_runs_a_batch():
    """Every Dag file that imports them pays for it at each parse."""
    code = "import sys, airflow_provider_tcocr.operators.ocr; print(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    rooms = {name.split(".")[1] for name in ended.stdout.split() if name.startswith("airflow_provider_tcocr.")}
    assert {"operators", "hooks"} <= rooms, ended.stderr
    assert rooms.isdisjoint({"arrow", "batch", "client", "dataset", "documents", "emulator", "landing", "recognition"})


def test_the_example_dags_parse_without_a_connection_the_network_or_anything_heavy(dag_file):
    assert len(list(EXAMPLES.glob("*.py"))) >= 2
    assert dag_file["examples"][0] - dag_file["airflow"][0] == set()


@pytest.mark.parametrize("step", ["provider info", "emulator", "plugin", "command"])
def test_what_every_airflow_command_and_every_test_run_imports_loads_nothing_heavy_nor_airflow(without_airflow, step):
    heavy, airflow = without_airflow[step]
    assert heavy == set()
    assert not airflow


def test_airflow_itself_leaves_something_to_prove(dag_file):
    assert dag_file["airflow"][0].isdisjoint({"pyarrow", "aiohttp", "tencentcloud", "pypdfium2", "PIL"})
