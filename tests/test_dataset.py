"""Reading back what a batch wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from airflow_provider_tcocr.arrow import DETECTIONS_SCHEMA, LINES_SCHEMA, PAGES_SCHEMA, DatasetTables, PageRow
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.exceptions import ConfigurationError, TencentCloudOcrError
from airflow_provider_tcocr.output_path import OutputPath

ANSWER = (Path(__file__).parent / "arrow" / "general_accurate_ocr.json").read_bytes()


def write(folder: Path, *documents: str, parts: int = 1) -> dict[str, Any]:
    """A dataset as a batch leaves it: every document one recognized page, spread over the parts in order."""
    for part in range(parts):
        tables = DatasetTables()
        for document in documents[part * len(documents) // parts : (part + 1) * len(documents) // parts]:
            row = PageRow(
                document_id=document,
                document_uri=f"file:///{document}",
                page=1,
                status="recognized",
                action="GeneralAccurateOCR",
                options="{}",
                answer=ANSWER,
            )
            tables.append(row)
        for table, batch in (("pages", tables.take_pages()), ("detections", tables.take_detections())):
            (folder / table).mkdir(parents=True, exist_ok=True)
            if documents:
                pq.write_table(pa.Table.from_batches([batch]), folder / table / f"part-{part}.parquet")
    manifest = {
        "manifest_version": 1,
        "status": "complete",
        "output_path": str(folder),
        "counts": {"documents": len(documents), "pages": len(documents), "detections": 9 * len(documents)},
    }
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    return manifest


def documents(table: pa.Table) -> list[str]:
    return [str(value) for value in table.column("document_id").to_pylist()]


@pytest.fixture
def memory() -> Iterator[str]:
    """A URI that only `ObjectStoragePath` can open."""
    try:
        storage = import_module("airflow.sdk.io")
    except ImportError:
        storage = import_module("airflow.io.store")  # Airflow 2.11
    filesystem = fsspec.filesystem("memory")
    storage.attach("memory", fs=filesystem)
    yield "memory://bucket/out"
    filesystem.rm("/", recursive=True)


def upload(folder: Path, uri: str) -> None:
    fsspec.filesystem("memory").put(str(folder), uri.removeprefix("memory://"), recursive=True)


@pytest.mark.parametrize("form", ["text", "path", "uri", "manifest", "trailing slash"])
def test_a_dataset_is_opened_in_every_form(tmp_path: Path, form: str) -> None:
    manifest = write(tmp_path / "out", "a", "b")
    path = tmp_path / "out"
    sources = {
        "text": str(path),
        "path": path,
        "uri": f"file://{path}",
        "manifest": manifest,
        "trailing slash": f"{path}/",
    }
    dataset = OcrDataset.open(sources[form])  # type: ignore[arg-type]
    assert documents(dataset.pages()) == ["a", "b"]
    assert dataset.detections().num_rows == 18
    assert dataset.manifests == (manifest,)


def test_tables_have_the_declared_schemas(tmp_path: Path) -> None:
    write(tmp_path, "a")
    dataset = OcrDataset.open(tmp_path)
    assert dataset.pages().schema.equals(PAGES_SCHEMA, check_metadata=True)
    assert dataset.detections().schema.equals(DETECTIONS_SCHEMA, check_metadata=True)
    assert dataset.reader().schema == DETECTIONS_SCHEMA
    dataset.detections().validate(full=True)


def test_a_batch_that_has_not_finished_is_refused(tmp_path: Path) -> None:
    manifest = write(tmp_path, "a")
    (tmp_path / "_manifest.json").unlink()
    for source in (str(tmp_path), tmp_path, manifest, [manifest]):
        with pytest.raises(ConfigurationError, match=r"has no _manifest\.json: its batch has not finished"):
            OcrDataset.open(source)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "\udcff"])
def test_a_damaged_manifest_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "_manifest.json").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ConfigurationError, match=r"_manifest\.json is not"):
        OcrDataset.open(tmp_path)


@pytest.mark.parametrize("source", ["", None, [None], "/nowhere/at/all", {}, {"output_path": None}, [{}], __file__])
def test_what_is_no_dataset_is_refused(source: Any) -> None:
    with pytest.raises(ConfigurationError):
        OcrDataset.open(source)


def test_an_empty_dataset_has_empty_tables(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = OcrDataset.open(tmp_path)
    assert (dataset.pages().num_rows, dataset.pages().schema) == (0, PAGES_SCHEMA)
    assert (dataset.detections().num_rows, dataset.detections().schema) == (0, DETECTIONS_SCHEMA)
    assert dataset.reader("pages").read_all().num_rows == 0
    assert dataset.detections(columns=["text"], filter=pc.field("confidence") > 3).column_names == ["text"]


def test_no_datasets_have_empty_tables() -> None:
    assert OcrDataset.open([]).detections().schema == DETECTIONS_SCHEMA


def test_several_datasets_are_read_as_one_in_the_order_given(tmp_path: Path) -> None:
    manifests = [write(tmp_path / name, *documents) for name, documents in (("x", "cd"), ("y", ""), ("z", "ab"))]
    assert documents(OcrDataset.open([manifests[0], str(tmp_path / "y"), tmp_path / "z"]).pages()) == [
        "c",
        "d",
        "a",
        "b",
    ]
    several = OcrDataset.open(reversed(manifests))
    assert documents(several.pages()) == ["a", "b", "c", "d"]
    assert documents(several.detections())[::9] == ["a", "b", "c", "d"]
    assert several.detections().schema.equals(DETECTIONS_SCHEMA, check_metadata=True)
    assert several.manifests == tuple(reversed(manifests))


def test_a_dataset_that_is_named_twice_is_read_once(tmp_path: Path, memory: str) -> None:
    write(tmp_path / "other", "b")
    manifest = write(tmp_path / "out", "a")
    upload(tmp_path / "out", memory)
    (tmp_path / "link").symlink_to(tmp_path / "out")
    again = [manifest, tmp_path / "other", f"{tmp_path}/out/", f"file://{tmp_path}/other/../out", tmp_path / "link"]
    dataset = OcrDataset.open([*again, memory, f"{memory}/"])
    assert documents(dataset.pages()) == ["a", "b", "a"]
    assert len(dataset.manifests) == 3


def test_parts_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    names = [f"{number:02}" for number in range(24)]
    write(tmp_path, *names, parts=12)
    assert documents(OcrDataset.open(tmp_path).pages()) == names
    assert [
        name for batch in OcrDataset.open(tmp_path).reader("pages") for name in batch["document_id"].to_pylist()
    ] == names


def test_only_part_files_are_read(tmp_path: Path) -> None:
    write(tmp_path, "a")
    for name in (".part-1.parquet", "part-1.parquet.tmp", "_part-1.parquet", "notes.txt"):
        (tmp_path / "pages" / name).write_bytes(b"not parquet")
    assert documents(OcrDataset.open(tmp_path).pages()) == ["a"]


@pytest.mark.parametrize("damage", ["cut", "gone", "all gone", "vanishing"])
def test_tables_that_are_not_whole_are_never_read_as_if_they_were(tmp_path: Path, damage: str) -> None:
    """As a copy that was cut short leaves them: ``_manifest.json`` is the first of all names."""
    write(tmp_path, *"abc", parts=3)
    dataset = OcrDataset.open(tmp_path)
    part = tmp_path / "pages" / "part-1.parquet"
    reader = dataset.reader("pages")
    if damage == "cut":
        part.write_bytes(part.read_bytes()[:-30])
    elif damage == "all gone":
        shutil.rmtree(part.parent)
    else:
        part.unlink()
    read = reader.read_all if damage == "vanishing" else dataset.pages
    told = "part-1.parquet" if damage in ("cut", "vanishing") else "has [02] rows, and the manifest counts 3"
    with pytest.raises(TencentCloudOcrError, match=f"the table pages .*{told}"):
        read()
    assert dataset.detections().num_rows == 27


def test_what_another_batch_writes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    dataset, reader = OcrDataset.open(tmp_path), OcrDataset.open(tmp_path).reader("pages")
    assert documents(dataset.pages()) == ["a", "b"]
    (tmp_path / "_manifest.json").unlink()  # so each batch begins
    for read in (dataset.detections, dataset.documents, reader.read_all):
        with pytest.raises(TencentCloudOcrError, match="was written by another batch since it was opened"):
            read()
    write(tmp_path, "a", "b", "c")
    for read in (dataset.detections, lambda: dataset.reader().read_all()):
        with pytest.raises(TencentCloudOcrError, match="Open it again"):
            read()
    assert documents(OcrDataset.open(tmp_path).pages()) == ["a", "b", "c"]


def test_a_batch_that_leaves_the_tables_alone_disturbs_no_reader(tmp_path: Path) -> None:
    manifest = write(tmp_path, "a") | {"fingerprint": "f" * 32}
    (tmp_path / "_manifest.json").write_text(json.dumps(manifest))
    dataset = OcrDataset.open(tmp_path)
    (tmp_path / "_manifest.json").write_text(json.dumps(manifest | {"started_at": "later"}))
    assert documents(dataset.pages()) == ["a"]


def test_columns_and_rows_may_be_chosen(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    dataset = OcrDataset.open(tmp_path)
    chosen = dataset.detections(columns=["text", "confidence"], filter=pc.field("confidence") < 99)
    assert chosen.to_pylist() == [{"text": "至于排序和筛选的便利，", "confidence": 96}] * 2
    assert dataset.pages(filter=pc.field("document_id") == "b").num_rows == 1
    assert dataset.reader("pages", columns=["page"]).read_all().column_names == ["page"]
    width = {"width": pc.field("right") - pc.field("left")}
    assert dataset.detections(columns=width).column("width")[0].as_py() == 263


@pytest.mark.parametrize("columns", [["text", "lines"], "text", [pc.field("text")], [None], 5])
def test_columns_that_are_not_there_are_named(tmp_path: Path, columns: Any) -> None:
    write(tmp_path, "a")
    with pytest.raises(ConfigurationError, match="columns is"):
        OcrDataset.open(tmp_path).detections(columns=columns)


def test_columns_are_given_in_any_sequence(tmp_path: Path) -> None:
    write(tmp_path, "a")
    assert OcrDataset.open(tmp_path).pages(columns=("page", "text")).column_names == ["page", "text"]


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": pc.field("lines") == 1},
        {"filter": pc.field("item_polygon", "z") == 1},
        {"filter": pc.field("page") == "one"},
        {"filter": [("page", "=", 1)]},
        {"columns": {"text": "text"}},
        {"columns": {"text": pc.field("lines")}},
    ],
)
def test_a_filter_or_an_expression_that_the_table_does_not_take_is_refused(
    tmp_path: Path, asked: dict[str, Any]
) -> None:
    for documents in ((), ("a",)):
        write(tmp_path, *documents)
        dataset = OcrDataset.open(tmp_path)
        for read in (dataset.detections, dataset.reader):
            with pytest.raises(ConfigurationError, match="detections cannot be read by these columns and this filter"):
                read(**asked)


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a")
    with pytest.raises(ConfigurationError, match="detections"):
        OcrDataset.open(tmp_path).reader("raw")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["a b", "50%25", "c:d", "_hidden", ".dot", "文件", "part-0.parquet"])
def test_a_path_may_hold_any_character(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "a")
    for source in (tmp_path / name, f"file://{tmp_path / name}"):
        assert documents(OcrDataset.open(source).pages()) == ["a"]


def test_a_file_uri_is_read_where_a_batch_writes_to_it(tmp_path: Path) -> None:
    write(tmp_path / "o ut", "a")
    assert documents(OcrDataset.open(f"file://{tmp_path}/o%20ut").pages()) == ["a"]
    with pytest.raises(ConfigurationError, match="file:// takes an absolute path"):
        OcrDataset.open("file://lake/out")


def test_a_relative_path_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "out", "a")
    monkeypatch.chdir(tmp_path)
    assert documents(OcrDataset.open("out").pages()) == ["a"]
    monkeypatch.chdir(tmp_path / "out")
    assert documents(OcrDataset.open(".").pages()) == ["a"]


def test_object_storage_is_read_through_airflow(tmp_path: Path, memory: str) -> None:
    write(tmp_path / "out", "a", "b")
    upload(tmp_path / "out", memory)
    write(tmp_path / "local", "c")
    remote = OcrDataset.open(memory)
    assert documents(remote.pages()) == ["a", "b"]
    assert remote.detections(filter=pc.field("confidence") < 99).num_rows == 2
    assert documents(OcrDataset.open([tmp_path / "local", memory]).pages()) == ["c", "a", "b"]


@pytest.mark.parametrize("uri", ["nosuchstore://bucket/out", "s3://id:planted@lake/out"])
def test_a_store_that_cannot_be_opened_is_refused_by_name(uri: str) -> None:
    with pytest.raises(ConfigurationError, match=uri.partition(":")[0]) as caught:
        OcrDataset.open(uri)
    assert "planted" not in str(caught.value)


def test_a_key_may_hold_any_character(tmp_path: Path, memory: str) -> None:
    write(tmp_path, "a")
    upload(tmp_path, f"{memory}/what?#50%25")
    assert documents(OcrDataset.open(f"{memory}/what?#50%25").pages()) == ["a"]


@pytest.mark.parametrize("step", ["cat_file", "ls", "open"])
def test_a_store_that_does_not_answer_is_told_by_what_was_asked_of_it(
    tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write(tmp_path, "a")
    upload(tmp_path, memory)

    class EndpointConnectionError(Exception):
        """As botocore's, whose errors are no OSError."""

    def fail(*_: Any, **__: Any) -> Any:
        raise EndpointConnectionError("planted")

    monkeypatch.setattr(fsspec.filesystem("memory"), step, fail)
    for read in (OcrDataset.pages, lambda dataset: dataset.reader("pages").read_all()):
        with pytest.raises(TencentCloudOcrError, match=f"{memory}.* cannot be read: EndpointConnectionError$"):
            read(OcrDataset.open(memory))


