"""One connection, however it is written down, gives one configuration; a wrong field is refused by its name."""

import json
import time
import warnings
from functools import partial
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest
from airflow.models import Connection
from airflow.providers.common.compat.sdk import AirflowNotFoundException, redact

from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
from airflow_provider_tcocr.client.credentials import Credential
from airflow_provider_tcocr.exceptions import ConfigurationError
from airflow_provider_tcocr.hooks import connection as connection_module
from airflow_provider_tcocr.hooks.connection import EXTRA_FIELDS, read_connection
from airflow_provider_tcocr.hooks.form import CONN_FIELDS
from airflow_provider_tcocr.hooks.ocr import TencentCloudOcrHook

VARIABLE = "AIRFLOW_CONN_TENCENTCLOUD_DEFAULT"
LONG = {"login": "AKIDlong", "password": "plantedLongTermKey"}
FIELDS = {"host": "http://ocr.example", "port": 8443}
EXTRA = {
    "region": "ap-singapore",
    "language": "en-US",
    "timeout": 30,
    "max_qps": 7.5,
    "cos_region": "ap-guangzhou",
}
STATIC = {"token": "planted/to+ken=="}
ASSUMED = {"credential": "assume_role", "role_arn": "qcs::cam::uin/1:roleName/ocr", "role_session_name": "nightly"}


def by_variable(monkeypatch, text):
    monkeypatch.setenv(VARIABLE, text)
    return TencentCloudOcrHook.get_connection("tencentcloud_default")


def as_json(monkeypatch, fields, extra):
    return by_variable(monkeypatch, json.dumps({"conn_type": "tencentcloud", **fields, "extra": extra}))


def as_json_of_text(monkeypatch, fields, extra):
    extra = {name: str(value) for name, value in extra.items()}
    return by_variable(
        monkeypatch, json.dumps({"conn_type": "tencentcloud", **fields, "port": "8443", "extra": json.dumps(extra)})
    )


def as_uri(monkeypatch, fields, extra, query=None):
    login, password, host = (quote(fields[name], safe="") for name in ("login", "password", "host"))
    query = urlencode(query or extra)
    return by_variable(monkeypatch, f"tencentcloud://{login}:{password}@{host}:{fields['port']}/?{query}")


def as_uri_with_one_extra(monkeypatch, fields, extra):
    return as_uri(monkeypatch, fields, extra, {"__extra__": json.dumps(extra)})


def by_form(monkeypatch, fields, extra):
    """What is stored when the web form is sent: each field it shows, those left empty too."""
    shown = dict.fromkeys(CONN_FIELDS, "") | extra
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Airflow's own
        try:
            from airflow.www.views import ConnectionModelView
        except ImportError:
            from airflow.api_fastapi.core_api.datamodels.connections import ConnectionBody

            shown |= {name: None for name, value in shown.items() if value == "" and name != "token"}
            body = {"connection_id": "web", "conn_type": "tencentcloud", **fields, "extra": json.dumps(shown)}
            return Connection(**ConnectionBody.model_validate(body).model_dump(by_alias=True))
        texts = {f"extra__tencentcloud__{name}": str(value) for name, value in shown.items()}
        form = SimpleNamespace(data={"conn_id": "web", "conn_type": "tencentcloud", "extra": "", **texts})
        form.extra = SimpleNamespace(data="")
        ConnectionModelView.process_form(ConnectionModelView.__new__(ConnectionModelView), form, True)
        return Connection(conn_id="web", conn_type="tencentcloud", **fields, extra=form.extra.data)


def by_form_with_numbers_as_text(monkeypatch, fields, extra):
    return by_form(monkeypatch, fields, {name: str(value) for name, value in extra.items()})


def by_the_forms_button(monkeypatch, fields, extra):
    """The button hands the form's connection to the hook as a URI in the environment."""
    return by_variable(monkeypatch, by_form(monkeypatch, fields, extra).get_uri())


