"""Counts the calls that each writer of an output path has made, as the parts record them. Makes none, reads no part."""

from __future__ import annotations

from .writers import is_of


class RecordedCalls:
    """The calls of one output path, by writer; its properties may be read while another thread records.

    :param own: this writer's id
    :param run: the hash of this dag, task, run and map index
    """

    def __init__(self, own: str, run: str) -> None:
        self._writer = own
        self._run = run
        self._counts: dict[str, int] = {}

    @property
    def own(self) -> int:
        """Those of this writer."""
        return self._counts.get(self._writer, 0)

    @property
    def of_others(self) -> int:
        """Those of earlier attempts and twins."""
        return sum(self._others().values())

    @property
    def of_run(self) -> int:
        """Those of the others that were made for this dag, task, run and map index."""
        return sum(count for writer, count in self._others().items() if is_of(writer, self._run))

    def count_own(self, calls: int) -> None:
        """Note how many calls this writer has made so far."""
        self._counts[self._writer] = calls

    def take_in(self, recorded: dict[str, int]) -> None:
        """Take in what a part records; of two counts of one writer the higher is the later one."""
        for writer, count in recorded.items():
            self._counts[writer] = max(count, self._counts.get(writer, 0))

    def to_json(self) -> dict[str, int]:
        """All counts by writer, as a part records them."""
        return dict(self._counts)

    def _others(self) -> dict[str, int]:
        return {writer: count for writer, count in list(self._counts.items()) if writer != self._writer}
