"""The slim SDK, which nobody here wrote, asks the emulator: typed answers, and one code for each way to be wrong.

`make interop` asks the same by the international SDK and by tccli, which need environments of their own.
"""

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "ask_sdk.py"
ASKED = runpy.run_path(str(SCRIPT))
MAINLAND = ASKED["WORKING"] | {"IsWords": True}
CASES = [*ASKED["CASES"], ASKED["case"]("a mainland option abroad", "UnknownParameter", parameters=MAINLAND)]


@pytest.fixture(scope="module")
def answers(_tcocr_emulator_server):
    """Every case, asked in one process whose warnings are errors, and the emulator's ledger of them."""
    emulator = _tcocr_emulator_server
    emulator.reset()
    question = {
        "host": f"{emulator.host}:{emulator.port}",
        "secret_id": emulator.secret_id,
        "secret_key": emulator.secret_key,
        "cases": CASES,
    }
    ended = subprocess.run(
        # The SDK calls datetime.utcfromtimestamp, which Python 3.12 deprecates.
        [sys.executable, "-W", "error", "-W", "ignore:datetime.datetime.utcfromtimestamp", str(SCRIPT)],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    given = zip(json.loads(ended.stdout), emulator.ledger.calls, strict=True)
    return {asked["name"]: (answer, call) for asked, (answer, call) in zip(CASES, given, strict=True)}


@pytest.mark.parametrize("asked", CASES, ids=lambda asked: asked["name"])
def test_each_case_has_its_own_code_and_a_request_id(answers, asked):
    answer, call = answers[asked["name"]]
    assert answer["code"] == asked["code"]
    assert answer["typed"]
    assert answer["text"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer["request_id"])
    assert call.request_id == answer["request_id"]


def test_no_call_that_was_refused_is_billed_but_the_empty_image(answers):
    billed = {name for name, (answer, call) in answers.items() if call.billed and answer["code"]}
    assert billed == {"an empty image"}


def test_the_ways_to_be_wrong_about_the_signature_have_five_codes(answers):
    codes = {answer["code"] for answer, _ in answers.values() if answer["code"].startswith("AuthFailure.")}
    assert codes == {
        f"AuthFailure.{name}"
        for name in ("InvalidAuthorization", "SecretIdNotFound", "SignatureExpire", "SignatureFailure", "TokenFailure")
    }
