"""What an engine is, and how the one that was asked for comes about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Final, Protocol, runtime_checkable

from ..exceptions import ConfigurationError
from .request import Options, Request

Answer = Mapping[str, Any]
"""What stands in ``Response``, without its RequestId: ``TextDetections`` and ``Angle``."""

Answers = Callable[[Request], Answer | None] | Mapping[str, Answer]
"""A test's own answers: by SHA-256 of the image or by URL, or from a function; None where the engine is to answer."""

INSTALL: Final = "pip install airflow-provider-tcocr[emulator]"


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


class CallableEngine:
    """An engine made of one function of the request; it gives the whole answer, or raises a Refusal."""

    name = "callable"
    threaded = False
    fetches = False
    timeout = 60
    max_qps = 1000

    def __init__(self, function: Callable[[Request], Answer]) -> None:
        self._function = function

    def answer(self, request: Request, options: Options) -> Answer:
        """What the function says."""
        return self._function(request)


def make_engine(engine: str | Engine | Callable[[Request], Answer], *, answers: Answers | None, threads: int) -> Engine:
    """The engine that was asked for, without reading anything yet.

    :param engine: ``rapidocr``, ``canned``, an engine, or a function of the request
    :param answers: a test's own answers, for ``canned``
    :param threads: how many threads ``rapidocr`` may use for one page
    """
    if answers is not None and engine != "canned":
        raise ConfigurationError("answers= belongs to engine='canned'")
    if engine == "canned":
        from .canned import CannedEngine

        return CannedEngine(answers)
    if engine == "rapidocr":
        missing = [name for name in ("rapidocr", "onnxruntime") if find_spec(name) is None]
        if missing:
            raise ConfigurationError(f"engine='rapidocr' needs {' and '.join(missing)}: {INSTALL}")
        from .reader import RapidEngine

        return RapidEngine(threads=threads)
    if isinstance(engine, Engine):
        return engine
    if callable(engine):
        return CallableEngine(engine)
    raise ConfigurationError(f"engine must be 'rapidocr', 'canned', an engine or a function, not {engine!r}")
