"""Finds the pages of a TIFF by reading its directories, one after the other. Decodes no pixels."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL import ImageFile

_KIND: Final = 254
_WIDTH: Final = 256
_HEIGHT: Final = 257
_REDUCED: Final = 0b001
"""Of a directory's kind (NewSubfileType): a smaller copy of another image of the file, as in a pyramid."""

_MASK: Final = 0b100
"""Of a directory's kind: the transparency mask of another image."""

_BITS: Final = 258
_MOST_ENTRIES: Final = 4096
_WHOLE_NUMBERS: Final = {3: 2, 4: 4, 16: 8}
"""Bytes of the types that a size may have."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a TIFF writes its numbers: classic TIFF, or BigTIFF with its wide offsets."""

    order: str
    big: bool

    @classmethod
    def of(cls, head: bytes) -> _Layout:
        order = "<" if head.startswith(b"II") else ">"
        return cls(order, struct.unpack(f"{order}H", head[2:4]) == (43,))

    @property
    def first(self) -> int:
        """The position in the header of the first directory's offset."""
        return 8 if self.big else 4

    @property
    def place(self) -> struct.Struct:
        return struct.Struct(f"{self.order}{'Q' if self.big else 'I'}")

    @property
    def count(self) -> struct.Struct:
        return struct.Struct(f"{self.order}{'Q' if self.big else 'H'}")

    @property
    def entry(self) -> struct.Struct:
        """Tag, type, count of values, and the values if they fit."""
        return struct.Struct(f"{self.order}{'HHQ8s' if self.big else 'HHI4s'}")

    def number(self, kind: int, value: bytes) -> int:
        return int.from_bytes(value[: _WHOLE_NUMBERS.get(kind, 0)], "little" if self.order == "<" else "big")


@dataclass(frozen=True, slots=True)
class _Directory:
    place: int
    kind: int = 0
    width: int = 0
    height: int = 0


def page_places(stream: IO[bytes], *, most: int) -> list[int]:
    """The offsets of the directories that describe pages; a smaller copy or a mask of another image is no page.

    A directory that cannot be read is the last page, since it would contain the offset of the next one.

    :param stream: a TIFF
    :param most: how many directories are read at most
    :raise ValueError, struct.error: it has no directory
    """
    found = list(itertools.islice(_directories(stream), most))
    if not found:
        raise ValueError("no directory")
    whole = [one for one in found if not one.kind & (_REDUCED | _MASK)]
    width, height = max((one.width for one in whole), default=0), max((one.height for one in whole), default=0)
    return [one.place for one in found if not (whole and _is_beside(one, width, height))]


def _is_beside(one: _Directory, width: int, height: int) -> bool:
    """Whether it is a smaller copy or a mask of a page; what claims to be smaller and is not, is a page itself."""
    return bool(one.kind & _MASK or (one.kind & _REDUCED and one.width < width and one.height < height))


def _directories(stream: IO[bytes]) -> Iterator[_Directory]:
    stream.seek(0)
    head = stream.read(16)
    layout = _Layout.of(head)
    (place,) = layout.place.unpack_from(head, layout.first)
    seen = set[int]()
    while place and place not in seen:
        seen.add(place)
        try:
            tags, following = _read(stream, place, layout)
        except (OSError, OverflowError, ValueError, struct.error):
            yield _Directory(place)
            return
        yield _Directory(place, tags.get(_KIND, 0), tags[_WIDTH], tags[_HEIGHT])
        place = following


def _read(stream: IO[bytes], place: int, layout: _Layout) -> tuple[dict[int, int], int]:
    """The numbers of a directory, and the offset of the next; 0 for none.

    :raise ValueError, struct.error: it is not a directory
    """
    stream.seek(place)
    (count,) = layout.count.unpack(stream.read(layout.count.size))
    if count > _MOST_ENTRIES:
        raise ValueError(count)
    entries = stream.read(count * layout.entry.size)
    tags = {tag: layout.number(kind, value) for tag, kind, _, value in layout.entry.iter_unpack(entries)}
    if _WIDTH not in tags or _HEIGHT not in tags:
        raise ValueError(tags)
    end = stream.read(layout.place.size)
    return tags, layout.place.unpack(end)[0] if end.strip(b"\0") else 0


class OnePage:
    """A TIFF, as a file for Pillow, whose header points to the directory of one page.

    :param stream: the whole TIFF
    :param place: the offset of the page's directory
    """

    def __init__(self, stream: IO[bytes], place: int) -> None:
        self._stream = stream
        stream.seek(0)
        head = stream.read(16)
        layout = _Layout.of(head)
        first = layout.place.pack(place)
        self._head = head[: layout.first] + first + head[layout.first + len(first) :]
        stream.seek(0)

    def read(self, count: int = -1) -> bytes:
        """The next bytes, at most ``count``."""
        place = self._stream.tell()
        data = self._stream.read(count)
        head = self._head[place : place + len(data)]
        return head + data[len(head) :] if head else data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to another position."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """The current position."""
        return self._stream.tell()

    def fileno(self) -> int:
        """The file of the whole TIFF: libtiff reads it itself, and is given the offset separately."""
        return self._stream.fileno()


def mend_layout(page: ImageFile.ImageFile) -> None:
    """Correct, before they are decoded, how Pillow reads a TIFF's numbers where it is wrong.

    What libtiff has unpacked is in the machine's byte order, also floats and signed numbers; and a separate plane has
    as many bits as its channel.
    """
    order = "B" if page.tag_v2.prefix == b"MM" else "L"  # type: ignore[attr-defined]
    for number, tile in enumerate(page.tile):
        if not isinstance(tile.args, tuple):
            continue
        raw, *rest = tile.args
        if tile.codec_name == "libtiff":
            raw = {"I;16BS": "I;16NS", "I;32BS": "I;32NS", "F;32BF": "F;32NF"}.get(raw, raw)
        elif len(raw) == 1 and raw != page.mode and page.tag_v2[_BITS][0] == 16:  # type: ignore[attr-defined]
            raw = f"{raw};16{order}"
        page.tile[number] = tile._replace(args=(raw, *rest))
