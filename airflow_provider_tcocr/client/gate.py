"""The interface by which the caller holds back a call that waits for its turn. Decides nothing itself."""

from __future__ import annotations

from typing import Protocol


class Gate(Protocol):
    """Asked by each call before it is sent; raises where it must not be."""

    def while_waiting(self) -> None:
        """Run while the call waits for its turn."""

    def before_leaving(self) -> None:
        """Run when it is about to leave."""
