"""hOCR 1.2: well-formed, nested as the specification says, every word with its box and its confidence."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from .conftest import Said, detection, write_dataset
from .test_searchable import HOSTILE, SIZE

XHTML = "{http://www.w3.org/1999/xhtml}"
NESTING = {"ocr_page": "body", "ocr_par": "ocr_page", "ocr_line": "ocr_par", "ocrx_word": "ocr_line"}


def parsed(tmp_path, pages, document="scan.png"):
    """The elements of each class, in their order, after everything that any hOCR must keep to was checked."""
    hocr = write_dataset(tmp_path / "out", document, pages).hocr(document)
    root = ElementTree.fromstring(hocr.encode())
    found = {name: [] for name in NESTING}
    ids = []

    def walk(element, parent):
        name = element.get("class") or element.tag.removeprefix(XHTML)
        if name in NESTING:
            assert NESTING[name] == parent
            found[name].append(element)
            left, top, right, bottom = box(element)
            assert 0 <= left <= right
            assert 0 <= top <= bottom
        ids.append(element.get("id"))
        for child in element:
            walk(child, name)

    walk(root, None)
    named = [one for one in ids if one]
    assert len(named) == len(set(named))
    metas = {meta.get("name"): meta.get("content") for meta in root.iter(f"{XHTML}meta")}
    assert set(metas["ocr-capabilities"].split()) == set(NESTING)
    assert metas["ocr-system"].startswith("airflow-provider-tcocr ")
    assert metas["ocr-number-of-pages"] == str(len(found["ocr_page"])) == str(len(pages))
    return found


def properties(element):
    """The properties of a title, by their names."""
    return dict(part.split(" ", 1) for part in re.split(r"; (?=[a-z_]+ )", element.get("title")))


def box(element):
    return tuple(map(int, properties(element)["bbox"].split()))


def test_pages_paragraphs_lines_and_words_lie_in_each_other(tmp_path):
    second = '{"Parag":{"ParagNo":2}}'
    said = [
        detection("Hello wide world", (100, 100, 420, 120), Confidence=88),
        detection("again", (430, 100, 500, 121)),
        detection("文字识别", (100, 200, 220, 230), AdvancedInfo=second),
    ]
    found = parsed(tmp_path, [Said(said, SIZE), Said([], SIZE), Said([], (None, None), error_code="X")])
    assert [properties(page)["ppageno"] for page in found["ocr_page"]] == ["0", "1", "2"]
    assert [box(page) for page in found["ocr_page"]] == [(0, 0, *SIZE), (0, 0, *SIZE), (0, 0, 0, 0)]
    assert properties(found["ocr_page"][0])["image"] == '"scan.png"'
    assert [len(paragraph) for paragraph in found["ocr_par"]] == [1, 1]
    assert ["".join(line.itertext()) for line in found["ocr_line"]] == ["Hello wide world again", "文字识别"]
    assert [box(line) for line in found["ocr_line"]] == [(100, 100, 500, 121), (100, 200, 220, 230)]
    words = found["ocrx_word"]
    assert [word.text for word in words] == ["Hello", "wide", "world", "again", "文字识别"]
    assert [properties(word)["x_wconf"] for word in words] == ["88", "88", "88", "97", "97"]
    edges = [edge for word in words[:4] for edge in (box(word)[0], box(word)[2])]
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == (100, 500)


def test_a_page_of_unknown_size_is_as_large_as_its_text(tmp_path):
    found = parsed(tmp_path, [Said([detection("a", (10, 20, 110, 50))], (None, None))])
    assert box(found["ocr_page"][0]) == (0, 0, 110, 50)


@pytest.mark.parametrize(
    ("degrees", "name", "wanted"),
    [
        (0, "baseline", (0, 0)),
        (8, "baseline", (0.1405, -42)),
        (-8, "baseline", (-0.1405, 0)),
        (90, "textangle", (270,)),
        (180, "textangle", (180,)),
        (270, "textangle", (90,)),
        (98, "textangle", (262,)),
    ],
)
def test_a_line_tells_how_it_lies(tmp_path, degrees, name, wanted):
    """Degrees against the clock, so a page turned clockwise by 90 has lines at 270, which run downwards."""
    line = detection("how it lies", (100, 300, 400, 320), degrees=degrees, middle=(400, 300))
    (found,) = parsed(tmp_path, [Said([line], SIZE)])["ocr_line"]
    told = properties(found)
    assert {"baseline", "textangle"} & set(told) == {name}
    assert tuple(map(float, told[name].split())) == pytest.approx(wanted, abs=1, rel=0.02)


def test_a_column_of_upright_characters_claims_neither_baseline_nor_angle(tmp_path):
    (found,) = parsed(tmp_path, [Said([detection("縦書きの文", (500, 100, 530, 300))], SIZE)])["ocr_line"]
    assert set(properties(found)) == {"bbox"}


def test_words_that_run_to_the_left_say_so_and_begin_on_the_right(tmp_path):
    words = parsed(tmp_path, [Said([detection("שלום עולם", (100, 100, 300, 130))], SIZE)])["ocrx_word"]
    assert [word.get("dir") for word in words] == ["rtl", "rtl"]
    assert box(words[0])[0] > box(words[1])[2]


@pytest.mark.parametrize(
    "text", ["<b>&amp;\"'</span>", "]]>", "<!--", "\x00\x08a\ufffe", "\ud800", "👨‍👩‍👧", "\x85\u2028x"]
)
def test_any_text_and_any_name_is_escaped(tmp_path, text):
    name = f"a\"b<c>&'{text.encode(errors='replace').decode()}.png"
    found = parsed(tmp_path, [Said([detection(text + "tail", (0, 0, 90, 20))], SIZE)], document=name)
    shown = "".join(word.text for word in found["ocrx_word"])
    assert shown.endswith("tail")
    if text.isprintable() and text.isascii():
        assert shown == text + "tail"


@pytest.mark.parametrize("odd", HOSTILE)
def test_whatever_the_answer_holds_valid_hocr_comes_of_it(tmp_path, odd):
    said = [detection("well", (50, 50, 150, 80)), detection("odd one", (200, 200, 300, 230), **odd)]
    found = parsed(tmp_path, [Said(said, SIZE)])
    assert [word.text for word in found["ocrx_word"]] == ["well", "odd", "one"]
    assert all(0 <= int(properties(word)["x_wconf"]) <= 100 for word in found["ocrx_word"])
