"""Pages as a user writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_tcocr.documents import PageSelection
from airflow_provider_tcocr.exceptions import ConfigurationError


@pytest.mark.parametrize(
    ("written", "page_count", "found", "missing"),
    [
        ("all", 3, [1, 2, 3], []),
        ("ALL", 1, [1], []),
        (3, 5, [3], []),
        (-1, 5, [5], []),
        ("-1", 5, [5], []),
        ("2-5", 6, [2, 3, 4, 5], []),
        ("2-5", 3, [2, 3], []),
        ("2-5", 1, [], [2]),
        ("4-", 6, [4, 5, 6], []),
        ("4-", 3, [], [4]),
        ("2--1", 4, [2, 3, 4], []),
        ("-2--1", 4, [3, 4], []),
        ("-3--1", 2, [1, 2], []),
        ("1, 3, 7-9", 8, [1, 3, 7, 8], []),
        ("1, 3, 9", 8, [1, 3], [9]),
        ([1, 3], 3, [1, 3], []),
        ([3, 1, -1, 3], 3, [1, 3], []),
        ([1, "2-3"], 3, [1, 2, 3], []),
        (range(2, 4), 9, [2, 3], []),
        (-5, 3, [], [5]),
        ("5--5", 3, [], [5]),
        ("4--3", 5, [], [6]),
        ("all", 0, [], [1]),
    ],
)
def test_a_selection_tells_the_pages_there_are_and_those_that_lack(written, page_count, found, missing):
    assert PageSelection.parse(written).resolve(page_count) == (found, missing)


def test_a_range_far_beyond_the_document_takes_what_there_is():
    assert PageSelection.parse("1-2000000000").resolve(3) == ([1, 2, 3], [])
    assert PageSelection.parse("-2000000000--1").resolve(3) == ([1, 2, 3], [])
    assert PageSelection.parse("7-2000000000").resolve(3) == ([], [7])


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "0",
        0,
        "1-0",
        "5-2",
        "-1--3",
        "one",
        "1;2",
        "1,,2",
        "2-5-7",
        [],
        [1.5],
        1.5,
        True,
        None,
        {"a": 1},
        [None],
        [True],
        "99999999999",
        b"1",
        "²",
    ],
)
def test_what_is_no_selection_is_refused_with_the_rule(wrong):
    with pytest.raises(ConfigurationError, match="pages"):
        PageSelection.parse(wrong)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("all", "all"),
        ("1-", "all"),
        ([3, 1], "1,3"),
        ("1,3,7-9", "1,3,7-9"),
        (-1, "-1"),
        (" 2 - 5 ", "2-5"),
        ("3,all", "all"),
    ],
)
def test_the_canonical_form_reads_back_as_the_same(written, canonical):
    assert str(PageSelection.parse(written)) == canonical
    assert PageSelection.parse(canonical) == PageSelection.parse(written)


def test_a_union_has_the_pages_of_both():
    union = PageSelection.parse("2-3").union(PageSelection.parse(5))
    assert union.resolve(5) == ([2, 3, 5], [])
    assert union.union(PageSelection.parse("all")).resolve(2) == ([1, 2], [])


@given(st.lists(st.integers(-20, 20).filter(bool), min_size=1), st.integers(0, 12))
def test_whatever_is_asked_something_is_answered_and_nothing_twice(asked, page_count):
    found, missing = PageSelection.parse(asked).resolve(page_count)
    assert found or missing
    assert found == sorted(set(found))
    assert all(1 <= page <= page_count for page in found)
    assert all(page > page_count for page in missing)
    assert len({page if page > 0 else page_count + 1 + page for page in asked} & set(found)) == len(found)
