"""What one schema of OpenAPI asserts by itself, in the keywords of JSON Schema 2020-12."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jsonschema_rs

from interceptor.openapi.document import DocumentNode, DocumentPlace
from interceptor.values.json_text import Json

_TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
_AS_IT_IS = (
    *("enum", "const", "multipleOf", "maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"),
    *("maxLength", "minLength", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains"),
    *("maxProperties", "minProperties", "format"),
)
_UNKNOWN_TO_THE_BROKER = {"iri", "iri-reference", "idn-email", "idn-hostname"}
_INTEGERS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


def assertions(node: DocumentNode, unusable: dict[DocumentPlace, str]) -> dict[str, Json]:
    """The keywords that hold no schemas, exclusive bounds and types in their new form.

    Args:
        node: a schema that is an object.
        unusable: is told what is no JSON Schema, by its place.
    """
    schema = node.value
    result = {key: schema[key] for key in _AS_IT_IS if key in schema} | _bounds(schema)
    for key in [key for key in result if result[key] is None and key not in {"enum", "const"}]:
        del result[key]
    if "type" in schema:
        types = [each for each in listed(schema["type"]) if isinstance(each, str) and each in _TYPES]
        if len(types) < len(listed(schema["type"])) and schema["type"] != "file":
            unusable[node.place.below("type")] = f"names no type of JSON Schema: {schema['type']!r}"
        types += ["null"] if types and is_nullable(schema) else []
        if types:
            result["type"] = types[0] if len(types) == 1 else list(dict.fromkeys(types))
    if "pattern" in schema:
        if isinstance(schema["pattern"], str) and _is_pattern(schema["pattern"]):
            result["pattern"] = schema["pattern"]
        else:
            unusable[node.place.below("pattern")] = f"is no regular expression: {schema['pattern']!r}"
    return result | _of_format(schema)


def as_the_broker_has_it(part: DocumentNode, parts: Sequence[DocumentNode], own: dict[str, Json]) -> dict[str, Json]:
    """What is left of a part's assertions where the broker's comparison merges it with others.

    Keywords of later parts replace those of earlier ones, lists are laid over each other, and some formats are unknown.
    """
    later = [assertions(each, {}) for each in parts[parts.index(part) + 1 :]]
    left = {key: value for key, value in own.items() if not any(key in each for each in later)}
    if "enum" in left:
        left["enum"] = laid_over([listed(each.value.get("enum")) for each in parts])
    if left.get("format") in _UNKNOWN_TO_THE_BROKER:
        del left["format"]
    return left


def laid_over(lists: Sequence[list[Any]]) -> list[Any]:
    """`[["a", "b"], ["c"]]` -> `["c", "b"]`"""
    found: list[Any] = []
    for values in lists:
        found[: len(values)] = values
    return found


def is_nullable(schema: dict[str, Any]) -> bool:
    """Whether a schema allows null beside its type, in the words of OpenAPI 3.0 or of Swagger's extension."""
    return schema.get("nullable") is True or schema.get("x-nullable") is True


def listed(value: Any) -> list[Any]:
    """A list as it is, one value as a list, None as nothing."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _bounds(schema: dict[str, Any]) -> dict[str, Json]:
    """`maximum: 5, exclusiveMaximum: true` -> `exclusiveMaximum: 5`; None takes a keyword away."""
    changed: dict[str, Json] = {}
    for bound in ("maximum", "minimum"):
        exclusive = f"exclusive{bound.capitalize()}"
        if schema.get(exclusive) is True and bound in schema:
            changed |= {exclusive: schema[bound], bound: None}
        elif isinstance(schema.get(exclusive), bool):
            changed[exclusive] = None
    return changed


def _of_format(schema: dict[str, Any]) -> dict[str, Json]:
    """What the formats of OpenAPI mean that JSON Schema does not have."""
    if schema.get("format") == "url":
        return {"format": "uri"}
    bounds = _INTEGERS.get(str(schema.get("format")))
    if bounds is None:
        return {}
    whole = {} if "integer" in listed(schema.get("type")) else {"multipleOf": 1}
    return {"allOf": [{"minimum": bounds[0], "maximum": bounds[1], **whole}]}


def _is_pattern(text: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": text})
    except ValueError:
        return False
    return True
