"""Reads back what a batch wrote: the tables of one output path, or of many as one. Changes nothing."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, Literal, TypeAlias

from .exceptions import ConfigurationError
from .output_path import OutputPath, reading

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import dataset as pads

    from .export.pages import ReadPage

_HELD_ROWS: Final = 20_000
"""Rows of both tables that :meth:`OcrDataset.by_document` holds in memory."""

Table: TypeAlias = Literal["pages", "detections"]
Columns: TypeAlias = "Sequence[str] | Mapping[str, pc.Expression] | None"
Source: TypeAlias = "Mapping[str, Any] | str | os.PathLike[str]"


class OcrDataset:
    """The pages and the text detections of one output path or of several, read as one in the order given.

    Made by :meth:`open`. ``manifests`` holds the manifest of each path.

    :param paths: the output paths, opened
    :param held: the two tables, where they are in memory
    """

    def __init__(self, paths: tuple[OutputPath, ...], held: Mapping[str, pa.Table] | None = None) -> None:
        self._paths = paths
        self._held = held
        self.manifests: tuple[Mapping[str, Any], ...] = tuple(path.manifest for path in paths)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({[path.uri for path in self._paths]!r})"

    @classmethod
    def open(cls, source: Source | Iterable[Source]) -> OcrDataset:
        """Open a dataset; its tables are read later.

        :param source: the manifest that the batch returned, the output path or URI it wrote to, or several of either;
            a path that is named twice is read once
        :raise ConfigurationError: when a path holds no manifest, since then its tables are not whole
        :raise TencentCloudOcrError: when a store does not answer, or refuses
        """
        if isinstance(source, Mapping | str | os.PathLike) or not isinstance(source, Iterable):
            source = [source]
        paths: dict[object, OutputPath] = {}
        for one in source:
            path = OutputPath.open(_output_path(one))
            paths.setdefault(path.place, path)
        return cls(tuple(paths.values()))

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
        return self._table("pages", columns, filter)

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
        return self._table("detections", columns, filter)

    def reader(
        self,
        table: Table = "detections",
        columns: Columns = None,
        filter: pc.Expression | None = None,  # noqa: A002 the word of every Arrow reader
    ) -> pa.RecordBatchReader:
        """The rows as a stream of record batches, for tables larger than memory, and for DuckDB, Polars and others.

        :param table: ``detections`` or ``pages``
        :param columns: names, or names and expressions; None is all
        :param filter: rows to keep
        :raise ConfigurationError: when there is no such table or column
        """
        import pyarrow as pa

        scanner = self._scanner(table, columns, filter)
        return pa.RecordBatchReader.from_batches(scanner.projected_schema, self._batches(table, scanner))

    def documents(self) -> list[str]:
        """The ids of the documents, each once, in the order of their rows."""
        return list(dict.fromkeys(self.pages(["document_id"]).column("document_id").to_pylist()))

    def by_document(self, document_ids: Iterable[str] | None = None) -> Iterator[tuple[str, OcrDataset]]:
        """Each document's id with a dataset that has it in memory, so that the tables are read once for many documents.

        :param document_ids: None is every document; an id that the dataset does not have is given, too
        """
        sizes: Counter[str] = Counter()
        for row in self.pages(["document_id", "detections"]).to_pylist():
            sizes[row["document_id"]] += 1 + row["detections"]
        some: list[str] = []
        rows = 0
        for document_id in sizes if document_ids is None else document_ids:
            if some and rows + sizes[document_id] > _HELD_ROWS:
                yield from self._held_of(some)
                some, rows = [], 0
            some.append(document_id)
            rows += sizes[document_id]
        if some:
            yield from self._held_of(some)

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

    def _held_of(self, document_ids: list[str]) -> Iterator[tuple[str, OcrDataset]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        theirs = pc.field("document_id").isin(pa.array(document_ids, pa.string()))
        held = OcrDataset((), {"pages": self.pages(filter=theirs), "detections": self.detections(filter=theirs)})
        return ((document_id, held) for document_id in document_ids)

    def _read_pages(self, document_id: str) -> list[ReadPage]:
        from .export.pages import DETECTION_COLUMNS, PAGE_COLUMNS, read_pages

        pages = self._pages_of(document_id, PAGE_COLUMNS)
        return read_pages(pages, self.detections(DETECTION_COLUMNS, filter=_of(document_id)))

    def _detections_of(self, document_id: str | None, columns: Sequence[str]) -> pa.Table:
        self._pages_of(document_id, ["page"])
        return self.detections(columns, filter=_of(document_id))

    def _pages_of(self, document_id: str | None, columns: Sequence[str]) -> pa.Table:
        found = self.pages(columns, filter=_of(document_id))
        if document_id is not None and not found.num_rows:
            raise ConfigurationError(f"the dataset has no document {document_id!r:.500}")
        return found

    def _table(self, table: Table, columns: Columns, rows: pc.Expression | None) -> pa.Table:
        scanner = self._scanner(table, columns, rows)
        with self._reading(table):
            return scanner.to_table()

    def _batches(self, table: Table, scanner: pads.Scanner) -> Iterator[pa.RecordBatch]:
        with self._reading(table):
            yield from scanner.to_reader()

    @contextmanager
    def _reading(self, table: Table) -> Iterator[None]:
        """Raise whatever fails as an error of ours, and check that all that was read is of one batch."""
        uris = ", ".join(path.uri for path in self._paths)
        with reading(f"{uris:.500}: the table {table}", local=all(path.filesystem is None for path in self._paths)):
            try:
                yield
            except Exception:
                self._check()  # the better reason, where it is one
                raise
            self._check()

    def _check(self) -> None:
        for path in self._paths:
            path.check()

    def _scanner(self, table: Table, columns: Columns, rows: pc.Expression | None) -> pads.Scanner:
        import pyarrow as pa
        from pyarrow import dataset as pads

        from .arrow.schema import DETECTIONS_SCHEMA, PAGES_SCHEMA

        schemas = {"pages": PAGES_SCHEMA, "detections": DETECTIONS_SCHEMA}
        if table not in schemas:
            raise ConfigurationError(f"table is {table!r}; it must be one of {', '.join(schemas)}")
        schema = schemas[table]
        if columns is not None and not isinstance(columns, Mapping):
            named = list(columns) if isinstance(columns, Iterable) and not isinstance(columns, str) else None
            if named is None or not all(isinstance(name, str) and name in schema.names for name in named):
                raise ConfigurationError(f"columns is {columns!r}; it must be a list from {', '.join(schema.names)}")
            columns = named
        if self._held is not None:
            whole = pads.dataset(self._held[table])
        else:
            found = [one for path in self._paths if (one := path.table(table, schema)) is not None]
            whole = pads.dataset(found or schema.empty_table())
        try:
            return whole.scanner(columns=columns, filter=rows)
        except (pa.ArrowException, TypeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise ConfigurationError(f"{table} cannot be read by these columns and this filter: {reason}") from None


def _of(document_id: str | None) -> pc.Expression | None:
    import pyarrow.compute as pc

    return None if document_id is None else pc.field("document_id") == document_id


def _output_path(source: object) -> str:
    if not isinstance(source, Mapping):
        return str(source or "")
    if not source.get("output_path"):
        raise ConfigurationError("a manifest without output_path is not one that a batch returned")
    return str(source["output_path"])
