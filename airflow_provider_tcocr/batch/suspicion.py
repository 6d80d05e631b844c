"""Judges by the first pages of a batch whether failures are the request's fault. Stops nothing itself."""

from __future__ import annotations

from typing import Final

from ..api.faults import fault_of
from ..arrow.rows import FAILED
from ..exceptions import RequestError
from ..recognition.outcome import Outcome

ENOUGH: Final = 3
"""Failures of this kind in a row, from the first page on, that are the request's fault."""


class Suspicion:
    """Watches the first outcomes, up to the first that clears the request.

    :param action: for the error's text
    """

    def __init__(self, action: str) -> None:
        self._action = action
        self._failures = 0
        self._cleared = False

    def of(self, outcome: Outcome) -> RequestError | None:
        """The error to stop for, once the first pages all failed with codes that a wrong request may cause."""
        if self._cleared or (outcome.status == FAILED and outcome.answer is None):  # else the service said nothing
            return None
        code = outcome.error_code or ""
        if outcome.status != FAILED or not fault_of(code).suspect:
            self._cleared = True
            return None
        self._failures += 1
        if self._failures < ENOUGH:
            return None
        message = f"the first {self._failures} pages all failed so: {outcome.error_message}"
        return RequestError(code, message, request_id=outcome.request_id, action=self._action)
