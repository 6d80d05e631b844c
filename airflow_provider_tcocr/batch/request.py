"""What a batch is asked to do: checked values, as the operators and the trigger pass them on."""

from __future__ import annotations

import contextlib
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..api.actions import ACTION
from ..client.config import MAX_QPS
from ..documents import check_pdf_dpi
from ..documents.document import TRANSFERS
from ..exceptions import ConfigurationError

if TYPE_CHECKING:
    from ..documents.store import Place

_IF_EXISTS: Final = ("resume", "overwrite", "error")
_SHARES: Final = {"never": 1.0, "all": 1.0, "any": 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """One batch; :meth:`check` before use.

    :param documents: a list of URIs and mappings, or one string: a path, a folder, a glob
    :param output_path: where the dataset is, local or any URI that ``ObjectStoragePath`` knows
    :param options: snake case, None for the service's defaults
    :param pages: ``"all"``, a list, or ``"2-5"``
    :param transfer: ``auto``, ``url`` or ``bytes``
    :param pdf_dpi: pixels an inch at which PDF pages are rendered; None sends one-page PDFs
    :param pdf_password_conn_id: the connection whose password opens encrypted PDFs
    :param max_qps: calls a second, None takes the connection's, else the action's default quota
    :param max_concurrency: calls in flight
    :param max_calls: the cap on the calls that this output path makes across its attempts
    :param fail_on: ``never``, ``all``, ``any``, or the share of failed pages above which the batch fails
    :param if_exists: what to do with what other runs landed: ``resume``, ``overwrite``, ``error``
    :param action: the action to call
    :param run: dag, task, run and map index; never the try number
    :param expand: False takes each document as it is named, even if that is a folder or a pattern
    """

    documents: Place | Mapping[str, Any] | Sequence[Place | Mapping[str, Any]] = field(repr=False)
    output_path: str
    options: Mapping[str, Any] | None = None
    pages: str | int | Sequence[int] = "all"
    transfer: str = "auto"
    pdf_dpi: int | None = 200
    pdf_password_conn_id: str | None = None
    max_qps: float | None = None
    max_concurrency: int = 32
    max_calls: int | None = None
    fail_on: str | float = "all"
    if_exists: str = "resume"
    action: str = ACTION
    run: tuple[str, ...] = ()
    expand: bool = True

    def check(self) -> None:
        """Refuse what cannot be meant, naming the argument."""
        if not isinstance(self.output_path, str) or not self.output_path.strip():
            raise ConfigurationError("output_path must be a path or a URI")
        _one_of("if_exists", self.if_exists, _IF_EXISTS)
        _one_of("transfer", self.transfer, TRANSFERS)
        _whole("max_concurrency", self.max_concurrency, 1, 1024)
        if self.max_calls is not None:
            _whole("max_calls", self.max_calls, 0, 10**9)
        check_pdf_dpi(self.pdf_dpi)
        if self.max_qps is not None and not (_is_number(self.max_qps) and 0 < self.max_qps <= MAX_QPS):
            raise ConfigurationError(f"max_qps must be a number above 0, at most {MAX_QPS}")
        share_of(self.fail_on)

    @property
    def run_key(self) -> str:
        """The hash by which a retry recognizes its own rows."""
        return run_key_of(self.run)

    def too_many_failed(self, *, pages: int, failed: int) -> bool:
        """Whether more failed than `fail_on` allows."""
        if self.fail_on == "all":
            return pages > 0 and failed == pages
        return pages > 0 and failed / pages > share_of(self.fail_on)


def share_of(fail_on: object) -> float:
    """The share of failed pages above which a batch fails; that of ``all``, which is another rule, is 1.

    :param fail_on: ``never``, ``all``, ``any``, or a share as a number or text
    :raise ConfigurationError: it is none of these
    """
    if isinstance(fail_on, str) and fail_on in _SHARES:
        return _SHARES[fail_on]
    with contextlib.suppress(ValueError):
        share = float(fail_on) if isinstance(fail_on, str) or _is_number(fail_on) else math.nan  # type: ignore[arg-type]
        if 0 <= share <= 1:
            return share
    raise ConfigurationError(f"fail_on must be 'never', 'all', 'any', or a share between 0 and 1, not {fail_on!r}")


def run_key_of(run: Sequence[str]) -> str:
    """The hash of dag, task, run and map index."""
    return hashlib.sha256("\0".join(run).encode()).hexdigest()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ConfigurationError(f"{name} must be a whole number from {low} to {high}")


def _one_of(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigurationError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")