@pytest.mark.filterwarnings("ignore:.*utcfromtimestamp:DeprecationWarning")  # the SDK's own, from 3.12
@pytest.mark.parametrize("kind", [STATIC, ASSUMED], ids=["static", "assume_role"])
@pytest.mark.parametrize(
    "written",
    [
        as_json,
        as_json_of_text,
        as_uri,
        as_uri_with_one_extra,
        by_form,
        by_form_with_numbers_as_text,
        by_the_forms_button,
    ],
)
def test_json_uri_and_web_form_give_the_same_configuration(monkeypatch, cloud, written, kind):
    proxy = cloud.url.replace("//", "//user:planted%2F@")
    extra = {**EXTRA, "proxy": proxy, **kind}
    assert set(EXTRA) | set(STATIC) | set(ASSUMED) | {"proxy"} == set(EXTRA_FIELDS)
    connection = written(monkeypatch, {**LONG, **FIELDS}, extra)
    account = read_connection(connection, sts=Endpoint.parse("http://sts.example"))
    assert account.client == ClientConfig(
        endpoint=Endpoint("http", "ocr.example", 8443),
        region="ap-singapore",
        language="en-US",
        proxy=proxy,
        timeout=30.0,
        max_qps=7.5,
    )
    assert account.cos_region == "ap-guangzhou"
    assert "planted" not in repr(account)
    if kind is STATIC:
        assert account.credentials.current() == Credential(*cloud.long_term, "planted/to+ken==")
        return
    assert account.credentials.current() == Credential(*cloud.triple)
    ((_, asked),) = cloud.asked
    assert (asked["RoleArn"], asked["RoleSessionName"]) == (ASSUMED["role_arn"], "nightly")
    assert cloud.headers[0]["X-TC-Region"] == "ap-singapore"


def test_an_endpoint_as_a_whole_url_survives_json_and_uri(monkeypatch):
    urls = []
    for written in (
        json.dumps({"conn_type": "tencentcloud", "login": "i", "password": "k", "host": "http://127.0.0.1:9000"}),
        "tencentcloud://i:k@http%3A%2F%2F127.0.0.1%3A9000/",
        "tencentcloud://i:k@http%3A%2F%2F127.0.0.1:9000/",
        "tencentcloud://i:k@127.0.0.1:9000/http",
    ):
        monkeypatch.setenv(VARIABLE, written)
        urls.append(TencentCloudOcrHook().account.client.endpoint.url)
    assert urls == ["http://127.0.0.1:9000/"] * 4


