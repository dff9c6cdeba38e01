"""Pacts made up from a seed against a document of `bench.documents`: a consumer that is wrong now and then."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from bench.documents import BASE, JSON, PATTERNS, Schema

_FAULTS = 0.3
"""How many interactions have something wrong with them."""
_SPECIFICATIONS = ("3.0.0", "2.0.0", "4.0", "1.0.0")
_ANYTHING = [None, "other", "", -1, 1.5, 7, True, [], [1, 1], {}, {"unlisted": 1}, "2024-05-17", "bad"]
_TEXTS = {
    "date": "2024-05-17",
    "date-time": "2024-05-17T12:00:00Z",
    "uuid": "2f1c7a52-6a0e-4f5b-9d3e-8b4c1a7e6d90",
    "email": "someone@example.com",
    "uri": "https://example.com/a",
    "ipv4": "192.0.2.1",
}
_DEEPEST = 6


def pact(described: Schema, interactions: int, seed: int) -> Schema:
    """A pact of one of the specifications."""
    consumer = _Consumer(described, random.Random(seed))
    version = _SPECIFICATIONS[seed % len(_SPECIFICATIONS)]
    made = [consumer.interaction(number) for number in range(interactions)]
    return {
        "consumer": {"name": "Product Site"},
        "provider": {"name": "Product API"},
        "interactions": [_written(each, version) for each in made],
        "metadata": {"pactSpecification": {"version": version}},
    }


class _Consumer:
    def __init__(self, described: Schema, rng: random.Random) -> None:
        self._rng = rng
        self._is_swagger = "swagger" in described
        self._schemas = described["definitions"] if self._is_swagger else described["components"]["schemas"]
        self._operations = [
            (path, method, operation) for path, item in described["paths"].items() for method, operation in item.items()
        ]

    def interaction(self, number: int) -> Schema:
        rng = self._rng
        path, method, operation = rng.choice(self._operations)
        status = rng.choice([key for key in operation["responses"] if key != "default"])
        request: Schema = {"method": method.upper(), "path": path, "query": {}, "headers": {}}
        for each in operation["parameters"]:
            self._send(each, request)
        if self._is_swagger:
            request["path"] = BASE + request["path"]
        for name in next(iter(operation["security"]), {}):
            _authorize(name, request)
        response = {"status": int(status.replace("XX", "02")), "headers": {}}
        interaction = {"description": f"interaction {number}", "request": request, "response": response}
        self._fill(operation, operation["responses"][status], request, response)
        if rng.random() < _FAULTS:
            rng.choice(_MISTAKES)(interaction, rng)
        return interaction

    def _send(self, parameter: Schema, request: Schema) -> None:
        schema, name = parameter.get("schema", parameter), parameter["name"]
        if parameter["in"] not in {"path", "query", "header"}:
            return
        if parameter["in"] != "path" and not parameter.get("required") and self._rng.random() < 0.5:
            return
        value = self._value(schema, 0)
        if self._rng.random() < 0.1:
            value = self._rng.choice(["other", "-1", "0", "true"])
        match parameter["in"], value:
            case "path", _:
                request["path"] = request["path"].replace(f"{{{name}}}", _text(value) or "none")
            case "header", _:
                request["headers"][name.lower()] = _text(value)
            case _, dict():
                request["query"] |= {f"{name}[{key}]": [_text(member)] for key, member in value.items()}
            case _, list():
                texts = [_text(element) for element in value] or ["1"]
                is_one = parameter.get("explode") is False or parameter.get("collectionFormat") == "csv"
                request["query"][name] = [",".join(texts)] if is_one else texts
            case _:
                request["query"][name] = [_text(value)]

    def _fill(self, operation: Schema, answer: Schema, request: Schema, response: Schema) -> None:
        """The bodies, and the headers that go with them."""
        taken = operation.get("requestBody") or next((e for e in operation["parameters"] if e["in"] == "body"), None)
        if taken is not None:
            schema = taken["content"][JSON]["schema"] if "content" in taken else taken["schema"]
            request["headers"]["content-type"] = JSON
            request["body"] = self._value(schema, 0)
        if self._rng.random() < 0.3:
            request["headers"]["accept"] = self._rng.choice([JSON, "*/*", "application/*", f"text/html, {JSON};q=0.9"])
        schema = answer["content"][JSON]["schema"] if "content" in answer else answer.get("schema")
        if schema is not None:
            response["headers"]["content-type"] = self._rng.choice([JSON, f"{JSON}; charset=utf-8"])
            response["body"] = self._value(schema, 0)

    def _value(self, schema: Schema, depth: int) -> Any:
        rng = self._rng
        if "$ref" in schema:
            return self._value(self._schemas[schema["$ref"].rpartition("/")[2]], depth)
        if "allOf" in schema:
            parts = [self._value(each, depth) for each in schema["allOf"] if "type" in each or "$ref" in each]
            merged = {name: each for part in parts if isinstance(part, dict) for name, each in part.items()}
            return merged or parts[0]
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return self._value(rng.choice(schema[key]), depth)
        if "const" in schema or "enum" in schema:
            return rng.choice(schema.get("enum", [schema.get("const")]))
        kind = schema["type"]
        kind = rng.choice(kind) if isinstance(kind, list) else kind
        if kind == "null" or (schema.get("nullable") and rng.random() < 0.3):
            return None
        return self._of_type(kind, schema, depth)

    def _of_type(self, kind: str, schema: Schema, depth: int) -> Any:
        rng = self._rng
        match kind:
            case "object":
                listed = schema.get("properties", {}).items() if depth < _DEEPEST else ()
                made = {name: self._value(each, depth + 1) for name, each in listed if rng.random() < 0.9}
                more = schema.get("additionalProperties")
                return made | ({"key": self._value(more, depth + 1)} if isinstance(more, dict) else {})
            case "array" if depth >= _DEEPEST:
                return []
            case "array" if "contains" in schema:
                return [1, "other"]
            case "array":
                return [self._value(schema["items"], depth + 1) for _ in range(rng.randint(0, 2))]
            case "string" if "pattern" in schema:
                return PATTERNS[schema["pattern"]]
            case "string":
                return _TEXTS.get(schema.get("format", ""), "text")
            case "boolean":
                return rng.random() < 0.5
            case "integer":
                return rng.randint(1, 20) * 5
            case _:
                return rng.choice([1, 2.5, 40])


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _authorize(name: str, request: Schema) -> None:
    match name:
        case "bearer" | "login":
            request["headers"]["authorization"] = "Bearer ***"
        case "basic":
            request["headers"]["authorization"] = "Basic ***"
        case "header":
            request["headers"]["x-key"] = "***"
        case "query":
            request["query"]["key"] = ["***"]


def _spoil(value: Any, rng: random.Random) -> Any:
    """A value with one thing in it changed."""
    value = copy.deepcopy(value)
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(list(value))
        match rng.randrange(6):
            case 0:
                del value[name]
            case 1:
                value["unlisted"] = rng.choice(_ANYTHING)
            case _:
                value[name] = _spoil(value[name], rng)
        return value
    if isinstance(value, list) and value and rng.random() < 0.9:
        value[0] = _spoil(value[0], rng)
        return value
    return rng.choice(_ANYTHING)


def _set(interaction: Schema, side: str, key: str, value: Any) -> None:
    interaction[side][key] = value


_MISTAKES: list[Callable[[Schema, random.Random], None]] = [
    *[lambda each, rng: _set(each, "response", "body", _spoil(each["response"].get("body"), rng))] * 4,
    *[lambda each, rng: _set(each, "request", "body", _spoil(each["request"].get("body", {}), rng))] * 3,
    lambda each, _: each["request"].pop("body", None),
    lambda each, rng: _set(each, "response", "status", rng.choice([201, 204, 302, 400, 404, 500])),
    lambda each, _: _set(each, "request", "path", each["request"]["path"] + "/"),
    lambda each, _: _set(each, "request", "path", each["request"]["path"].upper()),
    lambda each, _: _set(each, "request", "method", "DELETE"),
    lambda each, _: _set(each, "request", "headers", {}),
    lambda each, _: _set(each, "request", "query", {}),
    lambda each, rng: each["request"]["query"].update(
        {rng.choice(["page", "size", "sort", "all", "since", "ids", "tags", "unlisted"]): [rng.choice(["none", "2"])]}
    ),
    lambda each, rng: each["request"]["headers"].update({"x-tenant": rng.choice(["", "a", "ab"]), "x-limit": "many"}),
    lambda each, _: each["request"]["headers"].update({"x-unlisted": "1", "user-agent": "us"}),
    lambda each, rng: each["request"]["headers"].update({"authorization": rng.choice(["***", "Basic a", "bearer b"])}),
    lambda each, rng: each["request"]["headers"].update(
        {"accept": rng.choice(["text/html", "application/xml", "text/plain", "application/vnd.thing+json"])}
    ),
    lambda each, rng: each["request"]["headers"].update(
        {"content-type": rng.choice(["text/html", "text/plain", "application/merge-patch+json", "Application/JSON"])}
    ),
    lambda each, _: each["response"]["headers"].update({"x-powered-by": "us", "etag": "1"}),
    lambda each, rng: each["response"]["headers"].update({"x-total": rng.choice(["many", "12"]), "location": "/"}),
    lambda each, rng: each["response"]["headers"].update(
        {"content-type": rng.choice(["text/html", "application/problem+json", "Application/JSON"])}
    ),
]


def _written(interaction: Schema, version: str) -> Schema:
    """An interaction in the form of a specification."""
    request, response = interaction["request"], interaction["response"]
    if not request["query"]:
        del request["query"]
    elif version in {"1.0.0", "2.0.0"}:
        request["query"] = urlencode(request["query"], doseq=True)
    if version != "4.0":
        return interaction
    for side in (request, response):
        side["headers"] = {name: [value] for name, value in side["headers"].items()}
        if "body" in side:
            kind = side["headers"].get("content-type", [JSON])[0]
            side["body"] = {"content": side["body"], "contentType": kind, "encoded": False}
    return {"type": "Synchronous/HTTP", **interaction}
