"""PDFium's one lock: the library is not thread-safe, and every room of a process that uses it must hold the same."""

from __future__ import annotations

import threading
from typing import Final

PDFIUM: Final = threading.Lock()
"""Held around every call into PDFium, closing included; never while encoding what it drew."""
