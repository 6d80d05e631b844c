"""Reads a document's bytes from wherever it is: into memory if they are few, else into a file. Judges no format."""

from __future__ import annotations

import hashlib
import io
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from ..api.actions import MAX_IMAGE_BYTES
from ..api.cos import error_code
from ..exceptions import ConfigurationError, DocumentError, TransportError, reason_of
from .cos import CosAccess, access_to
from .document import Document, local_path
from .store import at_store

if TYPE_CHECKING:
    import aiohttp

MAX_DOCUMENT_BYTES: Final = 2**30
"""The largest document that is read."""

MAX_IN_MEMORY: Final = MAX_IMAGE_BYTES
"""Bytes of a document that are held in memory; a larger one, which is never sent as it is, stays in a file."""

_CHUNK: Final = 2**22
_ERROR: Final = 4096
"""Bytes of an error response of COS that are read, for its code."""

_HTTP_SECONDS: Final = 300.0
"""For one document, all attempts together."""

_HTTP_ATTEMPTS: Final = 3
_PASSING: Final = frozenset({429, 500, 502, 503, 504})


class Content:
    """A document's bytes.

    :param data: all of them, or None
    :param file: a file that holds them, if ``data`` is None; :meth:`close` closes it
    """

    def __init__(self, data: bytes | None, file: IO[bytes] | None = None) -> None:
        self.data = data
        self._file = file

    def stream(self) -> IO[bytes]:
        """A stream to read from: a new one if they are in memory, else the one file, which must not be shared."""
        return self._file if self._file is not None else io.BytesIO(self.data or b"")

    def head(self, count: int) -> bytes:
        """The first bytes."""
        stream = self.stream()
        stream.seek(0)
        return stream.read(count)

    def sha256(self) -> str:
        """The hash of all of them, in hex."""
        if self._file is None:  # file_digest would copy them out of a BytesIO
            return hashlib.sha256(self.data or b"").hexdigest()
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()  # type: ignore[arg-type]

    def close(self) -> None:
        """Release them."""
        if self._file is not None:
            self._file.close()


def read_content(document: Document, *, cos: CosAccess | None = None) -> Content:
    """Read a document.

    :param cos: signs for ``cos://``
    :raise DocumentError: it does not exist, is too large, or cannot be read; the message contains no query string
    :raise ConfigurationError: documents of its scheme cannot be read
    """
    if document.is_local:
        return _local(document)
    if document.scheme in ("http", "https"):
        return fetched(document, lambda: document.uri)
    if document.scheme == "cos":
        access = access_to(cos)
        return fetched(document, lambda: access.object_url(document.location))
    return _stored(document)


def missing(document: Document) -> DocumentError:
    """The error for a document that does not exist."""
    return DocumentError("Document.Missing", f"there is no {document.document_uri}")


def _local(document: Document) -> Content:
    try:
        path = Path(local_path(document.uri))
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise _unreadable(document, "it is not a regular file")
        if found.st_size > MAX_DOCUMENT_BYTES:
            raise _too_large(document)
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise missing(document) from None
    except (OSError, ValueError) as error:
        raise _unreadable(document, reason_of(error)) from error
    if found.st_size > MAX_IN_MEMORY:
        return Content(None, file)
    with file:
        try:
            return Content(file.read(found.st_size))  # as it was then, however it grows
        except OSError as error:
            raise _unreadable(document, reason_of(error)) from error


def _stored(document: Document) -> Content:
    fs, path = at_store(document.uri)
    try:
        with fs.open(path, "rb") as stream:
            return _gathered(document, iter(lambda: stream.read(_CHUNK), b""))
    except DocumentError:
        raise
    except FileNotFoundError:
        raise missing(document) from None
    except Exception as error:
        raise _unreadable(document, reason_of(error)) from error


