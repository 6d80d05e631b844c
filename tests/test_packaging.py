"""What is shipped: the wheel, the sdist and the editable install, built as pip builds them and without the network."""

import email
import importlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_3_PLUS

from airflow_provider_tcocr import __version__
from airflow_provider_tcocr.get_provider_info import get_provider_info

PACKAGE = "airflow_provider_tcocr"
BUILD = """\
import os, sys
from hatchling import build
for hook, folder in (("build_sdist", sys.argv[1]), ("build_wheel", sys.argv[1]), ("build_editable", sys.argv[2])):
    os.makedirs(folder, exist_ok=True)
    print(getattr(build, hook)(folder))
"""
IMPORT = """\
import importlib, json, sys
from importlib.metadata import distribution, entry_points
(point,) = [point for point in entry_points(group="apache_airflow_provider") if point.dist.name == sys.argv[1]]
package = importlib.import_module("airflow_provider_tcocr")
print(json.dumps([list(package.__path__), package.__version__, point.load()()["package-name"]]))
"""


@dataclass(frozen=True)
class Built:
    """The three artefacts."""

    sdist: Path
    wheel: Path
    editable: Path

    @property
    def names(self):
        return set(zipfile.ZipFile(self.wheel).namelist())


def build(source, folder):
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", BUILD, str(folder), str(folder / "editable")],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    sdist, wheel, editable = ended.stdout.split()
    return Built(folder / sdist, folder / wheel, folder / "editable" / editable)


