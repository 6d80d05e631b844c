"""Every rule of the options is refused before a call, and the message names the option."""

import pytest

from airflow_provider_tcocr.api.actions import ACTION, ACTIONS
from airflow_provider_tcocr.api.options import Options
from airflow_provider_tcocr.exceptions import ConfigurationError


def parse(options, *, action=ACTION, international=False):
    return Options.parse(options, action=ACTIONS[action], international=international)


def test_no_options_send_no_parameters():
    assert parse(None).parameters() == parse({}).parameters() == {}
    assert parse({}).canonical == "{}"


def test_every_option_becomes_its_parameter():
    first = parse({"enable_detect_split": True, "enable_detect_text": False, "config_id": "OCR", "words_type": "1"})
    assert first.parameters() == {
        "EnableDetectSplit": True,
        "EnableDetectText": False,
        "ConfigID": "OCR",
        "WordsType": "1",
    }
    assert parse({"is_words": True}).parameters() == {"IsWords": True}


def test_the_canonical_form_does_not_depend_on_the_order():
    assert parse({"config_id": "OCR", "is_words": True}) == parse({"is_words": True, "config_id": "OCR"})
    assert parse({"is_words": True, "config_id": "OCR"}).canonical == '{"config_id":"OCR","is_words":true}'


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"language_type": "zh"}, "language_type"),
        ({"is_words": "true"}, "is_words must be bool"),
        ({"enable_detect_text": 1}, "enable_detect_text must be bool"),
        ({"words_type": 1}, "words_type must be str"),
        ({"words_type": "3"}, "words_type must be one of"),
        ({"config_id": "ocr"}, "config_id must be one of"),
        ({"config_id": "MulOCR", "enable_detect_split": True}, "enable_detect_split is valid only with"),
        ({"config_id": "MulOCR", "is_words": True}, "is_words is valid only with"),
        ({"config_id": "MulOCR", "words_type": "1"}, "words_type is valid only with"),
        ({"is_words": True, "words_type": "1"}, "words_type is valid only without is_words"),
        ({"is_pdf": True}, "the provider's business"),
        ({"PdfPageNumber": 2}, "the provider's business"),
        ([("config_id", "OCR")], "must be a mapping"),
        ({3: True}, "unknown option 3"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(options, told):
    with pytest.raises(ConfigurationError, match=told):
        parse(options)


@pytest.mark.parametrize("option", [{"is_words": True}, {"words_type": "0"}])
def test_the_international_endpoint_lacks_two_options(option):
    parse(option)
    with pytest.raises(ConfigurationError, match="international endpoint"):
        parse(option, international=True)


def test_the_basic_action_has_its_words_on_both_sites():
    given = parse({"is_words": True, "language_type": "jap"}, action="GeneralBasicOCR", international=True)
    assert given.parameters() == {"IsWords": True, "LanguageType": "jap"}


@pytest.mark.parametrize(
    ("action", "options", "parameters"),
    [
        (
            "GeneralHandwritingOCR",
            {"scene": "only_hw", "enable_word_polygon": True, "enable_detect_text": False},
            {"Scene": "only_hw", "EnableWordPolygon": True, "EnableDetectText": False},
        ),
        (
            "EnglishOCR",
            {"enable_coord_point": True, "enable_cand_word": False, "preprocess": False},
            {"EnableCoordPoint": True, "EnableCandWord": False, "Preprocess": False},
        ),
        ("GeneralEfficientOCR", {}, {}),
    ],
)
def test_each_action_has_options_of_its_own(action, options, parameters):
    assert parse(options, action=action).parameters() == parameters


@pytest.mark.parametrize(
    ("action", "options", "told"),
    [
        ("GeneralBasicOCR", {"config_id": "OCR"}, "'config_id' of GeneralBasicOCR; known are language_type, is_words"),
        ("GeneralFastOCR", {"is_words": True}, "'is_words' of GeneralFastOCR; it has none"),
        ("GeneralBasicOCR", {"language_type": "eng"}, r"language_type must be one of .* \(GeneralBasicOCR\)"),
        ("GeneralHandwritingOCR", {"scene": "print"}, r"scene must be one of 'only_hw', .*GeneralHandwritingOCR"),
        ("EnglishOCR", {"preprocess": "no"}, r"preprocess must be bool, not str \(EnglishOCR\)"),
        ("EnglishOCR", {"is_pdf": True}, "the provider's business"),
    ],
)
def test_what_another_action_lacks_is_refused_by_name(action, options, told):
    with pytest.raises(ConfigurationError, match=told):
        parse(options, action=action)
