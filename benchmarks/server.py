"""The null server: reads a call, waits, answers a fixed page; beyond a quota it refuses, as Tencent. Checks nothing.

``python -m benchmarks.server LATENCY [QUOTA]`` keeps to the last processor and prints its port; it ends when its
standard input does. Where it counts a quota and may, it goes before all other processes: one that a busy machine holds
up for more than 20 ms stamps calls later than they arrived, and refuses what was in time.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
import time
from contextlib import suppress

from aiohttp import web

from airflow_provider_tcocr.api.actions import ACTION
from airflow_provider_tcocr.emulator.quota import Quota

from .fixture import ANSWERS, answer

_HEADERS = {"Content-Type": "application/json"}


def application(*, latency: float, quota: int | None) -> web.Application:
    """The server's one handler.

    :param latency: seconds between a call's last byte and its answer
    :param quota: calls in any trailing second
    """
    answers = itertools.cycle([answer(seed) for seed in range(ANSWERS)])
    arrivals = Quota(quota)

    async def handle(request: web.Request) -> web.Response:
        refusal = arrivals.arrive(time.monotonic(), ACTION)
        async for _ in request.content.iter_any():  # kept nowhere
            pass
        if refusal is not None:
            error = {"Code": refusal.code, "Message": refusal.message}
            body = json.dumps({"Response": {"Error": error, "RequestId": "null"}}).encode()
            return web.Response(body=body, headers=_HEADERS)
        await asyncio.sleep(latency)
        return web.Response(body=next(answers), headers=_HEADERS)

    app = web.Application(client_max_size=1 << 30)
    app.router.add_post("/", handle)
    return app


async def _serve(latency: float, quota: int | None) -> None:
    runner = web.AppRunner(application(latency=latency, quota=quota), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    quota = int(sys.argv[2]) if len(sys.argv) > 2 else None
    if quota is not None:
        with suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    asyncio.run(_serve(float(sys.argv[1]), quota))
