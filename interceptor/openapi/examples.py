"""Values that a schema allows: the document's own examples, else made from the schema, always the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from interceptor.openapi.document import DocumentNode, DocumentPlace
from interceptor.openapi.json_schema import Direction
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


class Examples:
    """Makes values for answers; a consumer may use less of one, so what no value is found for is left out."""

    def __init__(self, validation: Validation) -> None:
        self._validation = validation
        self._left = _MOST

    def value(self, schema: DocumentNode, given: Iterable[Json] = ()) -> Json:
        """The first of the given examples that the schema allows, else one of its own, else one made; None without."""
        self._left = _MOST
        return self._first(schema, given, ())

    def _first(self, schema: DocumentNode, given: Iterable[Json], above: tuple[DocumentPlace, ...]) -> Json:
        schema = schema.get()
        if schema.place in above or len(above) > _DEEPEST or self._left <= 0:
            return None
        self._left -= 1
        for candidate in (*given, *_examples(schema), *self._made(schema, (*above, schema.place))):
            if candidate is not None and not self._validation.mismatches(schema, candidate, Direction.RESPONSE):
                return candidate
        return None

    def _made(self, schema: DocumentNode, above: tuple[DocumentPlace, ...]) -> Iterator[Json]:
        value = schema.value if isinstance(schema.value, dict) else {}
        yield from value["enum"] if isinstance(value.get("enum"), list) else ()
        yield value.get("const")
        parts = [self._first(each, (), above) for each in schema.get("allOf").items()]
        parts.append(self._object(schema, above) if "properties" in value else None)
        for key in ("oneOf", "anyOf"):
            for branch in schema.get(key).items():
                yield _merged([*parts, self._first(branch, (), above)])
        yield _merged(parts)
        types = value.get("type")
        for kind in types if isinstance(types, list) else [types]:
            yield from self._of_type(kind, schema, above)

    def _of_type(self, kind: Any, schema: DocumentNode, above: tuple[DocumentPlace, ...]) -> Iterator[Json]:
        match kind:
            case "object":
                yield {}
            case "array":
                item = self._first(schema.raw("items"), (), above)
                yield from ([] if item is None else [item] * count for count in (1, _count(schema), 0))
            case "string":
                yield from _texts(schema.value)
            case "integer" | "number":
                yield from _numbers(schema.value)
            case "boolean":
                yield from (True, False)

    def _object(self, schema: DocumentNode, above: tuple[DocumentPlace, ...]) -> dict[str, Json]:
        generated = {}
        for name, described in schema.get("properties").members():
            value = self._first(schema.raw("properties", name), (), above)
            if value is not None and described.raw("writeOnly").value is not True:
                generated[name] = value
        return generated


def _count(schema: DocumentNode) -> int:
    fewest = schema.value.get("minItems")
    return fewest if isinstance(fewest, int) else 1


def _examples(schema: DocumentNode) -> list[Json]:
    value = schema.value if isinstance(schema.value, dict) else {}
    listed = value.get("examples")
    return [value.get("example"), *(listed if isinstance(listed, list) else []), value.get("default")]


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


def _merged(values: list[Json]) -> Json:
    """The members of all objects; the last value where none is an object."""
    objects = [each for each in values if isinstance(each, dict)]
    if not objects:
        return next((each for each in values if each is not None), None)
    return {name: member for each in objects for name, member in each.items()}
