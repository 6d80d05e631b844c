"""Reports what a task read and wrote to hook lineage and to OpenLineage. An error here fails no task."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ..assets.uri import asset_uri, lineage_name

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors.base import OperatorLineage

    from ..documents import Document
    from ..hooks.ocr import TencentCloudOcrHook
    from ..landing.manifest import Manifest

MAX_INPUTS: Final = 100
"""As many as hook lineage takes; of more documents, the folders are reported."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a task read and wrote, small enough to be kept on the operator.

    :param inputs: URIs of the documents, or of their folders; at most :data:`MAX_INPUTS`
    :param output: the dataset's URI, None if there is none
    :param rows: of each table
    """

    inputs: tuple[str, ...]
    output: str | None = None
    rows: tuple[tuple[str, int], ...] = ()


def report_lineage(
    hook: TencentCloudOcrHook, documents: Iterable[Document], manifest: Manifest | None = None
) -> Lineage | None:
    """Report to hook lineage, and return what OpenLineage gets when the task ends.

    :param manifest: None if no dataset was written
    :return: None if something went wrong
    """
    from airflow.providers.common.compat.lineage.hook import get_hook_lineage_collector

    try:
        lineage = _lineage(documents, manifest)
        collector = get_hook_lineage_collector()  # type: ignore[no-untyped-call]
        for uri in lineage.inputs:
            collector.add_input_asset(context=hook, uri=uri)
        if lineage.output is not None:
            collector.add_output_asset(context=hook, uri=lineage.output)
    except Exception as error:
        log.warning("Lineage cannot be reported (%s)", type(error).__name__)
        return None
    return lineage


def openlineage_facets(lineage: Lineage) -> OperatorLineage[Any, Any]:
    """The datasets as OpenLineage takes them: documents in; both tables out, with their schemas and rows."""
    from airflow.providers.common.compat.openlineage.facet import (
        InputDataset,
        OutputDataset,
        OutputStatisticsOutputDatasetFacet,
        SchemaDatasetFacet,
        SchemaDatasetFacetFields,
    )
    from airflow.providers.openlineage.extractors.base import OperatorLineage

    from ..arrow.schema import DETECTIONS_SCHEMA, PAGES_SCHEMA

    def table(name: str, rows: int) -> OutputDataset:
        schema = {"pages": PAGES_SCHEMA, "detections": DETECTIONS_SCHEMA}[name]
        fields = [SchemaDatasetFacetFields(name=field.name, type=str(field.type)) for field in schema]
        namespace, folder = lineage_name(f"{lineage.output}/{name}")
        return OutputDataset(
            namespace=namespace,
            name=folder,
            facets={"schema": SchemaDatasetFacet(fields=fields)},
            outputFacets={"outputStatistics": OutputStatisticsOutputDatasetFacet(rowCount=rows)},
        )

    return OperatorLineage(
        inputs=[InputDataset(*lineage_name(uri)) for uri in lineage.inputs],
        outputs=[table(name, rows) for name, rows in lineage.rows],
    )


def bounded(places: Iterable[str]) -> list[str]:
    """Each place once; if there are too many, their folders, then the folders of those, until there are few enough.

    :param places: absolute paths and URIs
    :return: at most :data:`MAX_INPUTS`; hosts and buckets beyond that are left out
    """
    found = list(dict.fromkeys(places))
    while len(found) > MAX_INPUTS:
        folders = list(dict.fromkeys(map(_folder, found)))
        if folders == found:
            break
        found = folders
    return found[:MAX_INPUTS]


def _lineage(documents: Iterable[Document], manifest: Manifest | None) -> Lineage:
    inputs = tuple(asset_uri(place) for place in bounded(map(_place, documents)))
    if manifest is None:
        return Lineage(inputs)
    rows = tuple((table, manifest.counts[table]) for table in ("pages", "detections"))
    return Lineage(inputs, asset_uri(manifest.output_path), rows)


def _place(document: Document) -> str:
    return document.location if document.is_local else document.document_uri


def _folder(place: str) -> str:
    start, mark, rest = place.rpartition("://")
    return f"{start}{mark}{rest.rpartition('/')[0] or rest}"
