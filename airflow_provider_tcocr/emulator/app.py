"""Takes a call from arrival to verdict: gate, quota, scenario, parameters, engine, ledger. Owns the HTTP routes."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final
from uuid import uuid4

from aiohttp import web

from ..api.faults import fault_of
from .control import control_routes
from .delivery import deliver, reset
from .document import check_kind
from .engine import Engine
from .fetch import fetch
from .gate import Keys, check_action, check_signature
from .ledger import Ledger
from .manner import Manner
from .quota import Quota
from .refusal import Refusal
from .request import Options, Request, check_parameters, check_source, read_request
from .scenario import Rule, Scenario
from .shapes import SHAPES

log = logging.getLogger(__name__)

MAX_BODY: Final = 32 * 2**20
"""Bytes of a body that are read at all; a longer one is RequestSizeLimitExceeded."""


class App:
    """The service, on one event loop."""

    def __init__(
        self,
        engine: Engine,
        *,
        keys: Keys,
        quota: Quota,
        ledger: Ledger,
        scenario: Scenario,
        manner: Manner,
        executor: Executor,
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._quota = quota
        self._ledger = ledger
        self._scenario = scenario
        self._manner = manner
        self._executor = executor
        self._chance = Random(manner.seed)  # noqa: S311 - chance from a seed
        self._closing = asyncio.Event()

    def web_app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_post("/", self._handle)
        app.add_routes(
            control_routes(engine=self._engine.name, ledger=self._ledger, scenario=self._scenario, reset=self.reset)
        )
        return app

    def reset(self) -> None:
        """Forget calls, rules and arrivals, and release the calls that hang. On the event loop only."""
        self._ledger.clear()
        self._scenario.clear()
        self._quota.clear()
        self._chance.seed(self._manner.seed)
        self.release()
        self._closing = asyncio.Event()

    def release(self) -> None:
        """End the calls that hang."""
        self._closing.set()

    def _now(self) -> float:
        return time.time() + self._manner.skew

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        if self._manner.jitter:
            await asyncio.sleep(self._chance.expovariate(1 / self._manner.jitter))
        arrived, closing, request_id = time.monotonic(), self._closing, str(uuid4())
        action = http.headers.get("X-TC-Action", "")
        throttled = self._quota.arrive(arrived, action)
        number = self._ledger.open(arrived, action=action, request_id=request_id)
        try:
            verdict = await self._judge(http, number=number, throttled=throttled)
            body = verdict.body(request_id)
            self._ledger.note(
                number,
                code=verdict.code,
                billed=verdict.billed,
                scenario=verdict.rule.name if verdict.rule else "",
                answer=body,
                seconds=time.monotonic() - arrived,
            )
            if verdict.cut:
                return reset(http)
            return await deliver(http, body, rule=verdict.rule, now=self._now(), closing=closing)
        finally:
            self._ledger.leave(number)

    async def _judge(self, http: web.Request, *, number: int, throttled: Refusal | None) -> Verdict:
        """Decide on the answer; nothing is sent yet."""
        rule = None
        try:
            body = await self._read(http)
            self._ledger.note(number, size=len(body))
            check_signature(http.headers, body, keys=self._keys, now=self._now(), query=http.rel_url.raw_query_string)
            self._ledger.note(number, signed=True)
            if throttled is not None:
                raise throttled
            check_action(http.headers, international=self._manner.international)
            request = read_request(body, action=http.headers["X-TC-Action"])
            self._ledger.note(number, sha256=request.sha256, url=request.url, page=request.page)
            rule = self._scenario.next(request)
            if rule is not None and rule.latency:
                await asyncio.sleep(rule.latency)
            if rule is not None and (rule.replaces or rule.drop == "before"):
                return _instead(rule)
            options = check_parameters(request, international=self._manner.international)
            check_source(request, options.site)
            response = await self._recognize(request, options)
        except Refusal as refusal:
            return _refused(refusal, rule=rule)
        billed = True if rule is None or rule.billed is None else rule.billed
        return Verdict(response=response, billed=billed, rule=rule)

    async def _read(self, http: web.Request) -> bytes:
        try:
            return await http.read()
        except web.HTTPRequestEntityTooLarge as failure:
            raise Refusal("RequestSizeLimitExceeded", "The request is larger than the service takes.") from failure

    async def _recognize(self, request: Request, options: Options) -> dict[str, Any]:
        started = time.monotonic()
        if request.url is not None:
            fetched = (
                await fetch(request.url, allow_loopback=self._manner.allow_loopback) if self._engine.fetches else None
            )
            request = replace(request, image=fetched)
        if request.image is not None:
            check_kind(request.image, is_pdf=options.is_pdf, site=options.site)
        try:
            if self._engine.threaded:
                running = asyncio.get_running_loop().run_in_executor(
                    self._executor, self._engine.answer, request, options
                )
                response = dict(await running)
            else:
                response = dict(self._engine.answer(request, options))
        except Refusal:
            raise
        except Exception as failure:
            log.exception("The engine %s failed", self._engine.name)
            raise Refusal("InternalError", f"The engine failed: {type(failure).__name__}.") from failure
        finally:
            rest = self._manner.latency - (time.monotonic() - started)
            if rest > 0:
                await asyncio.sleep(rest)
        return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was decided on a call.

    :param response: the content of ``Response``, without the RequestId
    :param raw: a body in place of the envelope
    :param cut: nothing is answered at all
    """

    response: dict[str, Any]
    code: str = ""
    billed: bool = False
    rule: Rule | None = None
    raw: bytes | None = None
    cut: bool = False

    def body(self, request_id: str) -> bytes:
        """The answer as it goes out."""
        if self.raw is not None:
            return self.raw
        envelope: Any = {"Response": {**self.response, "RequestId": request_id}}
        if self.rule is not None and self.rule.shape is not None:
            shape = SHAPES[self.rule.shape] if isinstance(self.rule.shape, str) else self.rule.shape
            envelope = shape(envelope)
        return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def _refused(refusal: Refusal, *, rule: Rule | None) -> Verdict:
    error = {"Error": {"Code": refusal.code, "Message": refusal.message}}
    billed = fault_of(refusal.code).billed if rule is None or rule.billed is None else rule.billed
    return Verdict(response=error, code=refusal.code, billed=billed, rule=rule)


def _instead(rule: Rule) -> Verdict:
    """The verdict of a rule that keeps the call from being carried out."""
    if rule.code is not None and rule.body is None and rule.drop != "before":
        return _refused(Refusal(rule.code, rule.message), rule=rule)
    what = "before" if rule.drop == "before" else f"status {rule.status}" if rule.status != 200 else "body"
    page = f"<html><head><title>{rule.status}</title></head><body><h1>{rule.status}</h1></body></html>\n".encode()
    return Verdict(
        response={},
        code=rule.code or f"({what})",
        billed=bool(rule.billed),
        rule=rule,
        raw=page if rule.body is None else rule.body,
        cut=rule.drop == "before",
    )
