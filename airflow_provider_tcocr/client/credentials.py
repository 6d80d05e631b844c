"""Where SecretId, SecretKey and token come from; hands out one consistent triple and never shows it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Final, Protocol

from ..api.hiding import hidden
from ..exceptions import ConfigurationError

NO_CREDENTIAL: Final = "Transport.Credential"
"""The code of the error where a source of credentials does not answer, or has none."""

KINDS: Final = ("static", "environment", "cvm_role", "tke_oidc", "assume_role")


@dataclass(frozen=True, slots=True)
class Credential:
    """One consistent triple; its repr shows nothing."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    def hidden_in(self, text: str) -> str:
        """A text of the service's with the key and the token masked, in case it repeats them."""
        for secret in filter(None, (self.secret_key, self.token)):
            text = hidden(text, secret)
        return text


class CredentialSource(Protocol):
    """Gives the credential to sign the next call with."""

    @property
    def blocking(self) -> bool:
        """Whether :meth:`current` may do I/O, so that it must not run on an event loop's thread."""

    @property
    def identity(self) -> str | None:
        """What stands for the account, and so for its quota, while its SecretId changes; None: it never changes."""

    def current(self, *, refresh: bool = False) -> Credential:
        """The credential now.

        :param refresh: the service refused the last one as expired: get a new one
        """


@dataclass(frozen=True, slots=True)
class StaticCredentials:
    """A triple that never changes."""

    credential: Credential
    blocking: bool = False
    identity: None = None

    def current(self, *, refresh: bool = False) -> Credential:
        """The triple."""
        return self.credential


def static(secret_id: str | None, secret_key: str | None, token: str | None = None) -> StaticCredentials:
    """Credentials from the connection's login, password and token; login and password are required."""
    if not secret_id:
        raise ConfigurationError("the connection has no login (SecretId)")
    if not secret_key:
        raise ConfigurationError("the connection has no password (SecretKey)")
    for name, value in (("login (SecretId)", secret_id), ("password (SecretKey)", secret_key), ("token", token or "")):
        if value != value.strip() or not value.isascii() or not value.isprintable():
            raise ConfigurationError(f"the connection's {name} has spaces or characters that no key has")
    return StaticCredentials(Credential(secret_id, secret_key, token or None))


def environment() -> StaticCredentials:
    """Credentials from TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY and TENCENTCLOUD_TOKEN."""
    secret_id, secret_key = os.environ.get("TENCENTCLOUD_SECRET_ID"), os.environ.get("TENCENTCLOUD_SECRET_KEY")
    if not secret_id or not secret_key:
        raise ConfigurationError(
            "credential 'environment': TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY are not set"
        )
    return static(secret_id, secret_key, os.environ.get("TENCENTCLOUD_TOKEN"))
