"""Lists a bucket of Tencent's object storage (COS) as a file system. Signs nothing and opens no object.

Imported only where a bucket is listed, since it loads fsspec.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fsspec.spec import AbstractFileSystem

from ..api.cos import CosUri, ListedObjects, read_listing
from ..exceptions import DocumentError

_PAGE: Final = 1000


class CosBucket(AbstractFileSystem):  # type: ignore[misc]
    """A bucket, as far as fsspec's glob needs it: its objects are listed.

    Its paths are ``bucket/key``, the bucket spelled as the user spelled it.

    :param authority: the bucket's name, or its host
    :param ask: sends one ListObjects with the given parameters and returns the whole answer
    """

    cachable = False  # an instance has the keys of one connection

    def __init__(self, authority: str, ask: Callable[[Mapping[str, str]], bytes]) -> None:
        super().__init__()
        self._authority = authority
        self._ask = ask

    def isfile(self, path: str) -> bool:
        """Whether an object has exactly this name; an error is raised, unlike in fsspec."""
        key = self._key(path)
        return bool(key) and key in self._listed(key, limit=1).etags

    def find(self, path: str, maxdepth: int | None = None, withdirs: bool = False, **kwargs: Any) -> Any:
        """Every object below a folder, by its path; ``maxdepth`` is ignored, since COS lists all levels at once."""
        folder = self._key(path).rstrip("/")
        prefix = f"{folder}/" if folder else ""
        return {
            f"{self._authority}/{key}": {"name": f"{self._authority}/{key}", "type": "file", "etag": etag}
            for key, etag in self._objects(prefix)
        }

    def _objects(self, prefix: str) -> Iterator[tuple[str, str]]:
        marker = ""
        while True:
            listed = self._listed(prefix, marker=marker)
            yield from ((key, etag) for key, etag in listed.etags.items() if key.startswith(prefix))
            if listed.marker is None:
                return
            if listed.marker <= marker:
                raise self._unlistable(prefix, "it does not advance")
            marker = listed.marker

    def _listed(self, prefix: str, *, marker: str = "", limit: int = _PAGE) -> ListedObjects:
        asked = {"prefix": prefix, "max-keys": str(limit), "encoding-type": "url"}
        answer = self._ask(asked | ({"marker": marker} if marker else {}))
        try:
            return read_listing(answer)
        except ValueError as error:
            raise self._unlistable(prefix, f"the answer is {error}") from None

    def _unlistable(self, prefix: str, reason: str) -> DocumentError:
        return DocumentError("Document.Unreadable", f"cos://{self._authority}/{prefix} cannot be listed: {reason}")

    def _key(self, path: str) -> str:
        return CosUri.parse(f"cos://{path}").key
