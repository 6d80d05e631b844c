"""A person looks at the pages that were read with little confidence, and says which are left out. Airflow 3.1 or newer.

An older Airflow asks nobody, and finds no Dag in this file.
"""

from __future__ import annotations

import os
from datetime import datetime
from textwrap import indent
from typing import Any

from airflow.providers.common.compat.sdk import DAG, task
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_1_PLUS

from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

DOCUMENTS = os.environ.get("TCOCR_DOCUMENTS", "/data/inbox")
OUTPUT = os.environ.get("TCOCR_OUTPUT", "/data/ocr")
CONFIDENCE = int(os.environ.get("TCOCR_CONFIDENCE", "60"))
PAGES_A_PERSON_LOOKS_AT = 20
KEEP, LEAVE_OUT = "Keep", "Leave out"


# [START howto_review_questions_tcocr]
@task
def doubtful(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Find the pages with a detection below CONFIDENCE, the worst first."""
    import pyarrow.compute as pc

    from airflow_provider_tcocr.dataset import OcrDataset

    pages = OcrDataset.open(manifest).pages(
        columns=["document_id", "page", "confidence_min", "text"],
        filter=pc.field("confidence_min") < CONFIDENCE,
    )
    worst = pages.sort_by("confidence_min").slice(0, PAGES_A_PERSON_LOOKS_AT).to_pylist()
    return [page | {"text": page["text"][:500]} for page in worst]


def question(page: dict[str, Any]) -> dict[str, str]:
    """Ask about a page; its text is indented, so that it is shown as it is and no markup in it works."""
    return {
        "subject": f"{page['document_id']}, page {page['page']}: confidence {page['confidence_min']}",
        "body": "Is this what the page says?\n\n" + indent(page["text"], "    "),
    }


@task(trigger_rule="none_failed")  # where nothing is doubtful, the review is skipped
def left_out(pages: list[dict[str, Any]], answers: list[dict[str, Any]]) -> list[list[Any]]:
    """Give document and page of what the person rejected."""
    return [
        [page["document_id"], page["page"]]
        for page, answer in zip(pages, answers or (), strict=True)
        if answer["chosen_options"] == [LEAVE_OUT]
    ]


# [END howto_review_questions_tcocr]

if AIRFLOW_V_3_1_PLUS:
    from airflow.providers.standard.operators.hitl import HITLOperator

    with DAG(
        dag_id="example_tcocr_review",
        schedule=None,
        start_date=datetime(2026, 1, 1),
        catchup=False,
        tags=["example", "tencent cloud", "ocr"],
        doc_md=__doc__,
    ) as dag:
        # [START howto_review_tcocr]
        recognize = TencentCloudOcrBatchOperator(task_id="recognize", documents=DOCUMENTS, output_path=OUTPUT)
        pages = doubtful(recognize.output)
        review = HITLOperator.partial(task_id="review", options=[KEEP, LEAVE_OUT]).expand_kwargs(pages.map(question))
        left_out(pages, review.output)
        # [END howto_review_tcocr]
