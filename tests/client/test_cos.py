"""The signer knows the region and the host, and keeps a blocking source of credentials off the loop."""

import asyncio
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider_tcocr.client.client import Client
from airflow_provider_tcocr.client.config import ClientConfig
from airflow_provider_tcocr.client.cos import CosSigner
from airflow_provider_tcocr.client.credentials import Credential, static
from airflow_provider_tcocr.exceptions import ConfigurationError

KEYS = static("AKIDx", "plantedKey", "plantedToken")


class Role:
    """Temporary credentials: a new token at each look, had by something that blocks."""

    blocking = True

    def __init__(self):
        self.threads = []

    def current(self, *, refresh=False):
        self.threads.append(threading.current_thread())
        return Credential("AKIDx", "key", f"token-{len(self.threads)}")


def test_the_region_is_the_uris_own_or_the_connections():
    client = Client(ClientConfig(), KEYS, cos_region="ap-guangzhou")
    for uri, host in (
        ("cos://b-125/a", "b-125.cos.ap-guangzhou.myqcloud.com"),
        ("cos://b-125.cos.na-ashburn.myqcloud.com/a", "b-125.cos.na-ashburn.myqcloud.com"),
    ):
        for url in (client.cos.object_url(uri), client.cos.listing_url(uri, {"prefix": "x"})):
            assert url.startswith(f"https://{host}/")
            assert parse_qs(urlsplit(url).query)["x-cos-security-token"] == ["plantedToken"]


def test_without_a_region_the_error_names_the_field_and_nothing_is_signed():
    role = Role()
    signer = CosSigner(None, role)
    for ask in (signer.check, signer.object_url, lambda uri: signer.listing_url(uri, {})):
        with pytest.raises(ConfigurationError, match="cos_region"):
            ask("cos://b-125/a")
    assert role.threads == []


@pytest.mark.parametrize("uri", ["cos://b-125/", "cos://b-125", "cos://b-125/folder/"])
def test_a_folder_is_no_object(uri):
    with pytest.raises(ConfigurationError, match="folder"):
        CosSigner("ap-x", KEYS).check(uri)


def test_every_url_is_signed_anew_at_its_moment():
    moments = iter((1000.9, 5000.0))
    signer = CosSigner("ap-x", KEYS, clock=lambda: next(moments))
    times = [parse_qs(urlsplit(signer.object_url("cos://b-125/a")).query)["q-sign-time"] for _ in range(2)]
    assert times == [["940;1600"], ["4940;5600"]]


def test_a_blocking_source_is_asked_in_a_thread_and_each_time():
    role = Role()
    signer = CosSigner("ap-x", role)

    async def sign():
        return [await signer.sign("cos://b-125/a") for _ in range(2)]

    first, second = asyncio.run(sign())
    assert "token-1" in first
    assert "token-2" in second
    assert threading.main_thread() not in role.threads


def test_the_signer_shows_no_key():
    assert "planted" not in repr(CosSigner("ap-x", KEYS))
