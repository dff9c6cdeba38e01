"""The state of each parallel worker of a test suite."""

from __future__ import annotations

from dataclasses import dataclass, field

from interceptor.engine.handler_sets import HandlerSet
from interceptor.values.json_text import Json


@dataclass(slots=True)
class HandlerState:
    """What the handlers of one scope remember: calls counted, data changed."""

    data: dict[str, Json]
    calls: dict[int, int] = field(default_factory=dict)
    """How often each handler has answered, by rank."""

    draws: dict[int, int] = field(default_factory=dict)
    """How often a handler, by its rank, has drawn one of its entries that have a chance, or none."""
    drawn: dict[int, int] = field(default_factory=dict)
    """How many of its answers were such an entry."""

    def copy(self) -> HandlerState:
        return HandlerState(dict(self.data), dict(self.calls), dict(self.draws), dict(self.drawn))


@dataclass(slots=True)
class Scope:
    """One worker's view: its test, the states it declared, its own handlers, and what the handlers remember."""

    memory: HandlerState
    test: str | None = None
    states: frozenset[str] = frozenset()
    overrides: list[HandlerSet] = field(default_factory=list)
    """Handlers added at run time, the newest first."""
