"""An engine that reads pixels fetches its URLs; what cannot be fetched is one code, whatever the reason."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from airflow_provider_tcocr.emulator import Emulator, Options, Request
from tests.serving import serving


class Files(BaseHTTPRequestHandler):
    """A few files, well and ill behaved."""

    def do_GET(self) -> None:
        name = self.path.lstrip("/")
        if name == "slow.png":
            time.sleep(3.5)
        if name == "moved.png":
            self.send_response(302)
            self.send_header("Location", "/good.png")
            self.end_headers()
            return
        content = {
            "good.png": b"\x89PNG\r\n\x1a\n good",
            "large.png": b"\x89PNG\r\n\x1a\n" + b"0" * 10_000_001,
            "none.png": b"",
        }
        self.send_response(200 if name in content else 404)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content.get(name, b"not here"))

    def log_message(self, *args: Any) -> None:
        pass


class Looker:
    """An engine that wants bytes and says how many there were."""

    name = "looker"
    threaded = True
    fetches = True
    timeout = 5
    max_qps = 5

    def answer(self, request: Request, options: Options) -> dict[str, Any]:
        return {"TextDetections": [], "Angle": float(len(request.image or b""))}


@pytest.fixture(scope="module")
def files() -> Iterator[str]:
    with serving(Files) as url:
        yield url


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("good.png", ""),
        ("moved.png", ""),
        ("missing.png", "FailedOperation.DownLoadError"),
        ("large.png", "FailedOperation.DownLoadError"),
        ("slow.png", "FailedOperation.DownLoadError"),
        ("none.png", "FailedOperation.EmptyImageError"),
    ],
)
def test_a_url_is_fetched_within_its_limits(kit: Any, files: str, name: str, code: str) -> None:
    with Emulator(Looker()) as emulator:
        answer = kit.post(emulator, {"ImageUrl": f"{files}/{name}"})
        assert answer.code == code
        assert code or answer.response["Angle"] == 13.0
        assert emulator.ledger.calls[0].url == f"{files}/{name}"


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/a", "file:///etc/hostname", "http://", "not a url", "http://127.0.0.1:1/a"]
)
def test_other_urls_cannot_be_fetched(kit: Any, url: str) -> None:
    with Emulator(Looker()) as emulator:
        assert kit.post(emulator, {"ImageUrl": url}).code == "FailedOperation.DownLoadError"


def test_this_machine_can_be_put_out_of_reach(kit: Any, files: str) -> None:
    with Emulator(Looker(), allow_loopback=False) as emulator:
        assert kit.post(emulator, {"ImageUrl": f"{files}/good.png"}).code == "FailedOperation.DownLoadError"
