"""Handlers that can never answer, because an earlier one always does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from operator import itemgetter
from typing import TypeAlias

from interceptor.handlers.loading import LoadedHandler
from interceptor.matching.paths import ANY_SEGMENT
from interceptor.matching.router import ANY_METHOD, AddressPattern, Route
from interceptor.values.errors import Problem

_Key: TypeAlias = tuple[object, ...]
_Demands: TypeAlias = tuple[tuple[str, str], ...]
_ANY_GIVEN = "any given"
_MOST_FIXED = 5
"""Segments that are looked up as parameters, the last ones of a path."""
_PARTS = ("query", "headers", "cookies", "json_", "form", "multipart", "text", "graphql")


def unreachable(handlers: Sequence[tuple[LoadedHandler, Route]]) -> list[Problem]:
    """A warning for each handler all of whose requests an earlier one takes.

    An earlier handler that may step aside hides nothing. One with another `given` hides handlers at more particular
    paths, unless a test declares their state. Looked up by all that a handler may ask for less, so that ten thousand
    handlers at one path cost ten thousand look-ups.
    """
    earlier = _Earlier()
    problems = []
    for rank, (loaded, route) in enumerate(handlers):
        demands, given = _demands(loaded, route), _text(loaded.model.given)
        if (first := earlier.first(_keys(route.address), demands, given)) is not None:
            message = f"this handler never answers: the one at {first.place} takes all of its requests first"
            problems.append(loaded.node.problem(message, severity="warning"))
        elif (first := earlier.first(_keys(route.address)[1:], demands, _ANY_GIVEN)) is not None:
            message = (
                f"this handler answers only in tests that declare states: the one at {first.place} takes all of its "
                "requests first; put the more particular path before it"
            )
            problems.append(loaded.node.problem(message, severity="warning"))
        if not _may_step_aside(loaded):
            earlier.add(_key(route.address), demands, given, (rank, loaded))
    return problems


class _Earlier:
    """The handlers so far, by address, what they ask for and their `given`."""

    def __init__(self) -> None:
        self._first: dict[tuple[object, ...], tuple[int, LoadedHandler]] = {}

    def add(self, key: _Key, demands: _Demands, given: str, handler: tuple[int, LoadedHandler]) -> None:
        for each in (given, _ANY_GIVEN):
            self._first.setdefault((key, demands, each), handler)

    def first(self, keys: Sequence[_Key], demands: _Demands, given: str) -> LoadedHandler | None:
        """The first one at one of the addresses that asks for as much, or less."""
        hiding = [
            self._first[place]
            for key in keys
            for count in range(len(demands) + 1)
            for fewer in combinations(demands, count)
            if (place := (key, fewer, given)) in self._first
        ]
        return min(hiding, key=itemgetter(0))[1] if hiding else None


def _may_step_aside(loaded: LoadedHandler) -> bool:
    model = loaded.model
    python = any(entry.python is not None for entry in model.entries)
    return model.once or model.when is not None or python or all(entry.when is not None for entry in model.entries)


def _key(address: AddressPattern) -> _Key:
    return (address.provider, address.origin, address.pattern.shape)


def _keys(address: AddressPattern) -> list[_Key]:
    """The addresses that take all that this one takes: itself, then those with parameters in the place of texts."""
    segments = address.pattern.segments
    fixed = [at for at, segment in enumerate(segments) if segment.literal is not None][-_MOST_FIXED:]
    keys = [_key(address)]
    for count in range(1, len(fixed) + 1):
        for chosen in combinations(fixed, count):
            general = [ANY_SEGMENT if at in chosen else segment for at, segment in enumerate(segments)]
            pattern = replace(address.pattern, segments=tuple(general))
            keys.append((address.provider, address.origin, pattern.shape))
    return keys


def _demands(loaded: LoadedHandler, route: Route) -> _Demands:
    """What is asked for beyond the address, each value as text: a handler hides one that asks for as much, or more."""
    part = loaded.model.request_part
    demanded = {name: getattr(part, name) for name in _PARTS if name in part.model_fields_set}
    demanded["method"] = None if route.method == ANY_METHOD else route.method
    return tuple((name, _text(value)) for name, value in demanded.items() if value is not None)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=repr)
