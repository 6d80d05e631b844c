"""One string or a list to documents: files, folders, globs, each once."""

import os
import re
import time
from pathlib import Path

import pytest

from airflow_provider_tcocr.documents import find_documents
from airflow_provider_tcocr.exceptions import ConfigurationError, DocumentError


@pytest.fixture
def folder(tmp_path):
    """A folder as people have them."""
    for name in [
        "b.png",
        "A.JPG",
        "notes.txt",
        "_draft.png",
        ".hidden.png",
        "scan 1 发票 #50%?.Tiff",
        "sub/c.pdf",
        "sub/deeper/d.webp",
        "_raw/e.png",
        ".git/f.png",
        "out/g.png",
        "[2024]/h.gif",
    ]:
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "docs"


EVERY = ["A.JPG", "[2024]/h.gif", "b.png", "out/g.png", "scan 1 发票 #50%?.Tiff", "sub/c.pdf", "sub/deeper/d.webp"]


def names(found, folder):
    return [os.path.relpath(document.uri, folder) for document in found]


def test_a_folder_is_read_recursively_in_sorted_order_hidden_names_and_foreign_suffixes_skipped(folder):
    found = find_documents(str(folder))
    assert names(found, folder) == EVERY
    assert [document.document_id for document in found] == [f"{folder}/{name}" for name in EVERY]


def test_the_output_path_itself_is_skipped(folder):
    for output in (folder / "out", f"{folder}/sub/../out/", f"file://{folder}/out"):
        assert "out/g.png" not in names(find_documents(folder, output_path=output), folder)
        assert "out/g.png" not in names(find_documents(f"{folder}/**", output_path=output), folder)
    assert len(find_documents(folder, output_path=folder)) == len(EVERY)


def test_the_document_id_is_the_folder_as_given_joined_with_the_rest(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert find_documents("docs/sub")[0].document_id == "docs/sub/c.pdf"
    assert find_documents("./docs/sub/")[0].document_id == "./docs/sub/c.pdf"
    assert find_documents(f"file://{folder}/sub")[0].document_id == f"file://{folder}/sub/c.pdf"


def test_an_existing_path_comes_before_a_glob(tmp_path):
    for name in ("a[1].png", "a1.png", "what?.png"):
        (tmp_path / name).write_bytes(b"x")
    assert [document.uri for document in find_documents(f"{tmp_path}/a[1].png")] == [f"{tmp_path}/a[1].png"]
    assert [document.uri for document in find_documents([f"{tmp_path}/what?.png"])] == [f"{tmp_path}/what?.png"]


def test_a_file_is_taken_whatever_its_name(folder):
    assert len(find_documents(folder / "notes.txt")) == 1
    assert len(find_documents(str(folder / "_draft.png"))) == 1


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.png", ["b.png"]),
        ("*", ["A.JPG", "b.png", "scan 1 发票 #50%?.Tiff"]),
        ("**", EVERY),
        ("**/*.pdf", ["sub/c.pdf"]),
        ("*.txt", ["notes.txt"]),
        ("_*.png", ["_draft.png"]),
        ("?.png", ["b.png"]),
        ("[ab].png", ["b.png"]),
        ("[2024]/*", ["[2024]/h.gif"]),
        ("s*/deeper/*", ["sub/deeper/d.webp"]),
        ("./*.png", ["b.png"]),
    ],
)
def test_a_glob_names_files_hidden_and_foreign_ones_only_where_it_spells_them(folder, pattern, expected, monkeypatch):
    assert names(find_documents(f"{folder}/{pattern}"), folder) == expected
    monkeypatch.chdir(folder)
    assert names(find_documents(pattern), folder) == expected


@pytest.mark.parametrize("wanted", ["nowhere", "*.bmp", "sub/*.png", "nowhere/**"])
def test_nothing_found_raises_and_names_what_was_looked_for(folder, wanted):
    with pytest.raises(DocumentError) as raised:
        find_documents(f"{folder}/{wanted}")
    assert f"{folder}/{wanted}" in str(raised.value)


