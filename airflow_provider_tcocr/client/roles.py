"""The three sources of temporary credentials, each asked once: a CVM's metadata service, and two actions of STS.

STS is called by the SDK's own client, as its credential providers do, but with a time-out, a proxy and checked errors.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from ..exceptions import ConfigurationError, TransportError
from .config import ClientConfig, Endpoint
from .credentials import NO_CREDENTIAL, Credential
from .temporary import TIMEOUT, Lease

if TYPE_CHECKING:
    from tencentcloud.common.credential import Credential as SdkCredential

METADATA: Final = "http://metadata.tencentyun.com/latest/meta-data/cam/security-credentials/"
"""Where a CVM asks for the name of its role, and below it for the role's credentials."""

DURATION: Final = 7200
"""Seconds for which credentials are asked of STS; every role allows so many by default."""

_REGION: Final = "ap-guangzhou"
_TKE: Final = ("TKE_REGION", "TKE_PROVIDER_ID", "TKE_WEB_IDENTITY_TOKEN_FILE", "TKE_ROLE_ARN")
_MAX_ANSWER: Final = 2**16


def sts_endpoint(endpoint: Endpoint) -> Endpoint:
    """The STS of the site that an OCR endpoint belongs to."""
    return Endpoint.parse("sts.intl.tencentcloudapi.com" if endpoint.international else "sts.tencentcloudapi.com")


def quiet_sdk() -> None:
    """Keep the SDK's logger from DEBUG, where it writes keys, tokens and images."""
    logging.getLogger("tencentcloud_sdk_common").setLevel(logging.INFO)


def cvm_role(metadata: str = METADATA) -> Lease:
    """The credentials of the role bound to this CVM. No proxy is used: the service answers this machine only."""
    role = _get(metadata).decode().strip()
    if not role:
        raise TransportError(NO_CREDENTIAL, "no role is bound to this machine")
    answer = json.loads(_get(metadata + quote(role, safe="")))
    return _lease(answer, answer)


def tke_environment(environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """The variables by which TKE gives a pod its role; a ConfigurationError names those that are missing."""
    environ = os.environ if environ is None else environ
    missing = [name for name in _TKE if not environ.get(name)]
    if missing:
        raise ConfigurationError(f"credential 'tke_oidc': not set: {', '.join(missing)}")
    return {name: environ[name] for name in _TKE}


def tke_oidc(tke: Mapping[str, str], *, session: str, sts: ClientConfig) -> Lease:
    """The credentials of a TKE pod's role, for the OIDC token that the pod's file holds now.

    :param tke: of :func:`tke_environment`
    :param session: the role session's name
    :param sts: the endpoint of STS, and the proxy to it
    """
    params = {
        "ProviderId": tke["TKE_PROVIDER_ID"],
        "WebIdentityToken": Path(tke["TKE_WEB_IDENTITY_TOKEN_FILE"]).read_text().strip(),
        "RoleArn": tke["TKE_ROLE_ARN"],
        "RoleSessionName": session,
    }
    return _call(sts, "AssumeRoleWithWebIdentity", params, region=tke["TKE_REGION"], key=None)


def assume_role(long_term: Credential, *, role_arn: str, session: str, sts: ClientConfig) -> Lease:
    """The credentials of a role, for a permanent key that may assume it.

    :param session: the role session's name
    :param sts: the endpoint of STS, and the proxy to it
    """
    from tencentcloud.common.credential import Credential as SdkCredential

    key = SdkCredential(long_term.secret_id, long_term.secret_key)
    params = {"RoleArn": role_arn, "RoleSessionName": session}
    return _call(sts, "AssumeRole", params, region=sts.region or _REGION, key=key)


def _call(
    sts: ClientConfig, action: str, params: Mapping[str, str], *, region: str, key: SdkCredential | None
) -> Lease:
    from tencentcloud.common.common_client import CommonClient
    from tencentcloud.common.profile.client_profile import ClientProfile
    from tencentcloud.common.profile.http_profile import HttpProfile

    quiet_sdk()
    http = HttpProfile(protocol=sts.endpoint.scheme, endpoint=sts.endpoint.authority, reqTimeout=TIMEOUT)
    client = CommonClient("sts", "2018-08-13", key, region, ClientProfile(httpProfile=http, language="en-US"))
    proxy = sts.effective_proxy()
    client.request.conn.proxy = {sts.endpoint.scheme: proxy} if proxy else None  # the SDK reads NO_PROXY wrongly
    options = {"SkipSign": True} if key is None else None
    answer = client.call_json(action, {**params, "DurationSeconds": DURATION}, options=options).get("Response")
    return _lease(answer.get("Credentials") if isinstance(answer, dict) else None, answer)


def _get(url: str) -> bytes:
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, build_opener

    try:
        with build_opener(ProxyHandler({})).open(url, timeout=TIMEOUT) as response:
            return bytes(response.read(_MAX_ANSWER))
    except HTTPError as error:
        error.close()
        raise


def _lease(credentials: Any, answer: Any) -> Lease:
    """The triple of an answer, checked: the SDK lets errors through that lack the content type it expects."""
    try:
        triple = [credentials[name] for name in ("TmpSecretId", "TmpSecretKey", "Token")]
        expires = float(answer["ExpiredTime"])
    except (LookupError, TypeError, ValueError):
        raise TransportError(NO_CREDENTIAL, f"the answer holds no credentials{_code(answer)}") from None
    if not all(isinstance(value, str) and value and value.isascii() and value.isprintable() for value in triple):
        raise TransportError(NO_CREDENTIAL, "the answer holds invalid credentials")
    return Lease(Credential(*triple), expires)


def _code(answer: Any) -> str:
    error = answer.get("Error", answer) if isinstance(answer, dict) else None
    code = error.get("Code") if isinstance(error, dict) else None
    return f", but {code}" if isinstance(code, str) and re.fullmatch(r"[\w.]{1,80}", code) else ""
