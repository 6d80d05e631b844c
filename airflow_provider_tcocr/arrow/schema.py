"""The two tables' schemas: names, types, which columns may be null, and the version written into every file.

Only types that DuckDB, Spark, BigQuery, Delta and Iceberg all read. A column declared not null is never null. Fields
inside a list or struct are all declared nullable, since Delta refuses NOT NULL there; comments say what they hold.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

SCHEMA_VERSION: Final = "1"
"""Raised when a column changes its meaning or its type, not when one is added."""

_METADATA_PREFIX: Final = "tcocr."


def _list_of(item: pa.DataType) -> pa.DataType:
    return pa.list_(pa.field("element", item))  # the name Parquet gives it, so that a round trip changes nothing


POINT: Final = pa.struct([pa.field("x", pa.int32()), pa.field("y", pa.int32())])
POLYGON: Final = _list_of(POINT)
ITEM_POLYGON: Final = pa.struct([pa.field(name, pa.int32()) for name in ("x", "y", "width", "height")])
WORD: Final = pa.struct(
    [pa.field("character", pa.string()), pa.field("confidence", pa.int32()), pa.field("polygon", POLYGON)]
)
WORDS: Final = _list_of(WORD)


def _required(name: str, dtype: pa.DataType) -> pa.Field:
    return pa.field(name, dtype, nullable=False)


def _metadata(table: str, **more: str) -> dict[str, str]:
    entries = {"table": table, "schema_version": SCHEMA_VERSION, **more}
    return {_METADATA_PREFIX + key: value for key, value in entries.items()}


PAGES_SCHEMA: Final = pa.schema(
    [
        _required("document_id", pa.string()),
        _required("document_uri", pa.string()),
        _required("page", pa.int32()),  # from 1
        _required("status", pa.string()),  # recognized, empty, failed
        pa.field("error_code", pa.string()),
        pa.field("error_message", pa.string()),
        pa.field("angle", pa.float64()),  # degrees clockwise, in (-180, 180]
        pa.field("text", pa.string()),  # visual lines in reading order; "" of an empty page, null of a failed one
        _required("detections", pa.int32()),
        pa.field("confidence_mean", pa.float64()),  # of the page's detections, null where there are none
        pa.field("confidence_min", pa.int32()),
        pa.field("request_id", pa.string()),
        _required("action", pa.string()),
        _required("options", pa.string()),  # canonical JSON
        pa.field("prepared", pa.string()),  # what was done to the page before it was sent
        _required("attempts", pa.int32()),
        _required("recognized_at", pa.timestamp("us", tz="UTC")),
        pa.field("latency_ms", pa.int32()),
        pa.field("width", pa.int32()),  # of the original, or of the rendered page, in pixels
        pa.field("height", pa.int32()),
    ],
    metadata=_metadata("pages"),
)
"""One row a page, failed ones too."""

DETECTIONS_SCHEMA: Final = pa.schema(
    [
        _required("document_id", pa.string()),
        _required("document_uri", pa.string()),
        _required("page", pa.int32()),
        _required("detection", pa.int32()),  # the position in the answer, from 0
        _required("text", pa.string()),  # "" where the service gave none
        _required("confidence", pa.int32()),  # 0-100 as the service gives it; 0 where it gave none
        pa.field("left", pa.int32()),  # the polygon's bounds in the user's original; null with the polygon
        pa.field("top", pa.int32()),
        pa.field("right", pa.int32()),
        pa.field("bottom", pa.int32()),
        pa.field("polygon", POLYGON),  # as the service ordered it, not always from the top left
        pa.field("item_polygon", ITEM_POLYGON),  # in the upright frame: not to be mixed with the columns above
        pa.field("paragraph", pa.int32()),
        pa.field("language", pa.string()),
        pa.field("advanced_info", pa.string()),
        pa.field("words", WORDS),  # character "", confidence null, polygon null where the service gave none
    ],
    metadata=_metadata(
        "detections", coordinates="pixel, origin top left, polygon in the original, item_polygon after rotation"
    ),
)
"""One row a text detection, in the service's order."""
