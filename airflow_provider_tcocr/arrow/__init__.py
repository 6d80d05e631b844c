"""The service's answers as Arrow: two declared tables, and what builds them. Importing this loads pyarrow."""

from __future__ import annotations

from .answers import AnswerLike, detections_table
from .lines import page_text, visual_lines
from .reading import LINES_SCHEMA, lines_table
from .rows import EMPTY, FAILED, RECOGNIZED, DatasetTables, PageRow
from .schema import DETECTIONS_SCHEMA, PAGES_SCHEMA, SCHEMA_VERSION

__all__ = [
    "DETECTIONS_SCHEMA",
    "EMPTY",
    "FAILED",
    "LINES_SCHEMA",
    "PAGES_SCHEMA",
    "RECOGNIZED",
    "SCHEMA_VERSION",
    "AnswerLike",
    "DatasetTables",
    "PageRow",
    "detections_table",
    "lines_table",
    "page_text",
    "visual_lines",
]
