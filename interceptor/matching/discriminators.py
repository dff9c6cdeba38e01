"""What tells many handlers at one path apart: a value that each asks for, looked up in the place of asked in turn.

A thousand handlers for `POST /products` that differ in `json: {id: ...}` would each be asked; where they demand plain
equality at a common place, one look at the request's value there leaves only those that can match.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from interceptor.handlers.request_part import RequestPart
from interceptor.values.json_text import Json, NotJsonError
from interceptor.values.messages import Request

DiscriminatorPlace: TypeAlias = tuple[str, ...]
"""`("query", "page")`, `("json", "customer", "id")`."""

_FEW = 8
"""As many are asked in turn as quickly."""


class Demanding(Protocol):
    """What demands values at places."""

    @property
    def demands(self) -> Mapping[DiscriminatorPlace, Hashable]: ...


R = TypeVar("R", bound=Demanding)


def demands(part: RequestPart) -> dict[DiscriminatorPlace, Hashable]:
    """The places at which a request part asks for one plain value."""
    found: dict[DiscriminatorPlace, Hashable] = {}
    for name, value in (part.query or {}).items():
        if isinstance(value, str) and not name.startswith("$"):
            found["query", name] = value
    if isinstance(part.json_, dict):
        found.update(_members(part.json_, ("json",)))
    return found


def _members(value: Mapping[str, Json], place: DiscriminatorPlace) -> Iterator[tuple[DiscriminatorPlace, Hashable]]:
    for name, member in value.items():
        if name.startswith("$"):
            continue
        if isinstance(member, dict):
            yield from _members(member, (*place, name))
        elif not isinstance(member, list):
            yield (*place, name), _comparable(member)


def _comparable(value: Json) -> Hashable:
    """Equal for what JSON calls equal: 10 and 10.0, but not true and 1."""
    return (value,) if isinstance(value, bool) else value


@dataclass(frozen=True, slots=True)
class ValueIndex(Generic[R]):
    """Routes at one path, sorted by the value they demand at one place; `rest` demands none there."""

    place: DiscriminatorPlace
    by_value: Mapping[Hashable, Sequence[R]]
    rest: Sequence[R]

    def possible(self, request: Request) -> Iterable[R]:
        """The routes that may match a request."""
        for value in _values(request, self.place):
            yield from self.by_value.get(value, ())
        yield from self.rest


def index_values(routes: Sequence[R]) -> ValueIndex[R] | None:
    """The shelf for many routes, or None where there are few, or nothing tells them apart."""
    if len(routes) <= _FEW:
        return None
    counts = Counter(place for route in routes for place in route.demands)
    values = {place: len({route.demands[place] for route in routes if place in route.demands}) for place in counts}
    if not values:
        return None
    place = max(values, key=lambda each: (values[each], counts[each], each))
    by_value: dict[Hashable, list[R]] = {}
    rest = []
    for route in routes:
        if place in route.demands:
            by_value.setdefault(route.demands[place], []).append(route)
        else:
            rest.append(route)
    return ValueIndex(place, by_value, rest)


def _values(request: Request, place: DiscriminatorPlace) -> set[Hashable]:
    part, *steps = place
    if part == "query":
        return {value for name, value in request.query if name == steps[0]}
    try:
        value: Any = request.json
    except NotJsonError:
        return set()
    for step in steps:
        if not isinstance(value, dict) or step not in value:
            return set()
        value = value[step]
    return set() if isinstance(value, dict | list) else {_comparable(value)}
