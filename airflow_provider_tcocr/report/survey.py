"""The first pass over the pages: counts them and finds the worst. Holds no more pages than are shown."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .bounds import Bounds

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS: Final = ["status", "error_code", "confidence_mean"]

_RANKS: Final = {"failed": 0, "recognized": 1}
_LAST: Final = 2
_MAX_CODES: Final = 50
_OTHER_CODES: Final = "other codes"


@dataclass(frozen=True, slots=True)
class Survey:
    """What the table of pages holds.

    :param counts: pages by status
    :param codes: failed pages by error code
    :param shown: the positions, from 0, of the pages that the report shows
    :param pictured: those of them whose document is opened for a picture
    """

    counts: Counter[str]
    codes: Counter[str]
    shown: frozenset[int]
    pictured: frozenset[int]


def survey(batches: Iterable[pa.RecordBatch], bounds: Bounds) -> Survey:
    """Count the pages and choose: failed ones first, then by the confidence of their detections, empty ones last.

    :param batches: of :data:`COLUMNS`
    """
    counts: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    worst = heapq.nsmallest(bounds.pages, _ranked(batches, counts, codes))
    openable = (place for _, _, place, could_be_opened in worst if could_be_opened)
    pictured = frozenset(place for place, _ in zip(openable, range(bounds.pictures), strict=False))
    return Survey(counts, codes, frozenset(place for _, _, place, _ in worst), pictured)


def _ranked(
    batches: Iterable[pa.RecordBatch], counts: Counter[str], codes: Counter[str]
) -> Iterator[tuple[int, float, int, bool]]:
    place = 0
    for batch in batches:
        for row in batch.to_pylist():
            status, code = row["status"], row["error_code"] or ""
            counts[status] += 1
            if status == "failed":
                codes[code if code in codes or len(codes) < _MAX_CODES else _OTHER_CODES] += 1
            yield _RANKS.get(status, _LAST), row["confidence_mean"] or 0.0, place, not code.startswith("Document.")
            place += 1
