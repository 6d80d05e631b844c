"""Reading back what a batch wrote: the tables of one output path, or of many as one. Writes nothing.

Local paths are read without Airflow; any other URI goes through Airflow's `ObjectStoragePath` and its connections.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Literal, TypeAlias

from .exceptions import ConfigurationError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import dataset as pads

    from .export.pages import ReadPage

MANIFEST_NAME: Final = "_manifest.json"

Table: TypeAlias = Literal["pages", "detections"]
Columns: TypeAlias = "list[str] | Mapping[str, pc.Expression] | None"
Source: TypeAlias = "Mapping[str, Any] | str | os.PathLike[str]"


@dataclass(frozen=True, slots=True)
class _Folder:
    """One output path, opened: its manifest, and where its files are in which filesystem."""

    uri: str
    manifest: Mapping[str, Any]
    path: str
    filesystem: Any  # an fsspec filesystem; None for the local one

    def parts(self, table: str) -> list[str]:
        """The table's part files in the order of their numbers."""
        folder = f"{self.path.rstrip('/')}/{table}"
        try:
            if self.filesystem is None:
                names = [part.name for part in Path(folder).iterdir()]
            else:
                self.filesystem.invalidate_cache(folder)
                names = [name.rstrip("/").rpartition("/")[2] for name in self.filesystem.ls(folder, detail=False)]
        except FileNotFoundError:
            names = []
        parts = (name for name in set(names) if name.startswith("part-") and name.endswith(".parquet"))
        return [f"{folder}/{name}" for name in sorted(parts, key=lambda name: (len(name), name))]


class OcrDataset:
    """The pages and the text detections of one output path or of several, read as one in the order given.

    Use :meth:`open`. ``manifests`` holds the manifest of each.

    :param folders: what :meth:`open` found
    """

    def __init__(self, folders: tuple[_Folder, ...]) -> None:
        self._folders = folders
        self.manifests: tuple[Mapping[str, Any], ...] = tuple(folder.manifest for folder in folders)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({[folder.uri for folder in self._folders]!r})"

    @classmethod
    def open(cls, source: Source | Iterable[Source]) -> OcrDataset:
        """Find a dataset; its tables are read later.

        :param source: the manifest that the batch returned, the output path or URI it wrote to, or several of either
        :raise ConfigurationError: when a path holds no manifest, since then its tables are not whole
        """
        if isinstance(source, Mapping | str | os.PathLike) or not isinstance(source, Iterable):
            source = [source]
        return cls(tuple(_folder(_output_path(one)) for one in source))

    def pages(
        self,
        columns: Columns = None,
        filter: pc.Expression | None = None,  # noqa: A002 the word of every Arrow reader
    ) -> pa.Table:
        """One row a page, failed ones too.

        :param columns: names, or names and expressions; None is all
        :param filter: rows to keep, as ``pyarrow.compute.field("status") == "failed"``
        :return: a table in ``airflow_provider_tcocr.arrow.PAGES_SCHEMA``, or the columns asked for
        :raise ConfigurationError: when it has no such column
        """
        return self._scanner("pages", columns, filter).to_table()

    def detections(
        self,
        columns: Columns = None,
        filter: pc.Expression | None = None,  # noqa: A002 the word of every Arrow reader
    ) -> pa.Table:
        """One row a text detection; coordinates are pixels of the original.

        :param columns: names, or names and expressions; None is all
        :param filter: rows to keep, as ``pyarrow.compute.field("confidence") >= 90``
        :return: a table in ``airflow_provider_tcocr.arrow.DETECTIONS_SCHEMA``, or the columns asked for
        :raise ConfigurationError: when it has no such column
        """
        return self._scanner("detections", columns, filter).to_table()

    def reader(
        self,
        table: Table = "detections",
        columns: Columns = None,
        filter: pc.Expression | None = None,  # noqa: A002 the word of every Arrow reader
    ) -> pa.RecordBatchReader:
        """The same rows as a stream of record batches, for tables larger than memory and for DuckDB, Polars and others.

        :param table: ``detections`` or ``pages``
        :param columns: names, or names and expressions; None is all
        :param filter: rows to keep
        :raise ConfigurationError: when there is no such table or column
        """
        return self._scanner(table, columns, filter).to_reader()

    def documents(self) -> list[str]:
        """The ids of the documents, each once, in the order of their rows."""
        return list(dict.fromkeys(self.pages(["document_id"]).column("document_id").to_pylist()))

    def text(self, document_id: str | None = None) -> str:
        """A document's whole text: visual lines in reading order, its pages joined by form feeds.

        A page without text is an empty piece, so splitting the text at form feeds gives each page.

        :param document_id: None is every document, one after the other
        :raise ConfigurationError: when the dataset has no such document
        """
        texts = self._pages_of(document_id, ["text"]).column("text").to_pylist()
        return "\f".join(text or "" for text in texts)

    def lines(self, document_id: str | None = None) -> pa.Table:
        """One row a visual line, in reading order, with its paragraph, its least confidence and its bounds.

        :param document_id: None is every document
        :return: a table in ``airflow_provider_tcocr.arrow.LINES_SCHEMA``
        :raise ConfigurationError: when the dataset has no such document
        """
        from .arrow.reading import READ_COLUMNS, lines_table

        return lines_table(self._detections_of(document_id, READ_COLUMNS))

    def markdown(self, document_id: str | None = None) -> str:
        """The text in Markdown: a paragraph a line; a heading for each page where there are several.

        :param document_id: None is every document, each under a heading of its own
        :raise ConfigurationError: when the dataset has no such document
        """
        from .arrow.markdown import markdown

        return markdown(self.lines(document_id))

    def hocr(self, document_id: str) -> str:
        """The document in hOCR 1.2, the interchange format of OCR: words, their places and confidences, as XHTML.

        :param document_id: that of the tables
        :raise ConfigurationError: when the dataset has no such document
        """
        from .export.hocr import hocr

        return hocr(document_id, self._read_pages(document_id))

    def searchable_pdf(
        self,
        document_id: str,
        target: str | os.PathLike[str] | IO[bytes],
        *,
        source: str | os.PathLike[str] | bytes | None = None,
        over_text: bool = False,
        pdf_password_conn_id: str | None = None,
    ) -> None:
        """Write the document as a PDF that can be searched: its pages, with an invisible layer of what was read.

        The document is opened again; nothing is recognized, and nothing is paid. Needs the extra ``export``.

        :param document_id: that of the tables
        :param target: a path or URI, or a binary file to write to
        :param source: the document's path, URI or bytes, where its ``document_uri`` no longer leads to it, as after a
            signature was removed from it
        :param over_text: lay text over pages of a PDF that have text of their own, too; else they stay as they are
        :param pdf_password_conn_id: the connection, of any type, whose password opens an encrypted PDF; what is written
            opens with it too
        :raise ConfigurationError: the dataset has no such document; its pages have no known pixels (``pdf_dpi=None``);
            it changed since; the extra is not installed; the connection has no password
        :raise DocumentError: it cannot be opened
        """
        from .documents import PdfSettings, pdf_password
        from .export.files import export_pdf

        pdf = PdfSettings(password=pdf_password(pdf_password_conn_id), password_conn_id=pdf_password_conn_id)
        export_pdf(self._read_pages(document_id), target, source=source, over_text=over_text, pdf=pdf)

    def _read_pages(self, document_id: str) -> list[ReadPage]:
        from .export.pages import DETECTION_COLUMNS, PAGE_COLUMNS, read_pages

        return read_pages(
            self._pages_of(document_id, PAGE_COLUMNS), self._detections_of(document_id, DETECTION_COLUMNS)
        )

    def _detections_of(self, document_id: str | None, columns: Sequence[str]) -> pa.Table:
        self._pages_of(document_id, ["page"])
        return self.detections(list(columns), filter=_of(document_id))

    def _pages_of(self, document_id: str | None, columns: Sequence[str]) -> pa.Table:
        found = self.pages(list(columns), filter=_of(document_id))
        if document_id is not None and not found.num_rows:
            raise ConfigurationError(f"the dataset has no document {document_id!r:.500}")
        return found

    def _scanner(self, table: str, columns: Columns, rows: pc.Expression | None) -> pads.Scanner:
        from pyarrow import dataset as pads

        from .arrow.schema import DETECTIONS_SCHEMA, PAGES_SCHEMA

        schemas = {"pages": PAGES_SCHEMA, "detections": DETECTIONS_SCHEMA}
        if table not in schemas:
            raise ConfigurationError(f"table is {table!r}; it must be one of {', '.join(schemas)}")
        schema = schemas[table]
        if columns is not None and not isinstance(columns, Mapping):
            unknown = set(columns) - set(schema.names)  # of a bare string: its characters
            if unknown:
                raise ConfigurationError(f"columns is {columns!r}; it must be a list from {', '.join(schema.names)}")
        children = [
            pads.dataset(parts, schema=schema, format="parquet", filesystem=folder.filesystem)
            for folder in self._folders
            if (parts := folder.parts(table))
        ]
        whole = pads.dataset(children) if children else pads.dataset(schema.empty_table())
        return whole.scanner(columns=columns, filter=rows)


