"""Every action through the operators and the hook, end to end: its calls, its tables, what is refused before a call."""

from unittest.mock import MagicMock

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from PIL import Image

from airflow_provider_tcocr.api.actions import ACTION, ACTIONS
from airflow_provider_tcocr.dataset import OcrDataset
from airflow_provider_tcocr.emulator import Emulator
from airflow_provider_tcocr.exceptions import ConfigurationError
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook
from airflow_provider_tcocr.operators.ocr import TencentCloudOcrBatchOperator, TencentCloudOcrOperator

OPTIONS = {
    ACTION: {"is_words": True},
    "GeneralBasicOCR": {"is_words": True, "language_type": "jap"},
    "GeneralHandwritingOCR": {"enable_word_polygon": True},
    "EnglishOCR": {"enable_coord_point": True},
}


@pytest.fixture(scope="module")
def server():
    with Emulator("canned", international=False, qps="default") as emulator:
        yield emulator


@pytest.fixture
def mainland(server, monkeypatch):
    server.reset()
    monkeypatch.setenv("AIRFLOW_CONN_TENCENTCLOUD_DEFAULT", server.connection)
    return server


def context():
    return {"ti": MagicMock(dag_id="dag", task_id="task", run_id="run", map_index=-1)}


def batch(tmp_path, **arguments):
    arguments = {"documents": str(tmp_path / "in"), "output_path": str(tmp_path / "out"), **arguments}
    return TencentCloudOcrBatchOperator(task_id="task", **arguments).execute(context())


@pytest.fixture
def documents(tmp_path):
    """A picture, a bitmap and a PDF of two pages."""
    folder = tmp_path / "in"
    folder.mkdir()
    Image.new("L", (40, 30)).save(folder / "a.png")
    Image.new("L", (41, 30)).save(folder / "b.bmp")
    sheets = [Image.new("L", (42 + page, 30)) for page in range(2)]
    sheets[0].save(folder / "c.pdf", save_all=True, append_images=sheets[1:])
    return folder


@pytest.mark.parametrize("action", ACTIONS)
def test_a_batch_of_any_action_fills_the_same_tables(mainland, tmp_path, documents, action):
    options = OPTIONS.get(action)
    manifest = batch(tmp_path, action=action, options=options)
    assert (manifest["status"], manifest["counts"]["recognized"], manifest["calls"]["made"]) == ("complete", 4, 4)
    assert {call.action for call in mainland.ledger.calls} == {action}
    dataset, fields = OcrDataset.open(manifest), ACTIONS[action].detection_fields
    pages, detections = dataset.pages().to_pylist(), dataset.detections().to_pylist()
    assert {page["action"] for page in pages} == {action}
    assert pages[1]["prepared"] == (None if "BMP" in ACTIONS[action].mainland.formats else "re-encoded as PNG")
    assert all(page["angle"] is not None and page["text"] for page in pages)
    assert all(one["polygon"] and one["text"] for one in detections)
    assert all((one["item_polygon"] is not None) == ("ItemPolygon" in fields) for one in detections)
    assert all((one["paragraph"] is None) == (action == "EnglishOCR") for one in detections)
    assert any(one["words"] for one in detections) == (options is not None)
    languages = {one["language"] for one in detections}
    assert (languages == {None}) == ("Language" not in ACTIONS[action].page_fields)
    if action == "GeneralBasicOCR":
        assert languages == {"jap"}


def test_another_action_is_another_call_and_the_same_one_is_not_paid_again(mainland, tmp_path, documents):
    assert batch(tmp_path)["calls"]["made"] == 4
    assert batch(tmp_path, action="GeneralFastOCR")["calls"]["made"] == 4
    again = batch(tmp_path, action="GeneralFastOCR")
    assert (again["calls"]["made"], again["counts"]["reused"]) == (0, 4)


@pytest.mark.parametrize("action", ["GeneralBasicOCR", "GeneralFastOCR"])
def test_one_page_pdfs_go_to_an_action_that_reads_them(mainland, tmp_path, documents, action):
    batch(tmp_path, action=action, pdf_dpi=None, documents=str(documents / "c.pdf"))
    assert [page["prepared"] for page in OcrDataset.open(tmp_path / "out").pages().to_pylist()] == ["one-page PDF"] * 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"action": "GeneralOCR"}, "unknown action 'GeneralOCR'; known are GeneralAccurateOCR, GeneralBasicOCR"),
        ({"action": "EnglishOCR", "pdf_dpi": None}, "pdf_dpi: EnglishOCR reads no PDF"),
        ({"action": "GeneralFastOCR", "options": {"is_words": True}}, "'is_words' of GeneralFastOCR"),
    ],
)
def test_what_the_action_lacks_is_refused_before_any_call(mainland, tmp_path, documents, arguments, told):
    with pytest.raises(AirflowFailException, match=told):
        batch(tmp_path, **arguments)
    single = TencentCloudOcrOperator(task_id="task", document=str(documents / "a.png"), **arguments)
    with pytest.raises(AirflowFailException, match=told):
        single.execute(context())
    assert mainland.ledger.made == 0


def test_an_action_that_the_site_lacks_ends_the_task_and_bills_nothing(tcocr_emulator, tmp_path, documents):
    with pytest.raises(AirflowFailException, match="InvalidAction"):
        batch(tmp_path, action="EnglishOCR")
    assert tcocr_emulator.ledger.billed == 0


def test_the_single_operator_and_the_hook_take_an_action(mainland, documents):
    document = str(documents / "b.bmp")
    result = TencentCloudOcrOperator(task_id="task", document=document, action="EnglishOCR").execute(context())
    (page,) = result["pages"]
    assert page["detections"][0]["item_polygon"] is None
    hook = TencentCloudOcrHook()
    (recognition,) = hook.recognize(document, {"enable_word_polygon": True}, action="GeneralHandwritingOCR")
    with pytest.raises(ConfigurationError, match="unknown action"):
        hook.recognize(document, action="GeneralOCR")
    hook.close()
    assert any(detection["words"] for detection in recognition.detections)
    assert [call.action for call in mainland.ledger.calls] == ["EnglishOCR", "GeneralHandwritingOCR"]


def test_an_action_may_come_from_a_template():
    for operator in (TencentCloudOcrBatchOperator, TencentCloudOcrOperator):
        assert "action" in operator.template_fields
