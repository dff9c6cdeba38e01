"""Where templates get what no two runs agree on: the clock, ids, chance; and two stand-ins that never change.

What a template makes up is found by asking it again with other sources: where the two stand-ins disagree, the value
comes from a source, and the lower stand-in's answer is what a contract says in its place.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from interceptor.values.generated import HIGH_CLOCK, LOW_CLOCK


@dataclass(frozen=True, slots=True)
class Sources:
    """One set of sources."""

    now: Callable[[], datetime]
    uuid: Callable[[], str]
    integer: Callable[[int, int], int]
    """From the first to the second, both included."""
    choice: Callable[[Sequence[Any]], Any]


def _last_other(values: Sequence[Any]) -> Any:
    """The last that is not like the first."""
    return next((value for value in reversed(values) if value != values[0]), values[0])


_REAL: Final = Sources(lambda: datetime.now(UTC), lambda: str(uuid.uuid4()), random.randint, random.choice)
LOW: Final = Sources(
    lambda: datetime.fromisoformat(LOW_CLOCK),
    lambda: "00000000-0000-4000-8000-000000000001",
    lambda low, _high: low,
    lambda values: values[0],
)
HIGH: Final = Sources(
    lambda: datetime.fromisoformat(HIGH_CLOCK),
    lambda: "ffffffff-ffff-4fff-bfff-ffffffffffff",
    lambda _low, high: high,
    _last_other,
)
SOURCES: Final = frozenset({"now", "uuid", "random_int", "random"})
"""The functions and filters of templates that ask them."""
CHANCE: Final = SOURCES - {"now"}

_asked: ContextVar[Sources] = ContextVar("sources", default=_REAL)


def current() -> Sources:
    """The sources to ask."""
    return _asked.get()


@contextmanager
def asking(sources: Sources) -> Iterator[None]:
    """Have templates ask these sources."""
    token = _asked.set(sources)
    try:
        yield
    finally:
        _asked.reset(token)
