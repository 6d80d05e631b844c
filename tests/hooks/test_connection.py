"""One connection, however it is written down, gives one configuration; a wrong field is refused by its name."""

import json
from urllib.parse import quote, urlencode

import pytest
from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_provider_tcocr.exceptions import ConfigurationError
from airflow_provider_tcocr.hooks.connection import EXTRA_FIELDS
from airflow_provider_tcocr.hooks.form import CONN_FIELDS
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook

VARIABLE = "AIRFLOW_CONN_TENCENTCLOUD_DEFAULT"
EXTRA = {
    "token": "planted-token",
    "region": "ap-singapore",
    "language": "en-US",
    "proxy": "http://user:planted@proxy:3128",
    "timeout": 30,
    "max_qps": 7.5,
    "cos_region": "ap-guangzhou",
}


def as_json():
    return json.dumps(
        {
            "conn_type": "tencentcloud",
            "login": "AKIDplanted",
            "password": "planted/key+",
            "host": "ocr.tencentcloudapi.com",
            "port": 8443,
            "extra": EXTRA,
        }
    )


def as_uri():
    keys = f"AKIDplanted:{quote('planted/key+', safe='')}"
    return f"tencentcloud://{keys}@ocr.tencentcloudapi.com:8443/?{urlencode(EXTRA)}"


def as_uri_with_one_extra():
    keys = f"AKIDplanted:{quote('planted/key+', safe='')}"
    return f"tencentcloud://{keys}@ocr.tencentcloudapi.com:8443/?{urlencode({'__extra__': json.dumps(EXTRA)})}"


@pytest.mark.parametrize("written", [as_json, as_uri, as_uri_with_one_extra])
def test_json_and_uri_give_the_same_configuration(monkeypatch, written):
    monkeypatch.setenv(VARIABLE, written())
    account = TencentCloudOcrHook().account
    credential = account.credentials.current()
    assert (credential.secret_id, credential.secret_key, credential.token) == (
        "AKIDplanted",
        "planted/key+",
        "planted-token",
    )
    client = account.client
    assert client.endpoint.url == "https://ocr.tencentcloudapi.com:8443/"
    assert (client.region, client.language, client.timeout, client.max_qps) == ("ap-singapore", "en-US", 30.0, 7.5)
    assert client.proxy == EXTRA["proxy"]
    assert account.cos_region == "ap-guangzhou"
    assert "planted" not in repr(account)


def test_an_endpoint_as_a_whole_url_survives_json_and_uri(monkeypatch):
    urls = []
    for written in (
        json.dumps({"conn_type": "tencentcloud", "login": "i", "password": "k", "host": "http://127.0.0.1:9000"}),
        "tencentcloud://i:k@http%3A%2F%2F127.0.0.1%3A9000/",
        "tencentcloud://i:k@http%3A%2F%2F127.0.0.1:9000/",
    ):
        monkeypatch.setenv(VARIABLE, written)
        urls.append(TencentCloudOcrHook().account.client.endpoint.url)
    assert urls == ["http://127.0.0.1:9000/"] * 3


def test_the_defaults_are_the_international_endpoint_and_the_actions_quota(monkeypatch):
    monkeypatch.setenv(VARIABLE, json.dumps({"conn_type": "tencentcloud", "login": "i", "password": "k"}))
    client = TencentCloudOcrHook().account.client
    assert client.endpoint.url == "https://ocr.intl.tencentcloudapi.com/"
    assert (client.timeout, client.max_qps, client.proxy) == (60.0, None, None)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"login": None}, "login"),
        ({"password": None}, "password"),
        ({"password": " planted"}, "password"),
        ({"host": "ftp://a"}, "host"),
        ({"extra": {"max_pqs": 10}}, "max_pqs"),
        ({"extra": {"max_qps": "fast"}}, "max_qps"),
        ({"extra": {"max_qps": 0}}, "max_qps"),
        ({"extra": {"timeout": -1}}, "timeout"),
        ({"extra": {"timeout": True}}, "timeout"),
        ({"extra": {"language": "klingon"}}, "language"),
        ({"extra": {"proxy": "socks5://planted"}}, "proxy"),
        ({"extra": {"credential": "planted"}}, "credential"),
        ({"extra": {"credential": "assume_role"}}, "role_arn"),
        ({"extra": {"credential": "environment"}}, "TENCENTCLOUD_SECRET_ID"),
        ({"extra": {"region": ["a"]}}, "region"),
        ({"extra": {"cos_region": "planted.example/"}}, "cos_region"),
    ],
)
def test_a_wrong_field_is_refused_by_name_and_not_shown(monkeypatch, fields, told):
    connection = {"conn_type": "tencentcloud", "login": "i", "password": "k", **fields}
    monkeypatch.setenv(VARIABLE, json.dumps({name: value for name, value in connection.items() if value is not None}))
    with pytest.raises(ConfigurationError, match=told) as caught:
        TencentCloudOcrHook().account  # noqa: B018
    assert "planted" not in str(caught.value)


def test_the_keys_can_come_from_the_environment_with_their_token(monkeypatch):
    monkeypatch.setenv(VARIABLE, json.dumps({"conn_type": "tencentcloud", "extra": {"credential": "environment"}}))
    for name, value in {"SECRET_ID": "i", "SECRET_KEY": "k", "TOKEN": "t"}.items():
        monkeypatch.setenv(f"TENCENTCLOUD_{name}", value)
    credential = TencentCloudOcrHook().account.credentials.current()
    assert (credential.secret_id, credential.secret_key, credential.token) == ("i", "k", "t")


def test_a_connection_that_is_not_there_is_airflows_own_error():
    with pytest.raises(AirflowNotFoundException):
        TencentCloudOcrHook("nowhere").account  # noqa: B018


def test_the_form_has_exactly_the_fields_that_are_read():
    assert tuple(CONN_FIELDS) == EXTRA_FIELDS
