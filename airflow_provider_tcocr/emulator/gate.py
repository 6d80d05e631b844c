"""Checks that a call is signed by our key, now, and for an action of the site. Refuses as the platform does.

The codes, where the platform's documentation leaves a choice: a missing, incomplete or other ``Authorization`` than
TC3-HMAC-SHA256, a scope of another day or service, and an unsigned ``content-type`` or ``host`` are
``AuthFailure.InvalidAuthorization``; a timestamp more than five minutes off is ``SignatureExpire``; another SecretId is
``SecretIdNotFound``; another SecretKey and a changed body, which no server can distinguish, are ``SignatureFailure``;
another token is ``TokenFailure``.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from ..api.actions import SERVICE, VERSION, offered_actions
from ..api.signing import ALGORITHM, canonical_request, signature, signing_date
from .refusal import Refusal

MAX_SKEW: Final = 300
"""Seconds that a timestamp may differ from the service's clock."""

_AUTHORIZATION: Final = re.compile(
    rf"{ALGORITHM} Credential=(?P<id>[^/,\s]+)/(?P<date>[^/,\s]+)/(?P<service>[^/,\s]+)/(?P<end>[^/,\s]+), *"
    r"SignedHeaders=(?P<signed>[^,\s]+), *Signature=(?P<signature>[^,\s]+)"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """The one key pair that this emulator knows, with the token where the keys are temporary."""

    secret_id: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def check_signature(headers: Mapping[str, str], body: bytes, *, keys: Keys, now: float, query: str = "") -> None:
    """Raise a Refusal unless the call is signed by these keys at about this moment.

    :param headers: as they came, in a mapping that ignores case
    :param body: byte for byte as it came
    :param now: seconds since the epoch
    """
    stamp = headers.get("X-TC-Timestamp", "")
    if not re.fullmatch(r"[0-9]{1,12}", stamp):
        raise Refusal("MissingParameter", "The header `X-TC-Timestamp` is missing or not a number of seconds.")
    timestamp = int(stamp)
    claim = _AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
    if claim is None:
        raise Refusal("AuthFailure.InvalidAuthorization", "The `Authorization` header is not a TC3-HMAC-SHA256 one.")
    if abs(now - timestamp) > MAX_SKEW:
        raise Refusal(
            "AuthFailure.SignatureExpire",
            "The signature has expired: the request's timestamp and the server's time differ by more than 5 minutes.",
        )
    if not _same(claim["id"], keys.secret_id):
        raise Refusal("AuthFailure.SecretIdNotFound", "The SecretId is not found, please ensure that it is correct.")
    if (claim["date"], claim["service"], claim["end"]) != (signing_date(timestamp), SERVICE, "tc3_request"):
        raise Refusal(
            "AuthFailure.InvalidAuthorization",
            "The credential scope must be the UTC day of the timestamp, the service `ocr`, and `tc3_request`.",
        )
    names = claim["signed"].split(";")
    signed = {name: _utf8(headers[name]) for name in names if name in headers}
    if len(signed) != len(names) or names != sorted(names) or not {"content-type", "host"} <= set(names):
        raise Refusal(
            "AuthFailure.InvalidAuthorization",
            "`SignedHeaders` must name headers of the request, sorted, with `content-type` and `host` among them.",
        )
    canonical = canonical_request(signed, sha256(body).hexdigest(), query=query)
    expected = signature(keys.secret_key, canonical, timestamp=timestamp, date=claim["date"])
    if not _same(claim["signature"], expected):
        raise Refusal(
            "AuthFailure.SignatureFailure",
            "The provided credentials could not be validated. Please check your signature is correct.",
        )
    if not _same(headers.get("X-TC-Token", ""), keys.token or ""):
        raise Refusal("AuthFailure.TokenFailure", "The token is invalid or has expired.")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(_utf8(given).encode(), expected.encode())


def _utf8(header: str) -> str:
    """A header; bytes that are not UTF-8 become question marks, so that it does not match."""
    return header.encode(errors="replace").decode()


def check_action(headers: Mapping[str, str], *, international: bool) -> None:
    """Raise a Refusal unless the call is for an action that the site offers, in its version."""
    for name in ("X-TC-Action", "X-TC-Version"):
        if not headers.get(name):
            raise Refusal("MissingParameter", f"The header `{name}` is missing.")
    name, version = _utf8(headers["X-TC-Action"]), _utf8(headers["X-TC-Version"])
    if version != VERSION:
        raise Refusal("NoSuchVersion", f"The API version `{version}` does not exist for `{SERVICE}`.")
    offered = offered_actions(international=international)
    if name not in offered:
        raise Refusal("InvalidAction", f"The action `{name}` is not offered here; these are: {', '.join(offered)}.")
