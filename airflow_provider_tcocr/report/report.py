"""Writes the report: pages and detections are read side by side, each page written before the next is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from ..dataset import OcrDataset
from ..documents import pdf_password
from ..exceptions import TencentCloudOcrError
from ..landing.folder import Folder
from .bounds import REPORT_NAME, Bounds
from .html import encoded_json, frame, json_block, picture_block
from .page import DETECTION_COLUMNS, PAGE_COLUMNS, cut, details, head, service_fault
from .pictures import NoPictureError, Picture, Pictures
from .survey import COLUMNS, Survey, survey

if TYPE_CHECKING:
    import pyarrow as pa

_COUNTS: Final = ("documents", "reused")
_CALLS: Final = ("made", "throttled", "retried")
_APART: Final = "the tables pages and detections do not belong together"
_SOURCE: Final = ("output_path", "status", "reason", "started_at", "finished_at")


@dataclass(frozen=True, slots=True)
class Written:
    """What a report holds.

    :param pages: pages of the dataset
    :param shown: pages that are in the report
    :param pictured: pages that are there with their picture
    """

    pages: int
    shown: int
    pictured: int


def write_report(
    dataset: OcrDataset,
    folder: Folder,
    name: str = REPORT_NAME,
    *,
    bounds: Bounds | None = None,
    price: float | None = None,
    fetch: bool = False,
    pdf_password_conn_id: str | None = None,
) -> Written:
    """Write the report of a dataset; no call is made, and local and stored documents are opened again.

    :param folder: where it goes; it appears there whole
    :param bounds: how large it may become
    :param price: of one call, in any currency
    :param fetch: documents behind http(s) are fetched for their pictures; else they are not contacted
    :param pdf_password_conn_id: the connection whose password opens encrypted PDFs for their pictures
    :raise ConfigurationError: the connection has no password
    :raise TencentCloudOcrError: the tables do not belong together
    """
    pictures = Pictures(fetch=fetch, password=pdf_password(pdf_password_conn_id), conn_id=pdf_password_conn_id)
    report = _Report(dataset, bounds or Bounds(), pictures, price=price)
    with folder.write(name) as file:
        report.write(file)
    return Written(report.survey.counts.total(), len(report.survey.shown), report.pictured)


class _Report:
    def __init__(self, dataset: OcrDataset, bounds: Bounds, pictures: Pictures, *, price: float | None) -> None:
        self._dataset = dataset
        self._bounds = bounds
        self._price = price
        self._pictures = pictures
        self.survey: Survey = survey(dataset.reader("pages", columns=COLUMNS), bounds)
        self.pictured = 0

    def write(self, file: IO[bytes]) -> None:
        """Write it all."""
        before, after = frame()
        file.write(before)
        detections = _Detections(self._dataset.reader("detections", columns=DETECTION_COLUMNS))
        with closing(self._pictures):
            for place, row in enumerate(_rows(self._dataset.reader("pages", columns=PAGE_COLUMNS))):
                pieces = detections.take(row["detections"])
                if place in self.survey.shown:
                    self._write_page(file, place, row, pieces)
        if detections.left:
            raise TencentCloudOcrError(_APART)
        file.write(json_block("summary", encoded_json(self._summary(detections.confidences))))
        file.write(after)

    def _write_page(self, file: IO[bytes], place: int, row: dict[str, Any], pieces: list[pa.RecordBatch]) -> None:
        rows = [detection for piece in pieces for detection in piece.to_pylist()]
        if any((one["document_id"], one["page"]) != (row["document_id"], row["page"]) for one in rows):
            raise TencentCloudOcrError(_APART)
        picture: Picture | None = None
        note: str | None = None
        if place in self.survey.pictured:
            try:
                picture = self._pictures.of(row)
            except NoPictureError as reason:
                note = str(reason)
        about = head(row, picture=picture, note=note)
        detections, left_out = details(rows, limit=self._bounds.text_bytes - len(encoded_json(about)))
        file.write(json_block(f"page-{place}", encoded_json(about | {"left_out": left_out})))
        file.write(json_block(f"detections-{place}", detections))
        if picture is not None:
            self.pictured += 1
            file.write(picture_block(f"picture-{place}", picture.data))

    def _summary(self, confidences: list[int]) -> dict[str, Any]:
        manifests = self._dataset.manifests
        counts = self.survey.counts
        return {
            "sources": [{name: cut(manifest.get(name)) for name in _SOURCE} for manifest in manifests],
            "counts": {name: _total(manifests, "counts", name) for name in _COUNTS}
            | {"pages": counts.total(), "detections": sum(confidences)}
            | {status: counts[status] for status in ("recognized", "empty", "failed")},
            "calls": {name: _total(manifests, "calls", name) for name in _CALLS},
            "codes": [
                [cut(code), count, fault.reason if (fault := service_fault(code)) else ""]
                for code, count in self.survey.codes.most_common()
            ],
            "confidences": confidences,
            "price": self._price,
            "shown": len(self.survey.shown),
            "pictured": self.pictured,
            "pictures_at_most": self._bounds.pictures,
        }


class _Detections:
    """The detections as a stream that is taken page by page; counts their confidences.

    :param reader: of ``DETECTION_COLUMNS``
    """

    def __init__(self, reader: pa.RecordBatchReader) -> None:
        self._batches = iter(reader)
        self._rest: pa.RecordBatch | None = None
        self.confidences = [0] * 101

    def take(self, count: int) -> list[pa.RecordBatch]:
        """The next so many rows.

        :raise TencentCloudOcrError: there are fewer
        """
        pieces = []
        while count:
            if not self._rest:
                self._rest = self._next()
            piece = self._rest.slice(0, count)
            self._rest = self._rest.slice(piece.num_rows)
            count -= piece.num_rows
            pieces.append(piece)
        return pieces

    @property
    def left(self) -> bool:
        """Whether there are rows that no page has taken."""
        return bool(self._rest) or any(batch.num_rows for batch in self._batches)

    def _next(self) -> pa.RecordBatch:
        batch = next(self._batches, None)
        if batch is None:
            raise TencentCloudOcrError(_APART)
        for entry in batch.column("confidence").value_counts().to_pylist():
            self.confidences[min(max(entry["values"], 0), 100)] += entry["counts"]
        return batch


def _rows(reader: pa.RecordBatchReader) -> Iterator[dict[str, Any]]:
    for batch in reader:
        yield from batch.to_pylist()


def _total(manifests: tuple[Mapping[str, Any], ...], group: str, name: str) -> int:
    """A number summed over manifests; what is not a number counts as 0."""
    found = (manifest.get(group) for manifest in manifests)
    numbers = (one.get(name) for one in found if isinstance(one, Mapping))
    return sum(number for number in numbers if isinstance(number, int))
