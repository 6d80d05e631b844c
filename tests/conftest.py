"""One Airflow home and one temporary folder for the whole run, set before Airflow is imported."""

import os
import tempfile
from pathlib import Path

import pytest

HOME = tempfile.mkdtemp(prefix="tcocr-tests-")
ROOT = Path(__file__).resolve().parent.parent
for name in [name for name in os.environ if name.startswith(("AIRFLOW", "TENCENTCLOUD", "TCOCR"))]:
    del os.environ[name]
os.environ |= {
    "AIRFLOW_HOME": HOME,
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "example_dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__METRICS__TIMER_UNIT_CONSISTENCY": "True",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    "TMPDIR": HOME,
}
tempfile.tempdir = HOME


@pytest.fixture(scope="session")
def samples() -> Path:
    """The real documents beside the checkout; a test that needs them says so when they are not there."""
    folder = ROOT.parent / "shared" / "samples"
    if not folder.is_dir():
        pytest.skip("the sample documents are not beside the checkout")
    return folder


@pytest.fixture
def account(tcocr_emulator):
    """The emulator's connection, read as a hook reads it."""
    from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook

    return TencentCloudOcrHook().account
