"""Sends an answer: whole, or as a scenario's rule has it. Knows sockets, and nothing of what is in the answer."""

from __future__ import annotations

import asyncio
import email.utils
import socket
import struct
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from .scenario import Rule

JSON: Final = "application/json"
PIECES: Final = 100


class Gone(web.Response):
    """What a handler returns when there is nobody left to answer."""


def reset(request: web.Request) -> web.StreamResponse:
    """Cut the connection with a TCP reset, now."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return Gone()


async def deliver(
    request: web.Request, body: bytes, *, rule: Rule | None, now: float, closing: asyncio.Event
) -> web.StreamResponse:
    """Send an answer.

    :param rule: what is to happen to it on its way
    :param now: the service's clock, for the ``Date`` header
    :param closing: set when calls that hang are to be ended
    """
    headers = {"Content-Type": JSON, "Server": "tcocr-emulator", "Date": email.utils.formatdate(now, usegmt=True)}
    if rule is None:
        return web.Response(body=body, headers=headers)
    status, half = rule.status, body[: max(1, len(body) // 2)]
    headers |= {"Content-Type": rule.content_type or _plain(rule)} | dict(rule.headers)
    match rule.drop:
        case None | "before":
            return web.Response(body=body, status=status, headers=headers)
        case "after":
            return reset(request)
        case "hang":
            await closing.wait()
            return reset(request)
        case "during":
            response = await _begin(request, body, status=status, headers=headers)
            await response.write(half)
            await asyncio.sleep(0.02)
            return reset(request)
        case "truncate":
            response = await _begin(request, body, status=status, headers=headers)
            await response.write(half)
            if request.transport is not None:
                request.transport.close()
            return response
        case "drip":
            return await _drip(request, body, rule=rule, status=status, headers=headers, closing=closing)


def _plain(rule: Rule) -> str:
    return JSON if rule.code is not None or (rule.status < 300 and rule.body is None) else "text/html"


async def _begin(request: web.Request, body: bytes, *, status: int, headers: Mapping[str, str]) -> web.StreamResponse:
    """Send the headers, which announce the whole body."""
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = len(body)
    await response.prepare(request)
    return response


async def _drip(
    request: web.Request, body: bytes, *, rule: Rule, status: int, headers: Mapping[str, str], closing: asyncio.Event
) -> web.StreamResponse:
    response = await _begin(request, body, status=status, headers=headers)
    step = max(1, -(-len(body) // PIECES))
    for start in range(0, len(body), step):
        if closing.is_set():
            return reset(request)
        await response.write(body[start : start + step])
        await asyncio.sleep(rule.pace)
    await response.write_eof()
    return response
