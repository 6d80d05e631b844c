"""From the journal to the dataset: merge, derive, count, write the manifest. Can be killed at any step and run again.

It makes no call. Tables that are already as they would be derived are left alone.
"""

from __future__ import annotations

import random
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from ..arrow.rows import PageRow
from ..client.meter import Meter
from ..documents import Document
from ..exceptions import TencentCloudOcrError
from ..heap import trim
from ..landing.fingerprint import are_derived_from, fingerprint_of, origin_of, standing_tally
from ..landing.folder import Folder
from ..landing.index import Entry, RowPlace
from ..landing.journal import Journal
from ..landing.manifest import Manifest, remove_manifest, write_manifest
from ..landing.tables import TABLES, Tally, derive
from .planning import PlannedDocument
from .request import BatchRequest

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Finish:
    """Ends one attempt.

    :param plan: the documents, in the order of the dataset
    :param reused: pages that were paid for before
    :param stopped_for: why the batch ended early; only then may a planned page have no row
    """

    request: BatchRequest
    output: Folder
    journal: Journal
    plan: Sequence[PlannedDocument]
    reused: int
    stopped_for: TencentCloudOcrError | None

    def run(self, *, started: datetime, meter: Meter) -> Manifest:
        """Derive both tables, unless they are as they should be, and write the manifest.

        :raise TencentCloudOcrError: the counts do not add up
        """
        trim()  # the memory of the answers
        self.journal.refresh()
        self.journal.merge(final=self.stopped_for is None)
        trim()  # the memory of merging
        for _ in range(_TRIES):
            origin = self._origin()
            tally = standing_tally(self.output, origin)
            if tally is None:
                origin, tally = self._derive(origin)
            manifest = self._manifest(self._checked(tally), origin, started=started, meter=meter)
            write_manifest(self.output, manifest)
            if are_derived_from(self.output, origin, tally):
                for folder in (self.output, *map(self.output.child, ("raw", *TABLES))):
                    folder.tidy()
                return manifest
            remove_manifest(self.output)  # another batch has written its tables meanwhile
            self.journal.refresh()
        raise self._disturbed()

    def _derive(self, origin: str) -> tuple[str, Tally]:
        for left in reversed(range(_TRIES)):
            tally, began = Tally(), time.monotonic()
            remove_manifest(self.output)
            try:
                derive(self.output, self._rows(tally), tally, origin=origin)
            except FileNotFoundError:  # a twin has merged parts meanwhile: list again
                self.journal.refresh()
                origin = self._origin()
                continue
            if are_derived_from(self.output, origin, tally):
                newer = self._origin() if self.journal.refresh() else origin
                if newer == origin or not left:
                    return origin, tally
                origin = newer  # a twin has landed better rows meanwhile, and its tables may have been overwritten
                continue
            pause = random.random() * 2 * (time.monotonic() - began)  # noqa: S311 (it keeps two batches apart)
            time.sleep(pause)  # another batch's parts are among ours
        raise self._disturbed()

    def _disturbed(self) -> TencentCloudOcrError:
        return TencentCloudOcrError(
            f"another batch writes to {self.output.uri} at the same time: its tables are among ours, or parts of raw/ "
            "vanish as fast as they are listed. Clear the task: nothing is paid for again"
        )

    def _checked(self, tally: Tally) -> Tally:
        planned = sum(len(document.pages) for document in self.plan)
        if self.stopped_for is None and not (planned == tally.pages == tally.recognized + tally.empty + tally.failed):
            raise TencentCloudOcrError(f"the counts do not add up: {planned} pages planned, {tally}")
        return tally

    def _origin(self) -> str:
        return origin_of(
            (one.document.document_id, one.document.document_uri, [entry.record for entry in standing])
            for one in self.plan
            if (standing := self._standing(one))  # of a batch that stopped, it is chance which documents are planned
        )

    def _rows(self, tally: Tally) -> Iterator[PageRow]:
        counts = array("i")
        with self.journal.rows(self._places(counts)) as rows:
            tally.documents = sum(map(bool, counts))
            found = iter(rows)
            for planned, count in zip(self.plan, counts, strict=True):
                yield from (_named_as(planned.document, row) for row in islice(found, count))

    def _places(self, counts: array[int]) -> Iterator[RowPlace]:
        """The place of each row of the tables; appends to `counts` how many each document has."""
        for planned in self.plan:
            standing = self._standing(planned)
            counts.append(len(standing))
            yield from (entry.place for entry in standing)

    def _standing(self, planned: PlannedDocument) -> list[Entry]:
        """The rows of a document that its tables are derived from."""
        standing = planned.rows_in(self.journal.index)
        if len(standing) < len(planned.pages) and self.stopped_for is None:
            missing = min(set(planned.pages) - {entry.page for entry in standing})
            name = planned.document.document_id
            raise TencentCloudOcrError(
                f"page {missing} of {name} has no row in {self.journal.uri}: what was landed there is gone. "
                "Clear the task: what is left is not paid for again"
            )
        return standing

    def _manifest(self, tally: Tally, origin: str, *, started: datetime, meter: Meter) -> Manifest:
        failed = self.request.too_many_failed(pages=tally.pages, failed=tally.failed)
        return Manifest(
            status="stopped" if self.stopped_for else "failed" if failed else "complete",
            output_path=self.output.uri,
            raw_uri=self.output.child("raw").uri,
            pages_uri=self.output.child("pages").uri,
            detections_uri=self.output.child("detections").uri,
            counts=tally.counts | {"reused": self.reused},
            calls=meter.counts(),
            started_at=started.isoformat(timespec="seconds"),
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            reason=str(self.stopped_for) if self.stopped_for else None,
            failures=tuple(tally.failures),
            fingerprint=fingerprint_of(self.output, origin, tally),
        )


def _named_as(document: Document, row: PageRow) -> PageRow:
    """The row under the document's present id and URI, whose spelling may have changed since it was landed."""
    if (row.document_id, row.document_uri) == (document.document_id, document.document_uri):
        return row  # nearly always, and a copy takes 5 us
    return replace(row, document_id=document.document_id, document_uri=document.document_uri)
