"""Tencent's object storage (COS): the name of an object, the signature of a URL, a listing's answer. No I/O, no clock.

Source: COS request signature (document/product/436/7778), checked against cos-python-sdk-v5.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote
from xml.etree.ElementTree import ParseError, TreeBuilder, XMLParser

from ..exceptions import ConfigurationError

ENDPOINT: Final = "https://{bucket}.cos.{region}.myqcloud.com"
"""Where the objects of a bucket are, for the service and for us alike."""

SECONDS: Final = 600
"""How long a signed URL is valid; each call signs its own."""

_CLOCKS_APART: Final = 60
_REGION: Final = r"[a-z0-9][a-z0-9-]{0,62}"
_BUCKET: Final = re.compile(rf"(?P<bucket>[a-z0-9][a-z0-9-]*-[0-9]+)(?:\.cos\.(?P<region>{_REGION})\.myqcloud\.com)?")
_ERROR: Final = re.compile(rb"<Code>([A-Za-z0-9.]{1,60})</Code>")


@dataclass(frozen=True, slots=True)
class CosUri:
    """``cos://bucket-appid/key``, or with the region ``cos://bucket-appid.cos.REGION.myqcloud.com/key``.

    :param bucket: with its APPID
    :param region: None where the URI names none
    :param key: the object's, or the beginning of several; as it is, not percent-encoded
    """

    bucket: str
    region: str | None
    key: str

    @classmethod
    def parse(cls, uri: str) -> CosUri:
        """Read a URI.

        :raise ConfigurationError: its bucket is not valid: it becomes a host name, so nothing else may be in it
        """
        authority, _, key = uri.partition("://")[2].partition("/")
        matched = _BUCKET.fullmatch(authority)
        if matched is None or len(authority) > 120:
            raise ConfigurationError("cos:// takes a bucket with its APPID, as cos://bucket-1250000000/key")
        try:
            key.encode()
        except UnicodeEncodeError:
            raise ConfigurationError(f"a key in the bucket {matched['bucket']} is not UTF-8") from None
        return cls(matched["bucket"], matched["region"], key)


def check_region(region: str) -> str:
    """The region, which becomes part of a host name.

    :raise ConfigurationError: it is not a region's name
    """
    if not re.fullmatch(_REGION, region):
        raise ConfigurationError("connection extra: cos_region must be the name of a region, such as ap-singapore")
    return region


def presigned_url(
    base: str,
    key: str,
    *,
    secret_id: str,
    secret_key: str,
    now: int,
    token: str | None = None,
    query: Mapping[str, str] | None = None,
    seconds: int = SECONDS,
) -> str:
    """A URL for one GET by anyone who has it; it contains the token of temporary keys, so it is never shown.

    :param base: scheme and host of the bucket
    :param key: the object's, empty for the bucket itself; not percent-encoded
    :param now: seconds since the epoch
    :param token: the STS token; it is signed and sent, without it the URL of temporary keys is refused
    :param query: further parameters, signed too; their names in lower case
    :param seconds: from now on, for which it is valid
    """
    parameters = dict(query or {})
    if token:
        parameters["x-cos-security-token"] = token
    pairs = sorted((_quoted(name), _quoted(value)) for name, value in parameters.items())
    given = "&".join(f"{name}={value}" for name, value in pairs)
    time = f"{now - _CLOCKS_APART};{now + seconds}"
    host = base.partition("://")[2]
    request = f"get\n/{key}\n{given}\nhost={_quoted(host)}\n"
    to_sign = f"sha1\n{time}\n{hashlib.sha1(request.encode()).hexdigest()}\n"  # noqa: S324 (COS knows no other)
    signature = {
        "q-sign-algorithm": "sha1",
        "q-ak": secret_id,
        "q-sign-time": time,
        "q-key-time": time,
        "q-header-list": "host",
        "q-url-param-list": ";".join(name for name, _ in pairs),
        "q-signature": _hmac(_hmac(secret_key, time), to_sign),
    }
    signed = "&".join(f"{name}={_quoted(value)}" for name, value in signature.items())
    path = quote(key, safe="/-_.~").replace("./", ".%2F")  # else an HTTP client may resolve ../ as a way up
    return f"{base}/{path}?{given}{'&' if given else ''}{signed}"


@dataclass(frozen=True, slots=True)
class ListedObjects:
    """One answer to ListObjects.

    :param etags: of each key, in the order of the keys
    :param marker: where the next answer is to begin, None where there is no more
    """

    etags: dict[str, str]
    marker: str | None


def read_listing(body: bytes) -> ListedObjects:
    """Read an answer to ListObjects with ``encoding-type=url``.

    :raise ValueError: it is not one; a document type is refused, since it may declare entities
    """
    parser = XMLParser(target=_Plain())  # noqa: S314 (its target refuses a document type)
    try:
        parser.feed(body)
        root = parser.close()
    except ParseError:
        raise ValueError("no XML") from None
    if root.tag.rpartition("}")[2] != "ListBucketResult":
        raise ValueError("no listing")
    etags = {
        unquote(one.findtext("{*}Key") or ""): (one.findtext("{*}ETag") or "").strip('"')
        for one in root.iterfind("{*}Contents")
    }
    if root.findtext("{*}IsTruncated") != "true":
        return ListedObjects(etags, None)
    marker = unquote(root.findtext("{*}NextMarker") or "") or max(etags, default="")
    if not marker:
        raise ValueError("one without end")
    return ListedObjects(etags, marker)


def error_code(body: bytes) -> str | None:
    """The code in an error's body, as ``AccessDenied``."""
    found = _ERROR.search(body)
    return found[1].decode() if found else None


class _Plain(TreeBuilder):
    """Builds a tree of a document without a document type."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError("XML with a document type")


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _hmac(key: str, message: str) -> str:
    return hmac.new(key.encode(), message.encode(), hashlib.sha1).hexdigest()
