"""Each source of temporary credentials against a local stand-in: its triple signs, its failures have names."""

import asyncio
import logging
import socket
from functools import partial

import pytest

from airflow_provider_tcocr.api.actions import ACTION
from airflow_provider_tcocr.api.request import body_of
from airflow_provider_tcocr.client.client import Client
from airflow_provider_tcocr.client.config import ClientConfig, Endpoint
from airflow_provider_tcocr.client.credentials import Credential
from airflow_provider_tcocr.client.roles import assume_role, cvm_role, sts_endpoint, tke_environment, tke_oidc
from airflow_provider_tcocr.client.temporary import TemporaryCredentials
from airflow_provider_tcocr.emulator import Emulator
from airflow_provider_tcocr.exceptions import AuthenticationError, ConfigurationError, TransportError

KINDS = ("cvm_role", "tke_oidc", "assume_role")
BODY = body_of({"ImageUrl": "https://example.com/page.png"})
ROLE = "qcs::cam::uin/100000000001:roleName/ocr"

pytestmark = pytest.mark.filterwarnings("ignore:.*utcfromtimestamp:DeprecationWarning")  # the SDK's own, from 3.12


@pytest.fixture
def tke(tmp_path):
    (tmp_path / "jwt").write_text("planted.jwt.one\n")
    return tke_environment(
        {
            "TKE_REGION": "ap-singapore",
            "TKE_PROVIDER_ID": "cls-1",
            "TKE_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "jwt"),
            "TKE_ROLE_ARN": ROLE,
        }
    )


@pytest.fixture
def sts(cloud):
    return ClientConfig(endpoint=Endpoint.parse(cloud.url))


@pytest.fixture
def source(cloud, tke, sts):
    """The credentials of a kind, from the stand-in."""

    def of(kind, **arguments):
        fetch = {
            "cvm_role": partial(cvm_role, f"{cloud.url}role/"),
            "tke_oidc": partial(tke_oidc, tke, session="s", sts=sts),
            "assume_role": partial(assume_role, Credential(*cloud.long_term), role_arn=ROLE, session="s", sts=sts),
        }[kind]
        return TemporaryCredentials(fetch, kind=kind, **arguments)

    return of


def call(emulator, credentials, times=1):
    async def calls():
        client = Client(ClientConfig(endpoint=Endpoint.parse(emulator.url), max_qps=1000), credentials)
        try:
            return [await client.call(ACTION, BODY) for _ in range(times)]
        finally:
            await client.close()

    return asyncio.run(calls())