def test_an_empty_folder_raises(tmp_path):
    with pytest.raises(DocumentError, match=r"no document found: .* contains no document$"):
        find_documents(tmp_path)


def test_a_list_that_was_rendered_as_text_is_told_what_the_dag_lacks():
    with pytest.raises(DocumentError, match="render_template_as_native_obj=True"):
        find_documents("['/in/a.png', '/in/b.png']")


@pytest.mark.parametrize("first", ["", "file:///in/", "/in/"])
def test_a_list_that_was_rendered_as_text_is_not_shown_since_its_urls_may_bear_secrets(first):
    with pytest.raises(DocumentError, match="render_template_as_native_obj=True") as raised:
        find_documents(f"{first}['https://u:first@h/a.png', 'https://u:second@h/b.png?sig=third']")
    assert not re.search("first|second|third|https", str(raised.value))


def test_an_empty_list_is_an_empty_dataset():
    assert find_documents([]) == find_documents(()) == find_documents(iter([])) == []


def test_in_a_list_folders_and_globs_are_expanded_and_a_missing_file_stays_a_document(folder):
    found = find_documents([f"{folder}/nowhere.png", folder / "sub", f"{folder}/*.png", "https://h/x*.png"])
    expected = ["nowhere.png", "sub/c.pdf", "sub/deeper/d.webp", "b.png"]
    assert [document.uri for document in found] == [*(f"{folder}/{name}" for name in expected), "https://h/x*.png"]
    with pytest.raises(DocumentError, match=r"\*\.bmp"):
        find_documents([f"{folder}/*.bmp"])


def test_a_bare_string_is_never_a_sequence_of_characters(folder):
    assert len(find_documents(f"{folder}/b.png")) == 1
    with pytest.raises(ConfigurationError, match="bytes"):
        find_documents(b"/data")


def test_a_document_named_twice_is_read_once(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert len(find_documents(["b.png", {"uri": "b.png"}, Path("b.png")])) == 1
    assert len(find_documents([folder, f"{folder}/**", f"{folder}/b.png"])) == len(EVERY)
    signed = [f"https://h/a.png?X-Amz-Signature={number}" for number in range(3)]
    assert [document.uri for document in find_documents(signed)] == signed[:1]


def test_two_spellings_of_one_document_are_one(folder, monkeypatch):
    monkeypatch.chdir(folder)
    found = find_documents(["b.png", "./b.png", f"{folder}/b.png", f"file://{folder}/b.png"])
    assert [document.document_id for document in found] == ["b.png"]


def test_a_document_named_twice_has_the_pages_of_both():
    found = find_documents([{"uri": "a.pdf", "pages": "1-2"}, {"uri": "a.pdf", "pages": [5]}])
    assert [str(document.pages) for document in found] == ["1-2,5"]


def test_a_documents_own_pages_override_the_operators():
    found = find_documents(["a.pdf", {"uri": "b.pdf", "pages": "2"}], pages="1-3")
    assert [str(document.pages) for document in found] == ["1-3", "2"]


def test_one_document_id_for_two_documents_is_refused_and_both_are_named():
    with pytest.raises(ConfigurationError, match=r"one\.png and .*two\.png") as raised:
        find_documents(
            [{"uri": "/x/one.png", "document_id": "7"}, {"uri": "https://h/two.png?sig=SECRET", "document_id": "7"}]
        )
    assert "SECRET" not in str(raised.value)


def test_a_document_id_for_a_folder_of_many_is_refused(folder):
    with pytest.raises(ConfigurationError, match="names one document"):
        find_documents([{"uri": str(folder), "document_id": "7"}])


@pytest.mark.parametrize("wrong", [7, None, [7], ["a.png", None], [{"url": "a.png"}], object()])
def test_what_is_no_document_is_refused(wrong):
    with pytest.raises(ConfigurationError):
        find_documents(wrong)


def test_wrong_pages_are_refused_before_anything_is_looked_for():
    with pytest.raises(ConfigurationError, match="pages"):
        find_documents([], pages="x")


def test_a_percent_encoded_file_uri_names_the_file(tmp_path):
    path = tmp_path / "发票 #1 50%.png"
    path.write_bytes(b"x")
    assert len(find_documents([path.as_uri(), f"file://{path}"])) == 1


def test_linked_folders_are_followed_but_never_in_a_circle(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "h.gif").write_bytes(b"x")
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "linked").symlink_to(elsewhere, target_is_directory=True)
    found = names(find_documents(folder), folder)
    assert found == sorted([*EVERY, "linked/h.gif"])


