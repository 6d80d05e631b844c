"""Runs a Dag in this process, on every version of Airflow."""

import os
import warnings

import pytest


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
