"""What a worker leaves for the triggerer and for the worker that ends the batch: a file in the output path, no secret.

So the trigger's arguments stay small: the metadata database does not hold the names of 100,000 documents.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from ..client.meter import Meter
from ..documents import Document, PageSelection
from ..exceptions import TencentCloudOcrError
from ..landing.folder import Folder, open_folder, read_bytes, write_bytes
from .request import BatchRequest

_FOLDER: Final = "_deferred"
_VERSION: Final = 1
_LISTED: Final = tuple(field.name for field in fields(Document))


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A batch that was begun.

    :param request: as it was given, without its documents
    :param documents: as they were found, in the order of the dataset
    :param started_at: microseconds since the epoch
    :param reused: pages that were paid for before
    :param calls: those of the leg that began it
    :param known: calls of the same run that the journal recorded before it
    """

    request: BatchRequest
    documents: tuple[Document, ...]
    started_at: int
    reused: int
    calls: Meter
    known: int


def write_handover(output: Folder, handover: Handover) -> None:
    """Write it, over the one of an earlier attempt of the same run."""
    request = {name: value for name, value in asdict(handover.request).items() if name != "documents"}
    content = {
        "version": _VERSION,
        "request": request,
        "columns": _LISTED,
        "documents": [
            [str(value) if isinstance(value, PageSelection) else value for value in _values(document)]
            for document in handover.documents
        ],
        "started_at": handover.started_at,
        "reused": handover.reused,
        "calls": handover.calls.counts(),
        "known": handover.known,
    }
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    write_bytes(output.child(_FOLDER), _name(handover.request.run_key), body)


def read_handover(output: Folder, run_key: str) -> Handover:
    """Read it.

    :raise TencentCloudOcrError: it is not there (the output path is not the same place for worker and triggerer, or
        another attempt has ended the batch), or is not what was written
    """
    folder = output.child(_FOLDER)
    try:
        content = json.loads(read_bytes(folder, _name(run_key)))
        if content["version"] != _VERSION:
            raise ValueError("version")
        columns = content["columns"]
        request = BatchRequest(**content["request"] | {"documents": [], "run": tuple(content["request"]["run"])})
        if open_folder(request.output_path).uri != output.uri:  # who may write here is not to say where else we write
            raise ValueError("output_path")
        return Handover(
            request=request,
            documents=tuple(_document(dict(zip(columns, values, strict=True))) for values in content["documents"]),
            started_at=int(content["started_at"]),
            reused=int(content["reused"]),
            calls=Meter(**content["calls"]),
            known=int(content["known"]),
        )
    except FileNotFoundError:
        raise TencentCloudOcrError(
            f"{folder.uri} does not have what the worker left there: triggerer and workers must share one output_path"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise TencentCloudOcrError(f"{folder.uri}/{_name(run_key)} cannot be read ({type(error).__name__})") from error


def remove_handover(output: Folder, handover: Handover) -> None:
    """Remove it, once the batch has ended; one that another attempt of the same run has left since then stays."""
    run_key = handover.request.run_key
    with contextlib.suppress(TencentCloudOcrError):
        if read_handover(output, run_key).started_at == handover.started_at:
            output.child(_FOLDER).delete(_name(run_key))


def _name(run_key: str) -> str:
    return f"{run_key}.json"


def _values(document: Document) -> list[Any]:
    return [getattr(document, name) for name in _LISTED]


def _document(values: dict[str, Any]) -> Document:
    return Document(**values | {"pages": PageSelection.parse(values["pages"])})
