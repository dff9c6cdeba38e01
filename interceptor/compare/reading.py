"""Texts of parameters and form fields as the values that their schemas describe.

The styles of OpenAPI (`form`, `deepObject`, `pipeDelimited`) need the schema to be read: parsers of query strings know
none, and cannot tell a list of one element from a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from interceptor.openapi.document import DocumentNode
from interceptor.openapi.operations import Parameter
from interceptor.values.json_text import Json, NotJsonError, parse_json

_NUMBER = re.compile(r"[-+]?\d{1,100}(?:\.\d{1,100})?(?:[eE][+-]?\d{1,2})?\Z", re.ASCII)
"""What a float can hold, however a consumer writes it: `007`, `+1`, `1e3`."""
_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}


def types_of(schema: DocumentNode) -> frozenset[str]:
    """The types that a schema names, wherever in a composition; none where it leaves the type open."""
    found = set()
    for part in _composition(schema):
        types = part.value.get("type")
        found |= {each for each in (types if isinstance(types, list) else [types]) if isinstance(each, str)}
        if part.value.get("nullable") is True or part.value.get("x-nullable") is True:
            found.add("null")
    return frozenset(found)


def read_as(value: Json, schema: DocumentNode) -> Json:
    """Texts turned into what their schema describes: `("12", integer)` -> 12; what does not turn stays text."""
    if isinstance(value, list):
        items = _below(schema, "items")
        return [read_as(each, items) for each in value] if items else value
    if isinstance(value, dict) and "array" in types_of(schema) and all(name.isdecimal() for name in value):
        return read_as(list(value.values()), schema)
    if isinstance(value, dict):
        return {name: _read_member(schema, name, each) for name, each in value.items()}
    return _scalar(value, types_of(schema)) if isinstance(value, str) else value


def readings(parameter: Parameter, text: str) -> Iterator[Json]:
    """What the text of a path parameter, header or cookie may mean, the likeliest first."""
    if parameter.is_json:
        yield _json_or_text(text)
        return
    yield read_as(_unwrapped(parameter, text), parameter.schema)
    yield text


def query_readings(parameter: Parameter, values: list[str]) -> Iterator[Json]:
    """What the values of a query parameter may mean, the likeliest first."""
    if parameter.is_json:
        yield _json_or_text(values[0])
        return
    types = types_of(parameter.schema)
    single = ",".join(values)
    if "array" in types:
        separator = _SEPARATORS.get(parameter.style, ",")
        split = [piece for value in values for piece in (value.split(separator) if value else [])]
        yield read_as(split, parameter.schema)
        yield read_as(values, parameter.schema)
    elif "object" in types and not parameter.explode and not types - {"object", "null"}:
        yield read_as(_paired(single.split(",")), parameter.schema)
        return
    elif len(values) > 1:
        yield values
        return
    if "array" not in types or len(types) > 1:
        yield read_as(single, parameter.schema)
        yield single


def exploded(parameter: Parameter, query: dict[str, list[str]]) -> dict[str, list[str]] | None:
    """The members that a query spells one by one; the parameters taken for them, or None if it spells none so.

    `deepObject`: `filter[state]=open`; `form` with explode: `state=open`, as far as the schema knows the names; arrays:
    `ids[]=1` and `ids[0]=1`, as frameworks write them.
    """
    types = types_of(parameter.schema) - {"null"}
    if parameter.style == "deepObject" or "array" in types:
        prefix = f"{parameter.name}["
        return {name: values for name, values in query.items() if name.startswith(prefix) and name.endswith("]")}
    if parameter.style == "form" and parameter.explode and types == {"object"}:
        known = _properties(parameter.schema)
        return {name: values for name, values in query.items() if name in known}
    return None


def exploded_value(parameter: Parameter, taken: dict[str, list[str]]) -> Json:
    """The value that exploded members spell: `{"filter[state]": ["open"]}` -> `{"state": "open"}`"""
    if all(name.startswith(f"{parameter.name}[") for name in taken):
        spelled = {f"value{name.removeprefix(parameter.name)}": values for name, values in taken.items()}
        return read_as(nested(spelled)["value"], parameter.schema)
    return read_as(nested(taken), parameter.schema)


def nested(fields: dict[str, list[str]]) -> dict[str, Json]:
    """The value of fields that spell their place: `a[b]=1&tags[]=2` -> `{"a": {"b": "1"}, "tags": ["2"]}`"""
    result: dict[str, Json] = {}
    for name, values in fields.items():
        first, *rest = re.split(r"\]?\[", name.removesuffix("]"))
        if not first:
            first, rest = name, []
        is_list = rest[-1:] == [""]
        inside = result
        steps = [first, *(rest[:-1] if is_list else rest)]
        for step in steps[:-1]:
            below = inside.setdefault(step, {})
            inside = below if isinstance(below, dict) else {}
        inside[steps[-1]] = values if is_list or len(values) > 1 else values[0]
    return result


def form_value(fields: dict[str, list[str]], schema: DocumentNode) -> Json:
    """The object of a form's fields, each as its schema says: a single value of an array is an array of one."""
    value = nested(fields)
    for name, each in value.items():
        types = types_of(_property(schema, name))
        if isinstance(each, str) and "array" in types and "string" not in types:
            value[name] = each.split(",") if each else []
        elif isinstance(each, str) and "object" in types and "string" not in types:
            value[name] = _json_or_text(each)
    return read_as(value, schema)