def test_an_endpoint_of_numbers_survives_json_and_uri(monkeypatch):
    urls = []
    for written in (
        json.dumps({"conn_type": "tencentcloud", "login": "i", "password": "k", "host": "[::1]", "port": 9000}),
        json.dumps({"conn_type": "tencentcloud", "login": "i", "password": "k", "host": "::1", "port": 9000}),
        "tencentcloud://i:k@[::1]:9000/",
    ):
        monkeypatch.setenv(VARIABLE, written)
        urls.append(TencentCloudOcrHook().account.client.endpoint.url)
    assert urls == ["https://[::1]:9000/"] * 3


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
        ({"extra": {"proxy": "http://"}}, "proxy"),
        ({"extra": {"proxy": "http://user:plantedAsWell@"}}, "proxy"),
        ({"extra": {"proxy": "http://user:plantedAsWell@:8080"}}, "proxy"),
        ({"extra": {"proxy": "http://user:plantedAsWell@host:99999"}}, "proxy"),
        ({"extra": {"proxy": "http://user:plantedAsWell@host:0"}}, "proxy"),
        ({"extra": {"proxy": "http://user:plantedAsWell@a host:8080"}}, "proxy"),
        ({"extra": {"proxy": "http://user:planted/AsWell@host:8080"}}, "proxy"),
        ({"extra": {"proxy": "http://user:80/plantedAsWell@host:8080"}}, "proxy"),
        ({"extra": {"proxy": "http://user:plantedAsWell@[::1:8080"}}, "proxy"),
        ({"extra": {"credential": "planted"}}, "credential"),
        ({"extra": {"credential": "assume_role"}}, "role_arn"),
        ({"extra": {"credential": "environment"}}, "TENCENTCLOUD_SECRET_ID"),
        ({"extra": {"region": ["a"]}}, "region"),
        ({"extra": {"cos_region": "planted.example/"}}, "cos_region"),
        ({"extra": {"cos_region": "a\nplanted"}}, "cos_region"),
        ({"extra": {"token": 5}}, "token"),
        ({"extra": {"timeout": "30 s"}}, "timeout"),
        ({"extra": {"timeout": 10**400}}, "timeout"),
        ({"extra": {"credential": "tke_oidc"}}, "TKE_REGION"),
        ({"extra": {"credential": "assume_role", "role_arn": "a", "role_session_name": 5}}, "role_session_name"),
        ({"extra": {"extra__tencentcloud__timeout": 30}}, "extra__tencentcloud__timeout"),
        ({"port": 70000}, "port"),
        ({"schema": "planted"}, "schema: must be http or https"),
        ({"schema": "http", "host": "https://127.0.0.1"}, "schema says http"),
    ],
)
def test_a_wrong_field_is_refused_by_name_and_not_shown(monkeypatch, fields, told):
    connection = {"conn_type": "tencentcloud", "login": "i", "password": "k", **fields}
    monkeypatch.setenv(VARIABLE, json.dumps({name: value for name, value in connection.items() if value is not None}))
    with pytest.raises(ConfigurationError, match=told) as caught:
        TencentCloudOcrHook().account  # noqa: B018
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    ("extra", "parsed"),
    [('["planted"]', ["planted"]), ('"planted"', "planted"), ("5", 5), ('{"max_qps": 5, planted}', {})],
)
def test_an_extra_that_is_no_object_is_refused_and_not_shown(monkeypatch, extra, parsed):
    # Airflow 3.3 hands it on; older ones have no connection then, at least where it comes from the environment. What
    # is no JSON at all, every version logs and takes for an empty object: nobody would see that its fields are lost.
    connection = SimpleNamespace(**LONG, host=None, schema=None, port=None, extra=extra, extra_dejson=parsed)
    monkeypatch.setattr(TencentCloudOcrHook, "get_connection", lambda self, conn_id: connection)
    with pytest.raises(ConfigurationError, match="extra: must be a JSON object") as caught:
        TencentCloudOcrHook().account  # noqa: B018
    assert "planted" not in str(caught.value)
    assert caught.value.__context__ is None, "the parser's error bears the whole text"


def test_the_keys_can_come_from_the_environment_with_their_token(monkeypatch):
    monkeypatch.setenv(VARIABLE, json.dumps({"conn_type": "tencentcloud", "extra": {"credential": "environment"}}))
    for name, value in {"SECRET_ID": "i", "SECRET_KEY": "k", "TOKEN": "t"}.items():
        monkeypatch.setenv(f"TENCENTCLOUD_{name}", value)
    credential = TencentCloudOcrHook().account.credentials.current()
    assert (credential.secret_id, credential.secret_key, credential.token) == ("i", "k", "t")


def test_a_token_of_the_environment_with_a_line_end_is_refused_before_any_call_and_not_shown(monkeypatch):
    monkeypatch.setenv(VARIABLE, json.dumps({"conn_type": "tencentcloud", "extra": {"credential": "environment"}}))
    for name, value in {"SECRET_ID": "i", "SECRET_KEY": "k", "TOKEN": "planted\n"}.items():
        monkeypatch.setenv(f"TENCENTCLOUD_{name}", value)
    with pytest.raises(ConfigurationError, match="token has spaces or characters") as caught:
        TencentCloudOcrHook().account  # noqa: B018
    assert "planted" not in str(caught.value)


def test_a_connection_that_is_not_there_is_airflows_own_error():
    with pytest.raises(AirflowNotFoundException):
        TencentCloudOcrHook("nowhere").account  # noqa: B018


