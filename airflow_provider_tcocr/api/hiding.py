"""Hides a secret in a text of the service's that repeats it: as it is, in JSON or in a URL. Knows no secret itself."""

from __future__ import annotations

from urllib.parse import quote


def hidden(text: str, secret: str, *, shown: str = "***") -> str:
    """A text without a secret.

    :param secret: not empty
    :param shown: what replaces it
    """
    for spelled in {secret, secret.replace("/", "\\/"), secret.replace("&", "\\u0026"), quote(secret, safe="")}:
        text = text.replace(spelled, shown)
    return text