def test_a_glob_through_links_names_each_document_once(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.png").write_bytes(b"")
    (tmp_path / "a" / "loop").symlink_to(tmp_path / "a", target_is_directory=True)
    found = [one.uri for one in find_documents([str(tmp_path / "**" / "*.png")])]
    assert found == [str(tmp_path / "a" / "x.png")]


def test_a_folder_that_several_links_lead_to_is_read_once_and_by_its_own_name_where_it_has_one(tmp_path):
    top, beside = tmp_path / "in", tmp_path / "beside"
    for one in [*(top / str(number) for number in range(8)), beside / "deep"]:
        one.mkdir(parents=True)
        (one / "x.png").write_bytes(b"")
    for one in range(8):
        for other in {*range(8)} - {one}:
            (top / str(one) / f"a{other}").symlink_to(top / str(other), target_is_directory=True)
    for name in ("c", "b", "d"):
        (top / name).symlink_to(beside, target_is_directory=True)
    (beside / "up").symlink_to(tmp_path, target_is_directory=True)
    assert names(find_documents(top), top) == [*(f"{number}/x.png" for number in range(8)), "b/deep/x.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list any folder")
def test_a_folder_that_cannot_be_listed_is_an_error_that_names_it(folder):
    (folder / "sub").chmod(0)
    try:
        with pytest.raises(DocumentError, match="sub"):
            find_documents(folder)
    finally:
        (folder / "sub").chmod(0o755)


def test_many_files_are_listed_quickly(tmp_path):
    for shard in range(20):
        (tmp_path / str(shard)).mkdir()
        for number in range(250):
            os.close(os.open(f"{tmp_path}/{shard}/{number}.png", os.O_CREAT))
    started = time.perf_counter()
    found = find_documents(tmp_path)
    assert len(found) == 5000
    assert time.perf_counter() - started < 2.0


def test_a_glob_over_folders_that_link_to_one_another_ends(tmp_path):
    for one in range(6):
        (tmp_path / str(one)).mkdir()
        (tmp_path / str(one) / "x.png").write_bytes(b"")
        for other in range(6):
            (tmp_path / str(one) / f"to-{other}").symlink_to(tmp_path / str(other), target_is_directory=True)
    every = [f"{number}/x.png" for number in range(6)]
    for pattern in ("**", "**/*.png", "**/**/x.*", "[0-9]/**/*.png", "**/?/*.png"):
        assert names(find_documents(f"{tmp_path}/{pattern}"), tmp_path) == every, pattern


def test_a_glob_follows_a_link_to_a_folder_elsewhere(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "h.gif").write_bytes(b"x")
    (folder / "linked").symlink_to(elsewhere, target_is_directory=True)
    assert names(find_documents(f"{folder}/**/*.gif"), folder) == ["[2024]/h.gif", "linked/h.gif"]


def test_hidden_folders_are_looked_into_where_a_glob_spells_them(folder):
    assert names(find_documents(f"{folder}/**/_raw/*"), folder) == ["_raw/e.png"]
    assert names(find_documents(f"{folder}/**/.git/**"), folder) == [".git/f.png"]


def test_a_link_to_itself_is_one_document_that_is_not_there_and_no_end_of_the_folder(folder):
    (folder / "loop.png").symlink_to("loop.png")
    found = find_documents(folder)
    assert names(found, folder) == sorted([*EVERY, "loop.png"])
