"""The report: one HTML file in which a person looks at what a batch read. Reads the tables, recognizes nothing."""

from __future__ import annotations

from .bounds import REPORT_NAME, Bounds
from .report import Written, write_report

__all__ = ["REPORT_NAME", "Bounds", "Written", "write_report"]
