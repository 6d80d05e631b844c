"""Fetches an ``ImageUrl``: http(s) only, within three seconds, at most 10 MB; everything else is a DownLoadError."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from .refusal import Refusal

SECONDS: Final = 3.0
MAX_BYTES: Final = 10_000_000


async def fetch(url: str, *, allow_loopback: bool) -> bytes:
    """The bytes behind a URL.

    :param allow_loopback: also fetch from this machine and from private networks
    """
    try:
        async with asyncio.timeout(SECONDS):
            return await _fetch(url, allow_loopback=allow_loopback)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as failure:
        raise Refusal("FailedOperation.DownLoadError", f"File download failed: {type(failure).__name__}.") from failure


async def _fetch(url: str, *, allow_loopback: bool) -> bytes:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refusal("FailedOperation.DownLoadError", "File download failed: only http and https URLs are fetched.")
    if not allow_loopback:
        await _check_public(parts.hostname, parts.port or 0)
    async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=allow_loopback) as response:
        if response.status != 200:
            raise Refusal("FailedOperation.DownLoadError", f"File download failed: HTTP status {response.status}.")
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > MAX_BYTES:
                raise Refusal("FailedOperation.DownLoadError", "File download failed: the file is larger than 10 MB.")
        return bytes(content)


async def _check_public(host: str, port: int) -> None:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not all(ipaddress.ip_address(address[4][0]).is_global for address in found):
        raise Refusal("FailedOperation.DownLoadError", "File download failed: the address is not a public one.")
