"""Formats told by their first bytes."""

import pytest

from airflow_provider_tcocr.documents.kinds import kind_of


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("PNG", "PNG"),
        ("JPEG", "JPEG"),
        ("BMP", "BMP"),
        ("TIFF", "TIFF"),
        ("WEBP", "WEBP"),
        ("GIF", "GIF"),
        ("JPEG2000", "JPEG2000"),
        ("PPM", "PPM"),
        ("PDF", "PDF"),
    ],
)
def test_a_format_is_told_by_its_first_bytes(make, form, kind):
    assert kind_of(make.as_bytes(make.marked().convert("RGB"), form)[:1024]) == kind


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"B",
        b"BM is no picture, it is a text about one",
        b"P7 is no format we read",
        b"<html>",
        b"P",
        b"RIFF----WAVE",
        b" " * 1024 + b"%PDF-1.4",
    ],
)
def test_other_bytes_are_no_format(head):
    assert kind_of(head) is None


def test_a_pdf_may_begin_with_other_bytes():
    assert kind_of(b"\r\njunk from a printer\x00%PDF-1.7 ...") == "PDF"
