"""The emulator in this process: one thread with its own event loop, a port, and what a test needs to control it."""

from __future__ import annotations

import asyncio
import functools
import json
import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from ..exceptions import ConfigurationError
from .engine import Answer, Answers, Engine
from .engines import INSTALL, make_engine
from .gate import Keys
from .ledger import Ledger
from .manner import Manner
from .quota import DEFAULT, Quota
from .request import Request
from .scenario import Rule, Scenario

if TYPE_CHECKING:
    from .app import App

SECRET_ID: Final = "AKIDemulatorNotARealSecretId00000000"  # noqa: S105 - known to all
SECRET_KEY: Final = "emulatorNotARealSecretKey0000000"  # noqa: S105 - known to all
"""The emulator's keys: well known, like those of other emulators, and valid for no real service."""


class Emulator:
    """A running emulator, as a context manager or with :meth:`start` and :meth:`stop`.

    :param engine: ``rapidocr`` reads, ``canned`` invents at once; or an engine, or a function of the Request
    :param host: the address to listen on
    :param port: 0 for a free one, which is kept over :meth:`stop` and :meth:`start`
    :param qps: calls of an action in any trailing second, strictly, by arrival; ``default`` for each action's own
        quota, None for no limit
    :param secret_id: the one SecretId that it knows
    :param secret_key: its SecretKey, with which calls must be signed
    :param token: the STS token that calls must carry, None for none
    :param international: the international site, which has fewer actions and parameters
    :param latency: seconds that every call that is carried out takes at least
    :param skew: seconds that the emulator's clock, and so its ``Date`` header, is ahead of this machine's
    :param jitter: mean seconds of a random delay before a call arrives
    :param seed: of all chance in jitter and scenarios
    :param answers: a test's own answers for ``canned``
    :param allow_loopback: fetch an ``ImageUrl`` of this machine too
    :param threads: how many threads ``rapidocr`` may use for one page
    :param keep_answers: keep every answer in the ledger
    :raise ConfigurationError: a value that cannot be meant
    """

    def __init__(
        self,
        engine: str | Engine | Callable[[Request], Answer] = "rapidocr",
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        qps: int | Literal["default"] | None = None,
        secret_id: str = SECRET_ID,
        secret_key: str = SECRET_KEY,
        token: str | None = None,
        international: bool = True,
        latency: float = 0.0,
        jitter: float = 0.0,
        skew: float = 0.0,
        seed: int = 0,
        answers: Answers | None = None,
        allow_loopback: bool = True,
        threads: int = 2,
        keep_answers: bool = True,
    ) -> None:
        for name, seconds in (("latency", latency), ("jitter", jitter)):
            if not 0 <= seconds < math.inf:
                raise ConfigurationError(f"{name} must be 0 seconds or more, not {seconds!r}")
        for name, text in (("host", host), ("secret_id", secret_id), ("secret_key", secret_key)):
            if not text:
                raise ConfigurationError(f"{name} is empty")
        if threads < 1:
            raise ConfigurationError(f"threads must be 1 or more, not {threads!r}")
        self.host = host
        self.secret_id = secret_id
        self.secret_key = secret_key
        self.token = token
        self.ledger = Ledger(keep_answers=keep_answers)
        self._asked, self._answers, self._threads = engine, answers, threads
        self._port = port
        self._quota = Quota(qps)
        self._scenario = Scenario(seed=seed)
        self._manner = Manner(
            international=international,
            latency=latency,
            jitter=jitter,
            skew=skew,
            allow_loopback=allow_loopback,
            seed=seed,
        )
        self._engine: Engine | None = None
        self._running: _Running | None = None

    def __repr__(self) -> str:
        return f"<Emulator {self.url if self._running else 'not running'}>"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; returns when calls are taken.

        :raise ConfigurationError: it is running, or what the engine needs is not installed
        :raise OSError: the port is taken
        """
        if self._running is not None:
            raise ConfigurationError("the emulator is running already")
        if self._engine is None:
            self._engine = make_engine(self._asked, answers=self._answers, threads=self._threads)
        try:
            from .app import App
        except ModuleNotFoundError as failure:
            raise ConfigurationError(f"the emulator needs {failure.name}: {INSTALL}") from failure
        executor = ThreadPoolExecutor(1, thread_name_prefix="tcocr-emulator-engine")
        keys = Keys(self.secret_id, self.secret_key, self.token)
        make_app = functools.partial(
            App,
            self._engine,
            keys=keys,
            quota=self._quota,
            ledger=self.ledger,
            scenario=self._scenario,
            manner=self._manner,
            executor=executor,
        )
        running = _Running(make_app, host=self.host, port=self._port, executor=executor)
        running.start()
        self._port = running.port
        self._running = running

    def stop(self) -> None:
        """Close the port and every connection; the ledger and the rules stay. Does nothing when not running."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    @property
    def port(self) -> int:
        """The port it listens on, or last listened on."""
        if not self._port:
            raise ConfigurationError("the emulator has no port before it is started")
        return self._port

    @property
    def url(self) -> str:
        """The URL at which it listens, as ``http://127.0.0.1:PORT``."""
        return f"http://{self.host}:{self.port}"

    @property
    def connection(self) -> str:
        """The connection as JSON for ``AIRFLOW_CONN_...``, with a time-out and a pace that suit the engine."""
        extra: dict[str, Any] = {"timeout": self._engine.timeout if self._engine else 60}
        if self._quota.limit != DEFAULT:  # else the client knows each action's own
            extra["max_qps"] = self._quota.limit or (self._engine.max_qps if self._engine else 10)
        if self.token:
            extra["token"] = self.token
        return json.dumps(
            {
                "conn_type": "tencentcloud",
                "login": self.secret_id,
                "password": self.secret_key,
                "host": self.url,
                "extra": extra,
            }
        )

    def inject(self, rule: Rule | None = None, /, **fields: Any) -> Rule:
        """Append a rule to those in force: a Rule, or its fields by name.

        :param rule: the rule; None makes one of the fields
        :return: the rule
        """
        rule = Rule(**fields) if rule is None else rule
        self._scenario.add(rule)
        return rule

    def reset(self) -> None:
        """As if just started: no calls in the ledger, no rules, no arrivals; calls that hang are ended."""
        if self._running is None:
            self.ledger.clear()
            self._scenario.clear()
            self._quota.clear()
        else:
            self._running.reset()


class _Running:
    """The thread, from start to stop."""

    def __init__(self, make_app: Callable[[], App], *, host: str, port: int, executor: ThreadPoolExecutor) -> None:
        self._make_app = make_app
        self._host = host
        self.port = port
        self._executor = executor
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="tcocr-emulator", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def reset(self) -> None:
        done = threading.Event()

        def on_loop() -> None:
            self._app.reset()
            done.set()

        self._loop.call_soon_threadsafe(on_loop)
        done.wait()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:
            self._failure = failure
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        from aiohttp import web

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._app = self._make_app()
        runner = web.AppRunner(self._app.web_app(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._host, self.port, backlog=1024)
            await site.start()
            self.port = runner.addresses[0][1]
            self._ready.set()
            await self._stop.wait()
            self._app.release()
            await asyncio.sleep(0)
        finally:
            await runner.cleanup()
