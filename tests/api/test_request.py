"""Bodies are what a JSON encoder would write, and carry the image as it is."""

import json
from base64 import b64decode

from airflow_provider_tcocr.api.options import Options
from airflow_provider_tcocr.api.request import encode, image_body, url_body

WORDS = Options.parse({"is_words": True}, international=False)


def test_an_image_body_is_json_with_the_image_and_the_options():
    assert json.loads(image_body(b"\x00\xff", Options())) == {"ImageBase64": "AP8="}
    sent = json.loads(image_body(b"%PDF-", WORDS, is_pdf=True))
    assert b64decode(sent.pop("ImageBase64")) == b"%PDF-"
    assert sent == {"IsWords": True, "IsPdf": True, "PdfPageNumber": 1}


def test_a_url_body_keeps_every_character_of_the_url():
    url = 'https://例.com/发票 1.jpg?a="b"&c=\\'
    assert json.loads(url_body(url, WORDS)) == {"ImageUrl": url, "IsWords": True}


def test_parameters_of_any_action_are_encoded():
    assert encode({"ImageUrl": "u", "Scene": None}) == b'{"ImageUrl":"u","Scene":null}'
