"""Lists what a folder or a glob contains, on a disk or in an object store, sorted. Opens nothing, judges names only."""

# Paths stay texts, spelled as the user spelled them.
# ruff: noqa: PTH100, PTH112, PTH113, PTH118, PTH119, PTH122, PTH207

from __future__ import annotations

import glob
import heapq
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from ..exceptions import ConfigurationError, DocumentError, reason_of
from .content import fetched
from .cos import CosAccess, access_to
from .document import name_document, shown
from .kinds import SUFFIXES
from .selection import ALL
from .store import at_store, scheme_and_authority
from .version import version_in

_MAGIC: Final = frozenset("*?[")
_HIDDEN: Final = (".", "_")
_MAX_LISTING: Final = 2**24
"""Bytes of an answer to ListObjects: 1000 keys of 850 bytes, percent-encoded, fit."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document that a listing names.

    :param uri: how to open it: as the user spelled the folder, then the rest
    :param version: its version, if the listing gave it
    """

    uri: str
    version: str | None = None


def listed_locally(path: str, *, scheme: str, skipped: str | None, must_exist: bool) -> list[Found] | None:
    """What a local path names.

    :param path: a path or a glob
    :param scheme: ``file://`` if the user wrote it, else empty
    :param skipped: a path that is never taken as a document
    :param must_exist: what neither exists nor is a glob is an empty listing, not a document
    :return: None for a single document
    """
    skipped = None if skipped is None else os.path.abspath(skipped)
    if os.path.isdir(path):
        folder = scheme + os.path.join(path, "")
        return [Found(folder + name) for name in sorted(_walk(path, skipped=skipped))]
    if os.path.lexists(path):
        return None
    if not _has_magic(path):
        return [] if must_exist else None
    base, pattern = _literal_base(path)
    names = _globbed(base, pattern.split("/"), skipped=skipped)
    start = len(base) if not base or base.endswith("/") else len(base) + 1
    kept = {
        name for name in names if _wanted(name[start:], pattern) and not _inside(name, skipped) and os.path.isfile(name)
    }
    return [Found(scheme + name) for name in _each_once(sorted(kept))]


def _each_once(names: list[str]) -> list[str]:
    """The names; where links between folders give a document several, only its shortest."""
    folders = {folder: os.path.realpath(folder) for folder in set(map(os.path.dirname, names))}
    if len(set(folders.values())) == len(folders):
        return names
    shortest: dict[tuple[str, str], str] = {}
    for name in sorted(names, key=lambda name: (name.count("/"), name)):
        folder, last = os.path.split(name)
        shortest.setdefault((folders[folder], last), name)
    return sorted(shortest.values())


def listed_remotely(
    uri: str, *, skipped: str | None, must_exist: bool, at: Callable[[str], tuple[Any, str]] | None = None
) -> list[Found] | None:
    """What a URI of an object store names; a URI in a list is looked up only if it is a folder's (``/``) or a glob.

    :param uri: a URI or a glob
    :param skipped: a URI that is never taken as a document
    :param must_exist: what neither exists nor is a glob is an empty listing, not a document
    :param at: returns the file system of a URI, and its path there; None takes Airflow's
    :return: None for a single document
    :raise DocumentError: the store does not answer; a retry may succeed
    """
    magic = _has_magic(uri)
    if not (magic or must_exist or uri.endswith("/")):
        return None
    at, authority = at or at_store, scheme_and_authority(uri)
    base, pattern = uri.rstrip("/"), None
    fs, path = at(base)
    try:
        fs.invalidate_cache()  # file systems live as long as the process, and remember what they listed
        if not uri.endswith("/") and fs.isfile(path):
            return None
        entries = fs.find(path, detail=True)
        if magic and not entries:
            base, pattern = _literal_start(uri, len(authority))
            path = at(base)[1]
            entries = fs.glob(f"{glob.escape(path)}/{pattern}", detail=True)
        fs.invalidate_cache()  # else what is listed is held as long as the file system
    except FileNotFoundError:
        entries = {}
    except (DocumentError, ConfigurationError):
        raise
    except Exception as error:
        raise _unlistable(uri, type(error).__name__) from error
    found = []
    start = len(path.rstrip("/")) + 1
    for name in sorted(entries):
        rest, entry = name[start:], entries.pop(name)  # a store's entry takes many times the memory of what is kept
        taken = _visible(rest) and _readable(rest) if pattern is None else _wanted(rest, pattern)
        one = f"{base}/{rest}"
        if taken and entry.get("type", "file") == "file" and not _inside(one, skipped and skipped.rstrip("/")):
            found.append(Found(one, version_in(entry)))
    return found