@pytest.mark.parametrize("kind", KINDS)
def test_the_triple_of_each_kind_signs_calls_that_the_service_accepts(cloud, source, kind):
    secret_id, secret_key, token = cloud.triple
    with Emulator(engine="canned", secret_id=secret_id, secret_key=secret_key, token=token) as emulator:
        call(emulator, source(kind), times=3)
        assert emulator.ledger.billed == 3
    asked = {
        "cvm_role": [("/role/", {}), ("/role/ocr%20reader", {})],
        "tke_oidc": [
            (
                "AssumeRoleWithWebIdentity",
                {
                    "ProviderId": "cls-1",
                    "WebIdentityToken": "planted.jwt.one",
                    "RoleArn": ROLE,
                    "RoleSessionName": "s",
                    "DurationSeconds": 7200,
                },
            )
        ],
        "assume_role": [("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s", "DurationSeconds": 7200})],
    }
    assert cloud.asked == asked[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_renewed_when_its_time_has_come(cloud, source, kind):
    now = 1_800_000_000.0
    cloud.clock = lambda: now
    credentials = source(kind, clock=lambda: now)
    found = []
    for number, moment in enumerate((0, 6479, 6480, 6481)):
        now = 1_800_000_000.0 + moment
        cloud.triple = (f"AKID{number}", f"key{number}", f"token{number}")
        credential = credentials.current()
        found.append((credential.secret_id, credential.secret_key, credential.token))
    assert found == [("AKID0", "key0", "token0")] * 2 + [("AKID2", "key2", "token2")] * 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_ended_too_soon_is_renewed_once_for_all_calls(cloud, source, kind):
    secret_id, secret_key, token = cloud.triple
    credentials = source(kind)
    cloud.triple = (secret_id, secret_key, "ended")
    credentials.current()
    cloud.triple = (secret_id, secret_key, token)
    before = len(cloud.asked)
    with Emulator(engine="canned", secret_id=secret_id, secret_key=secret_key, token=token) as emulator:
        call(emulator, credentials, times=3)
        assert emulator.ledger.billed == 3
        assert emulator.ledger.made == 4
    assert len(cloud.asked) == before * 2


def test_a_token_that_stays_refused_is_an_authentication_error(cloud, source):
    secret_id, secret_key, _ = cloud.triple
    with (
        Emulator(engine="canned", secret_id=secret_id, secret_key=secret_key, token="another") as emulator,
        pytest.raises(AuthenticationError, match=r"AuthFailure\.TokenFailure"),
    ):
        call(emulator, source("assume_role"))
    assert len(cloud.asked) == 2


def test_the_pods_token_is_read_anew_at_each_renewal(cloud, source, tke):
    from pathlib import Path

    credentials = source("tke_oidc")
    credentials.current()
    Path(tke["TKE_WEB_IDENTITY_TOKEN_FILE"]).write_text("planted.jwt.two")
    credentials.current(refresh=True)
    assert [params["WebIdentityToken"] for _, params in cloud.asked] == ["planted.jwt.one", "planted.jwt.two"]
    Path(tke["TKE_WEB_IDENTITY_TOKEN_FILE"]).unlink()
    with pytest.raises(TransportError, match=r"tke_oidc.*FileNotFoundError"):
        credentials.current(refresh=True)


@pytest.mark.parametrize(
    ("kind", "ill", "told"),
    [
        ("cvm_role", (404, "planted"), "HTTPError, 404"),
        ("cvm_role", (200, ""), "no role is bound"),
        ("cvm_role", (200, "planted"), "JSONDecodeError"),
        ("cvm_role", (200, "[]"), "no credentials"),
        ("assume_role", (500, "planted"), "ServerNetworkError"),
        ("assume_role", (200, "planted"), "JSONDecodeError"),
        ("assume_role", (200, '{"Response": null}'), "TypeError"),
        ("assume_role", (200, '{"Response": {}}'), "no credentials"),
        ("assume_role", (200, '{"Response": {"Credentials": ["planted"], "ExpiredTime": 1}}'), "no credentials"),
        (
            "assume_role",
            (200, '{"Response": {"Error": {"Code": "AuthFailure.Any", "Message": "planted"}, "RequestId": "r"}}'),
            r"TencentCloudSDKException, AuthFailure\.Any",
        ),
        (
            "tke_oidc",
            (
                200,
                '{"Response": {"Credentials": {"TmpSecretId": "a", "TmpSecretKey": "planted\\n", "Token": "t"}, '
                '"ExpiredTime": 9999999999}}',
            ),
            "holds invalid credentials",
        ),
    ],
)
def test_a_refusal_is_named_and_its_text_is_not_shown(cloud, source, kind, ill, told):
    cloud.ill = ill
    with pytest.raises(TransportError, match=f"{kind}.*{told}") as caught:
        source(kind).current()
    assert "planted" not in str(caught.value)


def test_an_error_counts_whatever_its_content_type(cloud, source):
    cloud.ill, cloud.content_type = (
        (200, '{"Response": {"Error": {"Code": "AuthFailure.Any", "Message": "planted"}, "RequestId": "r"}}'),
        "application/json; charset=utf-8",
    )
    with pytest.raises(TransportError, match=r"no credentials, but AuthFailure\.Any"):
        source("assume_role").current()


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_that_accepts_and_never_answers_is_given_up(cloud, source, kind):
    cloud.ill = "hang"
    with pytest.raises(TransportError, match=rf"{kind}.*no answer within 0\.3 s"):
        source(kind, timeout=0.3).current()


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_that_nobody_runs_is_named(cloud, tke, kind):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        sts = ClientConfig(endpoint=Endpoint.parse(nowhere))
        fetch = {
            "cvm_role": partial(cvm_role, nowhere),
            "tke_oidc": partial(tke_oidc, tke, session="s", sts=sts),
            "assume_role": partial(assume_role, Credential("i", "k"), role_arn=ROLE, session="s", sts=sts),
        }[kind]
        with pytest.raises(TransportError, match=rf"{kind}.*(ConnectionRefusedError|ConnectionError)"):
            TemporaryCredentials(fetch, kind=kind).current()


def test_sts_is_reached_through_the_connections_proxy_and_the_metadata_service_through_none(cloud, monkeypatch):
    from dataclasses import replace

    proxy = cloud.url.replace("//", "//user:plantedPassword@")
    sts = ClientConfig(endpoint=Endpoint.parse("http://sts.example"), proxy=proxy)
    lease = assume_role(Credential(*cloud.long_term), role_arn=ROLE, session="s", sts=sts)
    assert lease.credential.secret_id == cloud.triple[0]
    assert cloud.headers[0]["Host"] == "sts.example"
    assert cloud.headers[0]["Proxy-Authorization"]

    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert cvm_role(f"{cloud.url}role/").credential == lease.credential
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")
    exempt = replace(sts, endpoint=Endpoint.parse(cloud.url), proxy=None)
    assert assume_role(Credential(*cloud.long_term), role_arn=ROLE, session="s", sts=exempt).credential


def test_nothing_secret_is_logged_at_debug(cloud, source, caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="tencentcloud_sdk_common")
    for kind in KINDS:
        source(kind).current()
    assert "planted" not in caplog.text


@pytest.mark.parametrize(
    ("host", "found"),
    [
        (None, "sts.intl.tencentcloudapi.com"),
        ("ocr.intl.tencentcloudapi.com", "sts.intl.tencentcloudapi.com"),
        ("ocr.tencentcloudapi.com", "sts.tencentcloudapi.com"),
        ("ocr.ap-guangzhou.tencentcloudapi.com", "sts.tencentcloudapi.com"),
    ],
)
def test_sts_is_that_of_the_endpoints_site(host, found):
    assert sts_endpoint(Endpoint.parse(host)).url == f"https://{found}/"


def test_what_tke_does_not_tell_is_named():
    with pytest.raises(ConfigurationError, match="TKE_PROVIDER_ID, TKE_ROLE_ARN"):
        tke_environment({"TKE_REGION": "r", "TKE_WEB_IDENTITY_TOKEN_FILE": "f", "TKE_ROLE_ARN": ""})
