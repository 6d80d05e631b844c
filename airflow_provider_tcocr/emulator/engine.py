"""The protocol of engines, and the types of their answers. Knows no engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from .request import Options, Request

Answer = Mapping[str, Any]
"""The content of ``Response`` without its RequestId: ``TextDetections`` and ``Angle``."""

Answers = Callable[[Request], Answer | None] | Mapping[str, Answer]
"""A test's own answers: by SHA-256 of the image or by URL, or from a function; None where the engine is to answer."""


@runtime_checkable
class Engine(Protocol):
    """What reads pages. One object serves many calls; a threaded one is called from one thread at a time.

    ``name``: as the health page shows it. ``threaded``: whether it takes long enough to need a thread. ``fetches``:
    whether it wants the bytes behind an ``ImageUrl``. ``timeout`` and ``max_qps``: what suits a client of it.
    """

    name: str
    threaded: bool
    fetches: bool
    timeout: int
    max_qps: int

    def answer(self, request: Request, options: Options) -> Answer:
        """Read one page.

        :param request: the image or URL
        :param options: how it is to be read
        :raise Refusal: the page is answered with an error code instead
        """
        ...
