"""What is secret in the names of documents: a query, its values, a password; never an ordinary word."""

import json

import pytest

from airflow_provider_tcocr.documents.secrets import secrets_in

SIGNED = "X-Amz-Expires=60&X-Amz-Credential=AKIA%2F20261122&X-Amz-Signature=0123abcd"


@pytest.mark.parametrize(
    ("named", "secrets"),
    [
        (
            f"https://h.example/a.png?{SIGNED}#page",
            {
                SIGNED,
                "AKIA%2F20261122",
                "AKIA/20261122",
                "0123abcd",
            },
        ),
        ("https://h.example/a.png?page=1&w=80", set()),
        ("https://h.example/a.png?page=1&t=abcde", {"page=1&t=abcde", "abcde"}),
        ("https://h.example/a.png?t=abc==", {"t=abc==", "abc=="}),
        ("https://h.example/a.png?opaque-token", {"opaque-token"}),
        ("https://h.example/a.png?t=%61bc", {"t=%61bc", "%61bc"}),
        ("https://reader:pass%40word@h.example/a.png", {"pass%40word", "pass@word"}),
        ("https://token-of-a-reader@h.example/a.png", {"token-of-a-reader"}),
        ("https://h.example/@scope/a.png", set()),
        ("https://[broken/a.png?t=abcde", {"t=abcde", "abcde"}),
        ("s3://aws_default@lake/a.png", set()),
        ("s3://key:secret-key@lake/a.png", {"secret-key"}),
        ("/data/inbox/why?really.png", set()),
        ("", set()),
        ({"uri": "https://h.example/a?t=abcde", "document_id": "one"}, {"t=abcde", "abcde"}),
        ([{"deep": ("https://h.example/a?t=abcde", 3, None)}], {"t=abcde", "abcde"}),
        (None, set()),
        (7, set()),
        (b"https://h.example/a?t=abcde", set()),
    ],
    ids=repr,
)
def test_queries_their_values_and_passwords_are_secret_and_nothing_else_is(named, secrets):
    assert secrets_in(named) == secrets


@pytest.mark.parametrize("render", [str, json.dumps, ", ".join, ",".join, "\n".join], ids=["str", "json", *"abc"])
def test_of_a_list_rendered_as_text_every_url_has_its_secrets(render):
    urls = [
        f"https://h.example/a.png?{SIGNED}",
        "https://h.example/b.png?sig=the-second",
        "https://u:pass-2@h.example/",
    ]
    urls += ["https://token-4@h.example/?page=1", "s3://key:secret-5@lake/a.png"]
    assert secrets_in(urls) <= secrets_in(render(urls))
    assert secrets_in(urls[2]) <= secrets_in(render(urls[2:3]))


def test_a_url_within_a_url_is_a_secret_whole():
    nested = {"of=https://h.example/a?t=abcde", "https://h.example/a?t=abcde", "t=abcde", "abcde"}
    assert secrets_in("https://proxy.example/?of=https://h.example/a?t=abcde") == nested
