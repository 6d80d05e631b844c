"""What is paid before a batch and after it: imports, and reading the tables with what is at hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from .measured import Load, Measured


def imports(load: Load, output: Path) -> Measured:
    """What a Dag file pays for importing the operators, after Airflow itself; in a process of its own."""
    sdk = "from airflow.providers.common.compat.sdk import DAG"
    return _in_a_process("import airflow_provider_tcocr.operators.ocr", first=sdk)


def discovery(load: Load, output: Path) -> Measured:
    """What each Airflow command pays for the provider's metadata."""
    return _in_a_process("from airflow_provider_tcocr.get_provider_info import get_provider_info; get_provider_info()")


def _in_a_process(code: str, *, first: str = "") -> Measured:
    timed = (
        f"import time, typing, contextlib; {first}\n"
        f"wall, cpu = time.perf_counter(), time.process_time()\n{code}\n"
        "print(time.perf_counter() - wall, time.process_time() - cpu)"
    )
    told = subprocess.run([sys.executable, "-c", timed], check=True, capture_output=True, text=True).stdout
    wall, cpu = map(float, told.splitlines()[-1].split())
    return Measured(1, wall, cpu, 0)


def search(load: Load, output: Path) -> int:
    """A text search over the detections in DuckDB, nothing configured."""
    import duckdb

    query = f"SELECT document_id, page, text FROM '{load.folder}/detections/*.parquet' WHERE text LIKE '%payment%'"  # noqa: S608
    return len(duckdb.connect().execute(query).fetchall())


def duckdb(load: Load, output: Path) -> int:
    """The whole detections table in DuckDB; likewise the three below."""
    import duckdb

    return len(duckdb.read_parquet(f"{load.folder}/detections/*.parquet").to_arrow_table())


def polars(load: Load, output: Path) -> int:
    """In polars."""
    import polars

    return polars.read_parquet(f"{load.folder}/detections/*.parquet").height


def pandas(load: Load, output: Path) -> int:
    """In pandas, whose lists are objects."""
    import pandas

    return len(pandas.read_parquet(f"{load.folder}/detections"))


def pyarrow(load: Load, output: Path) -> int:
    """In pyarrow."""
    import pyarrow.parquet

    return int(pyarrow.parquet.read_table(f"{load.folder}/detections").num_rows)
