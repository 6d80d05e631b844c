"""Lines, paragraphs and Markdown from rows of the detections table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from airflow_provider_tcocr.arrow import DETECTIONS_SCHEMA, LINES_SCHEMA, detections_table, lines_table
from airflow_provider_tcocr.arrow.markdown import markdown
from airflow_provider_tcocr.arrow.reading import READ_COLUMNS

OFFICIAL = detections_table([(Path(__file__).parent / "general_accurate_ocr.json").read_bytes()])


def row(
    text: str, left: int | None = 0, top: int = 0, width: int = 100, height: int = 20, **more: Any
) -> dict[str, Any]:
    """A row of the detections table without an item polygon; ``left=None`` leaves the polygon out too."""
    corners = None
    if left is not None:
        edges = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
        corners = [{"x": x, "y": y} for x, y in edges]
    box = {"left": left, "top": top, "right": (left or 0) + width, "bottom": top + height}
    return {
        "document_id": "d",
        "document_uri": "d",
        "page": 1,
        "detection": 0,
        "text": text,
        "confidence": 99,
        "polygon": corners,
        **(box if left is not None else {}),
        **more,
    }


def table(*rows: dict[str, Any]) -> pa.Table:
    """One page a run of rows with the same document and page."""
    seen: dict[tuple[str, int], int] = {}
    numbered = []
    for one in rows:
        key = one["document_id"], one["page"]
        seen[key] = seen.get(key, -1) + 1
        numbered.append(one | {"detection": seen[key]})
    return pa.Table.from_pylist(numbered, schema=DETECTIONS_SCHEMA)


def paragraphs(*rows: dict[str, Any]) -> list[int]:
    return [int(number) for number in lines_table(table(*rows)).column("paragraph").to_pylist()]


def test_the_published_page_has_seven_lines_with_bounds_and_least_confidence() -> None:
    lines = lines_table(OFFICIAL)
    assert lines.schema.equals(LINES_SCHEMA)
    last = lines.to_pylist()[-1]
    parts = OFFICIAL.to_pylist()[6:]
    assert lines.column("line").to_pylist() == list(range(7))
    assert last["text"] == "后不费解。至于排序和筛选的便利，更是一句话就够了。"
    assert last["confidence"] == min(part["confidence"] for part in parts) == 96
    assert (last["left"], last["right"]) == (parts[0]["left"], parts[-1]["right"])
    assert last["bottom"] == max(part["bottom"] for part in parts)


def test_only_some_columns_are_looked_at() -> None:
    assert lines_table(OFFICIAL.select(READ_COLUMNS)).equals(lines_table(OFFICIAL))


def test_an_empty_table_has_no_lines() -> None:
    assert lines_table(DETECTIONS_SCHEMA.empty_table()).equals(LINES_SCHEMA.empty_table())
    assert markdown(LINES_SCHEMA.empty_table()) == ""


def test_pages_are_told_apart_even_where_their_neighbours_have_the_same_number() -> None:
    twice = pa.concat_tables([table(row("a"), row("b", 105)), table(row("a"), row("b", 105))])
    lines = lines_table(twice.combine_chunks())
    assert lines.column("text").to_pylist() == ["a b", "a b"]
    assert lines.column("line").to_pylist() == [0, 0]


def test_a_line_without_text_is_none_and_one_without_a_place_has_no_bounds() -> None:
    lines = lines_table(table(row("a"), row(" ", 0, 30), row("b", None)))
    assert lines.column("text").to_pylist() == ["a", "b"]
    assert lines.column("left").to_pylist() == [0, None]


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [([1, 1, 2], [1, 1, 2]), ([3, 3, 7], [1, 1, 2]), ([1, 2, 1], [1, 2, 3]), ([5, 5, 5], [1, 1, 1])],
)
def test_the_services_numbers_tell_paragraphs_apart_however_far_their_lines_are(
    numbers: list[int], wanted: list[int]
) -> None:
    assert paragraphs(*(row("a", 0, 100 * at, paragraph=number) for at, number in enumerate(numbers))) == wanted


@pytest.mark.parametrize("number", [None, 0])
def test_without_numbers_what_begins_close_below_goes_on(number: int | None) -> None:
    tops = [0, 25, 50, 120, 145]
    assert paragraphs(*(row("a", 0, top, paragraph=number) for top in tops)) == [1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("case", "second"),
    [
        ("beside it", row("b", 300, 25)),
        ("above it, as in the next column", row("b", 0, -60)),
        ("a heading's height", row("b", 0, 25, height=40)),
        ("a column of upright characters", row("bcd", 0, 25, width=12, height=22)),
        ("without a place", row("b", None)),
        ("numbered", row("b", 0, 25, paragraph=1)),
    ],
)
def test_what_does_not_go_on_begins_a_paragraph(case: str, second: dict[str, Any]) -> None:
    assert paragraphs(row("a"), second) == [1, 2], case


def test_markdown_joins_the_lines_of_a_paragraph_as_their_script_does() -> None:
    rows = [
        ("two", 1),
        ("words", 1),
        ("文字", 2),
        ("识别", 2),
        ("a broken recogni-", 3),
        ("tion, Well-", 3),
        ("Known", 3),
    ]
    lines = lines_table(table(*(row(text, 0, 30 * at, paragraph=number) for at, (text, number) in enumerate(rows))))
    assert markdown(lines) == "two words\n\n文字识别\n\na broken recogni-tion, Well- Known\n"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# no heading", r"\# no heading"),
        ("1. no list", r"1\. no list"),
        ("12) no list", r"12\) no list"),
        ("- no list", r"\- no list"),
        ("---", r"\---"),
        ("> <b>a_b*c*`d`[e](f)|g", r"\> \<b\>a\_b\*c\*\`d\`\[e\](f)\|g"),
        ("3.14 and -5", "3.14 and -5"),
        ("-5 °C", "-5 °C"),
        ("&amp;", r"\&amp;"),
        ("line\nbreak", "line break"),
    ],
)
def test_markdown_shows_the_text_as_it_was_read(text: str, escaped: str) -> None:
    assert markdown(lines_table(table(row(text)))) == escaped + "\n"


def test_headings_tell_pages_and_documents_apart_only_where_there_are_several() -> None:
    one, two, other = row("one"), row("two", page=2), row("three", document_id="a_b\n")
    assert markdown(lines_table(table(one, two))) == "## Page 1\n\none\n\n## Page 2\n\ntwo\n"
    assert markdown(lines_table(table(two))) == "two\n"
    assert markdown(lines_table(table(one, other))) == "# d\n\none\n\n# a\\_b\n\nthree\n"


def test_a_paragraph_of_a_hundred_thousand_lines_is_read_through_once() -> None:
    """Looked at again for each line, it would take hours."""
    words = [f"word{number}" for number in range(100_000)]
    columns = {name: [None] * len(words) for name in LINES_SCHEMA.names}
    columns |= {"document_id": ["d"] * len(words), "text": words}
    for name in ("page", "line", "paragraph", "confidence"):
        columns[name] = [1] * len(words)
    assert markdown(pa.table(columns, schema=LINES_SCHEMA)) == " ".join(words) + "\n"
