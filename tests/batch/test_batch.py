"""A batch: its tables hold what was served, and nothing is paid for twice."""

import json
import os
import shutil

import pyarrow.parquet as pq
import pytest
from PIL import Image

from airflow_provider_tcocr.api.envelope import Opened


def point(corner):
    return {"x": corner["X"], "y": corner["Y"]}


def expected_detections(call):
    """A served answer's detections, by the names of the table."""
    response = json.loads(call.answer)["Response"]
    return [
        {
            "detection": number,
            "text": one["DetectedText"],
            "confidence": one["Confidence"],
            "polygon": [point(corner) for corner in one["Polygon"]],
            "item_polygon": {name: one["ItemPolygon"][name.capitalize()] for name in ("x", "y", "width", "height")},
            "left": min(corner["X"] for corner in one["Polygon"]),
            "top": min(corner["Y"] for corner in one["Polygon"]),
            "right": max(corner["X"] for corner in one["Polygon"]),
            "bottom": max(corner["Y"] for corner in one["Polygon"]),
            "paragraph": json.loads(one["AdvancedInfo"])["Parag"]["ParagNo"],
            "advanced_info": one["AdvancedInfo"],
        }
        for number, one in enumerate(response["TextDetections"])
    ]


def test_the_tables_hold_exactly_what_was_served(batch, images, out, tcocr_emulator):
    folder = images(300)
    manifest = batch()
    assert manifest.counts["recognized"] == manifest.counts["pages"] == manifest.counts["documents"] == 300
    assert tcocr_emulator.ledger.made == tcocr_emulator.ledger.billed == 300
    by_request = {call.request_id: call for call in tcocr_emulator.ledger.calls}
    paths = sorted(str(path) for path in folder.iterdir())
    pages = out.pages
    assert [page["document_id"] for page in pages] == paths == [page["document_uri"] for page in pages]
    assert {(page["page"], page["width"], page["height"], page["prepared"], page["attempts"]) for page in pages} == {
        (1, 40, 30, None, 1)
    }
    detections = iter(out.detections)
    sizes = set()
    for page in pages:
        expected = expected_detections(by_request[page["request_id"]])
        sizes.add(len(expected))
        found = [next(detections) for _ in expected]
        assert [{name: row[name] for name in expected[0]} for row in found] == expected
        assert {(row["document_id"], row["page"]) for row in found} == {(page["document_id"], 1)}
        assert page["detections"] == len(expected)
    assert next(detections, None) is None
    assert (min(sizes), max(sizes)) == (1, 40)
    assert {row["request_id"]: row["answer"] for row in out.raw} == {
        number: call.answer for number, call in by_request.items()
    }
    assert len(out.raw) == 300
    assert len(list((out.path / "raw").iterdir())) <= 2, "merged into few when the batch ends"
    assert out.manifest == manifest.to_json()


def test_a_second_run_makes_no_call_and_the_same_tables(batch, images, out, tcocr_emulator):
    images(50)
    batch()
    first = out.files
    shutil.rmtree(out.path / "pages")
    manifest = batch(run=("d", "t", "another", "-1"))
    assert tcocr_emulator.ledger.made == 50
    assert (manifest.calls["made"], manifest.counts["reused"]) == (0, 50)
    assert out.files == first


def test_a_folder_that_has_grown_pays_for_the_new_ones(batch, images, out, tcocr_emulator):
    images(40)
    batch()
    images(20, start=40)
    manifest = batch()
    assert tcocr_emulator.ledger.made == 60
    assert (manifest.calls["made"], manifest.counts["reused"], manifest.counts["recognized"]) == (20, 40, 60)
    assert [page["document_id"] for page in out.pages] == sorted(page["document_id"] for page in out.pages)


def test_a_folder_that_has_shrunk_has_smaller_tables_and_the_journal_keeps_all(batch, images, out, tcocr_emulator):
    folder = images(10)
    batch()
    for number in range(4):
        (folder / f"{number:05}.png").unlink()
    assert batch().counts["pages"] == 6
    assert len(out.pages) == 6
    images(10)
    batch()
    assert (len(out.pages), tcocr_emulator.ledger.made) == (10, 10)


def test_documents_touched_or_downloaded_again_are_not_paid_for_again(batch, images, tcocr_emulator):
    folder = images(30)
    batch()
    for path in folder.iterdir():
        os.utime(path, (1, 1_700_000_000))
    manifest = batch()
    assert (tcocr_emulator.ledger.made, manifest.counts["reused"]) == (30, 30)


def test_a_document_whose_bytes_changed_is_paid_for(batch, images, out, tcocr_emulator):
    folder = images(10)
    batch()
    Image.new("L", (99, 77)).save(folder / "00003.png")
    manifest = batch()
    assert (tcocr_emulator.ledger.made, manifest.counts["reused"]) == (11, 9)
    assert out.pages[3]["width"] == 99
    assert len(out.pages) == 10


