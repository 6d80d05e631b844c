"""The cases: what is compared on which load, and the bars that the provider is to clear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .measured import Measured

_MB: Final = 2**20

Round = Mapping[str, Measured]
"""One round's measurements by contender; one that ran on another load is called NAME/PAGES."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure that a case shows.

    :param told: what the figure is
    :param figure: of one round
    :param least: what it must reach
    :param most: what it must not exceed
    """

    told: str
    figure: Callable[[Round], float]
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A comparison.

    :param contenders: in the order of a round
    :param latency: of the server, in seconds
    :param quota: calls a second that the server lets through
    :param load: what differs from :class:`~.contenders.Load`'s defaults
    :param images: so many images, of so many bytes, are sent
    :param dataset: so many pages are read back
    :param rounds: at most; a long case has few
    """

    title: str
    contenders: tuple[str, ...]
    bars: tuple[Bar, ...]
    latency: float = 0.05
    quota: int | None = None
    load: Mapping[str, Any] = field(default_factory=dict)
    images: tuple[int, int] | None = None
    dataset: int | None = None
    rounds: int = 5


def _cpu(one: str, other: str) -> Callable[[Round], float]:
    """CPU a page of one over the other's."""
    return lambda measured: _per_page(measured[one]) / _per_page(measured[other])


def _rate(one: str, other: str) -> Callable[[Round], float]:
    """Pages a second of one over the other's."""
    return lambda measured: _pages_a_second(measured[one]) / _pages_a_second(measured[other])


def _wall(one: str) -> Callable[[Round], float]:
    """Seconds that one took."""
    return lambda measured: measured[one].wall


def _per_page(measured: Measured) -> float:
    return measured.cpu / measured.pages


def _pages_a_second(measured: Measured) -> float:
    return measured.pages / measured.wall


def _answers(measured: Measured) -> float:
    return (measured.pages - 1) / measured.calling


_BODY: Final = 5_000_000 * 4 / 3
_FEW, _MANY = "resume/1000", "resume/100000"

CASES: Final = {
    "urls": Case(
        title="60-line pages by URL, 50 ms latency, 128 in flight; calls, raw and tables",
        contenders=("limit", "bare", "provider", "sdk_threads/4000", "sdk_loop/200"),
        load={"pages": 12_000},
        bars=(
            Bar("CPU a page over the limit's", _cpu("provider", "limit"), most=2.5),
            Bar("CPU a page, SDK with threads over the provider", _cpu("sdk_threads/4000", "provider"), least=3.5),
            Bar("pages a second over the limit's", _rate("provider", "limit"), least=0.6),
            Bar("the bare way: CPU a page over the limit's", _cpu("bare", "limit")),
            Bar("the bare way: pages a second over the limit's", _rate("bare", "limit")),
        ),
    ),
    "images": Case(
        title="images of 300 KB, 50 ms latency, 32 in flight",
        contenders=("limit", "provider", "sdk_threads"),
        load={"pages": 400, "in_flight": 32},
        images=(400, 300_000),
        bars=(Bar("CPU a page, SDK with threads over the provider", _cpu("sdk_threads", "provider"), least=2),),
    ),
    "large": Case(
        title="images of 5 MB, 50 ms latency, 8 in flight",
        contenders=("digest", "limit", "provider", "sdk_threads"),
        load={"pages": 60, "in_flight": 8},
        images=(60, 5_000_000),
        bars=(
            Bar("CPU a page over base64 and SHA-256 alone", _cpu("provider", "digest"), most=1.5),
            Bar("CPU a page over the limit's", _cpu("provider", "limit")),
            Bar("peak in bodies a call in flight", lambda round_: round_["provider"].peak / _BODY / 8, most=3),
        ),
    ),
    "quota": Case(
        title="the default quota of 10 calls a second for 5 minutes, 300 ms latency",
        contenders=("paced",),
        latency=0.3,
        quota=10,
        load={"pages": 3000, "in_flight": 32, "qps": None},
        rounds=1,
        bars=(
            Bar(
                "share of the quota, from the first answer to the last", lambda r: _answers(r["paced"]) / 10, least=0.97
            ),
            Bar("and of the whole run, with start and tables", lambda r: _pages_a_second(r["paced"]) / 10),
        ),
    ),
    "airflow": Case(
        title="200 images through Airflow (dags test, SQLite), 300 ms latency",
        contenders=("one_task", "mapped_tasks"),
        latency=0.3,
        load={"pages": 200},
        images=(200, 30_000),
        rounds=3,
        bars=(Bar("pages a second, one task over mapped tasks", _rate("one_task", "mapped_tasks"), least=10),),
    ),
    "scale": Case(
        title="100,000 pages in one task, and again with everything done",
        contenders=(_FEW, _MANY),
        latency=0.0,
        rounds=1,
        bars=(
            Bar("peak above that of 1,000 pages, MB", lambda r: (r[_MANY].peak - r[_FEW].peak) / _MB, most=160),
            Bar("the second run, seconds", lambda r: r[_MANY].wall, most=30),
            Bar("its CPU a page, ms", lambda r: 1000 * _per_page(r[_MANY])),
            Bar(
                "finalization, CPU a page, ms: a run that derives the tables again, less the second run",
                lambda r: 1000 * r[_MANY].derived / r[_MANY].pages,
                most=0.35,
            ),
        ),
    ),
    "imports": Case(
        title="imports",
        contenders=("imports", "discovery"),
        bars=(
            Bar("the operators after Airflow, CPU ms", lambda r: 1000 * r["imports"].cpu, most=30),
            Bar("provider discovery, CPU ms", lambda r: 1000 * r["discovery"].cpu, most=5),
        ),
    ),
    "search": Case(
        title="a text search over 1,000,000 detections in DuckDB, and all of them read by four readers",
        contenders=("search", "duckdb", "polars", "pandas", "pyarrow"),
        dataset=16_667,
        bars=(
            Bar("the search, seconds", _wall("search"), most=1),
            *(
                Bar(f"all columns in {name}, seconds", _wall(name))
                for name in ("duckdb", "polars", "pandas", "pyarrow")
            ),
        ),
    ),
}