def test_object_storage_without_a_manifest_is_refused(memory: str) -> None:
    with pytest.raises(ConfigurationError, match="has not finished"):
        OcrDataset.open(memory)


def test_a_documents_text_is_its_pages_joined_by_form_feeds(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    dataset = OcrDataset.open(tmp_path)
    page = dataset.pages(columns=["text"])["text"][0].as_py()
    assert page.count("\n") == 6
    assert dataset.text("a") == page
    assert dataset.text() == f"{page}\f{page}"


def test_a_page_without_text_keeps_its_place_in_the_text(tmp_path: Path) -> None:
    write(tmp_path, "a", "a", "a")
    part = tmp_path / "pages" / "part-0.parquet"
    table = pq.read_table(part)
    texts = pa.array(["one", None, "three"], pa.string())
    pq.write_table(table.set_column(table.schema.get_field_index("text"), table.schema.field("text"), texts), part)
    assert OcrDataset.open(tmp_path).text("a").split("\f") == ["one", "", "three"]


def test_lines_and_markdown_are_of_one_document_or_of_all(tmp_path: Path) -> None:
    write(tmp_path, "a", "b", parts=2)
    dataset = OcrDataset.open(tmp_path)
    assert dataset.lines().schema.equals(LINES_SCHEMA)
    assert documents(dataset.lines()) == ["a"] * 7 + ["b"] * 7
    assert documents(dataset.lines("b")) == ["b"] * 7
    assert dataset.markdown("a").endswith("后不费解。至于排序和筛选的便利，更是一句话就够了。\n")
    assert dataset.markdown().startswith("# a\n\n")
    assert dataset.documents() == ["a", "b"]


@pytest.mark.parametrize("at_a_time", [1, 3, 14])
def test_lines_are_the_same_however_many_are_made_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    write(tmp_path, "a", "b")
    dataset = OcrDataset.open(tmp_path)
    whole = dataset.lines()
    monkeypatch.setattr("airflow_provider_tcocr.arrow.reading._ROWS", at_a_time)
    assert dataset.lines().equals(whole)
    assert whole.num_rows == 14


@pytest.mark.parametrize(("rows", "readings"), [(1, 24), (40, 6), (1000, 2)])
def test_many_documents_are_taken_one_by_one_without_reading_the_tables_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, readings: int
) -> None:
    names = [f"{number:02}" for number in range(12)]
    write(tmp_path, *names, parts=3)
    dataset = OcrDataset.open(tmp_path)
    wanted = {name: (dataset.text(name), dataset.hocr(name)) for name in names}
    read = []
    monkeypatch.setattr("airflow_provider_tcocr.dataset._HELD_ROWS", rows)
    monkeypatch.setattr(
        OutputPath, "table", lambda *given, real=OutputPath.table: read.append(given[1]) or real(*given)
    )
    found = {name: (held.text(name), held.hocr(name)) for name, held in dataset.by_document()}
    assert found == wanted
    assert len(read) == 1 + readings, "the sizes of the documents, then both tables for as many as fit"


