"""From a page's outcome to its row of the journal. Pure but for the row's unique id."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from ..landing.raw import RawPage
from ..recognition.outcome import Outcome
from .planning import Examined


@dataclass(frozen=True, slots=True)
class Recorder:
    """What all rows of a batch share.

    :param run: the run's hash
    :param action: the action
    :param options: canonical JSON
    """

    run: str
    action: str
    options: str

    def row(self, examined: Examined, page: int, outcome: Outcome) -> RawPage:
        """The journal's row of a page."""
        planned = examined.planned
        return RawPage(
            record=uuid.uuid4().hex,
            run=self.run,
            identity=planned.subject.identity,
            version=planned.subject.version,
            content_sha256=planned.subject.content,
            page_count=examined.page_count,
            row=outcome.row(planned.document, page, action=self.action, options=self.options),
        )
