"""What a user writes, with types: checked by mypy --strict against the built wheel, and never run.

Each ``type: ignore`` marks a mistake that the package's types catch; mypy complains of one that catches nothing.
"""

from __future__ import annotations

from typing import Any, assert_type

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_tcocr.arrow import DETECTIONS_SCHEMA, detections_table
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.emulator import Emulator
from airflow_provider_tcocr.exceptions import ApiError, TencentCloudOcrError
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator, TencentCloudOcrOperator
from airflow_provider_tcocr.recognition.recognition import Recognition

with DAG(dag_id="typed", schedule=None):
    TencentCloudOcrOperator(task_id="one", document={"uri": "/data/contract.pdf", "pages": "1-3"})
    TencentCloudOcrBatchOperator(
        task_id="many",
        documents=["/data/scan.png", {"uri": "/data/contract.pdf", "document_id": "contract"}],
        output_path="/data/ocr",
        pages=[1, 2],
        fail_on=0.05,
        deferrable=False,
    )
    TencentCloudOcrBatchOperator(task_id="wrong", documents=5, output_path="/data/ocr")  # type: ignore[arg-type]
    TencentCloudOcrBatchOperator(task_id="short", documents="/data/inbox")  # type: ignore[call-arg]


def texts(document: bytes) -> list[str]:
    """Read a document's pages."""
    hook = TencentCloudOcrHook()
    try:
        pages = hook.recognize(document, {"config_id": "MulOCR"}, pages="all")
    except ApiError as error:
        raise SystemExit(f"{error.code}: {error.message} [{error.request_id}]") from error
    except TencentCloudOcrError:
        return []
    finally:
        hook.close()
    assert_type(pages, list[Recognition])
    assert_type(hook.call("GeneralBasicOCR", {}), dict[str, Any])
    assert_type(hook.test_connection(), tuple[bool, str])
    return [page.text for page in pages if page.text is not None]


def confidence(page: Recognition) -> object:
    """Ask a page for what only detections have."""
    return page.confidence  # type: ignore[attr-defined]


async def statuses(hook: TencentCloudOcrHook, uri: str) -> set[str]:
    """Read from an event loop."""
    return {page.status for page in await hook.arecognize(uri)}


def read_back(answers: list[dict[str, Any]]) -> str:
    """Read a dataset, and answers from elsewhere."""
    dataset = OcrDataset.open(["/data/ocr/1", "/data/ocr/2"])
    dataset.reader("documents")  # type: ignore[arg-type]
    detections_table(answers, document_ids=["a", "b"]).cast(DETECTIONS_SCHEMA)
    assert_type(dataset.documents(), list[str])
    return dataset.text()


def calls() -> int:
    """Count what a test would have been billed."""
    with Emulator(engine="canned") as emulator:
        assert_type(emulator.connection, str)
        return emulator.ledger.made
