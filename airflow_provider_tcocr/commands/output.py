"""What a subcommand prints: its results alone on stdout, and what went wrong in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TextIO

from ..exceptions import TencentCloudOcrError, on_one_line


@contextmanager
def results() -> Iterator[TextIO]:
    """The stream for results; what others print meanwhile goes to stderr, as Airflow's log, which goes to stdout."""
    stdout = sys.stdout
    with redirect_stdout(sys.stderr):
        yield stdout


def message_of(failure: Exception) -> str:
    """What went wrong; of errors that are neither ours nor the system's, as a store's, with what they are."""
    text = on_one_line(" ".join(str(failure).split()))
    return text if isinstance(failure, TencentCloudOcrError | OSError) and text else f"{type(failure).__name__}: {text}"