def imported(wheel, folder):
    """Install a wheel into an empty folder, as ``pip install --target`` would, and import it in a fresh process."""
    zipfile.ZipFile(wheel).extractall(folder)
    start = f"import site; site.addsitedir({str(folder)!r})\n"
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", start + IMPORT, "airflow-provider-tcocr"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def built(root, tmp_path_factory):
    return build(root, tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def about(built):
    archive = zipfile.ZipFile(built.wheel)
    (name,) = [name for name in built.names if name.endswith(".dist-info/METADATA")]
    return email.message_from_bytes(archive.read(name))


def test_the_wheel_holds_the_package_whole(root, built):
    modules = {path.relative_to(root).as_posix() for path in (root / PACKAGE).rglob("*.py")}
    report = {f"{PACKAGE}/report/{name}" for name in ("report.css", "report.js", "template.html")}
    assert {f"{PACKAGE}/py.typed", *modules, *report} <= built.names


def test_the_wheel_holds_the_example_dags_where_airflow_looks_for_them(root, built):
    shipped = {f"{PACKAGE}/example_dags/{path.name}" for path in (root / "example_dags").glob("*.py")}
    assert len(shipped) >= 2
    assert {name for name in built.names if "example_dags" in name} == shipped


def test_the_wheel_holds_nothing_else(built):
    outside = {name for name in built.names if not name.startswith(f"{PACKAGE}/")}
    info = f"{PACKAGE}-{__version__}.dist-info"
    assert outside == {
        f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }
    assert {Path(name).suffix for name in built.names - outside} <= {".py", ".typed", ".css", ".js", ".html"}


def test_the_wheel_says_who_it_is(built, about):
    assert (about["Name"], about["Version"]) == ("airflow-provider-tcocr", __version__)
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Requires-Python"] == ">=3.11"
    assert about["Description-Content-Type"] == "text/markdown"
    assert built.wheel.name == f"{PACKAGE}-{__version__}-py3-none-any.whl"


def test_installing_it_brings_neither_the_emulator_nor_the_tests(about):
    needed = {line.split(";")[0].strip() for line in about.get_all("Requires-Dist") if "extra ==" not in line}
    assert {line for line in needed if line.startswith("apache-airflow>")} == {"apache-airflow>=2.11.0"}
    assert not any(
        line.startswith(("rapidocr", "onnxruntime", "img2pdf", "pikepdf", "pytest", "hatchling")) for line in needed
    )
    assert set(about.get_all("Provides-Extra")) == {"emulator", "export", "test", "lint", "e2e", "docs"}


def test_the_wheel_registers_with_airflow_pytest_and_the_shell(built):
    (name,) = [name for name in built.names if name.endswith("entry_points.txt")]
    told = zipfile.ZipFile(built.wheel).read(name).decode()
    assert f"[apache_airflow_provider]\nprovider_info = {PACKAGE}.get_provider_info:get_provider_info\n" in told
    assert f"[console_scripts]\ntcocr = {PACKAGE}.cli:main\n" in told
    assert f"[pytest11]\ntcocr = {PACKAGE}.emulator.pytest_plugin\n" in told


def test_the_wheel_works_from_where_it_is_installed(built, tmp_path):
    assert imported(built.wheel, tmp_path) == [[str(tmp_path / PACKAGE)], __version__, "airflow-provider-tcocr"]


def test_an_editable_install_is_the_checkout_and_nothing_beside_it(root, built, tmp_path):
    assert imported(built.editable, tmp_path) == [[str(root / PACKAGE)], __version__, "airflow-provider-tcocr"]
    assert not (tmp_path / PACKAGE).exists()


def test_the_sdist_builds_the_same_wheel(built, tmp_path):
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    again = build(source, tmp_path / "again")
    assert again.wheel.read_bytes() == built.wheel.read_bytes()


def test_the_sdist_holds_what_is_needed_to_test_it_and_no_environment(built):
    with tarfile.open(built.sdist) as archive:
        tops = {name.split("/")[1] for name in archive.getnames()}
    assert {"LICENSE", "Makefile", "README.md", "constraints", "demo", "example_dags", "tests", PACKAGE} <= tops
    assert {top for top in tops if top.startswith(".")} <= {".gitignore"}
    assert not tops & {"dist", "build", "demo-output"}
    assert built.sdist.stat().st_size < 5_000_000


def test_one_line_of_the_source_tells_the_version(root):
    found = [
        path.relative_to(root).as_posix()
        for path in (root / "pyproject.toml", *(root / PACKAGE).rglob("*.py"))
        if re.search(rf"""["']{re.escape(__version__)}["']""", path.read_text())
    ]
    assert found == [f"{PACKAGE}/__init__.py"]
    assert f"\n## {__version__} " in (root / "CHANGELOG.md").read_text()


def test_the_registry_is_told_every_module_of_the_provider_and_nothing_that_is_not_there(root):
    told = yaml.safe_load((root / ".astro-registry.yaml").read_text())
    info = get_provider_info()
    assert (told["package-name"], told["display-name"]) == (info["package-name"], info["name"])
    named = {kind: [one["module"] for one in listed] for kind, listed in told.items() if isinstance(listed, list)}
    for path in [path for paths in named.values() for path in paths]:
        module, _, name = path.rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))
    for kind in ("hooks", "operators", "triggers"):
        modules = {module for one in info[kind] for module in one["python-modules"]}
        assert {path.rpartition(".")[0] for path in named[kind]} == modules
    assert named["decorators"] == [one["class-name"] for one in info["task-decorators"]]


@pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason="mypy is of the extra lint, which goes with Airflow 3.3")
def test_a_users_program_is_checked_by_the_types_of_the_installed_wheel(root, built, tmp_path):
    venv.create(tmp_path / "venv", symlinks=True)
    site = next((tmp_path / "venv").glob("lib/python*/site-packages"))
    zipfile.ZipFile(built.wheel).extractall(site)
    (site / "around.pth").write_text(sysconfig.get_path("purelib"))  # Airflow and the rest
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}"]
    ended = subprocess.run(
        [*mypy, f"--python-executable={tmp_path / 'venv/bin/python'}", root / "tests" / "typing" / "program.py"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.stdout.startswith("Success: no issues found in 1 source file"), ended.stdout + ended.stderr
