"""OpenAPI documents made up from a seed: 3.0, 3.1 and Swagger 2.0 in turn, with something of all that they can say."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

VERSIONS = ("3.0.3", "3.1.0", "2.0")
BASE = "/api"
"""The base path of Swagger 2.0."""
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
SCHEMAS = "#/components/schemas/"
PATTERNS = {"^[a-z]+-[0-9]{2}$": "abc-12", "^a": "abc"}
"""With a text that fits each."""
_SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "login": {"type": "oauth2", "flows": {}},
}
_REQUIREMENTS: list[list[Schema]] = [
    [],
    [{"bearer": []}],
    [{"basic": []}, {"header": []}],
    [{"query": []}],
    [{"header": []}, {}],
    [{"login": ["read"]}],
]
_PATHS: list[tuple[str, list[Schema]]] = [
    ("", []),
    ("/{id}", [{"id": {"type": "integer", "minimum": 1}}]),
    ("/{key}/parts", [{"key": {"type": "string", "format": "uuid"}}]),
    ("/{kind}/{id}.json", [{"kind": {"type": "string", "enum": ["new", "used"]}}, {"id": {"type": "integer"}}]),
    ("/new", []),
]


def document(operations: int, seed: int) -> Schema:
    """For each kind of thing its paths, each with two methods."""
    rng = random.Random(seed)
    version = VERSIONS[seed % len(VERSIONS)]
    maker = _Maker(rng, version, -(-operations // 10))
    paths = {
        f"/things{thing}{path}": {
            method: maker.operation(thing, method, dict(each for part in parameters for each in part.items()))
            for method in ("get", rng.choice(["post", "put", "patch"]))
        }
        for thing in range(maker.things)
        for path, parameters in _PATHS
    }
    written = {
        "openapi": version,
        "info": {"title": "Product API", "version": "1"},
        "paths": paths,
        "components": {"schemas": maker.schemas(), "securitySchemes": _SECURITY},
    }
    return _as_swagger(written) if version == "2.0" else written


class _Maker:
    def __init__(self, rng: random.Random, version: str, things: int) -> None:
        self.things = things
        self._rng = rng
        self._is_new = version == "3.1.0"

    def schemas(self) -> Schema:
        made: Schema = {f"Thing{number}": self._thing(number) for number in range(self.things)}
        made["Base"] = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
        made["Tree"] = {
            "type": "object",
            "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": _reference("Tree")}},
        }
        for name in ("Cat", "Dog"):
            made[name] = {
                "type": "object",
                "required": ["kind"],
                "properties": {"kind": {"type": "string", "enum": [name.lower()]}, name: self._schema(2, 0)},
            }
        made["Pet"] = {
            "oneOf": [_reference("Cat"), _reference("Dog")],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"cat": f"{SCHEMAS}Cat", "dog": f"{SCHEMAS}Dog"},
            },
        }
        return made

    def operation(self, thing: int, method: str, in_path: Schema) -> Schema:
        rng, reference = self._rng, _reference(f"Thing{thing}")
        parameters = [_parameter(name, "path", schema, required=True) for name, schema in in_path.items()]
        parameters += self._parameters()
        types = [JSON, *rng.choice([[], [], ["text/plain"], ["application/xml"], ["application/vnd.thing+json"]])]
        responses: Schema = {
            rng.choice(["200", "200", "2XX"]): self._response(
                rng.choice([reference, {"type": "array", "items": reference}]), types
            ),
            "404": self._response({"type": "object", "properties": {"title": {"type": "string"}}}, types[:1]),
        }
        if rng.random() < 0.3:
            responses["204"] = {"description": "nothing"}
        if rng.random() < 0.3:
            responses["default"] = self._response(reference, types[:1])
        made: Schema = {"parameters": parameters, "responses": responses, "security": rng.choice(_REQUIREMENTS)}
        if method != "get":
            made["requestBody"] = {
                "required": rng.random() < 0.7,
                "content": {each: {"schema": reference} for each in rng.choice([[JSON], [JSON], [*types]])},
            }
        return made

    def _parameters(self) -> list[Schema]:
        rng, numbers = self._rng, {"type": "array", "items": {"type": "integer"}}
        kinds = [
            _parameter("page", "query", {"type": "integer", "minimum": 1}),
            _parameter("size", "query", {"type": "number", "maximum": 100}, required=True),
            _parameter("sort", "query", {"type": "string", "enum": ["up", "down"]}),
            _parameter("all", "query", {"type": "boolean"}),
            _parameter("since", "query", {"type": "string", "format": "date"}),
            _parameter("ids", "query", numbers),
            _parameter("tags", "query", {"type": "array", "items": {"type": "string"}, "maxItems": 2}, explode=False),
            _parameter("filter", "query", _object({"age": {"type": "integer"}}), style="deepObject", explode=True),
            _parameter("X-Tenant", "header", {"type": "string", "minLength": 2}, required=True),
            _parameter("x-trace", "header", {"type": "string", "format": "uuid"}),
            _parameter("x-limit", "header", {"type": "integer"}),
        ]
        return rng.sample(kinds, rng.randint(0, 4))

    def _response(self, schema: Schema, types: list[str]) -> Schema:
        headers = {"x-total": {"schema": {"type": "integer"}}, "Location": {"schema": {"type": "string"}}}
        return {
            "description": "an answer",
            "headers": headers if self._rng.random() < 0.5 else {},
            "content": {each: {"schema": schema} for each in types},
        }

    def _thing(self, number: int) -> Schema:
        properties = {f"p{index}": self._schema(0, number) for index in range(self._rng.randint(3, 9))}
        own = _object(properties)
        match self._rng.randrange(5):
            case 0:
                return own | {"required": [self._rng.choice(list(properties))]}
            case 1:
                return {"allOf": [_reference("Base"), own]}
            case 2:
                return own | {"additionalProperties": self._rng.choice([True, False, {"type": "string"}])}
            case 3:
                return own | {"minProperties": 1, "maxProperties": 8}
            case _:
                return own

    def _schema(self, depth: int, number: int) -> Schema:
        """A schema that may refer to the things before `number`."""
        rng = self._rng
        named = [*(f"Thing{each}" for each in range(number)), "Tree", "Pet"] if depth < 2 else ["Tree"]
        kinds: list[Callable[[], Schema]] = [
            lambda: {"type": "string"},
            lambda: {"type": "string", "minLength": 2, "maxLength": 5},
            lambda: {"type": "string", "pattern": rng.choice(list(PATTERNS))},
            lambda: {"type": "string", "format": rng.choice(["date", "date-time", "uuid", "email", "uri", "ipv4"])},
            lambda: {"type": "string", "enum": ["new", "used"]},
            lambda: {"type": "string", "enum": ["new", None]} | {"nullable": True},
            lambda: {"type": "integer", "minimum": 0, "maximum": 100},
            lambda: {"type": "integer", "multipleOf": 5},
            lambda: {"type": "integer", "format": rng.choice(["int32", "int64"])},
            lambda: {"type": "number", "format": rng.choice(["float", "double"])},
            self._above_nothing,
            lambda: {"type": "boolean"},
            self._nullable,
            lambda: _reference(rng.choice(named)),
        ]
        if depth < 3:
            kinds += [
                lambda: {"type": "array", "items": self._schema(depth + 1, number)},
                lambda: {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
                lambda: {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
                lambda: _object({f"q{index}": self._schema(depth + 1, number) for index in range(3)}),
                lambda: {"type": "object", "additionalProperties": self._schema(depth + 1, number)},
                lambda: {"type": "object"},
                lambda: {"oneOf": [{"type": "string"}, {"type": "integer"}]},
                lambda: {"anyOf": [_object({"a": {"type": "string"}}), _object({"b": {"type": "integer"}})]},
                lambda: {"type": "string", "not": {"enum": ["bad"]}},
                lambda: {"allOf": [{"type": "integer"}, {"maximum": 50}]},
            ]
            kinds += _NEW if self._is_new else []
        return rng.choice(kinds)()

    def _nullable(self) -> Schema:
        return {"type": ["string", "null"]} if self._is_new else {"type": "string", "nullable": True}

    def _above_nothing(self) -> Schema:
        if self._is_new:
            return {"type": "number", "exclusiveMinimum": 0}
        return {"type": "number", "minimum": 0, "exclusiveMinimum": True}


def _reference(name: str) -> Schema:
    return {"$ref": f"{SCHEMAS}{name}"}


def _object(properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _parameter(name: str, where: str, schema: Schema, **more: Any) -> Schema:
    return {"name": name, "in": where, "schema": schema, **more}


_NEW: list[Callable[[], Schema]] = [
    lambda: {"const": "fixed"},
    lambda: {"type": ["integer", "string"]},
    lambda: {"type": "object", "patternProperties": {"^x-": {"type": "integer"}}},
    lambda: {"type": "array", "contains": {"const": 1}},
    lambda: {"type": "object", "propertyNames": {"maxLength": 4}, "additionalProperties": {"type": "integer"}},
    lambda: {"type": "null"},
]
"""What only the JSON Schema of OpenAPI 3.1 says."""


def _as_swagger(written: Schema) -> Schema:
    """The same in the words of Swagger 2.0, as far as it has them."""
    text = json.dumps(written).replace(SCHEMAS, "#/definitions/")
    document: dict[str, Any] = json.loads(text)
    for item in document["paths"].values():
        for operation in item.values():
            _write_operation(operation)
    return {
        "swagger": "2.0",
        "info": document["info"],
        "basePath": BASE,
        "paths": document["paths"],
        "definitions": document["components"]["schemas"],
        "securityDefinitions": {
            name: scheme if scheme["type"] == "apiKey" else {"type": "basic"}
            for name, scheme in document["components"]["securitySchemes"].items()
        },
    }


def _write_operation(operation: Schema) -> None:
    parameters = [_inline(each) for each in operation["parameters"] if each.get("style") != "deepObject"]
    body = operation.pop("requestBody", None)
    if body is not None:
        operation["consumes"] = list(body["content"])
        schema = body["content"][JSON]["schema"]
        parameters.append({"name": "body", "in": "body", "required": body["required"], "schema": schema})
    operation["parameters"] = parameters
    operation["produces"] = [JSON]
    operation["responses"] = {key.replace("2XX", "200"): each for key, each in operation["responses"].items()}
    for response in operation["responses"].values():
        if "content" in response:
            response["schema"] = response.pop("content")[JSON]["schema"]
            response["headers"] = {name: each["schema"] for name, each in response["headers"].items()}


def _inline(parameter: Schema) -> Schema:
    schema: Schema = parameter.pop("schema")
    if schema["type"] == "array":
        parameter["collectionFormat"] = "multi" if parameter.pop("explode", True) else "csv"
    return parameter | schema
