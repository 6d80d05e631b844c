"""What an error says is one line that moves no cursor, whoever worded it; its attributes keep what was said."""

import pickle

import pytest

from airflow_provider_tcocr.exceptions import (
    BatchFailedError,
    CallLimitError,
    ConfigurationError,
    DocumentError,
    PageError,
    ServiceError,
    StoppedError,
    TransportError,
    UnreadablePartError,
    on_one_line,
)

SAID = "scan\n[2026-01-01] ERROR forged\x1b[31m\x07\r\u202egnp\u2028.png"
SPELLED = r"scan\n[2026-01-01] ERROR forged\x1b[31m\x07\r\u202egnp\u2028.png"


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError(SAID),
        DocumentError("Document.Empty", SAID),
        TransportError("Transport.Foreign", SAID),
        ServiceError("InternalError", "no", request_id=SAID),
        ServiceError(SAID, SAID, advice="Ask again."),
        BatchFailedError(SAID, {}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_errors_text_forges_no_line_and_commands_no_terminal(error):
    assert SPELLED in str(error)
    assert str(error).isprintable()


def test_an_errors_attributes_keep_what_was_said():
    assert DocumentError("Document.Empty", SAID).message == SAID


@pytest.mark.parametrize("text", ["发票 1.png", "café — 5 %", "a\u200db", ""])
def test_what_no_terminal_obeys_is_kept(text):
    assert on_one_line(text) == text


def test_what_is_no_text_at_all_is_spelled_out_too():
    assert on_one_line("a\ud800b\0") == r"a\ud800b\x00"


@pytest.mark.parametrize(
    "error",
    [
        ConfigurationError("host: not a URL"),
        DocumentError("Document.Empty", "a.png is empty"),
        TransportError("Transport.Foreign", "HTTP 502", status=502),
        PageError("FailedOperation.ImageBlur", "blurred", request_id="r", action="EnglishOCR", advice="Scan it again."),
        BatchFailedError("1 of 1 pages failed", {"status": "failed", "counts": {"failed": 1}}),
        StoppedError("stopped"),
        CallLimitError("max_calls=1 is reached"),
        UnreadablePartError("raw/part-1.parquet cannot be read"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_the_same_in_another_process(error):
    """As that of a process pool is."""
    there = pickle.loads(pickle.dumps(error))
    assert (type(there), str(there), vars(there)) == (type(error), str(error), vars(error))
