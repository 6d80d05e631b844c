"""Real pages, read by the real engine: in the PDF their words are found where the engine saw them."""

from __future__ import annotations

import pytest

from airflow_provider_tcocr.batch.batch import Batch
from airflow_provider_tcocr.batch.request import BatchRequest
from airflow_provider_tcocr.batch.run import RunningBatch
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.emulator import Emulator
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook


@pytest.fixture(scope="module")
def dataset(samples, tmp_path_factory):
    """A Chinese page, the same skewed by 8 degrees, and one leaflet turned to all four sides."""
    output = tmp_path_factory.mktemp("real") / "ocr"
    names = ("zh_maint_p9.png", "zh_maint_p9_rot8.png", "omp_cardinal.pdf")
    with Emulator(engine="rapidocr") as emulator, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", emulator.connection)
        hook = TencentCloudOcrHook()
        try:
            documents = [str(samples / name) for name in names]
            request = BatchRequest(documents=documents, output_path=str(output), run=("real",))
            RunningBatch(request, hook.client, Batch.run, report=lambda line: None).result()
        finally:
            hook.close()
    return OcrDataset.open(output)


@pytest.mark.real
@pytest.mark.parametrize("name", ["zh_maint_p9.png", "zh_maint_p9_rot8.png", "omp_cardinal.pdf"])
def test_words_are_found_within_the_boxes_of_what_was_read(dataset, samples, tmp_path, read, name):
    document = str(samples / name)
    dataset.searchable_pdf(document, tmp_path / "x.pdf")
    pdf = read(tmp_path / "x.pdf")
    sizes = {
        row["page"]: (row["width"], row["height"])
        for row in dataset.pages().to_pylist()
        if row["document_id"] == document
    }
    lines = dataset.lines(document).to_pylist()
    sought = found = 0
    for line in lines:
        width, height = sizes[line["page"]]
        for word in line["text"].split():
            sought += 1
            found += any(
                line["left"] <= x * width <= line["right"] and line["top"] <= y * height <= line["bottom"]
                for x, y in pdf.middles(word, line["page"])
            )
    assert sought > 100
    assert found >= 0.98 * sought
    text = {page: "".join(pdf.text(page).split()) for page in sizes}
    whole = sum("".join(line["text"].split()) in text[line["page"]] for line in lines)
    assert whole >= 0.95 * len(lines)
    assert (tmp_path / "x.pdf").stat().st_size < (samples / name).stat().st_size + 16_000 * len(sizes)


@pytest.mark.real
@pytest.mark.parametrize(("name", "least"), [("zh_maint_p9.png", 1), ("zh_maint_p9_rot8.png", 0.95)])
@pytest.mark.parametrize("how", ["", "-raw", "-layout"])
def test_pdftotext_finds_nearly_all_pairs_of_characters_on_a_skewed_page_too(
    dataset, samples, tmp_path, poppler, name, least, how
):
    document = str(samples / name)
    dataset.searchable_pdf(document, tmp_path / "x.pdf")
    text = poppler(tmp_path / "x.pdf", (1, 1)).text(*filter(None, [how]))
    pairs = [line[at : at + 2] for line in dataset.text(document).split("\n") for at in range(len(line) - 1)]
    sought = [pair for pair in pairs if pair.isalnum()]
    assert len(sought) > 1000
    assert sum(pair in text for pair in sought) >= least * len(sought)


@pytest.mark.real
def test_a_leaflet_reads_alike_on_all_four_sides(dataset, samples):
    pages = dataset.text(str(samples / "omp_cardinal.pdf")).split("\f")
    assert [page.split("\n")[0] for page in pages] == [pages[0].split("\n")[0]] * 4
    assert {len(page.split("\n")) for page in pages} == {len(pages[0].split("\n"))}
