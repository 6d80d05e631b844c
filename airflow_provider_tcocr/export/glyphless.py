"""A font without shapes, for text that is searched and never seen: its codes, widths and file. Knows no PDF library.

Every character of a document gets a code of its own, in the order of appearance, so that any script fits; the font's
ToUnicode map says what a code means. Codes of one width share one glyph.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from .words import ADVANCES, EM, advance

NAME: Final = "TcocrGlyphless"
REPLACEMENT: Final = "\ufffd"

_MOST_CODES: Final = 0xFFFE
_MOST_ENTRIES: Final = 100
"""The entries of one block of a CMap (Adobe Technical Note 5014)."""

_CMAP: Final = """\
/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /TcocrGlyphless def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
%sendcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


class Codes:
    """The codes of one document's characters, growing as texts are encoded."""

    def __init__(self) -> None:
        self._codes = {REPLACEMENT: 1}

    def __len__(self) -> int:
        return len(self._codes)

    def encode(self, text: str) -> str:
        """The text as the hexadecimal digits of a PDF string; beyond 65,534 characters, new ones are U+FFFD."""
        codes = self._codes
        return "".join(
            f"{codes.setdefault(character, len(codes) + 1) if self._has_room(character) else 1:04X}"
            for character in text
        )

    def widths(self) -> list[int]:
        """The width of each code from 1, in thousandths."""
        return [advance(character) for character in self._codes]

    def glyphs(self) -> bytes:
        """The glyph of each code from 0, as a PDF's CIDToGIDMap."""
        ids = [0, *(1 + ADVANCES.index(width) for width in self.widths())]
        return struct.pack(f">{len(ids)}H", *ids)

    def to_unicode(self) -> bytes:
        """The CMap that says what each code means."""
        return (_CMAP % "".join(self._blocks())).encode("ascii")

    def _has_room(self, character: str) -> bool:
        return character in self._codes or len(self._codes) < _MOST_CODES

    def _blocks(self) -> Iterator[str]:
        entries = [
            f"<{code:04X}> <{character.encode('utf-16-be').hex().upper()}>\n" for character, code in self._codes.items()
        ]
        for start in range(0, len(entries), _MOST_ENTRIES):
            block = entries[start : start + _MOST_ENTRIES]
            yield f"{len(block)} beginbfchar\n{''.join(block)}endbfchar\n"


def font_file() -> bytes:
    """A TrueType font with the tables that a PDF asks for and no others: after the empty glyph, one for each width.

    A glyph is a line without width from corner to corner: PDFium (Chrome) takes a character's place from the extent of
    its glyph, and skips upright text without one.
    """
    outlines = [struct.pack(">hhhhhHH2B2h2h", 1, 0, 0, width, EM, 1, 0, 1, 1, 0, width, 0, EM) for width in ADVANCES]
    count, size = 1 + len(outlines), len(outlines[0])
    tables = {
        b"glyf": b"".join(outlines),
        b"head": struct.pack(
            ">IIIIHHqqhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, EM, 0, 0, 0, 0, EM, EM, 0, 8, 2, 0, 0
        ),
        b"hhea": struct.pack(">IhhhHhhhhhhhhhhhH", 0x10000, EM, 0, 0, EM, 0, 0, 0, 1, *[0] * 7, count),
        b"hmtx": b"".join(struct.pack(">Hh", width, 0) for width in (EM, *ADVANCES)),
        b"loca": struct.pack(f">{count + 1}H", 0, *(at * size // 2 for at in range(count))),
        b"maxp": struct.pack(">IHHHHHHHHHHHHHH", 0x10000, count, 2, 1, 0, 0, 1, *[0] * 8),
    }
    header = struct.pack(">IHHHH", 0x10000, len(tables), 64, 2, len(tables) * 16 - 64)
    directory, body, at = b"", b"", len(header) + 16 * len(tables)
    for tag, table in tables.items():
        padded = table + b"\0" * (-len(table) % 4)
        checksum = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        directory += struct.pack(">4sIII", tag, checksum, at + len(body), len(table))
        body += padded
    whole = header + directory + body
    adjustment = (0xB1B0AFBA - sum(struct.unpack(f">{len(whole) // 4}I", whole))) & 0xFFFFFFFF
    offset = whole.index(tables[b"head"]) + 8
    return whole[:offset] + struct.pack(">I", adjustment) + whole[offset + 4 :]
