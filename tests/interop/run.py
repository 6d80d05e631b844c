"""Tencent's other clients against the emulator: the international SDK and tccli, each in an environment of its own.

It is a target of its own, and no part of the suite, because neither can live beside the slim SDK that the provider
needs: all of them write the package ``tencentcloud``, the international one silently moves the default endpoint, and
removing one breaks the others. The environments take 500 MB and pip's registry; a second run uses them again.

    make interop
"""

from __future__ import annotations

import base64
import json
import os
import re
import runpy
import shlex
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "constraints" / "interop.txt"
DOCUMENTS = ROOT / "demo" / "documents"
ASK_SDK = Path(__file__).with_name("ask_sdk.py")
SDK = runpy.run_path(str(ASK_SDK))
case, WORKING = SDK["case"], SDK["WORKING"]
ENVIRONMENTS = {"sdk-intl": "tencentcloud-sdk-python-intl-en", "tccli": "tccli"}
TCCLI = """\
import sys, time
real = time.time
time.time = lambda: real() + {clock}
from tccli.main import main
sys.exit(main())
"""
REQUEST_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REFUSED = re.compile(r"\[TencentCloudSDKException\] code:(\S+) message:(.*) requestId:(\S+)", re.DOTALL)

TCCLI_ASKS = (
    "a URL",
    "every option",
    "the other engine",
    "another SecretId",
    "a wrong SecretKey",
    "a token nobody gave",
    "an old timestamp",
    "a timestamp to come",
    "no image",
    "an empty image",
    "what is not base64",
    "an engine that is not there",
    "one call too many",
    "a page without text",
)
"""What tccli can be made to do; it signs, and nothing can be spoiled behind it."""


def read(name: str, **parameters: Any) -> dict[str, Any]:
    """The parameters that send a document of the demo."""
    return {"ImageBase64": base64.b64encode((DOCUMENTS / name).read_bytes()).decode()} | parameters


READ = [
    case("shelf-label.bmp", "", parameters=read("shelf-label.bmp"), text="Oolong tea 乌龙茶 EUR 12.90 SKU 40-1187"),
    case("delivery-note-rotated.png", "", parameters=read("delivery-note-rotated.png"), text="No. 005731", angle=90),
    case("journal.pdf, page 3", "", parameters=read("journal.pdf", IsPdf=True, PdfPageNumber=3), text="。"),
    case(
        "journal.pdf, page 9",
        "InvalidParameterValue.InvalidParameterValueLimit",
        parameters=read("journal.pdf", IsPdf=True, PdfPageNumber=9),
    ),
    case("blank-page.png", "FailedOperation.ImageNoText", parameters=read("blank-page.png")),
    case("broken-upload.png", "FailedOperation.ImageDecodeFailed", parameters=read("broken-upload.png")),
]


@dataclass(frozen=True)
class Keys:
    """A running emulator."""

    host: str
    secret_id: str
    secret_key: str


def main() -> int:
    """Build, ask, tell.

    :return: 0 where every client accepted every answer
    """
    wrong = 0
    began = time.monotonic()
    for name in ENVIRONMENTS:
        build(name)
    print(f"{'environments ready':38} {time.monotonic() - began:.0f} s", flush=True)
    for engine, sdk_cases, tccli_cases in (
        ("canned", SDK["CASES"], [one for one in SDK["CASES"] if one["name"] in TCCLI_ASKS]),
        ("rapidocr", READ, READ[:1] + READ[4:]),
    ):
        with emulator(engine) as keys:
            wrong += show(f"international SDK, {engine}", sdk_cases, ask_sdk(keys, sdk_cases))
            wrong += show(f"tccli, {engine}", tccli_cases, (ask_tccli(keys, one) for one in tccli_cases))
    print(f"\n{wrong} wrong; {time.monotonic() - began:.0f} s in all")
    return 1 if wrong else 0


def python_of(name: str) -> str:
    """The interpreter of an environment."""
    return str(ROOT / f".venv-interop-{name}" / "bin" / "python")


