"""Bodies are what a JSON encoder would write, and carry the image as it is, without holding its base64."""

import hashlib
import json
import tracemalloc
from base64 import b64decode, b64encode
from random import Random

import pytest

from airflow_provider_tcocr.api.options import Options
from airflow_provider_tcocr.api.request import Body, body_of, image_body, url_body

WORDS = Options.parse({"is_words": True}, international=False)


def sent(body):
    return json.loads(b"".join(body.pieces()))


def test_an_image_body_is_json_with_the_image_and_the_options():
    assert sent(image_body(b"\x00\xff", Options())) == {"ImageBase64": "AP8="}
    body = sent(image_body(b"%PDF-", WORDS, is_pdf=True))
    assert b64decode(body.pop("ImageBase64")) == b"%PDF-"
    assert body == {"IsWords": True, "IsPdf": True, "PdfPageNumber": 1}


def test_a_url_body_keeps_every_character_of_the_url():
    url = 'https://例.com/发票 1.jpg?a="b"&c=\\'
    assert sent(url_body(url, WORDS)) == {"ImageUrl": url, "IsWords": True}


def test_parameters_of_any_action_are_encoded():
    assert body_of({"ImageUrl": "u", "Scene": None}) == Body(b'{"ImageUrl":"u","Scene":null}')


@pytest.mark.parametrize("size", [0, 1, 2, 3, 98_303, 98_304, 98_305, 300_001])
def test_an_image_of_any_size_is_one_text_whose_length_and_hash_are_told(size):
    image = Random(size).randbytes(size)
    body = image_body(image, WORDS)
    whole = b'{"ImageBase64":"%s","IsWords":true}' % b64encode(image)
    for _ in range(2):  # it is read to be hashed, and again each time it is sent
        assert b"".join(body.pieces()) == whole
    assert len(body) == len(whole)
    assert body.sha256() == hashlib.sha256(whole).hexdigest()


def test_the_base64_of_a_large_image_is_never_held():
    body = image_body(bytes(5_000_000), WORDS)
    tracemalloc.start()
    body.sha256()
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 1_000_000


def test_a_bodys_repr_shows_nothing_of_it():
    assert repr(url_body("https://example.com/?q-signature=planted", WORDS)) == "Body()"


@pytest.mark.parametrize("escaped", [False, True])
def test_an_image_that_a_refusal_repeats_is_hidden_to_its_end(escaped):
    image = b"\xff\xfe\xfd" * 300 + b"plantedPixels" * 9
    text = b64encode(image).decode()
    told = (text.replace("/", r"\/") if escaped else text)[:500]
    assert image_body(image, Options()).hidden_in(f"the value '{told}' is not valid") == "the value '***' is not valid"
    assert image_body(image, Options()).hidden_in("too large") == "too large"
    assert url_body("https://b.example", Options()).hidden_in("no") == "no"


@pytest.mark.parametrize("spell", [str, lambda url: url.replace("/", r"\/"), lambda url: url.replace("&", r"\u0026")])
def test_a_signature_that_a_refusal_repeats_is_hidden_even_where_the_url_has_no_scheme(spell):
    signed = "bucket.example/key?q-sign-time=1/2&q-signature=planted"
    for body in (url_body(f"https://{signed}", Options()), body_of({"ImageUrl": f"https://{signed}"})):
        hidden = body.hidden_in(f"cannot fetch {spell(signed)}, nor a?b=c")
        assert hidden == f"cannot fetch {spell('bucket.example/key')}?***, nor a?b=c"