def _of(document_id: str | None) -> pc.Expression | None:
    import pyarrow.compute as pc

    return None if document_id is None else pc.field("document_id") == document_id


def _output_path(source: object) -> str:
    if not isinstance(source, Mapping):
        return str(source)
    if not source.get("output_path"):
        raise ConfigurationError("a manifest without output_path is not one that a batch returned")
    return str(source["output_path"])


def _folder(uri: str) -> _Folder:
    """Open one output path; its manifest is the file, as what a task returned may be of an earlier run."""
    if not uri:
        raise ConfigurationError("an empty string is no dataset; give the manifest or the output path of a batch")
    scheme, separator, rest = uri.partition("://")
    filesystem = None
    if not separator:
        path = uri
    elif scheme == "file":
        path = "/" + rest.removeprefix("localhost").lstrip("/")
    else:
        from airflow.providers.common.compat.sdk import ObjectStoragePath

        storage_path = ObjectStoragePath(uri)
        path, filesystem = storage_path.path, storage_path.fs
    name = f"{path.rstrip('/')}/{MANIFEST_NAME}"
    try:
        body = Path(name).read_bytes() if filesystem is None else filesystem.cat_file(name)
        manifest = json.loads(body)
    except (FileNotFoundError, NotADirectoryError):
        raise ConfigurationError(
            f"{uri} has no {MANIFEST_NAME}: its batch has not finished, or it is not the output_path of one"
        ) from None
    except ValueError:
        raise ConfigurationError(f"{name} is not JSON: it was not written by a batch, or is damaged") from None
    if not isinstance(manifest, dict):
        raise ConfigurationError(f"{name} is not a manifest")
    return _Folder(uri=uri, manifest=manifest, path=path, filesystem=filesystem)
