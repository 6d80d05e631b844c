"""From the journal to the dataset: merge, derive, count, tell. Can die at any step and be run again; makes no call."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from ..arrow.rows import PageRow
from ..client.client import Meter
from ..exceptions import TencentCloudOcrError
from ..landing.folder import Folder
from ..landing.index import Place
from ..landing.journal import Journal
from ..landing.manifest import Manifest, remove_manifest, write_manifest
from ..landing.tables import Tally, derive
from .planning import PlannedDocument
from .request import BatchRequest

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of one attempt.

    :param plan: the documents, in the order of the dataset
    :param reused: pages that were paid for before
    :param halt: what stopped the batch early; only then may a planned page have no row
    """

    request: BatchRequest
    output: Folder
    journal: Journal
    plan: Sequence[PlannedDocument]
    reused: int
    halt: TencentCloudOcrError | None

    def run(self, *, started: datetime, meter: Meter) -> Manifest:
        """Derive both tables and write the manifest.

        :raise TencentCloudOcrError: the counts do not add up
        """
        remove_manifest(self.output)  # a twin may have written one meanwhile
        self.journal.refresh()
        self.journal.merge(final=self.halt is None)
        tally = self._derive()
        planned = sum(len(document.pages) for document in self.plan)
        if self.halt is None and not (planned == tally.pages == tally.recognized + tally.empty + tally.failed):
            raise TencentCloudOcrError(f"the counts do not add up: {planned} pages planned, {tally}")
        manifest = self._manifest(tally, started=started, meter=meter)
        write_manifest(self.output, manifest)
        return manifest

    def _derive(self) -> Tally:
        for _ in range(_TRIES):
            tally = Tally()
            try:
                derive(self.output, self._rows(tally), tally)
            except FileNotFoundError:  # a twin has merged parts meanwhile: list again
                self.journal.refresh()
                continue
            return tally
        raise TencentCloudOcrError(f"the parts under {self.journal.uri} vanish as fast as they are listed")

    def _rows(self, tally: Tally) -> Iterator[PageRow]:
        counts = array("i", [len(self._places(planned)) for planned in self.plan])
        tally.documents = sum(map(bool, counts))
        with self.journal.rows(place for planned in self.plan for place in self._places(planned)) as rows:
            found = iter(rows)
            for planned, count in zip(self.plan, counts, strict=True):
                document = planned.document
                for row in islice(found, count):
                    yield replace(row, document_id=document.document_id, document_uri=document.document_uri)

    def _places(self, planned: PlannedDocument) -> list[Place]:
        """Where the standing rows of a document lie."""
        standing = self.journal.index.pages_of(planned.subject)
        missing = next((page for page in planned.pages if page not in standing), None)
        if missing is not None and self.halt is None:
            name = planned.document.document_id
            raise TencentCloudOcrError(f"page {missing} of {name} has no row in the journal")
        return [standing[page].place for page in planned.pages if page in standing]

    def _manifest(self, tally: Tally, *, started: datetime, meter: Meter) -> Manifest:
        failed = self.request.too_many_failed(pages=tally.pages, failed=tally.failed)
        return Manifest(
            status="stopped" if self.halt else "failed" if failed else "complete",
            output_path=self.output.uri,
            raw_uri=self.output.child("raw").uri,
            pages_uri=self.output.child("pages").uri,
            detections_uri=self.output.child("detections").uri,
            counts={
                "documents": tally.documents,
                "pages": tally.pages,
                "recognized": tally.recognized,
                "empty": tally.empty,
                "failed": tally.failed,
                "reused": self.reused,
                "detections": tally.detections,
            },
            calls=meter.counts(),
            started_at=started.isoformat(timespec="seconds"),
            finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
            reason=str(self.halt) if self.halt else None,
            failures=tuple(tally.failures),
        )