def test_the_form_has_exactly_the_fields_that_are_read():
    assert tuple(CONN_FIELDS) == EXTRA_FIELDS


@pytest.fixture
def sources(monkeypatch, cloud):
    """The hook finds the metadata service and STS at the stand-in."""
    read = partial(read_connection, metadata=f"{cloud.url}role/", sts=Endpoint.parse(cloud.url))
    monkeypatch.setattr(connection_module, "read_connection", read)
    return cloud


def connection_of(kind, url):
    extra = {"credential": kind, "role_arn": "a"}
    return json.dumps({"conn_type": "tencentcloud", **LONG, "host": url, "extra": extra})


@pytest.mark.filterwarnings("ignore:.*utcfromtimestamp:DeprecationWarning")  # the SDK's own, from 3.12
@pytest.mark.parametrize("kind", ["cvm_role", "tke_oidc", "assume_role"])
def test_temporary_secrets_are_masked_when_they_are_had_and_renewed_ones_too(monkeypatch, sources, kind, tmp_path):
    (tmp_path / "jwt").write_text("jwt")
    for name in ("REGION", "PROVIDER_ID", "ROLE_ARN"):
        monkeypatch.setenv(f"TKE_{name}", name)
    monkeypatch.setenv("TKE_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "jwt"))
    monkeypatch.setenv(VARIABLE, connection_of(kind, "http://127.0.0.1:9"))
    credentials = TencentCloudOcrHook().account.credentials
    for number in (1, 2):
        name = f"{kind}{number}".upper()
        sources.triple = (f"ID-{name}", f"KEY-{name}", f"TOKEN-{name}")
        text = "{} {} {}".format(*sources.triple)
        assert redact(text) == text
        credentials.current(refresh=True)
        assert redact(text) == f"ID-{name} *** ***"


def test_secrets_of_the_environment_are_masked_when_the_connection_is_read(monkeypatch):
    for name in ("SECRET_ID", "SECRET_KEY", "TOKEN"):
        monkeypatch.setenv(f"TENCENTCLOUD_{name}", f"VAR-{name}")
    monkeypatch.setenv(VARIABLE, connection_of("environment", "http://127.0.0.1:9"))
    text = "VAR-SECRET_ID VAR-SECRET_KEY VAR-TOKEN"
    assert redact(text) == text
    TencentCloudOcrHook().account  # noqa: B018
    assert redact(text) == "VAR-SECRET_ID *** ***"


@pytest.mark.parametrize("ill", ["hang", "refuse"])
def test_a_dead_metadata_service_is_told_by_the_connection_test_within_five_seconds(
    monkeypatch, sources, tcocr_emulator, ill
):
    sources.ill = ill
    if ill == "refuse":
        read = partial(read_connection, metadata="http://127.0.0.1:9/role/")
        monkeypatch.setattr(connection_module, "read_connection", read)
    monkeypatch.setenv(VARIABLE, connection_of("cvm_role", tcocr_emulator.url))
    hook = TencentCloudOcrHook()
    started = time.monotonic()
    good, told = hook.test_connection()
    assert time.monotonic() - started < 5
    assert not good
    assert "'cvm_role'" in told
    assert ("no answer within 4 s" if ill == "hang" else "ConnectionRefusedError") in told
    assert tcocr_emulator.ledger.made == 0
    hook.close()


@pytest.mark.parametrize("user", ["reader:plantedProxyPassword", "plantedProxyToken"])
def test_what_opens_a_proxy_is_masked_when_the_connection_is_read(monkeypatch, user):
    extra = {"proxy": f"http://{user}@proxy.example:8080"}
    connection = {"conn_type": "tencentcloud", "login": "i", "password": "k", "extra": extra}
    monkeypatch.setenv(VARIABLE, json.dumps(connection))
    secret = user.rpartition(":")[2]
    assert redact(secret) == secret
    TencentCloudOcrHook().account  # noqa: B018
    assert redact(secret) == "***"
