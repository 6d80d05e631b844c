"""What a worker makes of a trigger's event: checked, since an event may be lost or of another version. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

from ..exceptions import StoppedError

if TYPE_CHECKING:
    from ..client.client import Meter


@dataclass(frozen=True, slots=True)
class Told:
    """What a trigger said that has done its work.

    :param calls: those that it made
    :param stopped_for: why it made no further one, None where every page was asked
    """

    output_path: str
    calls: Meter
    stopped_for: str | None


def told_by(event: Any) -> Told:
    """Read a trigger's event.

    :raise AirflowFailException: the trigger failed, and a retry could only fail again
    :raise StoppedError: the trigger ended before its work did; a retry goes on where it was
    """
    from ..client.client import Meter

    told = event if isinstance(event, Mapping) else {}
    status, reason = told.get("status"), str(told.get("reason") or "the trigger gave no reason")
    if status == "failed" and told.get("permanent"):
        raise AirflowFailException(reason)
    if status in ("failed", "timeout"):
        raise StoppedError(reason)
    if status not in ("landed", "stopped"):
        raise StoppedError("the trigger's event was lost, or is not one of this provider; a retry goes on where it was")
    return Told(told["output_path"], Meter(**told["calls"]), reason if status == "stopped" else None)
