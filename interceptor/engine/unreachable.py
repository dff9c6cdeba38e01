"""Finds handlers that can never answer, because an earlier one always does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from json import JSONEncoder
from operator import itemgetter
from typing import TypeAlias

from interceptor.handlers.loading import LoadedHandler
from interceptor.handlers.response_part import ResponseEntry
from interceptor.matching.paths import ANY_SEGMENT, Shape
from interceptor.matching.router import ANY_METHOD, AddressPattern, Route
from interceptor.values.errors import Problem
from interceptor.values.origins import Origin

_Key: TypeAlias = tuple[str | None, Origin | None, tuple[Shape, ...]]
_Demands: TypeAlias = tuple[tuple[str, str], ...]
_ANY = ANY_SEGMENT.shape
_ANY_GIVEN = "any given"
_MOST_FIXED = 5
"""The last segments of a path, which are looked up as parameters."""
_PARTS = ("protocol", "query", "headers", "cookies", "json_", "form", "multipart", "text", "xml", "binary", "graphql")


def unreachable(handlers: Sequence[tuple[LoadedHandler, Route]]) -> list[Problem]:
    """A warning for each handler whose requests are all taken by an earlier one.

    An earlier handler that may decline hides nothing. One with another `given` hides handlers at more specific
    paths, unless a test declares their state. Each handler is looked up under everything it may ask for less, so that
    ten thousand handlers at one path cost ten thousand look-ups.
    """
    earlier = _Earlier()
    problems = []
    for rank, (loaded, route) in enumerate(handlers):
        demands, given = _demands(loaded, route), _text(loaded.model.given)
        own, general = _key(route.address), earlier.general(route.address)
        if (first := earlier.first([own, *general], demands, given)) is not None:
            message = f"this handler never answers: the one at {first.place} takes all of its requests first"
            problems.append(loaded.node.problem(message, severity="warning"))
        elif (first := earlier.first(general, demands, _ANY_GIVEN)) is not None:
            message = (
                f"this handler answers only in tests that declare states: the one at {first.place} takes all of its "
                "requests first; put the more specific path before it"
            )
            problems.append(loaded.node.problem(message, severity="warning"))
        if not _may_step_aside(loaded):
            earlier.add(own, demands, given, (rank, loaded))
    return problems


class _Earlier:
    """The handlers so far, by address, by what they ask for and by `given`."""

    def __init__(self) -> None:
        self._first: dict[tuple[object, ...], tuple[int, LoadedHandler]] = {}
        self._parameters: dict[tuple[object, ...], set[tuple[int, ...]]] = {}
        """At which segments parameters stand, by provider, origin and number of segments."""

    def add(self, key: _Key, demands: _Demands, given: str, handler: tuple[int, LoadedHandler]) -> None:
        provider, origin, shape = key
        at = tuple([index for index, segment in enumerate(shape) if segment == _ANY])
        self._parameters.setdefault((provider, origin, len(shape)), set()).add(at)
        for each in (given, _ANY_GIVEN):
            self._first.setdefault((key, demands, each), handler)

    def general(self, address: AddressPattern) -> list[_Key]:
        """Other addresses that take all that this one takes, with parameters in the place of texts."""
        provider, origin, shape = _key(address)
        fixed = [index for index, segment in enumerate(address.pattern.segments) if segment.literal is not None]
        open_to = {*fixed[-_MOST_FIXED:], *(index for index, segment in enumerate(shape) if segment == _ANY)}
        own = {index for index in open_to if shape[index] == _ANY}
        return [
            (provider, origin, tuple([_ANY if index in at else segment for index, segment in enumerate(shape)]))
            for at in self._parameters.get((provider, origin, len(shape)), ())
            if len(at) > len(own) and own.issubset(at) and open_to.issuperset(at)
        ]

    def first(self, keys: Sequence[_Key], demands: _Demands, given: str) -> LoadedHandler | None:
        """The first handler at one of the addresses that asks for as much, or less."""
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
    return model.once or model.when is not None or python or all(map(_may_be_skipped, model.entries))


def _may_be_skipped(entry: ResponseEntry) -> bool:
    return entry.when is not None or (entry.chance is not None and entry.chance < 1)


def _key(address: AddressPattern) -> _Key:
    return (address.provider, address.origin, address.pattern.shape)


def _demands(loaded: LoadedHandler, route: Route) -> _Demands:
    """What is asked for beyond the address, each value as text; a handler hides one that asks for as much, or more."""
    part = loaded.model.request_part
    demanded = {name: getattr(part, name) for name in _PARTS if name in part.model_fields_set}
    demanded["method"] = None if route.method == ANY_METHOD else route.method
    return tuple((name, _text(value)) for name, value in demanded.items() if value is not None)


_text = JSONEncoder(sort_keys=True, default=repr).encode
