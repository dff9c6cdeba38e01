"""Handlers that can never answer, because an earlier one always does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from interceptor.errors import Problem
from interceptor.handler_files import LoadedHandler
from interceptor.paths import ANY_SEGMENT
from interceptor.router import ANY_METHOD, Address, Route

_PARTS = ("query", "headers", "cookies", "json_", "form", "text")


def shadowed(handlers: Sequence[tuple[LoadedHandler, Route]]) -> list[Problem]:
    """A warning for each handler all of whose requests an earlier one takes.

    An earlier handler that steps aside, or that has another `given`, hides nothing.
    """
    earlier: dict[tuple[object, ...], list[tuple[LoadedHandler, Route]]] = defaultdict(list)
    problems = []
    for loaded, route in handlers:
        before = [
            other
            for key in _keys(route.address)
            for other, taken in earlier[key]
            if taken.method in {ANY_METHOD, route.method} and _hides(other, loaded)
        ]
        if before:
            message = f"this handler never answers: the one at {before[0].place} takes all of its requests first"
            problems.append(loaded.node.problem(message, severity="warning"))
        earlier[_key(route.address)].append((loaded, route))
    return problems


def _key(address: Address) -> tuple[object, ...]:
    return (address.provider, address.origin, address.pattern.shape)


def _keys(address: Address) -> list[tuple[object, ...]]:
    """The addresses that take all that this one takes: itself, and a parameter in the place of its last segment."""
    keys = [_key(address)]
    if not address.pattern.segments:
        return keys
    *steps, last = address.pattern.segments
    if last.literal is not None:
        general = replace(address.pattern, segments=(*steps, ANY_SEGMENT))
        keys.append((address.provider, address.origin, general.shape))
    return keys


def _hides(earlier: LoadedHandler, later: LoadedHandler) -> bool:
    first, second = earlier.model, later.model
    if first.once or first.when is not None:
        return False
    if first.given and first.given != second.given:
        return False
    before, after = first.request_part, second.request_part
    return all(
        part not in before.model_fields_set
        or getattr(before, part) is None
        or (part in after.model_fields_set and getattr(before, part) == getattr(after, part))
        for part in _PARTS
    )
