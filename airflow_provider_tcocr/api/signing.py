"""TC3-HMAC-SHA256: from a body, a moment and a key to the headers of one signed call. Keeps nothing.

Source: Tencent Cloud API 3.0 signature v3 (document/api/213/30654); both published vectors are in the tests.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from .actions import SERVICE, VERSION

ALGORITHM: Final = "TC3-HMAC-SHA256"
CONTENT_TYPE: Final = "application/json"


class SignedHeaders(dict[str, str]):
    """The headers of one call; a traceback that shows the variables of its frames shows none of their values."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {', '.join(self)}>"


def _hmac(key: bytes, message: str) -> bytes:
    return hmac.digest(key, message.encode(), "sha256")


def signing_date(timestamp: int) -> str:
    """The UTC day of a timestamp, as the credential scope has it: ``2026-11-22``."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")


def canonical_request(headers: Mapping[str, str], payload_hash: str, *, query: str = "") -> str:
    """The canonical request over the given headers; names lower-cased and sorted, values trimmed and lower-cased.

    :param headers: the headers to sign, at least ``content-type`` and ``host``
    :param payload_hash: lower hex SHA-256 of the body
    """
    lowered = sorted((name.lower(), value.strip().lower()) for name, value in headers.items())
    canonical = "".join(f"{name}:{value}\n" for name, value in lowered)
    signed = ";".join(name for name, _ in lowered)
    return f"POST\n/\n{query}\n{canonical}\n{signed}\n{payload_hash}"


def signature(secret_key: str, canonical: str, *, timestamp: int, date: str, service: str = SERVICE) -> str:
    """The lower hex signature of a canonical request.

    :param secret_key: the SecretKey
    :param timestamp: seconds since the epoch, as sent in ``X-TC-Timestamp``
    :param date: the credential scope's day; :func:`signing_date` of the timestamp for a valid call
    """
    scope = f"{date}/{service}/tc3_request"
    to_sign = f"{ALGORITHM}\n{timestamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    key = _hmac(_hmac(_hmac(b"TC3" + secret_key.encode(), date), service), "tc3_request")
    return hmac.new(key, to_sign.encode(), sha256).hexdigest()


def signed_headers(
    body_hash: str,
    *,
    secret_id: str,
    secret_key: str,
    host: str,
    action: str,
    timestamp: int,
    token: str | None = None,
    region: str | None = None,
    version: str = VERSION,
    service: str = SERVICE,
    content_type: str = CONTENT_TYPE,
) -> SignedHeaders:
    """All headers of one signed POST, the content type included: send them as they are, byte for byte.

    Sign at the moment of sending: the service refuses a timestamp more than five minutes from its clock.

    :param body_hash: lower hex SHA-256 of the body that will be sent
    :param host: the Host header, with its port where the URL has one
    :param timestamp: seconds since the epoch
    :param token: the STS token of temporary credentials; it is sent, and does not enter the signature
    """
    date = signing_date(timestamp)
    to_sign = {"content-type": content_type, "host": host, "x-tc-action": action}
    signed = signature(
        secret_key, canonical_request(to_sign, body_hash), timestamp=timestamp, date=date, service=service
    )
    headers = SignedHeaders(
        {
            "Authorization": (
                f"{ALGORITHM} Credential={secret_id}/{date}/{service}/tc3_request, "
                f"SignedHeaders={';'.join(to_sign)}, Signature={signed}"
            ),
            "Content-Type": content_type,
            "Host": host,
            "X-TC-Action": action,
            "X-TC-Version": version,
            "X-TC-Timestamp": str(timestamp),
        }
    )
    if region:
        headers["X-TC-Region"] = region
    if token:
        headers["X-TC-Token"] = token
    return headers
