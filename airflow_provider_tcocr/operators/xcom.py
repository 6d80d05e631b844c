"""One document's recognitions as plain JSON for XCom; refuses what is too large for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from airflow.providers.common.compat.sdk import AirflowFailException

from ..arrow import EMPTY, FAILED, RECOGNIZED
from ..exceptions import BatchFailedError

if TYPE_CHECKING:
    from ..recognition.recognition import Recognition

MAX_XCOM: Final = 48 * 1024
"""Bytes of a result that every metadata database takes."""


def xcom_result(recognitions: Sequence[Recognition]) -> dict[str, Any]:
    """What the single operator returns to XCom.

    :param recognitions: one a page, at least one
    :raise BatchFailedError: every page failed; its manifest is the result without the pages
    :raise AirflowFailException: the result is larger than :data:`MAX_XCOM`; its pages are paid for
    """
    first = recognitions[0]
    statuses = [recognition.status for recognition in recognitions]
    summary = {
        "document_id": first.document_id,
        "document_uri": first.document_uri,
        "counts": {"pages": len(statuses)}
        | {status: statuses.count(status) for status in (RECOGNIZED, EMPTY, FAILED)}
        | {"detections": sum(recognition.to_table().num_rows for recognition in recognitions)},
    }
    if set(statuses) == {FAILED}:
        request = f" [RequestId {first.request_id}]" if first.request_id else ""
        raise BatchFailedError(f"{first.document_id}: {first.error_code}: {first.error_message}{request}", summary)
    result = summary | {"pages": [recognition.to_json() for recognition in recognitions]}
    size = len(json.dumps(result, ensure_ascii=False).encode())
    if size > MAX_XCOM:
        raise AirflowFailException(
            f"The result is {size:,} bytes and XCom takes {MAX_XCOM:,}: give output_path=, or fewer pages=."
        )
    return result
