"""The trigger of the batch operator: makes the calls of the documents that go as ``ImageUrl`` and lands the answers.

It opens, converts and decodes nothing. If killed, it starts again from its arguments, and skips what is landed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from airflow.triggers.base import BaseTrigger, TriggerEvent

if TYPE_CHECKING:
    from ..batch.run import RunningBatch
    from ..hooks.ocr import TencentCloudOcrHook

EARLIEST: Final = 5.0
"""Seconds before which no event is sent: a scheduler that has yet to see the deferral would fail the task."""

_LONGEST_REASON: Final = 2000


class TencentCloudOcrBatchTrigger(BaseTrigger):
    """Makes the calls of a batch that a worker has begun and left in the output path.

    Every page is one billed call. Its one event has ``status``: ``landed`` (every page was called for), ``stopped``
    (keys, account, request or ``max_calls``: every further call would fail), ``timeout``, or ``failed`` (with
    ``permanent`` where a retry could only fail again); the ``reason``; the ``calls`` made, throttled, retried; and the
    ``output_path``, as it was rendered when the task deferred.

    :param output_path: where the batch lands, for worker and triggerer alike
    :param run_key: identifies the batch there
    :param tencentcloud_conn_id: the connection
    :param end_time: seconds since the epoch at which it stops by itself, None for no end
    """

    def __init__(
        self, *, output_path: str, run_key: str, tencentcloud_conn_id: str, end_time: float | None = None
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.output_path = output_path
        self.run_key = run_key
        self.tencentcloud_conn_id = tencentcloud_conn_id
        self.end_time = end_time
        self._running: RunningBatch[str | None] | None = None
        self._killed = False

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """All arguments; neither documents nor keys are among them."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "output_path": self.output_path,
                "run_key": self.run_key,
                "tencentcloud_conn_id": self.tencentcloud_conn_id,
                "end_time": self.end_time,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one small event, not before :data:`EARLIEST` seconds. When cancelled, land what is in flight."""
        started = time.monotonic()
        event = await self._event()
        await asyncio.sleep(max(0.0, started + EARLIEST - time.monotonic()))
        yield TriggerEvent(event)  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """Make no further call, since a user ended the task; what is in flight is landed before :meth:`run` ends."""
        self._killed = True
        if self._running is not None:
            self._running.stop()

    async def _event(self) -> dict[str, Any]:
        from ..exceptions import ConfigurationError, TencentCloudOcrError
        from ..hooks.ocr import TencentCloudOcrHook

        hook = TencentCloudOcrHook(self.tencentcloud_conn_id)
        try:
            running = await self._started(hook)
            async with asyncio.timeout(self._left()):
                reason = await running.aresult()
            return self._payload("landed" if reason is None else "stopped", reason)
        except TimeoutError:
            made = self._running.meter.made if self._running is not None else 0
            return self._payload(
                "timeout", f"execution_timeout was reached after {made} calls; what is landed is not paid for again"
            )
        except ConfigurationError as error:
            return self._payload("failed", str(error)) | {"permanent": True}
        except TencentCloudOcrError as error:
            return self._payload("failed", str(error))
        except Exception as error:  # its text may contain what no event should
            self.log.exception("The batch under %s failed unexpectedly", self.output_path)
            return self._payload("failed", f"{type(error).__name__} in the triggerer, whose log says more")
        finally:
            await asyncio.to_thread(hook.close)

    async def _started(self, hook: TencentCloudOcrHook) -> RunningBatch[str | None]:
        """Start the batch. A cancellation cannot end the thread that starts it, so it is awaited; no call is made."""
        from asgiref.sync import sync_to_async

        # Connections are read in Airflow's own thread for that, not on this loop.
        starting = asyncio.ensure_future(sync_to_async(self._start)(hook))
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            await self.on_kill()
            with contextlib.suppress(Exception):
                await (await starting).aresult()
            raise

    def _start(self, hook: TencentCloudOcrHook) -> RunningBatch[str | None]:
        from ..batch.handover import read_handover
        from ..batch.legs import go_on
        from ..batch.run import RunningBatch
        from ..hooks.metrics import Metrics
        from ..landing.folder import open_folder

        handover = read_handover(open_folder(self.output_path), self.run_key)
        metrics = Metrics(handover.request.action)
        self._running = running = RunningBatch(
            handover.request,
            hook.client,
            lambda batch: go_on(batch, handover),
            report=lambda line: self.log.info("%s", line),
            meter=metrics,
            observe=metrics.page,
        )
        if self._killed:
            running.stop()
        return running

    def _left(self) -> float | None:
        return None if self.end_time is None else max(0.0, self.end_time - time.time())

    def _payload(self, status: str, reason: str | None) -> dict[str, Any]:
        calls = self._running.meter.counts() if self._running is not None else {}
        return {
            "status": status,
            "reason": reason and reason[:_LONGEST_REASON],
            "calls": calls,
            "output_path": self.output_path,
        }