def listed_in_cos(uri: str, cos: CosAccess | None, *, skipped: str | None, must_exist: bool) -> list[Found] | None:
    """As :func:`listed_remotely`, with signed requests; a URI with a document's suffix is not looked up.

    :param cos: signs for the bucket; its keys must be allowed to list it
    """
    access = access_to(cos)

    def ask(parameters: Mapping[str, str]) -> bytes:
        folder = name_document(uri, None, ALL)
        with closing(fetched(folder, lambda: access.listing_url(uri, parameters))) as answer:
            return answer.head(_MAX_LISTING)

    def at_bucket(base: str) -> tuple[Any, str]:
        from .bucket import CosBucket

        path = base.partition("://")[2]
        return CosBucket(path.partition("/")[0], ask), path

    return listed_remotely(uri, skipped=skipped, must_exist=must_exist and not _readable(uri), at=at_bucket)


def _globbed(base: str, parts: list[str], *, skipped: str | None) -> Iterator[str]:
    """What a glob matches below a folder; ``**`` reads each folder once, however many links lead there."""
    if "**" not in parts:
        yield from glob.iglob(os.path.join(glob.escape(base), *parts))
        return
    at = parts.index("**")
    starts = glob.iglob(os.path.join(glob.escape(base), *parts[:at], "")) if at else iter([os.path.join(base, "")])
    for start in starts:
        if os.path.isdir(start or "."):
            for within, _ in _folders(start, skipped=skipped):
                yield from _globbed(start + within, parts[at + 1 :] or ["*"], skipped=skipped)


def _walk(top: str, *, skipped: str | None) -> Iterator[str]:
    """The names of a folder's documents, relative to it."""
    for within, names in _folders(top, skipped=skipped):
        yield from (within + name for name in names if _readable(name))


def _folders(top: str, *, skipped: str | None) -> Iterator[tuple[str, list[str]]]:
    """A folder and those below it, each with the names of its files; hidden ones are left out.

    Links to folders are followed after all real folders, in the order of the links' names; a folder is read only once,
    whatever its names.
    """
    folders, links = [("", os.path.realpath(top))], list[tuple[str, str]]()
    seen = set[str]()
    output = None if skipped is None else os.path.basename(skipped)
    while folders or links:
        within, real = folders.pop() if folders else heapq.heappop(links)
        if real in seen:
            continue
        seen.add(real)
        folder, names = os.path.join(top, within), list[str]()
        try:
            with os.scandir(folder or ".") as entries:
                for entry in entries:
                    name = entry.name
                    if name.startswith(_HIDDEN) or (name == output and os.path.abspath(entry.path) == skipped):
                        continue
                    if not _is_folder(entry):
                        names.append(name)
                    elif entry.is_symlink():
                        heapq.heappush(links, (f"{within}{name}/", os.path.realpath(entry.path)))
                    else:
                        folders.append((f"{within}{name}/", os.path.join(real, name)))
        except OSError as error:
            raise _unlistable(folder, reason_of(error)) from error
        yield within, names


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself; reading it will say so
        return False


def _unlistable(uri: str, reason: str) -> DocumentError:
    return DocumentError("Document.Unreadable", f"{shown(uri)} cannot be listed: {reason}")


def _has_magic(path: str) -> bool:
    return not _MAGIC.isdisjoint(path)


def _literal_base(path: str) -> tuple[str, str]:
    """A glob's leading folders that exist as they are spelled, whatever characters they contain, and the rest."""
    base, rest = ("/", path.lstrip("/")) if path.startswith("/") else ("", path)
    while "/" in rest:
        first, _, after = rest.partition("/")
        if _has_magic(first) and not os.path.isdir(os.path.join(base, first)):
            break
        base, rest = os.path.join(base, first), after
    return base, rest


def _literal_start(uri: str, start: int) -> tuple[str, str]:
    """The part of a glob's URI before its first wildcard, and the rest."""
    cut = uri.rfind("/", 0, min(at for at in (uri.find(sign, start) for sign in _MAGIC) if at >= 0))
    return uri[:cut], uri[cut + 1 :]


def _wanted(name: str, pattern: str) -> bool:
    """Whether a name that a glob matched counts: hidden names and other suffixes only if the glob spells them."""
    spelled = [part for part in pattern.split("/") if part.startswith(_HIDDEN)]
    last = os.path.splitext(pattern)[1]
    return (bool(spelled) or _visible(name)) and (_readable(name) or (bool(last) and not _has_magic(last)))


def _visible(name: str) -> bool:
    return not any(part.startswith(_HIDDEN) for part in name.split("/"))


def _readable(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES


def _inside(name: str, folder: str | None) -> bool:
    if not folder:
        return False
    path = name if "://" in name else os.path.abspath(name)
    return path == folder or path.startswith(folder + "/")
