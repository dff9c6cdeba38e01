"""How much is measured: everything, enough for a first look, or next to nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """The sizes of all parts."""

    name: str
    pairs: int
    """Pairs of measurements that count; one more before them warms both sides up."""
    seconds: float
    """Of one measurement."""
    warm_up: float
    """Seconds of requests that each side is given before the first pair."""
    connections: tuple[int, ...]
    handlers: tuple[int, ...]
    requests: int
    """Of the measurement of memory."""
    passing: int
    """Bytes of a body that passes."""
    crowd: int
    """Connections at once of the counts on both sides."""
    steady: float
    """Seconds for which their other clients ask."""
    first: int
    """Requests that a process is asked when it has just been started."""
    exports: tuple[int, ...]
    conversions: tuple[int, ...]
    """The sizes at which pact-msw-adapter is measured too."""
    checks: int
    """Interactions of the pact that is checked."""


FULL = Scale(
    "full",
    pairs=5,
    seconds=0.5,
    warm_up=5.0,
    connections=(1, 8, 64),
    handlers=(10, 1_000, 10_000),
    requests=1_000_000,
    passing=300 << 20,
    crowd=1_000,
    steady=60.0,
    first=1_000,
    exports=(1_000, 100_000, 1_000_000),
    conversions=(1_000, 10_000),
    checks=5_000,
)
QUICK = Scale(
    "quick",
    pairs=3,
    seconds=0.3,
    warm_up=1.0,
    connections=(1, 8, 64),
    handlers=(10, 1_000),
    requests=50_000,
    passing=100 << 20,
    crowd=1_000,
    steady=6.0,
    first=500,
    exports=(1_000, 20_000),
    conversions=(1_000,),
    checks=1_000,
)
SMOKE = Scale(
    "smoke",
    pairs=1,
    seconds=0.05,
    warm_up=0.05,
    connections=(2,),
    handlers=(2,),
    requests=50,
    passing=1 << 20,
    crowd=8,
    steady=0.3,
    first=10,
    exports=(20,),
    conversions=(10,),
    checks=20,
)