def test_other_options_are_other_calls_and_the_first_answers_stay(batch, images, out, tcocr_emulator):
    images(5)
    batch()
    batch(options={"enable_detect_text": False})
    assert tcocr_emulator.ledger.made == 10
    assert {page["options"] for page in out.pages} == {'{"EnableDetectText":false}'} or len(out.pages) == 5
    batch()
    batch(options={"enable_detect_text": False})
    assert tcocr_emulator.ledger.made == 10


def test_a_document_with_an_id_of_the_users_may_move(batch, images, tmp_path, out, tcocr_emulator):
    folder = images(2)
    first, second = sorted(folder.iterdir())
    batch(documents=[{"uri": str(first), "document_id": "invoice-1"}, {"uri": str(second), "document_id": "invoice-2"}])
    shutil.copy(first, tmp_path / "elsewhere.png")
    manifest = batch(
        documents=[
            {"uri": str(tmp_path / "elsewhere.png"), "document_id": "invoice-1"},
            {"uri": str(second), "document_id": "invoice-2"},
        ]
    )
    assert (tcocr_emulator.ledger.made, manifest.counts["reused"]) == (2, 2)
    assert [(page["document_id"], page["document_uri"]) for page in out.pages] == [
        ("invoice-1", str(tmp_path / "elsewhere.png")),
        ("invoice-2", str(second)),
    ]


def test_a_url_is_sent_as_servers_take_it_and_a_signature_stays_as_it_is(batch, tcocr_emulator):
    signed = "https://h.example/a%20b.png?q-key-time=1;2&X-Amz-Signature=a/b+c%2F=~&x=[1]"
    batch(documents=["https://h.example/a b/发票.png#part", signed])
    sent = {call.url for call in tcocr_emulator.ledger.calls}
    assert sent == {"https://h.example/a%20b/%E5%8F%91%E7%A5%A8.png", signed}


def test_a_url_signed_anew_is_not_paid_for_again(batch, out, tcocr_emulator):
    first = "https://bucket.s3.amazonaws.com/a.png?X-Amz-Signature=planted1&X-Amz-Date=20261122T000000Z"
    again = "https://bucket.s3.amazonaws.com/a.png?X-Amz-Signature=planted2&X-Amz-Date=20261123T000000Z"
    batch(documents=[first, "https://other.example.com/b.jpg?id=7"])
    manifest = batch(documents=[again, "https://other.example.com/b.jpg?id=7", "https://other.example.com/b.jpg?id=8"])
    assert [call.url for call in tcocr_emulator.ledger.calls[2:]] == ["https://other.example.com/b.jpg?id=8"]
    assert manifest.counts["reused"] == 2
    assert {(page["width"], page["page"]) for page in out.pages} == {(None, 1)}


def test_pages_that_failed_are_tried_again_and_only_those(batch, images, out, tcocr_emulator):
    images(10)
    tcocr_emulator.inject(code="FailedOperation.ImageDecodeFailed", times=3)
    manifest = batch()
    assert (manifest.counts["failed"], manifest.counts["recognized"]) == (3, 7)
    assert {failure.error_code for failure in manifest.failures} == {"FailedOperation.ImageDecodeFailed"}
    manifest = batch()
    assert (tcocr_emulator.ledger.made, manifest.counts["failed"], manifest.counts["reused"]) == (13, 0, 7)
    assert {page["status"] for page in out.pages} == {"recognized"}


def test_a_document_named_twice_is_read_once(batch, images, tcocr_emulator):
    folder = images(3)
    paths = sorted(str(path) for path in folder.iterdir())
    assert batch(documents=[*paths, paths[0], *paths]).counts["documents"] == 3
    assert tcocr_emulator.ledger.made == 3


@pytest.mark.parametrize(("transfer", "by_url"), [("auto", True), ("url", True), ("bytes", False)])
def test_transfer_decides_what_goes_as_a_url(batch, images, tcocr_emulator, transfer, by_url, http_server):
    folder = images(1)
    manifest = batch(documents=[http_server(folder) + "/00000.png"], transfer=transfer)
    (call,) = tcocr_emulator.ledger.calls
    assert bool(call.url) is by_url
    assert manifest.counts["recognized"] == 1


@pytest.fixture
def http_server():
    """Serve a folder on a free port."""
    import functools
    import http.server
    import threading

    servers = []

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    def serve(folder):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_url_that_the_service_cannot_fetch_is_sent_as_bytes_and_not_paid_for_again(
    batch, images, out, tcocr_emulator, http_server
):
    folder = images(1)
    tcocr_emulator.inject(code="FailedOperation.DownLoadError", match=lambda request: request.url)
    url = http_server(folder) + "/00000.png"
    assert batch(documents=[url]).counts["recognized"] == 1
    assert out.pages[0]["width"] == 40
    assert batch(documents=[url]).counts["reused"] == 1
    assert tcocr_emulator.ledger.billed == 1


