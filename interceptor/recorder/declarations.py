"""What tests declared, and when: for exchanges that are learnt of only after the run."""

from __future__ import annotations

import sys
import time
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from interceptor.values.exchange import ProviderState

_MOST = 100_000
"""Declarations that are remembered; a server that runs for weeks must not grow."""
_CLOCK = time.CLOCK_MONOTONIC_RAW if sys.platform == "darwin" else time.CLOCK_MONOTONIC
"""The clock of Node's `process.hrtime`: all processes of a machine share it, and nobody sets it."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What holds in a scope from a moment on."""

    test: str | None = None
    states: tuple[ProviderState, ...] = ()


class Declarations:
    """The declarations of all scopes, in the order in which they came."""

    def __init__(self) -> None:
        self._all: deque[tuple[int, str, Declared]] = deque(maxlen=_MOST)
        self._latest: dict[str, Declared] = {}

    def begin_test(self, name: str | None, scope: str) -> None:
        """A new test, in which no state is declared."""
        self._note(Declared(name), scope)

    def declare(self, states: tuple[ProviderState, ...], scope: str) -> None:
        """The states that hold from now on in the test that runs."""
        self._note(replace(self._latest.get(scope, Declared()), states=states), scope)

    def _note(self, declared: Declared, scope: str) -> None:
        self._latest[scope] = declared
        self._all.append((time.clock_gettime_ns(_CLOCK), scope, declared))

    def timelines(self) -> Timelines:
        """Everything so far, ready to be asked."""
        found: dict[str, tuple[list[int], list[Declared]]] = defaultdict(lambda: ([], []))
        for moment, scope, declared in self._all:
            moments, values = found[scope]
            moments.append(moment)
            values.append(declared)
        return Timelines(found)


@dataclass(frozen=True, slots=True)
class Timelines:
    """By scope, the moments of its declarations and what each declared."""

    scopes: Mapping[str, tuple[Sequence[int], Sequence[Declared]]]

    def at(self, moment: int, scope: str) -> Declared:
        """What held at a moment, in nanoseconds of the shared clock.

        Where the scope declared nothing, that is what those say who name no scope.
        """
        moments, values = self.scopes.get(scope) or self.scopes.get("", ((), ()))
        index = bisect_right(moments, moment)
        return values[index - 1] if index else Declared()
