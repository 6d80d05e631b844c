"""How large a report may become, whatever the batch: pages, pictures, and the bytes of each. Counts nothing itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..exceptions import ConfigurationError

REPORT_NAME: Final = "report.html"
"""The report's name in an output path."""

PICTURE_BYTES: Final = 100_000
"""Bytes of one picture at most; base64 makes them a third more."""

_TEXT_BYTES: Final = 64 << 20
_TEXT_BYTES_A_PAGE: Final = 256 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a report holds at most; the worst pages come first.

    The defaults keep a file below 64 MiB of texts, names too, and 54 MB of pictures; a usual page takes 5 KB and 60 KB.

    :param pages: pages that are shown
    :param pictures: pages whose picture is shown, among these
    """

    pages: int = 5000
    pictures: int = 400

    def __post_init__(self) -> None:
        if self.pages < 1 or self.pictures < 0:
            raise ConfigurationError("a report shows at least one page, and no fewer than 0 pictures")

    @property
    def text_bytes(self) -> int:
        """Bytes of the texts of one page at most: fewer where many pages are shown."""
        return min(_TEXT_BYTES // self.pages, _TEXT_BYTES_A_PAGE)
