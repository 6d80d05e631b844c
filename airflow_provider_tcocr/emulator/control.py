"""The emulator's own pages under ``/_emulator``: for counting calls and injecting faults from another process."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from ..exceptions import ConfigurationError
from .ledger import Ledger
from .scenario import Rule, Scenario

_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "code": (str,),
    "message": (str,),
    "times": (int,),
    "after": (int,),
    "probability": (int, float),
    "latency": (int, float),
    "status": (int,),
    "body": (str,),
    "body_base64": (str,),
    "content_type": (str,),
    "headers": (dict,),
    "drop": (str,),
    "pace": (int, float),
    "shape": (str,),
    "billed": (bool,),
}


def control_routes(*, engine: str, ledger: Ledger, scenario: Scenario, reset: Callable[[], None]) -> list[web.RouteDef]:
    """The four pages: ``health``, ``ledger`` (with ``?calls=1`` every call), ``faults`` and ``reset``."""

    async def health(request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "engine": engine})

    async def show_ledger(request: web.Request) -> web.Response:
        summary = ledger.summary()
        if request.query.get("calls") == "1":
            summary["calls"] = ledger.rows()
        return web.json_response(summary)

    async def add_faults(request: web.Request) -> web.Response:
        try:
            given = await request.json()
            rules = [rule_from_json(one) for one in (given if isinstance(given, list) else [given])]
            for rule in rules:
                rule.check()
        except (ConfigurationError, ValueError) as failure:
            return web.json_response({"error": str(failure)}, status=400)
        for rule in rules:
            scenario.add(rule)
        return web.json_response({"added": len(rules)})

    async def start_anew(request: web.Request) -> web.Response:
        reset()
        return web.json_response({"status": "ok"})

    return [
        web.get("/_emulator/health", health),
        web.get("/_emulator/ledger", show_ledger),
        web.post("/_emulator/faults", add_faults),
        web.post("/_emulator/reset", start_anew),
    ]


def rule_from_json(given: Any) -> Rule:
    """A rule from its fields as JSON, ``body`` as text or ``body_base64``; others and wrong types are refused."""
    if not isinstance(given, dict):
        raise ConfigurationError("a fault is a JSON object")
    fields = {name: value for name, value in given.items() if value is not None}
    for name, value in fields.items():
        if name not in _TYPES:
            raise ConfigurationError(f"unknown field {name!r}; known are {', '.join(_TYPES)}")
        if not isinstance(value, _TYPES[name]) or (isinstance(value, bool) and bool not in _TYPES[name]):
            raise ConfigurationError(f"{name}: {json.dumps(value)} is of the wrong type")
    body, encoded = fields.pop("body", None), fields.pop("body_base64", None)
    if encoded is not None:
        fields["body"] = base64.b64decode(encoded, validate=True)
    elif body is not None:
        fields["body"] = body.encode()
    return Rule(**fields)
