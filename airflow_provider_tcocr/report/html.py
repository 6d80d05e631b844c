"""The HTML file: its frame with style and script, and data inside it that nothing can break out of."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any, Final

_DATA: Final = "{{data}}"


def frame() -> tuple[bytes, bytes]:
    """The file's parts before the data and after it.

    Its policy forbids everything but its own style, its own script (by their hashes) and pictures in ``data:``.
    """
    style, script, template = (_resource(name) for name in ("report.css", "report.js", "template.html"))
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    for name, text in (("policy", policy), ("style", style), ("script", script)):
        template = template.replace(f"{{{{{name}}}}}", text)
    before, _, after = template.partition(_DATA)
    return before.encode(), after.encode()


def encoded_json(value: Any) -> bytes:
    """JSON in which no text can end the script block around it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c").encode()


def json_block(name: str, content: bytes) -> bytes:
    """An inert block of what :func:`encoded_json` gave."""
    return f'<script type="application/json" id="{name}">'.encode() + content + b"</script>\n"


def picture_block(name: str, data: bytes) -> bytes:
    """A WebP picture as an inert block that holds its ``data:`` URL."""
    encoded = base64.b64encode(data).decode()
    return f'<script type="text/plain" id="{name}">data:image/webp;base64,{encoded}</script>\n'.encode()


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
