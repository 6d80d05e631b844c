"""One Airflow home and one temporary folder for the whole run, set before Airflow is imported."""

import os
import tempfile
import warnings
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
def root() -> Path:
    """The checkout."""
    return ROOT


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


@pytest.fixture(scope="session")
def airflow_database():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from airflow.utils.db import initdb

        initdb()


@pytest.fixture
def run_dag(airflow_database):
    """Run a Dag by ``dag.test()`` and give its run."""

    def run(dag, **arguments):
        with warnings.catch_warnings():  # Airflow's own
            warnings.simplefilter("ignore")
            try:
                from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
            except ImportError:
                if hasattr(dag, "sync_to_db"):
                    dag.sync_to_db()
                return dag.test(**arguments)
            from airflow.dag_processing.bundles.manager import DagBundlesManager

            DagBundlesManager().sync_bundles_to_db()
            bag = DagBag(dag_folder=os.devnull)
            bag.bag_dag(dag)
            sync_bag_to_db(bag, "dags-folder", None)
            return dag.test(**arguments)

    return run
