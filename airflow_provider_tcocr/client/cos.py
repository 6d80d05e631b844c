"""Signs the URLs of objects in Tencent's object storage (COS) with an account's keys. Contacts no bucket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..api.cos import ENDPOINT, CosUri, presigned_url
from ..exceptions import ConfigurationError
from .credentials import CredentialSource


@dataclass(frozen=True, slots=True)
class CosSigner:
    """Signs for the buckets of one account.

    :param region: of buckets whose URI names none; None where the connection has no ``cos_region``
    :param credentials: the account's; asked at each signature, so that a token is never older than its URL
    :param endpoint: scheme and host of a bucket; ``{bucket}`` and ``{region}`` in it are filled in
    :param clock: seconds since the epoch
    """

    region: str | None
    credentials: CredentialSource = field(repr=False)
    endpoint: str = ENDPOINT
    clock: Callable[[], float] = field(default=time.time, repr=False)

    def check(self, uri: str) -> None:
        """Refuse a URI that names no object, or whose region is not known; asks for no credential.

        :raise ConfigurationError: the message says which
        """
        named = CosUri.parse(uri)
        if not named.key or named.key.endswith("/"):
            raise ConfigurationError(f"cos:// names no object, but a folder: cos://{named.bucket}/{named.key}")
        self._base(named)

    def object_url(self, uri: str) -> str:
        """A signed URL of an object; may block where the credentials do.

        :param uri: as ``cos://bucket-1250000000/key``
        """
        named = CosUri.parse(uri)
        return self._signed(self._base(named), named.key, None)

    def listing_url(self, uri: str, parameters: Mapping[str, str]) -> str:
        """A signed URL of the listing of a bucket; may block where the credentials do.

        :param uri: anything in the bucket
        :param parameters: of ListObjects
        """
        return self._signed(self._base(CosUri.parse(uri)), "", parameters)

    async def sign(self, uri: str) -> str:
        """As :meth:`object_url`, for the loop: what blocks goes to a thread."""
        if self.credentials.blocking:
            return await asyncio.to_thread(self.object_url, uri)
        return self.object_url(uri)

    def _base(self, named: CosUri) -> str:
        region = named.region or self.region
        if region is None:
            raise ConfigurationError(
                f"the region of the bucket {named.bucket} is not known: set cos_region in the connection's extra, or "
                f"write cos://{named.bucket}.cos.REGION.myqcloud.com/key"
            )
        return self.endpoint.format(bucket=named.bucket, region=region)

    def _signed(self, base: str, key: str, parameters: Mapping[str, str] | None) -> str:
        credential = self.credentials.current()
        return presigned_url(
            base,
            key,
            secret_id=credential.secret_id,
            secret_key=credential.secret_key,
            token=credential.token,
            now=int(self.clock()),
            query=parameters,
        )
