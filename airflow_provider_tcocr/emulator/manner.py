"""How the emulated service behaves towards every call: plain values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the service behaves towards everyone.

    :param international: the international site's parameter list
    :param latency: seconds that every call that is carried out takes at least
    :param jitter: mean seconds, drawn anew for each call, that a call is under way before it arrives
    :param skew: seconds that the service's clock is ahead of this machine's
    :param allow_loopback: fetch an ``ImageUrl`` of this machine too
    :param seed: of all chance
    """

    international: bool = True
    latency: float = 0.0
    jitter: float = 0.0
    skew: float = 0.0
    allow_loopback: bool = True
    seed: int = 0
