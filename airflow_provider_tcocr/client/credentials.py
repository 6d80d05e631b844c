"""Where SecretId, SecretKey and token come from; hands out one consistent triple and never shows it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ..exceptions import ConfigurationError, TransportError

NO_CREDENTIAL: Final = "Transport.Credential"
"""The code of a source of credentials that does not answer, or has none."""

KINDS: Final = ("static", "environment", "cvm_role", "tke_oidc", "assume_role")


@dataclass(frozen=True, slots=True)
class Credential:
    """One consistent triple; its repr shows nothing."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class CredentialSource(Protocol):
    """Gives the credential to sign the next call with."""

    @property
    def blocking(self) -> bool:
        """Whether :meth:`current` may do I/O, so that it must not run on an event loop's thread."""

    def current(self, *, refresh: bool = False) -> Credential:
        """The credential now.

        :param refresh: the service refused the last one as expired: get a new one
        """


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    """The same triple for ever."""

    credential: Credential
    blocking: bool = False

    def current(self, *, refresh: bool = False) -> Credential:
        """The triple."""
        return self.credential


def static(secret_id: str | None, secret_key: str | None, token: str | None = None) -> StaticCredentials:
    """Credentials from the connection's login, password and token; both of the first are needed."""
    for name, value in (("login (SecretId)", secret_id), ("password (SecretKey)", secret_key)):
        if not value:
            raise ConfigurationError(f"the connection has no {name}")
        if value != value.strip() or not value.isascii() or not value.isprintable():
            raise ConfigurationError(f"the connection's {name} has spaces or characters that no key has")
    assert secret_id
    assert secret_key
    return StaticCredentials(Credential(secret_id, secret_key, token or None))


def environment(environ: Mapping[str, str] | None = None) -> StaticCredentials:
    """Credentials from TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN."""
    environ = os.environ if environ is None else environ
    secret_id, secret_key = environ.get("TENCENTCLOUD_SECRET_ID"), environ.get("TENCENTCLOUD_SECRET_KEY")
    if not secret_id or not secret_key:
        raise ConfigurationError(
            "credential 'environment': TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set"
        )
    return static(secret_id, secret_key, environ.get("TENCENTCLOUD_TOKEN"))


class SdkCredentials:
    """Temporary credentials from one of the SDK's providers, read as one triple; its failures become errors.

    :param build: makes the SDK's provider; called anew for a forced refresh
    :param kind: the connection's ``credential``, for the error's text
    """

    blocking = True

    def __init__(self, build: Callable[[], Any], *, kind: str) -> None:
        self._build = build
        self._kind = kind
        self._lock = threading.Lock()
        self._provider: Any = None

    def current(self, *, refresh: bool = False) -> Credential:
        """The triple now; the SDK's provider refreshes it by its own clock."""
        with self._lock:
            try:
                if refresh or self._provider is None:
                    self._provider = self._build()
                secret_id, secret_key, token = self._provider.get_credential_info()
            except Exception as error:  # its text may hold a secret
                told = f"credential {self._kind!r}: could not be had ({type(error).__name__})"
                raise TransportError(NO_CREDENTIAL, told) from None
            if not secret_id or not secret_key:
                raise TransportError(NO_CREDENTIAL, f"credential {self._kind!r}: the source gave none")
            return Credential(secret_id, secret_key, token)
