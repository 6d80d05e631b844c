"""An error code of the service with its message, raised to become the answer."""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - the service's answer, not a fault of ours
    """What the service answers instead of a recognition; an engine may raise it too.

    :param code: the service's code, as ``FailedOperation.ImageNoText``
    :param message: the text that goes with it
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
