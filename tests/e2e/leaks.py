"""Nothing planted is found: in no log, no table of the metadata database, no output, after a run that used it all."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from tests.chaos.check import Check
from tests.e2e.processes import until
from tests.e2e.stage import Planted, Stage

DAG_ID: Final = "e2e_secrets"
ENDS: Final = {
    "by_url": "success",
    "deferrable": "success",
    "by_bytes": "success",
    "cos": "success",
    "cos_deferred": "success",
    "single": "success",
    "missing": "failed",
    "refused": "failed",
}
"""How each task is to end; the failed ones leave tracebacks."""
PREFIX: Final = 16
"""Characters of a secret that are looked for, so that one that was cut short is found too."""
SEEN: Final = b"signed-invoice.png"
"""In the URL before its query: what is found where nothing was hidden, to show that the search finds things."""


def leaks(stage: Stage) -> list[Check]:
    """Run the Dag that uses every secret, then look for them everywhere."""
    api = stage.airflow.api
    until(f"the Dag {DAG_ID}", lambda: api.dag_known(DAG_ID))
    for name, emulator, changed in (
        ("tencentcloud_sts", stage.sts, {}),
        ("tencentcloud_wrong", stage.emulator, {"password": stage.planted.wrong_key}),
    ):
        api.connect(name, {**emulator.connection, **changed})
    run_id = api.trigger(DAG_ID)
    api.ended(DAG_ID, run_id)
    states = api.states(DAG_ID, run_id)
    ends = [Check(task, states[task], "==", end) for task, end in ENDS.items()]
    signed = _signed(stage)
    triggers = list(stage.airflow.logs.rglob("task_id=cos_deferred/*.trigger.*"))
    return [
        Check("tasks ended as they should", sum(check.ok for check in ends), "==", len(ENDS)),
        *(check for check in ends if not check.ok),
        Check("logs of triggers", len(triggers), ">=", 1),
        Check("URLs signed by the provider", len(signed), ">=", 1),
        *search(stage, signed),
    ]


def search(stage: Stage, signed: set[str]) -> list[Check]:
    """Look for every secret, in all that the run has left behind so far.

    :param signed: signatures that the provider has made
    """
    needles = _needles(stage.planted) | {one[:PREFIX].encode(): "signature of the provider" for one in signed}
    places: dict[str, Iterator[tuple[str, bytes]]] = {
        "logs": _files(stage.airflow.logs),
        "database": _cells(stage.airflow.database),
        "outputs": _tables(stage.output),
        "other files": _files(stage.airflow.home, besides=stage.airflow.logs),
    }
    checks = []
    for place, texts in places.items():
        looked = seen = 0
        found: dict[str, int] = {}
        for name, text in texts:
            looked += 1
            seen += SEEN in text
            for needle, what in needles.items():
                if needle in text:
                    found[f"{what} in {name}"] = found.get(f"{what} in {name}", 0) + 1
        checks.append(Check(f"{place}: looked at {looked:,}, found", sum(found.values()), "==", 0))
        checks += [Check(what, count, "==", 0) for what, count in found.items()]
        if place != "other files":
            checks.append(Check(f"the URL's path seen in {place}", seen, ">=", 1))
    return checks


def _signed(stage: Stage) -> set[str]:
    """The signatures of the provider in the URLs that the emulator was given."""
    queries = (parse_qs(urlsplit(call["url"] or "").query) for call in stage.sts.calls())
    return {signature for query in queries for signature in query.get("q-signature", [])}


def _needles(planted: Planted) -> dict[bytes, str]:
    return {
        planted.secret_key[:PREFIX].encode(): "SecretKey",
        planted.sts_key[:PREFIX].encode(): "temporary SecretKey",
        planted.wrong_key[:PREFIX].encode(): "refused SecretKey",
        planted.token[:PREFIX].encode(): "token",
        planted.signature[:PREFIX].encode(): "signature of a URL",
    }


def _files(folder: Path, *, besides: Path | None = None) -> Iterator[tuple[str, bytes]]:
    """Every file, as it lies there; of the database too, so that rows that were deleted are looked at."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not (besides and path.is_relative_to(besides)):
            yield str(path.relative_to(folder)), path.read_bytes()


def _cells(database: Path) -> Iterator[tuple[str, bytes]]:
    """Every cell of every table, by its table and column; what is compressed is decompressed."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(names, row, strict=True):
                    if isinstance(value, (str, bytes)):
                        yield f"{table}.{column}", _plain(value)
    finally:
        connection.close()


def _plain(value: str | bytes) -> bytes:
    if isinstance(value, str):
        return value.encode(errors="surrogatepass")
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def _tables(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every column of every Parquet file, decoded, and every other file."""
    import pyarrow.parquet as pq

    for name, content in _files(folder):
        if not name.endswith(".parquet"):
            yield name, content
            continue
        table = pq.read_table(folder / name, partitioning=None)
        yield name, repr(table.schema.metadata).encode()
        columns: Mapping[str, Any] = table.to_pydict()
        for column, values in columns.items():
            yield f"{name} {column}", repr(values).encode(errors="surrogatepass")
