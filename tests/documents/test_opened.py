"""Opening: from disk and from the web, and what is refused before any call."""

import hashlib
import os
import threading
import tracemalloc
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_tcocr.api.actions import MAX_IMAGE_BYTES
from airflow_provider_tcocr.documents import PdfSettings, as_document, content, open_document, version_of
from airflow_provider_tcocr.exceptions import ConfigurationError, DocumentError
from tests.serving import serving


def code_of(document):
    with pytest.raises(DocumentError) as raised, open_document(document) as opened:
        opened.page(1)
    assert "SECRET" not in str(raised.value)
    return raised.value.code


def test_an_empty_document_is_caught_before_it_is_billed(tmp_path):
    path = tmp_path / "empty.png"
    path.touch()
    assert code_of(as_document(path)) == code_of(b"") == "Document.Empty"


def test_a_missing_document_is_an_error_of_that_document(tmp_path):
    assert code_of(as_document(tmp_path / "none.png")) == "Document.Missing"
    (tmp_path / "file").touch()
    assert code_of(as_document(tmp_path / "file" / "none.png")) == "Document.Missing"


def test_what_is_no_image_is_of_unknown_type():
    assert code_of(b"hello, world") == "Document.UnknownType"


def test_a_folder_or_a_pipe_is_no_document(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert code_of(as_document(tmp_path)) == code_of(as_document(tmp_path / "pipe.png")) == "Document.Unreadable"


def test_a_file_that_grows_is_read_as_long_as_it_was(make, tmp_path, monkeypatch):
    path = tmp_path / "grows.png"
    path.write_bytes(whole := make.as_bytes(make.marked(), "PNG"))
    opened = type(path).open

    def grown(self, mode):
        with opened(self, "ab") as more:
            more.write(b"more")
        return opened(self, mode)

    monkeypatch.setattr(type(path), "open", grown)
    with open_document(as_document(path)) as document:
        assert document.content_sha256 == hashlib.sha256(whole).hexdigest()


def test_a_document_over_the_limit_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "MAX_DOCUMENT_BYTES", 100)
    path = tmp_path / "large.pdf"
    path.write_bytes(bytes(101))
    assert code_of(as_document(path)) == "Document.TooLarge"


@pytest.mark.parametrize("name", ["a b.png", "发票#1.png", "50%41.png", "what?.png"])
def test_names_of_any_kind_are_opened(make, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(make.as_bytes(make.marked(), "PNG"))
    for uri in (path, str(path), path.as_uri(), f"file://{path}"):
        with open_document(as_document(uri)) as opened:
            assert opened.page(1).width == 60


def test_the_hash_is_that_of_the_documents_bytes(make, tmp_path, monkeypatch):
    data = make.as_bytes(make.marked(), "TIFF")
    path = tmp_path / "a.tif"
    path.write_bytes(data)
    for limit in (10, 10**6):
        monkeypatch.setattr(content, "MAX_IN_MEMORY", limit)
        with open_document(as_document(path)) as opened:
            assert opened.content_sha256 == hashlib.sha256(data).hexdigest()
            assert opened.page(1).width == 60
            assert opened.content_sha256 == hashlib.sha256(data).hexdigest()


def test_a_version_changes_with_the_file_and_costs_no_reading(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    os.utime(path, ns=(1, 2))
    assert version_of(as_document(path)) == version_of(as_document(path.as_uri())) == "1-2"
    path.write_bytes(b"xy")
    assert version_of(as_document(path)).startswith("2-")
    assert version_of(as_document(tmp_path / "none")) is None
    assert version_of(as_document("https://h.example/a.png")) is None
    assert version_of(as_document("cos://b-1/a.png")) is None


def test_an_object_in_cos_is_not_read_without_keys():
    with (
        pytest.raises(ConfigurationError, match="keys of a connection"),
        open_document(as_document("cos://b-1250000000/a.pdf")),
    ):
        pass


class Web(BaseHTTPRequestHandler):
    data = b""
    asked: ClassVar[list[str]] = []
    faults = 0
    over = threading.Event()

    def do_GET(self):
        Web.asked.append(self.path)
        where = self.path.partition("?")[0]
        if where == "/moved":
            self.send_response(302)
            self.send_header("Location", "/a.png?X-Amz-Signature=SECRET")
            self.end_headers()
        elif where == "/shaky" and Web.faults:
            Web.faults -= 1
            self.send_response(503)
            self.end_headers()
        elif where == "/trickle":
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                while not Web.over.wait(0.02):
                    self.wfile.write(b"x")
        elif where in ("/403", "/404", "/500"):
            self.send_response(int(where[1:]))
            self.end_headers()
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(Web.data) + (where == "/cut")))
            self.end_headers()
            self.wfile.write(Web.data)

    def log_message(self, *_):
        pass


