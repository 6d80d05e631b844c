"""The font of the text layer: every character has a code, and every code a meaning and a width."""

from __future__ import annotations

import re
import struct

from airflow_provider_tcocr.export.glyphless import Codes, font_file
from airflow_provider_tcocr.export.words import ADVANCES, advance


def test_codes_are_given_in_the_order_of_coming_and_kept():
    codes = Codes()
    assert codes.encode("aba") == "000200030002"
    assert codes.encode("文b") == "00040003"
    assert len(codes.widths()) == len(codes) == 4


def test_each_code_means_its_character():
    codes = Codes()
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 250))) + "𠮷"
    encoded = codes.encode(text)
    blocks = re.findall(r"(\d+) beginbfchar\n(.*?)endbfchar", codes.to_unicode().decode(), re.DOTALL)
    meanings = {
        code: bytes.fromhex(meaning).decode("utf-16-be")
        for _, block in blocks
        for code, meaning in re.findall(r"<(\w+)> <(\w+)>", block)
    }
    assert [int(count) for count, _ in blocks] == [100, 100, 52]
    assert "".join(meanings[encoded[at : at + 4]] for at in range(0, len(encoded), 4)) == text


def test_more_characters_than_there_are_codes_stay_four_digits():
    codes = Codes()
    text = "".join(chr(at) for at in range(0x20, 0x20 + 70_000) if not 0xD800 <= at < 0xE000)
    assert len(codes.encode(text)) == 4 * len(text)
    assert len(codes) == 0xFFFE
    assert codes.encode(text[-1]) == "0001"


def test_the_glyph_of_a_code_is_as_wide_as_its_character():
    codes = Codes()
    codes.encode("i文\u0301mA")
    ids = struct.unpack(f">{len(codes) + 1}H", codes.glyphs())
    assert [ADVANCES[one - 1] for one in ids[1:]] == codes.widths()
    assert {advance(character) for character in map(chr, range(0x20, 0x3000))} == set(ADVANCES)


def test_the_font_is_one_that_adds_up():
    """What a TrueType reader checks: the directory, the sums, a place and a width for each glyph."""
    font = font_file()
    assert sum(struct.unpack(f">{len(font) // 4}I", font)) & 0xFFFFFFFF == 0xB1B0AFBA
    (count,) = struct.unpack_from(">H", font, 4)
    tables = {}
    for at in range(12, 12 + 16 * count, 16):
        tag, _, offset, size = struct.unpack_from(">4sIII", font, at)
        tables[tag] = font[offset : offset + size]
    assert list(tables) == [b"glyf", b"head", b"hhea", b"hmtx", b"loca", b"maxp"]
    (glyphs,) = struct.unpack_from(">H", tables[b"maxp"], 4)
    assert glyphs == len(ADVANCES) + 1
    assert len(tables[b"hmtx"]) == 4 * glyphs
    places = struct.unpack(f">{glyphs + 1}H", tables[b"loca"])
    assert places[-1] * 2 == len(tables[b"glyf"])
    assert len(tables[b"head"]) == 54
    assert len(tables[b"hhea"]) == 36
    assert len(tables[b"maxp"]) == 32
    assert len(font) < 500
