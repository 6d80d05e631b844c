"""What a worker makes of a trigger's event: checked, since an event may be lost or of another version. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

if TYPE_CHECKING:
    from ..client.client import Meter


def told_by(event: Any) -> tuple[Meter, str | None]:
    """The calls that a trigger made, and why it made no further one, None where every page was asked.

    :raise AirflowFailException: the trigger failed, and a retry could only fail again
    :raise StoppedError: the trigger ended before its work did; a retry goes on where it was
    """
    from ..client.client import Meter
    from ..exceptions import StoppedError

    told = event if isinstance(event, Mapping) else {}
    status, reason = told.get("status"), str(told.get("reason") or "the trigger gave no reason")
    meter = Meter()
    if isinstance(calls := told.get("calls"), Mapping):
        meter.count(**{str(name): int(count) for name, count in calls.items()})
    if status == "landed":
        return meter, None
    if status == "stopped":
        return meter, reason
    if status == "failed" and told.get("permanent"):
        raise AirflowFailException(reason)
    if status in ("failed", "timeout"):
        raise StoppedError(reason)
    raise StoppedError("the trigger's event was lost, or is not one of this provider; a retry goes on where it was")
