"""The body of a call, made in pieces: its base64 is never held as a whole and never goes through a JSON encoder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from pybase64 import b64encode

from .hiding import hidden
from .options import Options

_PIECE: Final = 3 * 2**15
"""Bytes of an image encoded at a time: a multiple of 3, so that the texts join; more would cost page faults."""

_RECOGNIZABLE: Final = 24
"""Bytes at an image's beginning by which its base64 is found in a text; a multiple of 3."""


@dataclass(frozen=True, slots=True)
class Body:
    """One call's JSON, read as often as it is hashed or sent; its image is encoded anew each time.

    Encoding 5 MB takes 0.2 ms, hashing the text 4; holding it would take 6.7 MB for each call in flight.

    :param head: the JSON up to the image; all of it where there is none
    :param image: raw, not base64
    :param tail: the JSON behind the image
    :param query: that of the image's URL, which may be a signature; "" where there is none
    """

    head: bytes = field(repr=False)
    image: bytes = field(default=b"", repr=False)
    tail: bytes = field(default=b"", repr=False)
    query: str = field(default="", repr=False)

    def __len__(self) -> int:
        return len(self.head) + (len(self.image) + 2) // 3 * 4 + len(self.tail)

    def pieces(self) -> Iterator[bytes]:
        """The JSON's bytes in order, none empty."""
        piece, image = self.head, memoryview(self.image)
        for start in range(0, len(image), _PIECE):
            piece += b64encode(image[start : start + _PIECE])
            yield piece
            piece = b""
        yield piece + self.tail

    def hidden_in(self, text: str) -> str:
        """A text of the service's without the image and the query of its URL, should it repeat them."""
        if self.query:
            text = hidden(text, f"?{self.query}", shown="?***")
        if not self.image:
            return text
        start = re.escape(b64encode(self.image[:_RECOGNIZABLE]).decode()).replace("/", r"\\?/")
        return re.sub(rf"{start}[\w+/\\]*=*", "***", text)

    def sha256(self) -> str:
        """The lower hex SHA-256 of the whole, as it is signed."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return digest.hexdigest()


def url_body(url: str, options: Options) -> Body:
    """The body that has the service fetch the image itself (within 3 seconds, at most 10 MB).

    :param url: http(s); it may contain a signature, so the body is as secret as the URL
    """
    return body_of({"ImageUrl": url, **options.parameters()})


def image_body(image: bytes, options: Options, *, is_pdf: bool = False) -> Body:
    """The body that carries the image, or with `is_pdf` a PDF of one page.

    :param image: the raw bytes, at most what the action takes; the body is a third longer
    """
    rest: dict[str, bool | str | int] = {**options.parameters()}
    if is_pdf:
        rest |= {"IsPdf": True, "PdfPageNumber": 1}
    tail = b'",' + msgspec.json.encode(rest)[1:] if rest else b'"}'
    return Body(b'{"ImageBase64":"', image, tail)


def body_of(params: Mapping[str, Any]) -> Body:
    """Any action's parameters as the JSON that is signed and sent."""
    url = params.get("ImageUrl")
    query = url.partition("?")[2] if isinstance(url, str) else ""
    return Body(msgspec.json.encode(params), query=query)
