"""The demonstration: real recognition by the emulator, the example Dag through Airflow, its tables told to a person."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DAG_ID = "example_tcocr_batch"


def main() -> int:
    """Run the demonstration.

    :return: 0 where the Dag succeeded
    """
    arguments = _arguments()
    output = Path(arguments.output).absolute()
    documents = Path(arguments.documents).resolve()
    if not documents.exists():
        print(f"There is nothing at {arguments.documents}.", file=sys.stderr)
        return 2
    from airflow_provider_tcocr.emulator import Emulator

    with tempfile.TemporaryDirectory(prefix="tcocr-demo-") as home, Emulator(engine="rapidocr") as emulator:
        print(f"Emulator at {emulator.url}, real recognition. Documents: {arguments.documents}", flush=True)
        environment = _environment(Path(home), emulator.connection, documents, output, arguments.pages)
        print("Preparing Airflow's database ...", flush=True)
        log = Path(home, "airflow.log")
        code = _run(["db", "migrate"], environment, log)
        if code == 0:
            print(f"Running the Dag {DAG_ID} ...", flush=True)
            code = _run(["dags", "test", DAG_ID], environment, log, progress=lambda: _progress(emulator.ledger))
        output.mkdir(parents=True, exist_ok=True)
        kept = shutil.copy(log, output / "airflow.log")
        if code != 0 or not (output / "_manifest.json").exists():
            print(Path(kept).read_text(errors="replace")[-4000:], file=sys.stderr)
            print(f"\nThe Dag failed (exit {code}); its whole log: {_short(Path(kept))}", file=sys.stderr)
            return code or 1
        print(f"The emulator answered {emulator.ledger.made} calls and would have billed {emulator.ledger.billed}.\n")
    _show(output)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", default="demo/documents", help="a folder of documents")
    parser.add_argument("--output", default="demo-output", help="where the dataset goes")
    parser.add_argument("--pages", default="all", help="bounds the pages of each document, as 1-3")
    return parser.parse_args()


def _environment(home: Path, connection: str, documents: Path, output: Path, pages: str) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "example_dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_CONN_TENCENTCLOUD_DEFAULT": connection,
        "TCOCR_DOCUMENTS": str(documents),
        "TCOCR_OUTPUT": str(output),
        "TCOCR_PAGES": pages,
    }


def _run(words: list[str], environment: dict[str, str], log: Path, progress: Any = None) -> int:
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", *words], env=environment, stdout=file, stderr=subprocess.STDOUT
        )
        told = ""
        while process.poll() is None:
            time.sleep(1)
            line = progress() if progress else ""
            if line != told:
                print(f"  {line}", flush=True)
                told = line
        return process.returncode


def _progress(ledger: Any) -> str:
    calls = ledger.calls
    answered = [call for call in calls if call.seconds is not None]
    if not answered:
        return "reading the first page ..." if calls else ""
    span = max(call.arrived + (call.seconds or 0.0) for call in answered) - calls[0].arrived
    return (
        f"{len(answered)} pages read, {len(answered) / span:.1f} a second; {len(calls) - len(answered)} more under way"
    )


def _show(output: Path) -> None:
    import pyarrow.compute as pc

    from airflow_provider_tcocr.dataset import OcrDataset

    manifest = json.loads((output / "_manifest.json").read_text())
    print("Manifest")
    for name in ("status", "counts", "calls", "started_at", "finished_at"):
        print(f"  {name}: {manifest[name]}")
    dataset = OcrDataset.open(str(output))
    pages, detections = dataset.pages(), dataset.detections()
    print(f"\npages: {pages.num_rows} rows")
    for row in pages.to_pylist():
        angle = "" if row["angle"] is None else f"{round(row['angle'], 1) + 0.0:6.1f}°"
        first = (row["text"] or row["error_message"] or "").partition("\n")[0]
        name = Path(row["document_id"]).name
        print(f"  {name[:32]:32} p{row['page']:<3} {row['status']:10} {angle:8} {row['detections']:4}  {first[:60]}")
    print(f"\ndetections: {detections.num_rows} rows, the first:")
    for row in detections.slice(0, 8).to_pylist():
        box = (row["left"], row["top"], row["right"], row["bottom"])
        name = Path(row["document_id"]).name[:24]
        print(f"  {name:24} {row['detection']:3} {row['confidence']:3} {box!s:24} {row['text'][:50]}")
    failed = pages.filter(pc.equal(pages["status"], "failed"))
    print(f"\nfailed: {failed.num_rows}")
    for row in failed.to_pylist():
        print(f"  {Path(row['document_id']).name} page {row['page']}: {row['error_code']}: {row['error_message']}")
    print("\nOutput")
    for name in ("raw", "pages", "detections", "report.html", "_manifest.json", "airflow.log"):
        print(f"  {_short(output / name)}")


def _short(path: Path) -> str:
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    sys.exit(main())
