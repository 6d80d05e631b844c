"""Makes the engine that was asked for, and imports its libraries no earlier than that. Reads no page."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Final

from ..exceptions import ConfigurationError
from .engine import Answer, Answers, Engine
from .request import Options, Request

INSTALL: Final = "pip install airflow-provider-tcocr[emulator]"


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
        """The function's answer."""
        return self._function(request)


def make_engine(engine: str | Engine | Callable[[Request], Answer], *, answers: Answers | None, threads: int) -> Engine:
    """The engine that was asked for; it has loaded no model yet.

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
        from .rapid import RapidEngine

        return RapidEngine(threads=threads)
    if isinstance(engine, Engine):
        return engine
    if callable(engine):
        return CallableEngine(engine)
    raise ConfigurationError(f"engine must be 'rapidocr', 'canned', an engine or a function, not {engine!r}")
