"""Answers that no service should give: each ends as a typed error or a right row, and never as anything else."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow.parquet as pq

from airflow_provider_tcocr.emulator.shapes import SHAPES
from tests.chaos.check import Check
from tests.chaos.stage import Stage

PAGES = 3
RIGHT = "right"
ENVELOPE = {
    "Response": {
        "TextDetections": [{"DetectedText": "发票 № 7", "Confidence": 99, "Polygon": [], "AdvancedInfo": ""}],
        "Angle": 359.99,
        "RequestId": "r",
    }
}
TEXT = "发票 № 7"
OF_THIS_BODY = "of this body"


def _json(value: Any, charset: str = "utf-8") -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(charset)


def cases() -> dict[str, tuple[dict[str, Any], str]]:
    """Name to a rule's fields, and how a page is to end: right, right by the rule's own body, or a code."""
    error = {"Code": "FailedOperation.ImageBlur", "Message": "m"}
    found: dict[str, tuple[dict[str, Any], str]] = {
        "reset before": ({"drop": "before"}, "Transport.Reset"),
        "reset during": ({"drop": "during"}, "Transport."),
        "reset after": ({"drop": "after"}, "Transport.Reset"),
        "truncated": ({"drop": "truncate"}, "Transport.Truncated"),
        "hang": ({"drop": "hang"}, "Transport.Timeout"),
        "drip": ({"drop": "drip", "pace": 0.001}, RIGHT),
        "slow drip": ({"drop": "drip", "pace": 0.1}, "Transport.Timeout"),
        "HTML with 200": ({"body": b"<html>login</html>"}, "Transport.Foreign"),
        "HTML with 502": ({"status": 502}, "Transport.Foreign"),
        "JSON with 503": ({"body": b'{"ok":true}', "status": 503}, "Transport.Foreign"),
        "nothing": ({"body": b""}, "Transport.Foreign"),
        "half an object": ({"body": b'{"Response": {"TextDet'}, "Transport.Foreign"),
        "null": ({"body": b"null"}, "Transport.Foreign"),
        "a list": ({"body": b"[]"}, "Transport.Foreign"),
        "no UTF-8": ({"body": b'{"Response": "\xff\xfe\xfd"}'}, "Transport.Foreign"),
        "zeros": ({"body": bytes(1000)}, "Transport.Foreign"),
        "100,000 brackets": ({"body": b"[" * 100_000}, "Transport.Foreign"),
        "nested in an answer": (
            {"body": b'{"Response":{"A":' + b"[" * 99_999 + b"]" * 99_999 + b"}}"},
            "Transport.Foreign",
        ),
        "other content type": ({"body": _json(ENVELOPE), "content_type": "text/html; charset=x"}, OF_THIS_BODY),
        "charset told": (
            {"body": _json(ENVELOPE, "gb18030"), "content_type": "text/plain;charset=gb18030"},
            OF_THIS_BODY,
        ),
        "byte order mark": ({"body": b"\xef\xbb\xbf" + _json(ENVELOPE)}, OF_THIS_BODY),
        "error without RequestId": ({"body": _json({"Response": {"Error": error}})}, error["Code"]),
        "error of no code": ({"body": _json({"Response": {"Error": {}, "RequestId": "r"}})}, "InternalError.NoCode"),
        "error of text": ({"body": _json({"Response": {"Error": "no"}})}, "InternalError.NoCode"),
        "error with 500": ({"body": _json({"Response": {"Error": error}}), "status": 500}, error["Code"]),
        "redirect": ({"status": 302}, "Transport.Redirect"),
        "redirect of a POST": ({"status": 307}, "Transport.Redirect"),
        "over 64 MiB": ({"body": b" " * (65 << 20)}, "Transport.TooLarge"),
        "gzip of 200 MB": (
            {"body": gzip.compress(bytes(200_000_000), 1), "headers": {"Content-Encoding": "gzip"}},
            "Transport.TooLarge",
        ),
        "gzip that is none": ({"body": b"plain", "headers": {"Content-Encoding": "gzip"}}, "Transport."),
    }
    foreign = {"no-response", "null-response", "list-response"}
    empty = {"null-detections", "no-detections"}
    for shape in SHAPES:
        wanted = "Transport.Foreign" if shape in foreign else "empty" if shape in empty else RIGHT
        found[f"shape {shape}"] = ({"shape": shape}, wanted)
    return found


def hostile(stage: Stage, *, only: str = "", at_once: int = 2) -> list[Check]:
    """All of them."""
    documents = stage.documents(PAGES)
    stage.reference(documents)
    wanted = {name: case for name, case in cases().items() if only in name}
    with ThreadPoolExecutor(at_once) as pool:
        told = list(pool.map(lambda name: _one(stage, name, *wanted[name]), wanted))
    wrong = [f"{name}: {one}" for name, one in zip(wanted, told, strict=True) if one]
    return [
        Check("hostile answers", len(wanted), ">=", 1),
        Check("neither a typed error nor a right row", len(wrong), "==", 0),
        *(Check(one, 1, "==", 0) for one in wrong),
    ]


def _one(stage: Stage, name: str, rule: dict[str, Any], wanted: str) -> str:
    """What is wrong with an answer's end, nothing where nothing is."""
    pages = 1 if rule.get("shape") == "huge" or len(rule.get("body") or b"") > 10**6 or "gzip" in name else PAGES
    documents, output = stage.documents(PAGES)[:pages], stage.place("hostile")
    reference = stage.reference(stage.documents(PAGES))[1].to_pylist()
    with stage.emulator() as emulator, stage.emulator() as elsewhere:
        if 300 <= rule.get("status", 200) < 400:
            rule = rule | {"headers": {"Location": elsewhere.url}}
        emulator.inject(**rule)
        timeout = 0.5 if wanted == "Transport.Timeout" else 30
        told = stage.start(
            emulator, documents, output, timeout=timeout, failpoints={"base_wait": 0.01}, fail_on="never"
        ).told()
        made, followed = emulator.ledger.made, elsewhere.ledger.made
    if "manifest" not in told:
        return f"{told['error']} of {told['cause']}: {told['text']}"
    if followed:
        return "it was followed"
    rows = pq.read_table(output / "pages").to_pylist()
    texts = [row["text"] for row in pq.read_table(output / "detections").to_pylist()]
    ends = {row["status"] if row["error_code"] is None else row["error_code"] for row in rows}
    if len(rows) != pages:
        return f"{len(rows)} rows"
    if told["manifest"]["calls"]["made"] != made:
        return f"{told['manifest']['calls']['made']} calls told, {made} made"
    if wanted == RIGHT:
        right = [row["text"] for row in reference if row["document_id"] in documents]
        return "" if texts == right and ends == {"recognized"} else f"{ends}, {texts[:3]} in place of {right[:3]}"
    if wanted == OF_THIS_BODY:
        return "" if texts == [TEXT] * pages and ends == {"recognized"} else f"{ends}, {texts[:3]}"
    once = wanted in ("empty", "Transport.TooLarge", "Transport.Redirect", "FailedOperation.ImageBlur")
    if (made == pages) != once:
        return f"{made} calls for {pages} pages"
    return "" if all(end.startswith(wanted) for end in ends) else f"ended as {ends}, not {wanted}"
