"""The client: a call of any action, paced, signed at the moment of sending, its answer opened. Retries no page.

It repeats a call itself in two cases only, once each, since the service has not carried the call out: with new
credentials after a refused token, and with the server's clock after an expired signature.
"""

from __future__ import annotations

import asyncio
import functools
import time
from dataclasses import dataclass, field
from typing import Final

from ..api.actions import default_qps
from ..api.envelope import open_answer, without_queries
from ..api.faults import fault_of, limit_in
from ..api.request import Body
from ..api.signing import signed_headers
from ..exceptions import ApiError, ThrottledError, TransportError
from .config import ClientConfig
from .cos import CosSigner
from .credentials import Credential, CredentialSource
from .gate import Gate
from .meter import Meter
from .pace import Pace
from .wire import HttpResponse, Wire

_MAX_SKEW: Final = 24 * 3600.0
_LARGE: Final = 2**20
"""Bytes from which a body is hashed in a thread; for a smaller one, changing threads takes longer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful call.

    :param body: the whole answer, UTF-8, as the service gave it
    :param request_id: the service's RequestId, None where it gave none
    :param detects: whether it holds any text detection
    :param latency_ms: from sending to the last byte
    """

    body: bytes = field(repr=False)
    request_id: str | None
    detects: bool
    latency_ms: int


class Client:
    """Calls one endpoint with one account. All its coroutines run on the process's private loop.

    :param config: endpoint, time-outs, quota
    :param credentials: where the keys come from
    :param cos_region: of ``cos://`` buckets whose URI names none
    """

    def __init__(self, config: ClientConfig, credentials: CredentialSource, *, cos_region: str | None = None) -> None:
        self.config = config
        self.cos = CosSigner(cos_region, credentials)
        self._credentials = credentials
        self._wire = Wire(config)
        self._paces: dict[tuple[str, str, float], Pace] = {}
        self._skew = 0.0
        self.in_flight = 0
        """Calls that are sent and not answered yet."""

    async def call(
        self,
        action: str,
        body: Body,
        *,
        meter: Meter | None = None,
        repeats: bool = False,
        max_qps: float | None = None,
        gate: Gate | None = None,
    ) -> Reply:
        """Make one call: wait for the pace, sign, send, read, open. It may be billed, even if the answer is lost.

        :param body: the parameters
        :param meter: counts what leaves
        :param repeats: an earlier call was sent and failed, not by throttling: this one, if sent, counts as retried
        :param max_qps: calls a second of this action; None takes the connection's, else the default quota
        :param gate: what it raises is raised, and no call is made
        :raise ApiError: the service refused
        :raise TransportError: no whole answer came
        """
        meter = meter if meter is not None else Meter()
        digest = await _digest(body)
        refused: Credential | None = None
        repeated: set[str] = set()
        while True:
            credential = await self._credential(refused=refused)
            pace = self._pace(action, credential, max_qps)
            self._wire.open()  # not between the slot and the sending
            await pace.acquire(while_waiting=gate.while_waiting if gate else None)
            if gate is not None:
                gate.before_leaving()
            response = await self._send(action, body, digest, credential, meter, repeats=repeats)
            try:
                opened = open_answer(response.body, action=action, status=response.status)
                pace.answered()
            except ApiError as error:
                hidden = functools.partial(_hidden, credential, body)
                error.answer = hidden(without_queries(response.body).decode()).encode()
                error.reword(hidden)
                if isinstance(error, ThrottledError):
                    meter.count(throttled=1)
                    pace.throttled(limit_in(error.message))
                    raise
                pace.answered()
                remedy = self._remedy(error, response)
                if remedy is None or remedy in repeated:
                    raise
                repeated.add(remedy)
                refused = credential if remedy == "credential" else None
                repeats = True
                continue
            return Reply(response.body, opened.request_id, opened.detects, round(response.latency * 1000))

    async def close(self) -> None:
        """Close the connections; the client may be used again."""
        await self._wire.close()

    async def _send(
        self, action: str, body: Body, digest: str, credential: Credential, meter: Meter, *, repeats: bool
    ) -> HttpResponse:
        headers = signed_headers(
            digest,
            secret_id=credential.secret_id,
            secret_key=credential.secret_key,
            token=credential.token,
            host=self.config.endpoint.authority,
            action=action,
            timestamp=int(time.time() + self._skew),
            region=self.config.region,
        )
        if self.config.language:
            headers["X-TC-Language"] = self.config.language
        meter.count(made=1)
        self.in_flight += 1
        try:
            return await self._wire.post(body, headers)
        except TransportError as error:
            if error.code == "Transport.Connect":
                meter.count(made=-1)
                repeats = False
            raise
        finally:
            self.in_flight -= 1
            meter.count(retried=repeats)  # no sooner, since a metric takes no count back

    async def _credential(self, *, refused: Credential | None) -> Credential:
        if not self._credentials.blocking:
            return self._credentials.current()
        credential = await asyncio.to_thread(self._credentials.current)
        if credential != refused:  # of many calls that are refused together, the first renews it for all
            return credential
        return await asyncio.to_thread(self._credentials.current, refresh=True)

    def _remedy(self, error: ApiError, response: HttpResponse) -> str | None:
        fault = fault_of(error.code, error.message)
        if fault.fresh_credential and self._credentials.blocking:
            return "credential"
        if fault.fresh_clock and response.server_time is not None:
            skew = response.server_time - time.time()
            if abs(skew) < _MAX_SKEW:
                self._skew = skew
                return "clock"
        return None

    def _pace(self, action: str, credential: Credential, max_qps: float | None) -> Pace:
        quota = max_qps or self.config.max_qps or default_qps(action)
        identity = self._credentials.identity or credential.secret_id
        key = (identity, action, quota)
        pace = self._paces.get(key)
        if pace is None:
            pace = Pace(quota, key=(self.config.endpoint.authority, identity, action))
            self._paces[key] = pace
        return pace


def _hidden(credential: Credential, body: Body, text: str) -> str:
    """A text of the service's without what it was sent and nobody else is to see."""
    return body.hidden_in(credential.hidden_in(text))


async def _digest(body: Body) -> str:
    return body.sha256() if len(body) < _LARGE else await asyncio.to_thread(body.sha256)
