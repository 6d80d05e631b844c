"""Runs the worker's two legs of a deferred batch: before the trigger, and after its event, which is checked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from airflow.providers.common.compat.sdk import AirflowFailException

from ..exceptions import StoppedError
from .recognizing import RecognizingOperator, run_of

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from ..batch.request import BatchRequest
    from ..client.meter import Meter

_GRACE: Final = timedelta(seconds=60)
"""How much longer Airflow waits for a trigger, which should end by itself."""


class DeferringOperator(RecognizingOperator):
    """A batch whose calls a trigger makes, as far as it may."""

    def _begin(self, request: BatchRequest, context: Context) -> dict[str, Any]:
        """Run the worker's part, then defer; if nothing is left for a trigger, end the batch."""
        from ..batch.legs import begin
        from ..landing.manifest import Manifest
        from ..triggers.ocr import TencentCloudOcrBatchTrigger

        started = time.time()
        begun = self._run(request, begin)
        if isinstance(begun, Manifest):
            return self._ended(begun, context)
        limit = self.execution_timeout
        self.defer(
            trigger=TencentCloudOcrBatchTrigger(
                output_path=request.output_path,
                run_key=request.run_key,
                tencentcloud_conn_id=self.tencentcloud_conn_id,
                end_time=None if limit is None else started + limit.total_seconds(),
            ),
            method_name="execute_complete",
            timeout=None if limit is None else limit + _GRACE,
        )
        raise AssertionError("defer() raises")

    def execute_complete(self, context: Context, event: Any) -> dict[str, Any]:
        """Continue where the trigger ended: retry what the service could not fetch by its URL, derive the tables.

        :param event: the trigger's event
        :return: the manifest
        """
        from ..batch.handover import read_handover
        from ..batch.legs import end
        from ..batch.request import run_key_of
        from ..landing.folder import open_folder

        report = trigger_report(event)
        handover = read_handover(open_folder(report.output_path), run_key_of(run_of(context)))
        manifest = self._run(
            handover.request, lambda batch: end(batch, handover, calls=report.calls, stopped_for=report.stopped_for)
        )
        return self._ended(manifest, context)


@dataclass(frozen=True, slots=True)
class TriggerReport:
    """What a trigger that has done its work reports.

    :param calls: those that it made
    :param stopped_for: why it made no further call, None if it made one for every page
    """

    output_path: str
    calls: Meter
    stopped_for: str | None


def trigger_report(event: Any) -> TriggerReport:
    """Read a trigger's event.

    :raise AirflowFailException: the trigger failed, and a retry could only fail again
    :raise StoppedError: the trigger ended before its work was done; a retry continues it
    """
    from ..client.meter import Meter

    fields = event if isinstance(event, Mapping) else {}
    status, reason = fields.get("status"), str(fields.get("reason") or "the trigger gave no reason")
    if status == "failed" and fields.get("permanent"):
        raise AirflowFailException(reason)
    if status in ("failed", "timeout"):
        raise StoppedError(reason)
    if status not in ("landed", "stopped"):
        raise StoppedError("the trigger's event was lost, or is not one of this provider; a retry resumes")
    return TriggerReport(fields["output_path"], Meter(**fields["calls"]), reason if status == "stopped" else None)
