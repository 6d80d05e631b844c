"""Reads an Airflow connection into a client's configuration and credentials; checks each field by its name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Protocol

from ..api.cos import check_region
from ..client.config import MAX_QPS, ClientConfig, Endpoint, check_proxy
from ..client.credentials import KINDS, Credential, CredentialSource, environment, static
from ..client.roles import METADATA, assume_role, cvm_role, sts_endpoint, tke_environment, tke_oidc
from ..client.temporary import Lease, TemporaryCredentials
from ..exceptions import ConfigurationError
from .form import CONN_FIELDS

EXTRA_FIELDS: Final = tuple(CONN_FIELDS)
_LANGUAGES: Final[list[str]] = CONN_FIELDS["language"]["schema"]["enum"]


class ConnectionFields(Protocol):
    """The fields that are read of an Airflow connection, on every version."""

    login: str | None
    password: str | None
    host: str | None
    schema: str | None
    port: int | None

    @property
    def extra(self) -> str | None:
        """The extra as it is stored: any text."""

    @property
    def extra_dejson(self) -> Any:
        """The extra, parsed: any JSON. Text that is not JSON is logged by Airflow, and becomes an empty object."""


@dataclass(frozen=True, slots=True)
class Account:
    """A connection, checked.

    :param cos_region: the region of ``cos://`` buckets
    """

    client: ClientConfig
    credentials: CredentialSource = field(repr=False)
    cos_region: str | None = None


def read_connection(
    connection: ConnectionFields,
    *,
    on_credential: Callable[[Credential], None] | None = None,
    metadata: str = METADATA,
    sts: Endpoint | None = None,
) -> Account:
    """Check every field; a ConfigurationError names the one that is wrong and never shows a secret.

    :param connection: login = SecretId, password = SecretKey, host = endpoint, and the extra's fields
    :param on_credential: is called with every credential, also a renewed one
    :param metadata: where the metadata service of a CVM has a role's credentials
    :param sts: the endpoint of STS; None takes that of the connection's site
    """
    extra = {name: value for name, value in extra_of(connection).items() if value not in (None, "")}
    unknown = sorted(set(extra) - set(EXTRA_FIELDS))
    if unknown:
        raise ConfigurationError(f"connection extra: unknown {', '.join(unknown)}; known are {', '.join(EXTRA_FIELDS)}")
    language = _text(extra, "language")
    if language is not None and language not in _LANGUAGES:
        raise ConfigurationError(f"connection extra: language must be one of {', '.join(_LANGUAGES)}")
    proxy = _text(extra, "proxy")
    config = ClientConfig(
        endpoint=Endpoint.parse(connection.host, connection.port, scheme=connection.schema),
        region=_text(extra, "region"),
        language=language,
        proxy=proxy and check_proxy(proxy),
        timeout=_number(extra, "timeout", most=1_000_000) or 60.0,
        max_qps=_number(extra, "max_qps", most=MAX_QPS),
    )
    credentials = _credentials(
        connection,
        extra,
        on_credential=on_credential,
        metadata=metadata,
        sts=replace(config, endpoint=sts or sts_endpoint(config.endpoint)),
    )
    cos_region = _text(extra, "cos_region")
    return Account(config, credentials, cos_region and check_region(cos_region))


def extra_of(connection: ConnectionFields) -> dict[str, Any]:
    """The extra as it is stored, its fields not checked.

    :raise ConfigurationError: it is not a JSON object
    """
    try:
        if isinstance(json.loads(connection.extra or "{}"), dict):
            return dict(connection.extra_dejson)
    except (ValueError, RecursionError):  # the first contains the whole text
        pass
    raise ConfigurationError("connection extra: must be a JSON object")


def _credentials(
    connection: ConnectionFields,
    extra: Mapping[str, Any],
    *,
    on_credential: Callable[[Credential], None] | None,
    metadata: str,
    sts: ClientConfig,
) -> CredentialSource:
    kind = _text(extra, "credential") or "static"
    if kind not in KINDS:
        raise ConfigurationError(f"connection extra: credential must be one of {', '.join(KINDS)}")
    if kind == "static":
        lasting = static(connection.login, connection.password, _text(extra, "token"))
    elif kind == "environment":
        lasting = environment()
    else:
        fetch, role = _source(kind, connection, extra, metadata=metadata, sts=sts)
        return TemporaryCredentials(fetch, kind=kind, identity=f"{kind} {role}", on_credential=on_credential)
    if on_credential is not None:
        on_credential(lasting.credential)
    return lasting


def _source(
    kind: str, connection: ConnectionFields, extra: Mapping[str, Any], *, metadata: str, sts: ClientConfig
) -> tuple[Callable[[], Lease], str]:
    """The function that fetches temporary credentials, and the role that they are for."""
    if kind == "cvm_role":
        return partial(cvm_role, metadata), "of this machine"
    session = _text(extra, "role_session_name") or "airflow-provider-tcocr"
    if kind == "tke_oidc":
        tke = tke_environment()
        return partial(tke_oidc, tke, session=session, sts=sts), tke["TKE_ROLE_ARN"]
    role_arn = _text(extra, "role_arn")
    if not role_arn:
        raise ConfigurationError("connection extra: credential 'assume_role' needs role_arn")
    long_term = static(connection.login, connection.password).credential
    return partial(assume_role, long_term, role_arn=role_arn, session=session, sts=sts), role_arn


def _text(extra: Mapping[str, Any], name: str) -> str | None:
    value = extra.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.isprintable():
        raise ConfigurationError(f"connection extra: {name} must be a line of text")
    return value.strip() or None


def _number(extra: Mapping[str, Any], name: str, *, most: int) -> float | None:
    value = extra.get(name)
    if value is None:
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 < number <= most:
        raise ConfigurationError(f"connection extra: {name} must be a number above 0, at most {most}")
    return number
