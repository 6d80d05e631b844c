"""One place has one URI in assets, whatever it is written like, and one name in lineage."""

import os
from pathlib import Path

import pytest

from airflow_provider_tcocr.assets.uri import asset_uri, lineage_name


@pytest.mark.parametrize(
    ("given", "uri", "name"),
    [
        ("/data/out", "file:///data/out", ("file", "/data/out")),
        ("/data/out/", "file:///data/out", ("file", "/data/out")),
        ("/data/in/../out", "file:///data/out", ("file", "/data/out")),
        ("file:///data/out", "file:///data/out", ("file", "/data/out")),
        ("file://localhost/data/out", "file:///data/out", ("file", "/data/out")),
        ("file:///data/a%20b", "file:///data/a%20b", ("file", "/data/a b")),
        ("/data/a b#1?", "file:///data/a%20b%231%3F", ("file", "/data/a b#1?")),
        ("/data/停水", "file:///data/%E5%81%9C%E6%B0%B4", ("file", "/data/停水")),
        ("s3://bucket/a/b", "s3://bucket/a/b", ("s3://bucket", "a/b")),
        ("s3://aws_default@bucket/a/b/", "s3://bucket/a/b", ("s3://bucket", "a/b")),
        ("s3://bucket", "s3://bucket", ("s3://bucket", "/")),
        ("s3://bucket/50% of?#", "s3://bucket/50%25%20of%3F%23", ("s3://bucket", "50% of?#")),
        ("gs://bucket/day=1", "gs://bucket/day=1", ("gs://bucket", "day=1")),
        ("cos://bucket-125/a", "cos://bucket-125/a", ("cos://bucket-125", "a")),
        ("http://h.example:8/a%20b.png", "http://h.example:8/a%20b.png", ("http://h.example:8", "/a%20b.png")),
        ("https://h.example", "https://h.example", ("https://h.example", "/")),
    ],
)  # fmt: skip
def test_a_place_has_one_uri_and_one_name(given, uri, name):
    assert asset_uri(given) == uri
    assert lineage_name(uri) == name


def test_a_relative_path_is_that_of_the_working_folder():
    assert asset_uri("out") == Path(os.getcwd(), "out").as_uri()


@pytest.mark.parametrize("given", ["/data/停水 #1", "s3://conn@bucket/停水 #1?a=b", "https://h.example/停水.png"])
def test_airflow_takes_the_uri_as_it_is(given):
    from airflow.providers.common.compat.sdk import Asset

    uri = asset_uri(given)
    assert uri.isascii()
    assert Asset(uri=uri).uri == uri
