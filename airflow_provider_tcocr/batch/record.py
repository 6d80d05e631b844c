"""Makes a page's outcome a row of the journal. Pure but for the row's unique id."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from ..landing.raw import RawPage
from ..recognition.outcome import Outcome
from .planning import Examined


def _unique_ids() -> Iterator[str]:
    """Ids of 32 hex digits that are no other recorder's; random bytes are drawn once, as they cost a system call."""
    own = secrets.token_hex(12)
    return (f"{own}{number:08x}" for number in count())


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
    _records: Iterator[str] = field(default_factory=_unique_ids, init=False, repr=False)

    def row(self, examined: Examined, page: int, outcome: Outcome) -> RawPage:
        """The journal's row of a page."""
        planned = examined.planned
        return RawPage(
            record=next(self._records),
            run=self.run,
            identity=planned.identity,
            version=planned.version,
            content_sha256=planned.content,
            page_count=examined.page_count,
            row=outcome.row(planned.document, page, action=self.action, options=self.options),
        )