def test_a_pdf_behind_a_url_is_fetched_and_read_page_by_page(batch, pdf, out, tcocr_emulator, http_server, tmp_path):
    pdf(5)
    url = http_server(tmp_path) + "/in.pdf"
    assert batch(documents=[url]).counts["recognized"] == 5
    assert batch(documents=[url]).counts["reused"] == 5
    assert tcocr_emulator.ledger.made == 5
    assert not any(call.url for call in tcocr_emulator.ledger.calls)


def test_every_page_of_a_pdf_is_a_row_with_its_pixels(batch, pdf, out, tcocr_emulator):
    path = pdf(13)
    manifest = batch(documents=str(path))
    assert (manifest.counts["documents"], manifest.counts["recognized"]) == (1, 13)
    assert [page["page"] for page in out.pages] == list(range(1, 14))
    assert len({page["request_id"] for page in out.pages}) == 13
    assert {(page["width"], page["height"]) for page in out.pages} == {(556, 278)}
    assert all("200 dpi" in page["prepared"] for page in out.pages)


def test_without_a_resolution_pages_go_as_pdfs_of_one_page(batch, pdf, out, tcocr_emulator):
    assert batch(documents=str(pdf(6)), pdf_dpi=None).counts["recognized"] == 6
    assert {(page["width"], page["height"], page["prepared"]) for page in out.pages} == {(None, None, "one-page PDF")}
    assert len({call.sha256 for call in tcocr_emulator.ledger.calls}) == 6
    assert {call.page for call in tcocr_emulator.ledger.calls} == {1}


@pytest.mark.parametrize(
    ("pages", "wanted"),
    [("2-4", [2, 3, 4]), ([5, 1, 1], [1, 5]), ("-1", [7]), ("6-", [6, 7]), (3, [3]), ("all", [1, 2, 3, 4, 5, 6, 7])],
)
def test_the_pages_that_are_wanted_are_the_rows(batch, pdf, out, tcocr_emulator, pages, wanted):
    batch(documents=str(pdf(7)), pages=pages)
    assert [page["page"] for page in out.pages] == wanted
    assert tcocr_emulator.ledger.made == len(wanted)


def test_more_pages_of_a_document_pay_for_those(batch, pdf, out, tcocr_emulator):
    path = str(pdf(7))
    batch(documents=path, pages="2-4")
    manifest = batch(documents=path)
    assert (tcocr_emulator.ledger.made, manifest.counts["reused"]) == (7, 3)
    batch(documents=path, pages=[1, 3])
    assert [page["page"] for page in out.pages] == [1, 3]
    assert tcocr_emulator.ledger.made == 7


def test_pages_that_a_document_lacks_are_failed_rows(batch, pdf, images, out, tcocr_emulator):
    folder = images(1)
    manifest = batch(documents=[str(pdf(2)), str(folder / "00000.png")], pages=[1, 2, 5], fail_on="never")
    assert [(page["page"], page["status"], page["error_code"]) for page in out.pages] == [
        (1, "recognized", None),
        (2, "recognized", None),
        (5, "failed", "Document.PageOutOfRange"),
        (1, "recognized", None),
        (2, "failed", "Document.PageOutOfRange"),
        (5, "failed", "Document.PageOutOfRange"),
    ]
    assert manifest.counts["pages"] == 6
    assert tcocr_emulator.ledger.made == 3


def test_a_document_that_is_mended_is_read_then(batch, images, out, tcocr_emulator):
    folder = images(2)
    (folder / "00001.png").write_bytes(b"")
    assert batch().counts["failed"] == 1
    images(2)
    manifest = batch()
    assert (manifest.counts["failed"], manifest.counts["recognized"], tcocr_emulator.ledger.made) == (0, 2, 2)


def test_a_pdf_that_broke_since_is_a_failed_row_and_its_old_pages_are_not_in_the_tables(
    batch, pdf, out, tcocr_emulator
):
    path = pdf(3)
    whole = path.read_bytes()
    batch(documents=str(path))
    path.write_bytes(b"%PDF-1.4 broken")
    assert batch(documents=str(path), fail_on="never").counts["pages"] == 1
    assert [page["status"] for page in out.pages] == ["failed"]
    path.write_bytes(whole)
    assert batch(documents=str(path)).counts["reused"] == 3