def build(name: str) -> None:
    """Make an environment, unless it is there with these pins."""
    folder = ROOT / f".venv-interop-{name}"
    ready = folder / ".ready"
    if ready.exists() and ready.read_text() == PINS.read_text():
        return
    began = time.monotonic()
    venv.create(folder, clear=True, with_pip=True)
    install = [python_of(name), "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*install, "-c", str(PINS), ENVIRONMENTS[name]], check=True)
    ready.write_text(PINS.read_text())
    print(f"{'installed ' + ENVIRONMENTS[name]:38} {time.monotonic() - began:.0f} s", flush=True)


@contextmanager
def emulator(engine: str) -> Iterator[Keys]:
    """The command, as a user starts it."""
    command = [sys.executable, "-m", "airflow_provider_tcocr.cli", "emulator", "--engine", engine]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            _, _, value = shlex.split(process.stdout.readline())[1].partition("=")
            told = json.loads(value)
            yield Keys(told["host"].removeprefix("http://"), told["login"], told["password"])
        finally:
            process.terminate()


def ask_sdk(keys: Keys, cases: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the international SDK made of the cases."""
    question = json.dumps({**vars(keys), "cases": cases})
    command = [python_of("sdk-intl"), str(ASK_SDK)]
    ended = subprocess.run(command, input=question, stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    answers: list[dict[str, Any]] = json.loads(ended.stdout)
    return answers


def ask_tccli(keys: Keys, asked: dict[str, Any]) -> dict[str, Any]:
    """What tccli made of one case; it finds no configuration and leaves none."""
    given = {"secret_id": keys.secret_id, "secret_key": keys.secret_key} | asked.get("keys", {})
    spelling = {"secret_id": "--secretId", "secret_key": "--secretKey", "token": "--token"}
    words = [word for name, value in given.items() for word in (spelling[name], value)]
    if "fault" in asked:
        import urllib.request

        fault = json.dumps(asked["fault"] | {"times": 1}).encode()
        urllib.request.urlopen(f"http://{keys.host}/_emulator/faults", fault, timeout=10).close()
    with tempfile.TemporaryDirectory(prefix="tcocr-interop-") as home:
        parameters = Path(home, "parameters.json")
        parameters.write_text(json.dumps(asked["parameters"]))
        ended = subprocess.run(
            [
                *(python_of("tccli"), "-c", TCCLI.format(clock=asked.get("clock", 0))),
                *("ocr", "GeneralAccurateOCR", "--region", "ap-guangzhou", "--endpoint", f"http://{keys.host}"),
                *("--cli-input-json", f"file://{parameters}", *words),
            ],
            env={**os.environ, "HOME": home},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    if refused := REFUSED.search(ended.stderr):
        return {"code": refused[1], "request_id": refused[3], "typed": ended.returncode != 0, "text": refused[2]}
    try:
        answer = json.loads(ended.stdout)
    except ValueError:
        return {"code": f"exit {ended.returncode}", "request_id": "", "typed": False, "text": ended.stderr[-200:]}
    return {
        "code": "",
        "request_id": answer["RequestId"],
        "typed": ended.returncode == 0 and all(len(found["Polygon"]) == 4 for found in answer["TextDetections"]),
        "text": " ".join(found["DetectedText"] for found in answer["TextDetections"]),
        "angle": answer["Angle"],
    }


def show(title: str, cases: Sequence[dict[str, Any]], answers: Any) -> int:
    """Print what came of each case.

    :return: how many were wrong
    """
    print(f"\n{title}")
    wrong = 0
    for asked, answer in zip(cases, answers, strict=True):
        right = fits(asked, answer)
        wrong += not right
        told = answer["code"] or f"{len(answer['text'])} characters, angle {answer['angle']}"
        print(f"  {'ok   ' if right else 'WRONG'}  {asked['name']:36}  {told}", flush=True)
        if not right:
            print(f"         due: {asked['code'] or 'an answer'}; it said: {answer}")
    return wrong


def fits(asked: dict[str, Any], answer: dict[str, Any]) -> bool:
    """The code that is due, a RequestId, an answer of the client's own types, and what is written on the paper."""
    near = "angle" not in asked or abs(answer["angle"] - asked["angle"]) < 3
    return (
        answer["code"] == asked["code"]
        and bool(REQUEST_ID.fullmatch(answer["request_id"]))
        and answer["typed"]
        and set(asked.get("text", "").split()) <= set(answer["text"].replace("。", " 。 ").split())
        and near
    )


if __name__ == "__main__":
    sys.exit(main())
