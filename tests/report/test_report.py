"""What is in the file, and that nothing in a dataset can make it more than that."""

import base64
import hashlib
import json
import re
import tracemalloc

import pytest

from airflow_provider_tcocr.exceptions import ConfigurationError, TencentCloudOcrError
from airflow_provider_tcocr.report import Bounds
from airflow_provider_tcocr.report.bounds import PICTURE_BYTES

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>'\"><img src=x onerror=alert(1)>",
    "\u2028\u2029\x00\x1b\ufeff",
    "{{data}}{{script}}{{policy}}",
    "javascript:alert(1)//",
]
BASE = ["html", "head", "meta", "meta", "meta", "meta", "meta", "title", "style", "body", "header"]


def test_the_file_holds_one_script_that_runs_and_nothing_from_elsewhere(report, dataset, rows, sheet):
    made = report(dataset(rows(sheet(), "text")))
    found = made.elements.found
    running = [attributes for tag, attributes in found if tag == "script" and not attributes.get("type")]
    assert running == [{}]
    assert [tag for tag, _ in found][: len(BASE)] == BASE
    assert {tag for tag, _ in found}.isdisjoint({"link", "iframe", "object", "embed", "img", "base", "form", "a"})
    named = {name for _, attributes in found for name in attributes}
    assert named.isdisjoint({"src", "href", "srcset", "action", "style"})
    assert not {name for name in named if name.startswith("on")}
    code = re.sub(r"<script type=.*?</script>", "", made.text)
    assert set(re.findall(r"\w+://[^\s\"']+", code)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in code
    assert "url(" not in code


def test_the_policy_allows_the_script_and_the_style_by_their_hashes_and_no_network(report, dataset):
    made = report(dataset())
    (policy,) = [one["content"] for tag, one in made.elements.found if tag == "meta" and "http-equiv" in one]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    style = made.text.partition("<style>")[2].partition("</style>")[0]
    for name, text in (("script-src", made.elements.scripts[0]), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["base-uri"] == rules["form-action"] == rules["trusted-types"] == "'none'"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_a_name_or_a_text_says_becomes_html(report, dataset, rows, text):
    plain = report(dataset(rows("a", "text"), rows("b", error_code="x", error_message="y")))
    tags = [tag for tag, _ in plain.elements.found]
    script = plain.elements.scripts
    failed = {"error_code": text, "error_message": text, "request_id": text, "prepared": text}
    made = report(dataset(rows(text, text), rows(f"b{text}", **failed), output_path=text, reason=text))
    assert [tag for tag, _ in made.elements.found] == tags
    assert made.elements.scripts == script
    assert made.pages[0]["document_id"] == text
    assert made.detections(0)[0][0] == text
    assert made.summary["sources"][0]["reason"] == text
    assert made.pages[1]["error_message"] == text


def test_the_totals_are_the_manifests(report, tcocr_emulator, tmp_path, sheet):
    from unittest.mock import MagicMock

    from airflow_provider_tcocr.dataset import OcrDataset
    from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator

    inbox = tmp_path / "in"
    inbox.mkdir()
    sheet("in/a.png")
    sheet("in/b.tif")
    (inbox / "empty.png").touch()
    ti = MagicMock(dag_id="dag", task_id="task", run_id="run", map_index=-1)
    operator = TencentCloudOcrBatchOperator(task_id="task", documents=str(inbox), output_path=str(tmp_path / "out"))
    manifest = operator.execute({"ti": ti})
    made = report(OcrDataset.open(manifest), price=0.5)
    assert made.summary["counts"] == manifest["counts"]
    assert made.summary["calls"] == manifest["calls"]
    assert made.summary["price"] == 0.5
    assert sum(made.summary["confidences"]) == manifest["counts"]["detections"]
    assert [page["status"] for page in made.pages] == ["recognized", "recognized", "failed"]
    assert made.summary["codes"] == [["Document.Empty", 1, ""]]
    assert (made.written.pages, made.written.shown, made.written.pictured) == (3, 3, 2)


def test_each_page_has_its_own_detections_whatever_parts_they_lie_in(report, dataset, rows):
    pages = [
        rows(f"d{number // 3}", *([f"text {number}"] * (number % 4)), number=number % 3 + 1) for number in range(31)
    ]
    made = report(dataset(*pages, parts=4))
    for place in range(31):
        assert [text for text, _, _ in made.detections(place)] == [f"text {place}"] * (place % 4)
    assert made.detections(1) == [["text 1", 99, [10, 20, 90, 20, 90, 40, 10, 40]]]


def test_several_datasets_are_one_report(report, dataset, rows, tmp_path):
    from airflow_provider_tcocr.dataset import OcrDataset

    dataset(rows("a", "text"), rows("b"))
    (tmp_path / "out").rename(tmp_path / "first")
    dataset(rows("c", "text"))
    made = report(OcrDataset.open([tmp_path / "first", tmp_path / "out"]))
    assert [page["document_id"] for page in made.pages] == ["a", "b", "c"]
    assert made.summary["calls"]["made"] == made.summary["counts"]["documents"] == 3
    assert len(made.summary["sources"]) == 2


def test_failed_pages_come_before_uncertain_ones_and_empty_ones_last_when_not_all_are_shown(report, dataset, rows):
    pages = [rows(f"sure-{number}", ("text", 99, ())) for number in range(5)]
    pages += [rows("blank"), rows("unsure", ("text", 40, ())), rows("bad", error_code="FailedOperation.OcrFailed")]
    kept = [
        {page["document_id"] for page in report(dataset(*pages), bounds=Bounds(pages=most)).pages} for most in (1, 2, 7)
    ]
    assert kept[0] == {"bad"}
    assert kept[1] == {"bad", "unsure"}
    assert kept[2] == {row.document_id for row in pages} - {"blank"}


def test_what_is_left_out_is_counted_all_the_same_and_told(report, dataset, rows):
    made = report(dataset(*[rows(str(number), "text") for number in range(9)]), bounds=Bounds(pages=4))
    assert made.summary["counts"]["pages"] == made.summary["counts"]["detections"] == 9
    assert made.summary["shown"] == len(made.pages) == 4


def test_a_failure_tells_its_reason_and_what_to_do(report, dataset, rows):
    from airflow_provider_tcocr.api.faults import FAULTS

    code = "FailedOperation.ImageDecodeFailed"
    message = f"Image decode failed. {FAULTS[code].advice}"
    made = report(dataset(rows("a", error_code=code, error_message=message)))
    assert made.pages[0]["error_message"] == "Image decode failed."
    assert made.pages[0]["advice"] == FAULTS[code].advice
    assert made.summary["codes"] == [[code, 1, FAULTS[code].reason]]


def test_a_file_is_bounded_whatever_is_in_the_pages(report, dataset, rows):
    crowd = [(f"word {number} " + "x" * 90, 90, ((0, 0), (9, 0), (9, 9), (0, 9))) for number in range(4000)]
    endless = ("y" * 400_000, 90, ())
    made = report(dataset(rows("crowd", *crowd), rows("endless", endless, "after"), rows("z" * 5000, "text")))
    assert made.path.stat().st_size < 2 * Bounds().text_bytes + 60_000
    assert made.pages[0]["left_out"] == 4000 - len(made.detections(0)) > 0
    assert made.pages[1]["left_out"] == 1
    assert made.detections(1)[0][0] == "after"
    assert len(made.pages[2]["document_id"]) < 310


def test_a_page_is_bounded_whatever_it_is_called(report, dataset, rows):
    fields = dict.fromkeys(("document_uri", "error_code", "error_message", "request_id", "prepared"), "<" * 5000)
    made = report(dataset(rows("<" * 5000, **fields), rows("<" * 5000, *["<" * 90] * 90, prepared="<" * 5000)))
    blocks = re.findall(r'<script type="application/json" id="[pd].*?</script>\n', made.text)
    for page, detections in (blocks[:2], blocks[2:]):
        assert len(page) + len(detections) < Bounds().text_bytes + 200


def test_the_largest_page_and_picture_stay_within_what_the_documentation_says(root):
    told = (root / "docs" / "report.md").read_text()
    assert f"{Bounds().pages:,}" in told
    assert f"{Bounds().pictures:,}" in told
    assert f"{PICTURE_BYTES:,}" in told
    assert Bounds().pages * Bounds().text_bytes <= 64 << 20


def test_memory_does_not_grow_with_the_batch(report, dataset, rows):
    def peak(count):
        data = dataset(
            *[rows(str(number), *["a line of some words"] * 20) for number in range(count)], parts=count // 100
        )
        tracemalloc.start()
        report(data, bounds=Bounds(pages=50))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(100)
    few = peak(200)
    assert peak(2000) - few < 1800 * 50  # bytes a page


def test_numbers_that_json_has_not_are_null(report, dataset, rows, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = dataset(rows("a", "text"))
    part = tmp_path / "out/pages/part-00000.parquet"
    table = pq.read_table(part)
    for name in ("angle", "confidence_mean"):
        table = table.set_column(table.schema.get_field_index(name), name, pa.array([float("nan")]))
    pq.write_table(table, part)
    assert report(data).pages[0]["angle"] is None


@pytest.mark.parametrize("manifest", [{"counts": None}, {"calls": []}, {"calls": {"made": "many"}}, {"status": 3}])
def test_a_manifest_of_another_make_does_no_harm(report, dataset, rows, manifest):
    assert json.loads(json.dumps(report(dataset(rows("a", "text"), **manifest)).summary))["counts"]["pages"] == 1


def test_tables_that_do_not_belong_together_are_refused(report, dataset, rows, tmp_path):
    dataset(rows("a", "text"), rows("b", "text"))
    detections = (tmp_path / "out/detections/part-00000.parquet").read_bytes()
    data = dataset(rows("c", "text"))
    (tmp_path / "out/detections/part-00000.parquet").write_bytes(detections)
    with pytest.raises(TencentCloudOcrError, match="do not belong together"):
        report(data)
    for lines in (1, 3):
        data = dataset(rows("a", *["text"] * lines))
        (tmp_path / "out/detections/part-00000.parquet").write_bytes(detections)
        with pytest.raises(TencentCloudOcrError, match="do not belong together"):
            report(data)
    assert not (tmp_path / "report.html").exists()


def test_an_empty_dataset_has_a_report(report, dataset):
    made = report(dataset())
    assert made.pages == []
    assert made.summary["counts"]["pages"] == 0


@pytest.mark.parametrize("wrong", [{"pages": 0}, {"pictures": -1}])
def test_bounds_that_show_nothing_are_refused(wrong):
    with pytest.raises(ConfigurationError):
        Bounds(**wrong)
