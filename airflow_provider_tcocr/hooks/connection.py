"""From an Airflow connection to a client's configuration and credentials: each field read by its name, and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ..api.cos import check_region
from ..client.config import ClientConfig, Endpoint
from ..client.credentials import KINDS, CredentialSource, SdkCredentials, environment, static
from ..exceptions import ConfigurationError
from .form import CONN_FIELDS

EXTRA_FIELDS: Final = tuple(CONN_FIELDS)
_LANGUAGES: Final = ("zh-CN", "en-US")


class ConnectionFields(Protocol):
    """What is read of an Airflow connection, on every version."""

    login: str | None
    password: str | None
    host: str | None
    port: int | None

    @property
    def extra_dejson(self) -> dict[str, Any]:
        """The extra, parsed."""


@dataclass(frozen=True, slots=True)
class Account:
    """A connection, checked.

    :param cos_region: the region of ``cos://`` buckets
    """

    client: ClientConfig
    credentials: CredentialSource = field(repr=False)
    cos_region: str | None = None


def read_connection(connection: ConnectionFields) -> Account:
    """Check every field; a ConfigurationError names the one that is wrong and never shows a secret.

    :param connection: login = SecretId, password = SecretKey, host = endpoint, and the extra's fields
    """
    extra = {name: value for name, value in connection.extra_dejson.items() if value not in (None, "")}
    unknown = sorted(set(extra) - set(EXTRA_FIELDS))
    if unknown:
        raise ConfigurationError(f"connection extra: unknown {', '.join(unknown)}; known are {', '.join(EXTRA_FIELDS)}")
    language = _text(extra, "language")
    if language is not None and language not in _LANGUAGES:
        raise ConfigurationError(f"connection extra: language must be one of {', '.join(_LANGUAGES)}")
    config = ClientConfig(
        endpoint=Endpoint.parse(connection.host, connection.port),
        region=_text(extra, "region"),
        language=language,
        proxy=_proxy(extra),
        timeout=_number(extra, "timeout") or 60.0,
        max_qps=_number(extra, "max_qps"),
    )
    cos_region = _text(extra, "cos_region")
    return Account(config, _credentials(connection, extra), cos_region and check_region(cos_region))


def _credentials(connection: ConnectionFields, extra: Mapping[str, Any]) -> CredentialSource:
    kind = _text(extra, "credential") or "static"
    if kind not in KINDS:
        raise ConfigurationError(f"connection extra: credential must be one of {', '.join(KINDS)}")
    if kind == "static":
        return static(connection.login, connection.password, _text(extra, "token"))
    if kind == "environment":
        return environment()
    if kind == "cvm_role":
        return SdkCredentials(_cvm_role, kind=kind)
    if kind == "tke_oidc":
        return SdkCredentials(_tke_oidc, kind=kind)
    role_arn = _text(extra, "role_arn")
    if not role_arn:
        raise ConfigurationError("connection extra: credential 'assume_role' needs role_arn")
    long_term = static(connection.login, connection.password).credential
    session = _text(extra, "role_session_name") or "airflow-provider-tcocr"

    def assume_role() -> Any:
        from tencentcloud.common.credential import STSAssumeRoleCredential

        return STSAssumeRoleCredential(long_term.secret_id, long_term.secret_key, role_arn, session)

    return SdkCredentials(assume_role, kind=kind)


def _cvm_role() -> Any:
    from tencentcloud.common.credential import CVMRoleCredential

    return CVMRoleCredential()


def _tke_oidc() -> Any:
    from tencentcloud.common.credential import DefaultTkeOIDCRoleArnProvider

    return DefaultTkeOIDCRoleArnProvider().get_credentials()


def _text(extra: Mapping[str, Any], name: str) -> str | None:
    value = extra.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.isprintable():
        raise ConfigurationError(f"connection extra: {name} must be a line of text")
    return value.strip() or None


def _number(extra: Mapping[str, Any], name: str) -> float | None:
    value = extra.get(name)
    if value is None:
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number < 1e6:
        raise ConfigurationError(f"connection extra: {name} must be a number above 0")
    return number


def _proxy(extra: Mapping[str, Any]) -> str | None:
    proxy = _text(extra, "proxy")
    if proxy is not None and not proxy.startswith(("http://", "https://")):
        raise ConfigurationError("connection extra: proxy must be an http:// or https:// URL")
    return proxy
