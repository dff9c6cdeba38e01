"""Values that a schema allows: the document's own examples, else made from the schema, always the same ones."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import islice
from typing import Any

from interceptor.openapi.composition import UNIONS, Member, Nodes, branches, meaning, members, parts
from interceptor.openapi.document import DocumentNode
from interceptor.openapi.json_schema import Direction
from interceptor.openapi.keywords import listed
from interceptor.openapi.tagged import tag_name, tagged
from interceptor.openapi.validation import Validation
from interceptor.values.json_text import Json

_FORMATS = {
    "date": "2024-05-17",
    "date-time": "2024-05-17T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "uuid": "2f1c7a52-6a0e-4f5b-9d3e-8b4c1a7e6d90",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "url": "https://example.com/",
    "uri-reference": "/",
    "byte": "dGV4dA==",
}
_DEEPEST = 5
_MOST = 200
"""Values in one example: schemas that all refer to each other would have no end."""
_MOST_ALTERNATIVES = 20


class Examples:
    """Makes values of one direction; in answers, what no value is found for is left out: a consumer may use less."""

    def __init__(self, validation: Validation, direction: Direction = Direction.RESPONSE) -> None:
        self._validation = validation
        self._direction = direction
        self._left = _MOST

    def value(self, schema: DocumentNode, given: Iterable[Json] = ()) -> Json:
        """The first of the given examples that the schema allows, else one of its own, else one made; None without."""
        self._left = _MOST
        return self._first((schema,), given, ())

    def _first(self, nodes: Nodes, given: Iterable[Json], above: tuple[Hashable, ...]) -> Json:
        these, key = parts(nodes), tuple(meaning(node).place for node in nodes)
        if key in above or len(above) > _DEEPEST or self._left <= 0:
            return None
        self._left -= 1
        written = [each for node in (*nodes, *these) for each in _examples(node)]
        for candidate in (*given, *written, *self._made(these, (*above, key))):
            if candidate is not None and self._validation.allows(nodes, candidate, self._direction):
                return candidate
        return None

    def _made(self, these: Nodes, above: tuple[Hashable, ...]) -> Iterator[Json]:
        for part in these:
            value = part.value if isinstance(part.value, dict) else {}
            yield from value["enum"] if isinstance(value.get("enum"), list) else ()
            yield value.get("const")
        for chosen, tags in islice(_alternatives(these), _MOST_ALTERNATIVES):
            known = members(chosen)
            if any(key == "properties" for key, *_ in known):
                yield self._object(known, above) | tags
            for kind in listed(_type(chosen)):
                yield from self._of_type(kind, chosen, known, above)

    def _of_type(
        self, kind: Any, these: Nodes, known: dict[Member, Nodes], above: tuple[Hashable, ...]
    ) -> Iterator[Json]:
        limits: dict[str, Any] = {key: value for part in these for key, value in part.value.items()}
        match kind:
            case "object":
                yield {}
            case "array":
                items = known.get(("items",))
                item = None if items is None else self._first(items, (), above)
                yield from ([] if item is None else [item] * count for count in (1, _count(limits), 0))
            case "string":
                yield from _texts(limits)
            case "integer" | "number":
                yield from _numbers(limits)
            case "boolean":
                yield from (True, False)

    def _object(self, known: dict[Member, Nodes], above: tuple[Hashable, ...]) -> dict[str, Json]:
        hidden = "writeOnly" if self._direction is Direction.RESPONSE else "readOnly"
        generated = {}
        for (key, *name), nodes in known.items():
            if key != "properties" or any(node.get(hidden).value is True for node in nodes):
                continue
            value = self._first(nodes, (), above)
            if value is not None:
                generated[name[0]] = value
        return generated


def _alternatives(these: Nodes, depth: int = 0) -> Iterator[tuple[Nodes, dict[str, Json]]]:
    """The parts of a value with one branch of each union, and what tags a discriminator asks for then."""
    these = tuple(part for part in these if isinstance(part.value, dict))
    found = next(((part, key) for part in these for key in UNIONS if branches(part, key)), None)
    if found is None:
        yield these, {}
        return
    part, key = found
    rest = {name: value for name, value in part.value.items() if name != key}
    others = tuple(DocumentNode(each.document, each.place, rest) if each is part else each for each in these)
    names = {branch.place: values for values, branch in tagged(part, branches(part, key))}
    for branch in branches(part, key) if depth < _DEEPEST else []:
        tag = {str(tag_name(part)): names[branch.place][0]} if branch.place in names else {}
        for chosen, tags in _alternatives((*others, *parts([branch])), depth + 1):
            yield chosen, tags | tag


def _type(these: Nodes) -> Any:
    return next((part.value["type"] for part in reversed(these) if "type" in part.value), None)


def _count(limits: dict[str, Any]) -> int:
    fewest = limits.get("minItems")
    return fewest if isinstance(fewest, int) else 1


def _examples(node: DocumentNode) -> list[Json]:
    value = node.value if isinstance(node.value, dict) else {}
    given = value.get("examples")
    return [value.get("example"), *(given if isinstance(given, list) else []), value.get("default")]


def _texts(schema: dict[str, Any]) -> Iterator[str]:
    yield _FORMATS.get(str(schema.get("format")), "text")
    shortest, longest = schema.get("minLength"), schema.get("maxLength")
    length = shortest if isinstance(shortest, int) else longest if isinstance(longest, int) else 4
    yield ("text" * (length // 4 + 1))[:length]
    for character in "aA1":  # what simple patterns ask for
        yield character * max(length, 1)


def _numbers(schema: dict[str, Any]) -> Iterator[int | float]:
    yield 1
    for bound in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"):
        limit = schema.get(bound)
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            yield from (limit, limit + 1, limit - 1)
