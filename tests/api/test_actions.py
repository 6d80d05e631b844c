"""The table of actions: its rules, and that Tencent's own models say the same of each action."""

import pytest

from airflow_provider_tcocr.api.actions import ACTION, ACTIONS, action_named, default_qps, offered_actions
from airflow_provider_tcocr.api.answer import Answer
from airflow_provider_tcocr.api.detection import TextDetection
from airflow_provider_tcocr.api.settings import CallSettings
from airflow_provider_tcocr.exceptions import ConfigurationError

IMAGE = {"ImageBase64", "ImageUrl"}
PDF = {"IsPdf", "PdfPageNumber"}
DETECTIONS = {"GeneralHandwritingOCR": "TextGeneralHandwriting", "EnglishOCR": "TextDetectionEn"}
RESERVED = {"GeneralBasicOCR": {"Scene"}}
SHARED_BY_SEVERAL = {"Words", "WordCoordPoint", "Language"}
"""What the SDK's one model of a detection has, and only some of the actions that use it give."""

every_action = pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda action: action.name)


def fields_of(model):
    from tencentcloud.ocr.v20181119 import models

    return {name.removeprefix("_") for name in vars(getattr(models, model)())} - {"headers"}


def read(struct):
    return set(struct.__struct_encode_fields__)


@every_action
def test_the_parameters_are_those_of_the_sdks_request(action):
    ours = IMAGE | (PDF if action.takes_pdf else set()) | {one.parameter for one in action.options.values()}
    assert ours == fields_of(f"{action.name}Request") - RESERVED.get(action.name, set())


@every_action
def test_the_fields_of_an_answer_are_those_of_the_sdks_response(action):
    response = fields_of(f"{action.name}Response") - {"TextDetections", "RequestId"}
    assert set(action.page_fields) <= response
    assert response - set(action.page_fields) <= {"Angel"}  # deprecated, and no longer in published answers


@every_action
def test_the_fields_of_a_detection_are_those_of_the_sdks_model(action):
    detection = fields_of(DETECTIONS.get(action.name, "TextDetection"))
    assert set(action.detection_fields) <= detection
    assert detection - set(action.detection_fields) <= SHARED_BY_SEVERAL


@every_action
def test_every_field_is_read_but_the_two_that_no_table_has(action):
    assert set(action.page_fields) - read(Answer) <= {"PdfPageSize"}
    assert set(action.detection_fields) - read(TextDetection) <= {"CandWord"}


@every_action
def test_the_quota_is_that_of_the_sdks_docstring(action):
    from tencentcloud.ocr.v20181119.ocr_client import OcrClient

    assert f"{action.qps}次/秒" in getattr(OcrClient, action.name).__doc__
    assert default_qps(action.name) == action.qps


@every_action
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_formats_and_limit_are_those_of_the_sdks_docstring(action, kind):
    from tencentcloud.ocr.v20181119 import models

    told = getattr(models, f"{action.name}Request").ImageBase64.__doc__
    assert (kind in told) == (kind in action.mainland.formats)
    assert f"不超过{action.mainland.max_base64 // 1_000_000}M" in told.replace(" ", "")


@every_action
def test_a_rule_names_options_that_the_action_has(action):
    for option in action.options.values():
        assert option.default is None or isinstance(option.default, option.type)
        assert option.not_with is None or option.not_with in action.options
        if option.only_with is not None:
            assert option.only_with[1] in action.options[option.only_with[0]].choices


def test_an_option_has_the_same_parameter_in_every_action():
    pairs = {(name, option.parameter) for action in ACTIONS.values() for name, option in action.options.items()}
    assert len(pairs) == len({name for name, _ in pairs})


def test_an_unknown_action_is_refused_and_the_known_ones_are_named():
    for wrong in ("GeneralOCR", "", None, 3):
        with pytest.raises(ConfigurationError, match=", ".join(ACTIONS)):
            action_named(wrong)
    assert default_qps("VatInvoiceOCR") == 10


def test_the_international_site_has_two_actions():
    assert offered_actions(international=True) == [ACTION, "GeneralBasicOCR"]
    with pytest.raises(ConfigurationError, match=r"international endpoint has no EnglishOCR, but .*GeneralBasicOCR"):
        ACTIONS["EnglishOCR"].site(international=True)


def check(name, *, transfer="auto", pdf_dpi=200, international=False):
    return CallSettings.parse(name, None, transfer=transfer, pdf_dpi=pdf_dpi, international=international).transfer


def test_where_a_site_fetches_no_url_auto_sends_bytes_and_url_is_refused():
    assert check("GeneralBasicOCR") == "auto"
    assert check("GeneralBasicOCR", transfer="url") == "url"
    assert check("GeneralBasicOCR", international=True) == "bytes"
    assert check(ACTION, international=True) == "auto"
    with pytest.raises(ConfigurationError, match="transfer: GeneralBasicOCR takes no ImageUrl outside"):
        check("GeneralBasicOCR", transfer="url", international=True)


def test_one_page_pdfs_are_refused_for_an_action_that_reads_no_pdf():
    assert check("GeneralFastOCR", pdf_dpi=None) == "auto"
    with pytest.raises(ConfigurationError, match="pdf_dpi: EnglishOCR reads no PDF"):
        check("EnglishOCR", pdf_dpi=None)


def test_seven_and_ten_million_characters_are_so_many_bytes():
    assert ACTIONS["GeneralFastOCR"].mainland.max_bytes == 5_250_000
    assert ACTIONS[ACTION].mainland.max_bytes == 7_500_000
    assert ACTIONS["GeneralBasicOCR"].site(international=True).max_base64 == 7_000_000