def fetched(document: Document, url: Callable[[], str]) -> Content:
    """Fetch over HTTP, on a loop of its own in the calling thread.

    :param document: named in errors
    :param url: returns the URL, called at each attempt; the URL is shown nowhere
    :raise DocumentError: it cannot be fetched
    """
    import asyncio

    return asyncio.run(_fetch_in_time(document, url))


async def _fetch_in_time(document: Document, url: Callable[[], str]) -> Content:
    import asyncio

    try:
        async with asyncio.timeout(_HTTP_SECONDS):
            return await _fetch(document, url)
    except TimeoutError:
        raise _unreadable(document, f"it was not received within {_HTTP_SECONDS:g} seconds") from None


async def _fetch(document: Document, signed: Callable[[], str]) -> Content:
    import asyncio

    import aiohttp
    from yarl import URL

    for attempt in range(_HTTP_ATTEMPTS):
        await asyncio.sleep(attempt)
        last = attempt == _HTTP_ATTEMPTS - 1
        try:
            written = signed()
            # A URL in ASCII is sent as it is: quoting it again would break its signature.
            url = URL(written, encoded=written.isascii() and " " not in written)
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
                session.get(url, headers={"Accept": "*/*"}) as response,
            ):
                if response.status in _PASSING and not last:
                    continue
                return await _answer(document, response)
        except (DocumentError, ConfigurationError):
            raise
        except TransportError as error:  # no credential to sign with
            raise _unreadable(document, str(error)) from None
        except (aiohttp.InvalidURL, ValueError):
            raise _unreadable(document, "its URL is not valid") from None
        except Exception as error:  # its text may contain the URL, and so a signature
            if last:
                raise _unreadable(document, f"it could not be fetched: {type(error).__name__}") from None
    raise AssertionError("the last attempt returns or raises")


async def _answer(document: Document, response: aiohttp.ClientResponse) -> Content:
    explained = response.status != 200 and document.scheme == "cos"
    refused = error_code(await response.content.read(_ERROR)) if explained else None
    if response.status in (404, 410) and refused in (None, "NoSuchKey"):
        raise missing(document)
    if response.status != 200:
        hint = "; a signed URL may have expired" if response.status in (401, 403) else ""
        hint = f" ({refused})" if refused else hint
        raise _unreadable(document, f"the server answers HTTP {response.status}{hint}")
    gathering = _Gathering(document)
    try:
        async for chunk in response.content.iter_chunked(_CHUNK):
            gathering.add(chunk)
        return gathering.content()
    except BaseException:
        gathering.close()
        raise


def _gathered(document: Document, chunks: Iterator[bytes]) -> Content:
    gathering = _Gathering(document)
    try:
        for chunk in chunks:
            gathering.add(chunk)
        return gathering.content()
    except BaseException:
        gathering.close()
        raise


class _Gathering:
    """Bytes as they arrive; moved to an unnamed file when they become many."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._memory: io.BytesIO | None = io.BytesIO()
        self._file: IO[bytes] = self._memory
        self._size = 0

    def add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > MAX_DOCUMENT_BYTES:
            raise _too_large(self._document)
        if self._memory is not None and self._size > MAX_IN_MEMORY:
            self._file = tempfile.TemporaryFile(prefix="tcocr-")  # noqa: SIM115 (closed with the content)
            self._file.write(self._memory.getbuffer())
            self._memory = None
        self._file.write(chunk)

    def content(self) -> Content:
        if self._memory is not None:
            return Content(self._memory.getvalue())
        self._file.flush()
        return Content(None, self._file)

    def close(self) -> None:
        self._file.close()


def _unreadable(document: Document, reason: str) -> DocumentError:
    return DocumentError("Document.Unreadable", f"{document.document_uri} cannot be read: {reason}")


def _too_large(document: Document) -> DocumentError:
    message = f"{document.document_uri} has more than {MAX_DOCUMENT_BYTES // 2**20} MiB, the largest that is read"
    return DocumentError("Document.TooLarge", message)