def _unwrapped(parameter: Parameter, text: str) -> Json:
    """The pieces of an array or an object in a style for paths, headers and cookies."""
    types = types_of(parameter.schema)
    is_array, is_object = "array" in types, "object" in types
    separator = ","
    if parameter.style == "label":
        text = text.removeprefix(".")
        separator = "." if parameter.explode else ","
    elif parameter.style == "matrix":
        pieces = [piece.partition("=") for piece in text.removeprefix(";").split(";")]
        if parameter.explode and is_object:
            return {name: value for name, _, value in pieces}
        if parameter.explode and is_array:
            return [value for _, _, value in pieces]
        text = pieces[0][2]
    members = [piece.strip() for piece in text.split(separator)] if text else []
    if is_array:
        return members
    if is_object and parameter.explode:
        return {name: value for name, _, value in (member.partition("=") for member in members)}
    return _paired(members) if is_object else text


def _paired(pieces: list[str]) -> dict[str, str]:
    """`["R", "100", "G", "200"]` -> `{"R": "100", "G": "200"}`"""
    return dict(zip(pieces[::2], pieces[1::2], strict=False))


def _scalar(text: str, types: Iterable[str]) -> Json:
    if {"number", "integer"} & set(types) and _NUMBER.match(text):
        number = float(text) if set(text) & set(".eE") else int(text)
        return int(number) if isinstance(number, float) and number.is_integer() else number
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    return None if "null" in types and text == "" else text


def _json_or_text(text: str) -> Json:
    try:
        return parse_json(text.encode("utf-8", "replace"))
    except NotJsonError:
        return text


def _read_member(schema: DocumentNode, name: str, value: Json) -> Json:
    return read_as(value, _property(schema, name))


def _composition(schema: DocumentNode) -> Iterator[DocumentNode]:
    """A schema and all that it is composed of."""
    queue, seen = [schema], set()
    while queue:
        part = queue.pop().get()
        if not isinstance(part.value, dict) or part.place in seen:
            continue
        seen.add(part.place)
        yield part
        queue += [each for key in ("allOf", "oneOf", "anyOf") for each in part.get(key).items()]


def _below(schema: DocumentNode, key: str) -> DocumentNode | None:
    return next((part.get(key) for part in _composition(schema) if isinstance(part.value.get(key), dict)), None)


def _properties(schema: DocumentNode) -> set[str]:
    return {name for part in _composition(schema) for name, _ in part.get("properties").members()}


def _property(schema: DocumentNode, name: str) -> DocumentNode:
    for part in _composition(schema):
        if isinstance(part.value.get("properties"), dict) and name in part.value["properties"]:
            return part.get("properties", name)
    return _below(schema, "additionalProperties") or schema.raw("additionalProperties")
