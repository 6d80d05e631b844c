"""Each code of the error table, through the operator: its class, the row or the stop, the calls, the text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq

from airflow_provider_tcocr.api.faults import FAULTS, NO_TEXT, Fault, fault_of
from airflow_provider_tcocr.exceptions import PageError, ServiceError, ThrottledError
from tests.chaos.check import Check
from tests.chaos.stage import Stage

PAGES = 4
UNKNOWN = (
    "AuthFailure.Novel",
    "InternalError.Novel",
    "ResourceUnavailable.Novel",
    "RequestLimitExceeded.Novel",
    "Novel",
)


def codes(stage: Stage, *, only: Sequence[str] = (*FAULTS, *UNKNOWN), at_once: int = 3) -> list[Check]:
    """Every code that is known, and one unknown of each kind."""
    stage.documents(PAGES)
    with ThreadPoolExecutor(at_once) as pool:
        wrong = [told for code, tells in zip(only, pool.map(lambda code: _one(stage, code), only), strict=True)
                 for told in (f"{code}: {one}" for one in tells)]  # fmt: skip
    return [
        Check("codes", len(only), ">=", 1),
        Check("not as the table has it", len(wrong), "==", 0),
        *(Check(told, 1, "==", 0) for told in wrong),
    ]


def _one(stage: Stage, code: str) -> list[str]:
    """What is wrong with a code."""
    fault = fault_of(code)
    message = f"Said by the service of {code}."
    if fault.error is ThrottledError:
        return _throttled(stage, code, message)
    if fault.error in (PageError, ServiceError):
        return _page(stage, code, message, fault)
    return _stop(stage, code, message, fault)


def _throttled(stage: Stage, code: str, message: str) -> list[str]:
    documents, output = stage.documents(PAGES), stage.place("code")
    with stage.emulator() as emulator:
        emulator.inject(code=code, message=message, times=3)
        attempt = stage.start(emulator, documents, output, failpoints={"base_wait": 0.01}, fail_on="any")
        manifest = attempt.told().get("manifest", {})
        made = emulator.ledger.made
    return _differences(
        status=(manifest.get("status"), "complete"),
        recognized=(manifest.get("counts", {}).get("recognized"), PAGES),
        throttled=(manifest.get("calls", {}).get("throttled"), 3),
        calls=(made, PAGES + 3),
    )


def _page(stage: Stage, code: str, message: str, fault: Fault) -> list[str]:
    documents, output = stage.documents(PAGES), stage.place("code")
    bad = hashlib.sha256(Path(documents[1]).read_bytes()).hexdigest()
    with stage.emulator() as emulator:
        emulator.inject(code=code, message=message, match=lambda request: request.sha256 == bad)
        attempt = stage.start(emulator, documents, output, failpoints={"base_wait": 0.01}, fail_on="any")
        told = attempt.told()
        calls = [call for call in emulator.ledger.calls if call.sha256 == bad]
        made, billed = emulator.ledger.made, emulator.ledger.billed
    row = pq.read_table(output / "pages").to_pylist()[1]
    wanted = 1 + fault.retries
    found = {
        "calls of the page": (len(calls), wanted),
        "calls": (made, PAGES - 1 + wanted),
        "billed": (billed, PAGES - 1 + wanted * fault.billed),
        "attempts": (row["attempts"], wanted),
        "request_id": (row["request_id"], calls[-1].request_id),
    }
    if code == NO_TEXT:
        return _differences(
            **found, status=(row["status"], "empty"), code=(row["error_code"], None), error=(told.get("error"), None)
        )
    text, shown = told.get("text", ""), row["error_message"] or ""
    return _differences(
        **found,
        status=(row["status"], "failed"),
        code=(row["error_code"], code),
        error=(told.get("error"), "BatchFailedError"),
        row_says=(message in shown and fault.advice in shown, True),
        text_names=([one for one in (code, calls[-1].request_id, fault.advice) if one not in text], []),
    )


def _stop(stage: Stage, code: str, message: str, fault: Fault) -> list[str]:
    documents, output = stage.documents(PAGES), stage.place("code")
    with stage.emulator() as emulator:
        emulator.inject(code=code, message=message, after=1)
        told = stage.start(emulator, documents, output, max_concurrency=1).told()
        calls = emulator.ledger.calls
    manifest, text = told["pushed"].get("return_value", {}), told.get("text", "")
    return _differences(
        error=(told.get("error"), "AirflowFailException"),
        error_class=(fault.error.__name__ in ("AuthenticationError", "AccountError", "RequestError"), True),
        status=(manifest.get("status"), "stopped"),
        landed=(manifest.get("counts", {}).get("recognized"), 1),
        calls=(len(calls), 2 + fault.fresh_clock),
        text_names=([one for one in (code, calls[-1].request_id, fault.advice, message) if one not in text], []),
    )


def _differences(**pairs: tuple[object, object]) -> list[str]:
    return [f"{what} {found!r:.300}, not {wanted!r:.100}" for what, (found, wanted) in pairs.items() if found != wanted]