@pytest.fixture
def web(make, monkeypatch):
    async def at_once(_):
        pass

    monkeypatch.setattr("asyncio.sleep", at_once)
    Web.data, Web.asked, Web.faults = make.as_bytes(make.marked(), "PNG"), [], 0
    Web.over.clear()
    with serving(Web) as url:
        yield url
        Web.over.set()


def test_a_url_is_fetched_as_it_is_signed_and_redirects_are_followed(web):
    with open_document(as_document(f"{web}/moved?X-Amz-Signature=a%2Fb%3D")) as opened:
        assert opened.page(1).data == Web.data
    assert Web.asked == ["/moved?X-Amz-Signature=a%2Fb%3D", "/a.png?X-Amz-Signature=SECRET"]


def test_a_url_with_spaces_and_chinese_is_fetched(web):
    with open_document(as_document(f"{web}/发 票.png")) as opened:
        assert opened.page_count == 1
    assert Web.asked == ["/%E5%8F%91%20%E7%A5%A8.png"]


def test_a_server_that_trickles_takes_the_time_of_one_document_once(web, monkeypatch):
    monkeypatch.setattr(content, "_HTTP_SECONDS", 0.3)
    with pytest.raises(DocumentError, match=r"Document\.Unreadable.*0\.3 seconds"):
        open_document(as_document(f"{web}/trickle"))
    assert Web.asked == ["/trickle"]


@pytest.mark.parametrize(("path", "code"), [("404", "Missing"), ("403", "Unreadable"), ("500", "Unreadable")])
def test_a_refusal_of_the_web_is_told_without_the_signature(web, path, code):
    assert code_of(as_document(f"{web}/{path}?X-Amz-Signature=SECRET")) == f"Document.{code}"


def test_a_passing_fault_of_the_web_is_tried_again(web):
    Web.faults = 2
    with open_document(as_document(f"{web}/shaky")) as opened:
        assert opened.page_count == 1
    assert len(Web.asked) == 3


def test_an_answer_that_is_cut_off_or_no_server_at_all_is_unreadable(web):
    assert code_of(as_document(f"{web}/cut?sig=SECRET")) == "Document.Unreadable"
    assert code_of(as_document("http://127.0.0.1:9/a.png?sig=SECRET")) == "Document.Unreadable"
    assert code_of(as_document("http://127.0.0.1:99999/a.png?sig=SECRET")) == "Document.Unreadable"


def test_a_large_answer_goes_to_a_file_and_one_over_the_limit_is_refused(web, monkeypatch):
    monkeypatch.setattr(content, "MAX_IN_MEMORY", 10)
    with open_document(as_document(f"{web}/a.png")) as opened:
        assert opened.page(1).width == 60
    monkeypatch.setattr(content, "MAX_DOCUMENT_BYTES", 20)
    assert code_of(as_document(f"{web}/a.png")) == "Document.TooLarge"


def prepared_or_refused(data):
    """Any bytes: pages that fit, or our own error; nothing else gets through."""
    with suppress(DocumentError), open_document(data, pdf=PdfSettings(36)) as opened:
        for number in range(1, min(opened.page_count, 3) + 1):
            with suppress(DocumentError):
                assert 0 < len(opened.page(number).data) <= MAX_IMAGE_BYTES


HEADS = [
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"BM",
    b"%PDF-1.4\n",
    b"II*\0",
    b"MM\0*",
    b"GIF89a",
    b"P5 ",
    b"\xff\x4f\xff\x51",
]
HEADS += [b"RIFF\x20\0\0\0WEBPVP8 ", b"II+\0\x08\0\0\0"]


@given(st.sampled_from(HEADS), st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_become_pages_or_a_document_error(head, tail):
    prepared_or_refused(head + tail)


FORMS = ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "JPEG2000", "PPM", "PDF"]


@given(
    st.sampled_from(FORMS),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=8),
    st.one_of(st.none(), st.integers(1, 4000)),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_to_a_document_ends_as_pages_or_a_document_error(make, form, damage, length):
    data = bytearray(make.as_bytes(make.noise(24, 16), form))
    for place, value in damage:
        data[place % len(data)] = value
    prepared_or_refused(bytes(data[:length]))


def test_an_image_in_memory_is_opened_hashed_and_prepared_without_a_copy(make):
    data = make.as_bytes(make.noise(1500, 1500), "PNG")
    with open_document(data):  # all is imported
        pass
    tracemalloc.start()
    with open_document(data) as opened:
        assert opened.content_sha256 == hashlib.sha256(data).hexdigest()
        assert opened.page(1).data is data
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < len(data) / 4
