"""Documents and pacts made up from a seed: a shop of many operations, and a consumer that is wrong now and then."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

_FAULTS = 0.2
"""How many interactions have something wrong with them."""
_JSON = {"content-type": "application/json"}


def document(operations: int, seed: int) -> dict[str, Any]:
    """An OpenAPI 3.0 document: for each kind of thing a list, one of them, a new one, a changed one."""
    rng = random.Random(seed)
    schemas = {f"Thing{number}": _thing(rng, number) for number in range(-(-operations // 4))}
    schemas["Base"] = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    paths: dict[str, Any] = {}
    for number in range(operations):
        reference = {"$ref": f"#/components/schemas/Thing{number // 4}"}
        path, method = f"/things{number // 4}", ("get", "get", "post", "put")[number % 4]
        parameters: list[dict[str, Any]] = []
        if number % 4 in {1, 3}:
            path += "/{id}"
            parameters.append({"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}})
        if number % 4 == 0:
            parameters.append({"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}})
            parameters.append({"name": "x-tenant", "in": "header", "required": True, "schema": {"type": "string"}})
        operation: dict[str, Any] = {
            "parameters": parameters,
            "security": [{"bearer": []}] if number % 3 == 0 else [],
            "responses": {
                "200": _response({"type": "array", "items": reference} if number % 4 == 0 else reference),
                "404": _response({"type": "object", "properties": {"title": {"type": "string"}}}),
            },
        }
        if method != "get":
            operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": reference}}}
        paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.0.3",
        "info": {"title": "Product API", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


def pact(described: dict[str, Any], interactions: int, seed: int) -> dict[str, Any]:
    """A pact of specification 3 against such a document."""
    rng = random.Random(seed)
    operations = [(path, method) for path, item in described["paths"].items() for method in item]
    return {
        "consumer": {"name": "Product Site"},
        "provider": {"name": "Product API"},
        "interactions": [
            _interaction(described, *rng.choice(operations), number, rng) for number in range(interactions)
        ],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }


def _thing(rng: random.Random, number: int) -> dict[str, Any]:
    properties = {f"p{index}": _schema(rng, 0, number) for index in range(rng.randint(3, 9))}
    own = {"type": "object", "properties": properties}
    if rng.random() < 0.5:
        return own | {"required": [rng.choice(list(properties))]}
    return {"allOf": [{"$ref": "#/components/schemas/Base"}, own]}


def _schema(rng: random.Random, depth: int, number: int) -> dict[str, Any]:
    kinds: list[Callable[[], dict[str, Any]]] = [
        lambda: {"type": "string"},
        lambda: {"type": "string", "nullable": True},
        lambda: {"type": "string", "format": rng.choice(["date", "date-time", "uuid"])},
        lambda: {"type": "string", "enum": ["new", "used"]},
        lambda: {"type": "integer", "minimum": 0, "maximum": 100},
        lambda: {"type": "number", "minimum": 0, "exclusiveMinimum": True},
        lambda: {"type": "boolean"},
        lambda: {"$ref": f"#/components/schemas/Thing{rng.randrange(number)}"} if number else {"type": "boolean"},
    ]
    if depth < 3:
        kinds += [
            lambda: {"type": "array", "items": _schema(rng, depth + 1, number)},
            lambda: {
                "type": "object",
                "properties": {f"q{index}": _schema(rng, depth + 1, number) for index in range(3)},
            },
            lambda: {"type": "object", "additionalProperties": _schema(rng, depth + 1, number)},
            lambda: {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        ]
    return rng.choice(kinds)()


def _response(schema: dict[str, Any]) -> dict[str, Any]:
    headers = {"x-total": {"schema": {"type": "integer"}}}
    return {"description": "an answer", "headers": headers, "content": {"application/json": {"schema": schema}}}


def _interaction(described: dict[str, Any], path: str, method: str, number: int, rng: random.Random) -> dict[str, Any]:
    operation = described["paths"][path][method]
    status = 404 if rng.random() < 0.1 else 200
    request: dict[str, Any] = {
        "method": method.upper(),
        "path": path.replace("{id}", str(rng.randrange(1000))),
        "headers": {each["name"]: "a" for each in operation["parameters"] if each["in"] == "header"},
    }
    if operation["security"]:
        request["headers"]["authorization"] = "Bearer ***"
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    body = _value(schema, described, rng)
    response = {"status": status, "headers": dict(_JSON), "body": body}
    if "requestBody" in operation:
        request["headers"] |= _JSON
        request["body"] = _value(operation["requestBody"]["content"]["application/json"]["schema"], described, rng)
    interaction = {"description": f"interaction {number}", "request": request, "response": response}
    if rng.random() < _FAULTS:
        rng.choice(_MISTAKES)(interaction, rng)
    return interaction


def _value(schema: dict[str, Any], described: dict[str, Any], rng: random.Random) -> Any:
    if "$ref" in schema:
        return _value(described["components"]["schemas"][schema["$ref"].rpartition("/")[2]], described, rng)
    if "allOf" in schema:
        return {name: each for part in schema["allOf"] for name, each in _value(part, described, rng).items()}
    if "oneOf" in schema:
        return rng.choice(["text", 7])
    match schema["type"]:
        case "object":
            listed = {name: _value(each, described, rng) for name, each in schema.get("properties", {}).items()}
            more = schema.get("additionalProperties")
            return {"key": _value(more, described, rng)} if more else listed
        case "array":
            return [_value(schema["items"], described, rng) for _ in range(rng.randint(0, 2))]
        case "string" if "enum" in schema:
            return rng.choice(schema["enum"])
        case "string":
            return _TEXTS[schema.get("format", "")]
        case "boolean":
            return rng.random() < 0.5
        case _:
            return rng.randint(1, 100)


_TEXTS = {
    "": "text",
    "date": "2024-05-17",
    "date-time": "2024-05-17T12:00:00Z",
    "uuid": "2f1c7a52-6a0e-4f5b-9d3e-8b4c1a7e6d90",
}


def _spoil(value: Any, rng: random.Random) -> Any:
    """A value with one thing in it changed."""
    value = copy.deepcopy(value)
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(list(value))
        if rng.random() < 0.2:
            del value[name]
        else:
            value[name] = _spoil(value[name], rng)
        return value
    if isinstance(value, list) and value:
        value[0] = _spoil(value[0], rng)
        return value
    return rng.choice([None, "other", -1, 1.5, True, [], {"unlisted": 1}])


def _set(interaction: dict[str, Any], side: str, key: str, value: Any) -> None:
    interaction[side][key] = value


_MISTAKES: list[Callable[[dict[str, Any], random.Random], None]] = [
    lambda each, rng: _set(each, "response", "body", _spoil(each["response"]["body"], rng)),
    lambda each, rng: _set(each, "response", "body", _spoil(each["response"]["body"], rng)),
    lambda each, rng: _set(each, "request", "body", _spoil(each["request"].get("body", {}), rng)),
    lambda each, _: _set(each, "response", "status", 500),
    lambda each, _: _set(each, "request", "path", each["request"]["path"] + "/"),
    lambda each, _: _set(each, "request", "method", "PATCH"),
    lambda each, _: _set(each, "request", "headers", {}),
    lambda each, _: _set(each, "request", "query", {"page": ["none"], "unlisted": ["1"]}),
    lambda each, _: each["response"]["headers"].update({"x-powered-by": "us", "etag": "1", "x-total": "many"}),
    lambda each, _: each["request"]["headers"].update({"accept": "text/html", "x-unlisted": "1"}),
    lambda each, _: each["response"]["headers"].update({"content-type": "text/html"}),
]