def test_a_dataset_of_more_than_one_part_is_in_order(batch, images, out, monkeypatch):
    monkeypatch.setattr("airflow_provider_tcocr.landing.tables.PAGES_A_PART", 16)
    images(50)
    batch()
    assert [page["document_id"] for page in out.pages] == sorted(page["document_id"] for page in out.pages)
    assert sorted(file.name for file in (out.path / "pages").iterdir()) == [f"part-{n:05d}.parquet" for n in range(4)]
    assert sum(pq.read_metadata(file).num_rows for file in (out.path / "detections").iterdir()) == len(out.detections)


def test_throttling_slows_a_batch_down_and_fails_no_page(batch, images, out):
    from airflow_provider_tcocr.emulator import Emulator

    images(40)
    with Emulator(engine="canned", qps=10) as strict:
        manifest = batch(url=strict.url, qps=200)
        assert manifest.counts["recognized"] == 40
        assert manifest.calls["throttled"] == strict.ledger.by_code().get("RequestLimitExceeded", 0) > 0
        assert manifest.calls["made"] == strict.ledger.made
        assert strict.ledger.billed == 40


@pytest.mark.parametrize(
    "shape",
    ["no-request-id", "null-error", "null-detections", "no-detections", "old-angle", "null-fields", "missing-fields",
     "unknown-fields", "numbers-as-strings"],
)  # fmt: skip
def test_an_odd_answer_is_a_row_and_stays_as_it_was_served(batch, images, out, tcocr_emulator, shape):
    images(3)
    tcocr_emulator.inject(shape=shape)
    manifest = batch()
    assert manifest.counts["failed"] == 0
    assert sorted(row["answer"] for row in out.raw) == sorted(call.answer for call in tcocr_emulator.ledger.calls)
    assert tcocr_emulator.ledger.made == 3


def test_an_answer_that_cannot_be_decoded_is_a_failed_row_that_the_manifest_tells(
    batch, images, out, tcocr_emulator, monkeypatch
):
    """It was paid for, so it is in the journal and is not asked for again."""
    images(3)
    body = b'{"Response":{"TextDetections":[{"DetectedText":"' + b"x" * 5000 + b'"}],"RequestId":"r"'
    monkeypatch.setattr("airflow_provider_tcocr.client.client.open_answer", lambda *_, **__: Opened("r", detects=True))
    tcocr_emulator.inject(body=body, times=1)
    manifest = batch(fail_on="never")
    assert (manifest.counts["failed"], manifest.counts["recognized"]) == (1, 2)
    assert [failure.error_code for failure in manifest.failures] == ["Transport.Foreign"]
    monkeypatch.undo()
    assert batch(fail_on="never").calls["made"] == 0
    assert tcocr_emulator.ledger.made == 3


@pytest.mark.parametrize("code", ["UnknownParameter", "FailedOperation.LanguageNotSupport"])
def test_a_request_that_fails_for_all_stops_the_batch_soon(batch, images, out, tcocr_emulator, code):
    images(60)
    tcocr_emulator.inject(code=code)
    manifest = batch(max_concurrency=4)
    assert manifest.status == "stopped"
    assert code in manifest.reason
    assert tcocr_emulator.ledger.made <= 4 + 3
    assert tcocr_emulator.ledger.billed == 0


def test_a_code_that_may_be_the_requests_fault_is_the_pages_once_another_page_has_passed(batch, images, tcocr_emulator):
    images(30)
    tcocr_emulator.inject(code="FailedOperation.LanguageNotSupport", after=1)
    manifest = batch(max_concurrency=1)
    assert (manifest.status, manifest.counts["failed"], manifest.counts["recognized"]) == ("complete", 29, 1)


def test_calls_are_capped_over_all_attempts_whatever_became_of_them(batch, images, tcocr_emulator):
    images(30)
    tcocr_emulator.inject(code="FailedOperation.ImageDecodeFailed")
    for _ in range(3):
        assert batch(max_calls=12).status == "stopped"
    assert tcocr_emulator.ledger.made == 12


def test_calls_without_a_row_count_towards_the_cap_too(batch, images, tcocr_emulator):
    images(30)
    tcocr_emulator.inject(code="ResourceUnavailable.InArrears")
    for _ in range(4):
        batch(max_calls=6, max_concurrency=2)
    assert tcocr_emulator.ledger.made <= 6


def test_calls_that_never_left_do_not_use_the_cap_up(batch, images, tcocr_emulator, monkeypatch):
    from airflow_provider_tcocr.recognition import recognizer
    from airflow_provider_tcocr.recognition.retry import RetryPolicy

    monkeypatch.setattr(recognizer, "RetryPolicy", lambda: RetryPolicy(base=0.01, cap=0.01))
    images(5)
    assert batch(url="http://127.0.0.1:9", fail_on="never", max_calls=5).counts["failed"] == 5
    assert batch(max_calls=5).counts["recognized"] == 5
