"""The command ``tcocr emulator``: its options, the line for the shell, and serving until it is stopped."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import sys
import threading

from .quota import DEFAULT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; nothing heavy is imported for them."""
    from .server import SECRET_ID, SECRET_KEY

    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=0, help="port to listen on (default: a free one)")
    parser.add_argument(
        "--engine",
        choices=("rapidocr", "canned"),
        default="rapidocr",
        help="what reads the images (default: %(default)s)",
    )
    parser.add_argument(
        "--qps",
        type=_qps,
        help=f"calls per second to allow for each action, or {DEFAULT} for its own quota (default: no limit)",
    )
    parser.add_argument("--secret-id", default=SECRET_ID, help="the SecretId to accept (default: a well-known one)")
    parser.add_argument("--secret-key", default=SECRET_KEY, help="its SecretKey (default: a well-known one)")
    parser.add_argument("--token", help="the token that calls must carry (default: none)")
    parser.add_argument("--latency", type=float, default=0.0, help="minimum seconds per call (default: %(default)g)")
    parser.add_argument("--threads", type=int, default=2, help="threads for one page (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random (default: %(default)s)")
    parser.add_argument(
        "--mainland", action="store_true", help="emulate the mainland site, which has more actions and parameters"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; the first line printed is the ready connection, for ``eval`` in a shell."""
    from .server import Emulator

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with Emulator(
        arguments.engine,
        host=arguments.host,
        port=arguments.port,
        qps=arguments.qps,
        secret_id=arguments.secret_id,
        secret_key=arguments.secret_key,
        token=arguments.token,
        international=not arguments.mainland,
        latency=arguments.latency,
        seed=arguments.seed,
        threads=arguments.threads,
        keep_answers=False,
    ) as emulator:
        sys.stdout.write(f"export AIRFLOW_CONN_TENCENTCLOUD_DEFAULT={shlex.quote(emulator.connection)}\n")
        sys.stdout.flush()
        while not stopped.wait(60):
            pass
    return 0


def _port(given: str) -> int:
    with contextlib.suppress(ValueError):
        if 0 <= int(given) <= 65535:
            return int(given)
    raise argparse.ArgumentTypeError(f"must be a whole number from 0 to 65535, not {given!r}")


def _qps(given: str) -> int | str:
    if given == DEFAULT:
        return given
    with contextlib.suppress(ValueError):
        if int(given) >= 1:
            return int(given)
    raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, or {DEFAULT!r}, not {given!r}")
