"""A service that fails at random, and twins, and an account without money: what is paid, and what is landed."""

from __future__ import annotations

from collections import Counter

from tests.chaos import measure
from tests.chaos.check import Check, share
from tests.chaos.stage import Stage

HTML = b"<html><body><h1>Bad gateway</h1></body></html>"


def flaky(stage: Stage, *, pages: int = 2000, timeout: float = 2.0) -> list[Check]:
    """5 % throttled, 5 % reset, 2 % without an answer, 2 % with somebody else's."""
    documents = stage.documents(pages)
    reference, output = stage.reference(documents), stage.place("flaky")
    with stage.emulator(latency=0.02) as emulator:
        # Of several rules the first that strikes is the only one: the later ones' chances are of what is left.
        left = 1.0
        for chance, rule in (
            (0.05, {"code": "RequestLimitExceeded"}),
            (0.02, {"drop": "before"}),
            (0.015, {"drop": "during"}),
            (0.015, {"drop": "after"}),
            (0.02, {"drop": "hang"}),
            (0.01, {"body": HTML, "status": 502, "billed": True}),
            (0.01, {"body": HTML, "content_type": "text/html"}),
        ):
            emulator.inject(probability=chance / left, **rule)
            left -= chance
        runs, failed = 0, pages
        first = None
        while failed and runs < 3:  # a page that four faults in a row have struck is a row, and the retry's
            manifest = stage.start(emulator, documents, output, timeout=timeout, fail_on="never").manifest()
            first = first or manifest
            failed, runs = manifest["counts"]["failed"], runs + 1
        calls = emulator.ledger.calls
    struck = Counter(call.sha256 for call in calls if call.scenario)
    clean = Counter(call.sha256 for call in calls if call.billed and not call.scenario)
    made = Counter(call.sha256 for call in calls)
    kinds = Counter(call.scenario for call in calls if call.scenario)
    return [
        Check("lost", pages - manifest["counts"]["recognized"], "==", 0),
        Check("tables equal", measure.same_tables(output, reference), "==", True),
        Check("pages paid for more than their faults explain", sum(count > 1 for count in clean.values()), "==", 0),
        Check("calls not explained", sum(count - 1 > struck[page] for page, count in made.items()), "==", 0),
        Check("throttled that fail a page", sum("RequestLimit" in str(one) for one in first["failures"]), "==", 0),
        Check("faults", sum(struck.values()), ">=", pages // 10),
        Check("of kinds", len(kinds), "==", 7),
        Check("failed in the first attempt", first["counts"]["failed"]),
        Check("calls told", first["calls"]["made"] if runs == 1 else None, "==", len(calls) if runs == 1 else None),
    ]


def twins(stage: Stage, *, pages: int = 1000, latency: float = 0.3) -> list[Check]:
    """Two runs started on one output path at the same moment."""
    documents = stage.documents(pages)
    reference, output = stage.reference(documents), stage.place("twins")
    with stage.emulator(latency=latency) as emulator:
        both = [stage.start(emulator, documents, output, run_id=f"run-{number}") for number in (1, 2)]
        told = [one.told() for one in both]
        made = emulator.ledger.made
        billed = emulator.ledger.billed
        again = stage.start(emulator, documents, output, run_id="run-3").manifest()
        further = emulator.ledger.made - made
    complete = sum(one.get("manifest", {}).get("status") == "complete" for one in told)
    return [
        Check("runs complete", complete, "==", 2),
        Check("tables equal", measure.same_tables(output, reference), "==", True),
        share("paid twice", (billed - pages) / pages, "<=", 0.25),
        Check("calls of a third run", further, "==", 0),
        Check("reused by it", again["counts"]["reused"], "==", pages),
    ]


def twins_close(stage: Stage, *, pages: int = 300, latency: float = 0.02) -> list[Check]:
    """The same where the whole batch takes a second."""
    return twins(stage, pages=pages, latency=latency)


def arrears(stage: Stage, *, pages: int = 1000, good: int = 400, heard: float = 0.1) -> list[Check]:
    """An account that runs out of money in the middle; then it is good again, and the task is cleared.

    :param heard: seconds in which a refusal reaches the task
    """
    documents = stage.documents(pages)
    reference, output = stage.reference(documents), stage.place("arrears")
    with stage.emulator(latency=0.05) as emulator:
        emulator.inject(
            code="ResourceUnavailable.ResourcePackageRunOut", message="The package has run out.", after=good
        )
        told = stage.start(emulator, documents, output, max_qps=300).told()
        first, landed = emulator.ledger.calls, measure.raw_request_ids(output)
        refusals = [call for call in first if call.code]
        known = min((measure.ended(call) for call in refusals), default=0.0)
        late = sum(call.arrived > known + heard for call in first)
        emulator.reset()
        manifest = stage.start(emulator, documents, output, max_qps=300).manifest()
        billed = emulator.ledger.billed
    stopped = told["pushed"].get("return_value", {})
    text = told.get("text", "")
    return [
        Check("landed", len(landed), "==", good),
        Check("in the tables", stopped.get("counts", {}).get("recognized"), "==", good),
        Check("status", stopped.get("status"), "==", "stopped"),
        Check("fails as", told.get("error"), "==", "AirflowFailException"),
        Check("names code and advice", "ResourcePackageRunOut" in text and "clear the task" in text, "==", True),
        Check("further calls, all in flight then", len(refusals), "<=", 32),
        Check("calls after the refusal was known", late, "==", 0),
        Check("paid after clearing", billed, "==", pages - good),
        Check("tables equal", measure.same_tables(output, reference), "==", True),
        Check("reused", manifest["counts"]["reused"], "==", good),
    ]
