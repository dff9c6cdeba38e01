"""Handlers that can never answer, because an earlier one always does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from operator import itemgetter

from interceptor.handlers.loading import LoadedHandler
from interceptor.matching.paths import ANY_SEGMENT
from interceptor.matching.router import ANY_METHOD, AddressPattern, Route
from interceptor.values.errors import Problem

_PARTS = ("query", "headers", "cookies", "json_", "form", "multipart", "text", "graphql")


def unreachable(handlers: Sequence[tuple[LoadedHandler, Route]]) -> list[Problem]:
    """A warning for each handler all of whose requests an earlier one takes.

    An earlier handler that may step aside, or that has another `given`, hides nothing. Looked up by all that a handler
    may ask for less, so that ten thousand handlers at one path cost ten thousand look-ups.
    """
    earlier: dict[tuple[object, ...], tuple[int, LoadedHandler]] = {}
    problems = []
    for rank, (loaded, route) in enumerate(handlers):
        asked = _asked(loaded, route)
        hiding = [
            earlier[place]
            for key in _keys(route.address)
            for count in range(len(asked) + 1)
            for fewer in combinations(asked, count)
            if (place := (*key, fewer)) in earlier
        ]
        if hiding:
            _, first = min(hiding, key=itemgetter(0))
            message = f"this handler never answers: the one at {first.place} takes all of its requests first"
            problems.append(loaded.node.problem(message, severity="warning"))
        if not _may_step_aside(loaded):
            earlier.setdefault((*_key(route.address), asked), (rank, loaded))
    return problems


def _may_step_aside(loaded: LoadedHandler) -> bool:
    model = loaded.model
    return model.once or model.when is not None or any(entry.python is not None for entry in model.entries)


def _key(address: AddressPattern) -> tuple[object, ...]:
    return (address.provider, address.origin, address.pattern.shape)


def _keys(address: AddressPattern) -> list[tuple[object, ...]]:
    """The addresses that take all that this one takes: itself, and a parameter in the place of its last segment."""
    keys = [_key(address)]
    if not address.pattern.segments:
        return keys
    *steps, last = address.pattern.segments
    if last.literal is not None:
        general = replace(address.pattern, segments=(*steps, ANY_SEGMENT))
        keys.append((address.provider, address.origin, general.shape))
    return keys


def _asked(loaded: LoadedHandler, route: Route) -> tuple[tuple[str, str], ...]:
    """What is asked for beyond the address, each value as text: a handler hides one that asks for as much, or more."""
    part, given = loaded.model.request_part, loaded.model.given
    asked = {name: getattr(part, name) for name in _PARTS if name in part.model_fields_set}
    asked |= {"method": None if route.method == ANY_METHOD else route.method, "given": given}
    values = ((name, value) for name, value in asked.items() if value is not None)
    return tuple((name, json.dumps(value, sort_keys=True, default=repr)) for name, value in values)
