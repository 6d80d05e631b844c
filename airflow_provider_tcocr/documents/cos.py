"""The interface that signs URLs of Tencent's object storage (COS) for documents. Holds no key and signs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..exceptions import ConfigurationError


class CosAccess(Protocol):
    """Signs URLs of COS; each is a secret, and valid for some minutes."""

    def check(self, uri: str) -> None:
        """Raise a ConfigurationError for a URI that names no object."""

    def object_url(self, uri: str) -> str:
        """A URL of an object; may block."""

    def listing_url(self, uri: str, parameters: Mapping[str, str]) -> str:
        """A URL of the listing of a bucket, with the parameters of ListObjects; may block."""


def access_to(cos: CosAccess | None) -> CosAccess:
    """The access to ``cos://`` documents.

    :raise ConfigurationError: there is none
    """
    if cos is None:
        raise ConfigurationError("cos:// is read with the keys of a connection, and none were given")
    return cos
