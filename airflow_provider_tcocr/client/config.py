"""What a client must know before its first call; plain values, no Airflow and no I/O."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from ..api.actions import DEFAULT_ENDPOINT, is_international
from ..exceptions import ConfigurationError

MAX_QPS: Final = 100_000
"""Calls a second; no quota is higher."""

_HOST: Final = re.compile(r"(?:[\w-]{1,63}\.)*[\w-]{1,63}\.?|[0-9a-f]*:[0-9a-f:.]+(?:%[\w.-]+)?")
"""A host name in any alphabet, or an IPv4 or IPv6 address."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where calls go: scheme, host and port; the path is always ``/``."""

    scheme: str
    host: str
    port: int | None = None

    @classmethod
    def parse(cls, host: str | None, port: int | None = None, *, scheme: str | None = None) -> Endpoint:
        """Read a connection's host: a host name, or a whole ``http://127.0.0.1:PORT`` for an emulator.

        :param host: None or empty is the international endpoint, over TLS
        :param port: the connection's port; one inside `host` must agree with it
        :param scheme: the connection's schema; one inside `host` must agree with it
        """
        if port and not 0 < port < 2**16:  # 0 is what a form sends that was left empty
            raise ConfigurationError("port: must be between 1 and 65535")
        text = (host or DEFAULT_ENDPOINT).strip()
        if text.count(":") > 1 and _HOST.fullmatch(text.lower()):  # as Airflow gives the [::1] of a connection's URI
            text = f"[{text}]"
        try:
            parts = urlsplit(text if "://" in text else f"{scheme or 'https'}://{text}")
            named, name = parts.port, parts.hostname or ""
        except ValueError:
            raise ConfigurationError("host: not a host name and not a URL") from None
        if scheme and scheme not in ("http", "https"):
            raise ConfigurationError("schema: must be http or https, or left empty")
        if parts.scheme not in ("http", "https") or not _HOST.fullmatch(name):
            raise ConfigurationError("host: must be a host name, or http(s)://host[:port]")
        if parts.username or parts.password or parts.query or parts.fragment or parts.path not in ("", "/"):
            raise ConfigurationError("host: must have no user, path, query or fragment")
        if named and port and named != port:
            raise ConfigurationError(f"host: names port {named}, and port says {port}")
        if scheme and scheme != parts.scheme:
            raise ConfigurationError(f"host: begins with {parts.scheme}://, and schema says {scheme}")
        return cls(parts.scheme, name, named or port)

    @property
    def authority(self) -> str:
        """The Host header: with the port where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = {"http": 80, "https": 443}[self.scheme]
        return host if self.port in (None, default) else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The URL that calls are posted to."""
        return f"{self.scheme}://{self.authority}/"

    @property
    def international(self) -> bool:
        """Whether the parameter list is the international site's."""
        return is_international(self.host)


def check_proxy(url: str) -> str:
    """The URL of an HTTP proxy, as it is given.

    :raise ConfigurationError: it is not valid; the URL, which may contain a password, is not shown
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.port != 0 and _HOST.fullmatch(parts.hostname or "")
        good = bool(usable) and parts.path in ("", "/") and not parts.query and not parts.fragment
    except ValueError:
        good = False
    if not good:
        raise ConfigurationError("proxy: must be http(s)://[user:password@]host[:port], odd characters percent-encoded")
    return url


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """One account at one endpoint.

    :param region: sent as X-TC-Region; the action needs none
    :param language: of the service's error messages, ``zh-CN`` or ``en-US``
    :param proxy: an HTTP proxy's URL, which may contain a password; None takes the environment's
    :param timeout: seconds for one whole call, the service's own work included
    :param max_qps: calls a second; None takes the action's default quota
    """

    endpoint: Endpoint = field(default_factory=lambda: Endpoint.parse(None))
    region: str | None = None
    language: str | None = None
    proxy: str | None = field(default=None, repr=False)
    timeout: float = 60.0
    max_qps: float | None = None

    def effective_proxy(self) -> str | None:
        """The proxy for this endpoint: the connection's, else the environment's, honouring its exceptions."""
        if self.proxy:
            return self.proxy
        from urllib.request import getproxies, proxy_bypass

        if not any(name.lower().endswith("_proxy") for name in os.environ) or proxy_bypass(self.endpoint.authority):
            return None
        return getproxies().get(self.endpoint.scheme)