def test_documents_are_taken_one_by_one_in_the_order_asked_for_even_such_as_are_not_there(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    dataset = OcrDataset.open(tmp_path)
    assert [name for name, _ in dataset.by_document(["b", "x", "a"])] == ["b", "x", "a"]
    (held,) = [held for name, held in dataset.by_document(["x"])]
    with pytest.raises(ConfigurationError, match="the dataset has no document 'x'"):
        held.text("x")
    assert list(OcrDataset.open([]).by_document()) == []


@pytest.mark.parametrize("ask", ["text", "lines", "markdown", "hocr"])
def test_a_document_that_is_not_there_is_refused_by_its_name(tmp_path: Path, ask: str) -> None:
    write(tmp_path, "a")
    with pytest.raises(ConfigurationError, match="the dataset has no document 'x'"):
        getattr(OcrDataset.open(tmp_path), ask)("x")


def test_an_empty_dataset_has_no_text(tmp_path: Path) -> None:
    write(tmp_path)
    dataset = OcrDataset.open(tmp_path)
    assert (dataset.text(), dataset.markdown(), dataset.lines().num_rows, dataset.documents()) == ("", "", 0, [])


def test_duckdb_reads_the_stream_and_the_files(tmp_path: Path) -> None:
    write(tmp_path, "a", "b", parts=2)
    connection = pytest.importorskip("duckdb").connect()
    connection.register("detections", OcrDataset.open(tmp_path).reader())
    assert connection.execute("select count(*), min(confidence) from detections").fetchall() == [(18, 96)]
    glob = f"{tmp_path}/detections/part-*.parquet"
    assert connection.execute("select max(polygon[1].x) from read_parquet(?)", [glob]).fetchall() == [(446,)]


def test_the_repr_names_the_paths(tmp_path: Path) -> None:
    write(tmp_path, "a")
    assert repr(OcrDataset.open(tmp_path)) == f"OcrDataset(['{tmp_path}'])"


def test_importing_it_loads_neither_pyarrow_nor_airflow() -> None:
    code = "import sys, airflow_provider_tcocr.dataset; print('pyarrow' in sys.modules, 'airflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"


def test_reading_a_local_dataset_does_not_load_airflow(tmp_path: Path) -> None:
    write(tmp_path, "a")
    code = (
        "import sys; from airflow_provider_tcocr.dataset import OcrDataset;"
        f"OcrDataset.open({str(tmp_path)!r}).detections(); print('airflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_signature_is_no_part_of_an_output_path_and_is_not_shown(memory: str) -> None:
    with pytest.raises(ConfigurationError, match="no signature") as caught:
        OcrDataset.open(f"{memory}?X-Amz-Signature=planted")
    assert "planted" not in str(caught.value)
