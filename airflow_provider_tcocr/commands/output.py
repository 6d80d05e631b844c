"""What a subcommand prints: results alone on stdout, and an error in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

from ..exceptions import TencentCloudOcrError, on_one_line


@contextmanager
def results() -> Iterator[TextIO]:
    """The stream for results; all else that is printed meanwhile, as Airflow's log to stdout, goes to stderr."""
    stdout = sys.stdout
    with redirect_stdout(sys.stderr):
        yield stdout


def message_of(failure: Exception) -> str:
    """What went wrong; an error that is neither ours nor the system's, as a store's, is preceded by its class."""
    text = on_one_line(" ".join(str(failure).split()))
    return text if isinstance(failure, TencentCloudOcrError | OSError) and text else f"{type(failure).__name__}: {text}"
