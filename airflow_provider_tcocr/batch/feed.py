"""The pages of a batch, in the order of its documents: examined a few ahead, opened, closed after the last page."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Final, TypeVar

from ..documents import Document
from .budget import ByteBudget
from .planning import Examined, Examiner

T = TypeVar("T")

OPEN_AHEAD: Final = 4
_CHUNK: Final = 64


class Opened:
    """One examined document, shared by its pages: its bytes count as held until the last page gives it back."""

    def __init__(self, examined: Examined, budget: ByteBudget) -> None:
        self.examined = examined
        self._left = len(examined.todo)
        self._budget = budget

    async def hold(self) -> None:
        """Wait until the document's bytes fit."""
        if self.examined.opened is not None:
            await self._budget.take(self.examined.opened.size)

    async def give_back(self) -> None:
        """One page is done with."""
        self._left -= 1
        if self._left == 0 and self.examined.opened is not None:
            self.close()
            await self._budget.give(self.examined.opened.size)

    def close(self) -> None:
        """Close the document; again is no error."""
        if self.examined.opened is not None:
            self.examined.opened.close()


class Feed:
    """Examines documents and hands them out with what is left to do.

    :param documents: in the order of the dataset
    :param examiner: looks at each
    """

    def __init__(self, documents: Sequence[Document], examiner: Examiner) -> None:
        self._documents = documents
        self._examiner = examiner
        self._budget = ByteBudget()
        self._handed_out: list[Opened] = []
        self.opening = True
        """Set False to open no further document: those that are wholly paid for are still handed out."""

    async def documents(self) -> AsyncGenerator[Opened, None]:
        """The documents, in order."""
        async with aclosing(self._examined()) as examined:
            async for one in examined:
                opened = Opened(one, self._budget)
                if one.opened is not None:
                    self._handed_out = [other for other in self._handed_out if other._left]
                    self._handed_out.append(opened)
                await opened.hold()
                yield opened

    def close(self) -> None:
        """Close whatever is still open."""
        for opened in self._handed_out:
            opened.close()

    async def _examined(self) -> AsyncGenerator[Examined, None]:
        ahead: list[asyncio.Future[Examined | None]] = []
        try:
            for start in range(0, len(self._documents), _CHUNK):
                chunk = self._documents[start : start + _CHUNK]
                known = await in_thread(lambda chunk=chunk: [self._examiner.by_name(document) for document in chunk])
                for document, examined in zip(chunk, known, strict=True):
                    ahead.append(_ready(examined) if examined else asyncio.ensure_future(self._open(document)))
                    while len(ahead) > OPEN_AHEAD or (ahead and ahead[0].done()):
                        if one := await ahead.pop(0):
                            yield one
            while ahead:
                if one := await ahead.pop(0):
                    yield one
        finally:
            for left in await asyncio.gather(*ahead, return_exceptions=True):
                if isinstance(left, Examined) and left.opened is not None:
                    left.opened.close()

    async def _open(self, document: Document) -> Examined | None:
        return await in_thread(self._examiner.by_content, document) if self.opening else None


def _ready(examined: Examined) -> asyncio.Future[Examined | None]:
    future: asyncio.Future[Examined | None] = asyncio.get_running_loop().create_future()
    future.set_result(examined)
    return future


async def in_thread(function: Callable[..., T], *args: object, **kwargs: object) -> T:
    """Run blocking work off the loop."""
    return await asyncio.to_thread(functools.partial(function, *args, **kwargs))
