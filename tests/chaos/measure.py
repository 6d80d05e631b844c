"""Numbers read from ledgers and tables. Pure but for reading the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from airflow_provider_tcocr.emulator import Call

CHANGING = ("request_id", "recognized_at", "latency_ms", "attempts")
"""Columns of `pages` that two runs over the same documents may differ in."""


def tables(output: Path | str) -> tuple[pa.Table, pa.Table]:
    """`pages` and `detections` without what changes from run to run."""
    pages, detections = (
        pa.concat_tables([pq.read_table(part) for part in sorted(Path(output, name).glob("part-*.parquet"))])
        for name in ("pages", "detections")
    )
    return pages.drop_columns(list(CHANGING)), detections


def same_tables(output: Path | str, reference: tuple[pa.Table, pa.Table]) -> bool:
    """Whether a dataset holds what the reference does, in the same order, and its manifest says it is whole."""
    if not Path(output, "_manifest.json").exists():
        return False
    return all(found.equals(wanted) for found, wanted in zip(tables(output), reference, strict=True))


def raw_request_ids(output: Path | str) -> set[str]:
    """The answers that are landed."""
    parts = sorted(Path(output, "raw").glob("part-*.parquet"))
    return {one for part in parts for one in pq.read_table(part, columns=["request_id"])["request_id"].to_pylist()}


def ended(call: Call) -> float:
    """When the verdict on a call was there; for ever later where there is none yet."""
    return float("inf") if call.seconds is None else call.arrived + call.seconds


def in_flight(calls: Iterable[Call], moment: float, *, travel: float = 0.05) -> set[int]:
    """The calls that had left and were not answered at a moment.

    :param travel: seconds that a call may be under way before it arrives, and its answer after it left
    """
    return {call.number for call in calls if call.arrived <= moment + travel and ended(call) > moment - travel}


def last_second(calls: Iterable[Call], moment: float) -> set[int]:
    """The calls that were answered in the second before a moment."""
    return {call.number for call in calls if moment - 1.0 < ended(call) <= moment}


def paid_again(calls: Iterable[Call]) -> dict[str, list[Call]]:
    """Of each page that was paid for more than once, all payments, in order."""
    payments: dict[str, list[Call]] = {}
    for call in calls:
        if call.billed and call.sha256:
            payments.setdefault(call.sha256, []).append(call)
    return {page: calls for page, calls in payments.items() if len(calls) > 1}


def unexplained(calls: Iterable[Call], lost: set[int]) -> int:
    """Payments for a page of which an earlier answer was not among the lost ones."""
    return sum(
        any(earlier.number not in lost for earlier in calls[:place])
        for calls in paid_again(calls).values()
        for place in range(1, len(calls))
    )


def refused(call: Call) -> bool:
    """Whether a call was throttled."""
    return call.code.startswith("RequestLimitExceeded")


def use_of_quota(calls: Sequence[Call], quota: float, start: float, end: float) -> tuple[float, float]:
    """Of the calls that arrived from `start` to `end`: the share of the quota used, the share throttled."""
    arrived = [call for call in calls if start <= call.arrived <= end]
    bad = sum(map(refused, arrived))
    return (len(arrived) - bad - 1) / (quota * (end - start)), bad / len(arrived)


def payments(calls: Iterable[Call]) -> Counter[str]:
    """Page to how often it was paid for."""
    return Counter(call.sha256 for call in calls if call.billed and call.sha256)


def brief(found: Any, limit: int = 90) -> str:
    """A value short enough for a line."""
    text = str(found).replace("\n", " ")
    return text if len(text) <= limit else text[: limit - 1] + "…"
