"""Matchers as JSON Schema: what may stand wherever a handler compares a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from interceptor.handlers.request_part import TYPES

Schema: TypeAlias = dict[str, Any]


def ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_PLAIN_NAME = r"^(\$\$|[^$]|$)"
"""A name, not an operator; `$$ref` is the name `$ref`."""
_NAMED_VALUES: Schema = {
    "type": "object",
    "properties": {"$exact": {"$ref": "#/$defs/Names", "description": "These and no others."}},
    "patternProperties": {_PLAIN_NAME: ref("ValueMatcher")},
    "additionalProperties": False,
}
_DURATION: Schema = {"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h|d|w)$", "examples": ["5m"]}
XML_PART: Schema = {
    "type": "object",
    "properties": {
        "equal": {"type": "string", "description": "A document; space around text and prefixes do not count."},
        "namespaces": {
            "type": "object",
            "additionalProperties": {"type": "string", "minLength": 1},
            "description": "URIs by the prefixes that the XPaths use.",
        },
    },
    "additionalProperties": ref("ValueMatcher"),
    "minProperties": 1,
}
FILE_PART: Schema = {
    "type": "object",
    "properties": {
        "filename": {**ref("JsonMatcher"), "description": "The file's name."},
        "content_type": {**ref("JsonMatcher"), "description": "The part's content type, without parameters."},
        "size": {**ref("JsonMatcher"), "description": "In bytes."},
        "text": {**ref("JsonMatcher"), "description": "The content as text."},
    },
    "additionalProperties": False,
}
FILE_PARTS: Schema = {"type": "array", "minItems": 1, "items": {"anyOf": [ref("ValueMatcher"), FILE_PART]}}


def _operators(matcher: str, types: Sequence[str]) -> dict[str, Schema]:
    """The operators; those that hold matchers hold matchers of the same sort."""
    nested, bound = ref(matcher), {"type": ["number", "string"]}
    return {
        "$regex": {"type": "string", "format": "regex", "description": "Text in which the expression is found."},
        "$contains": {**nested, "description": "Text that holds this text, or a list with an element that matches."},
        "$one_of": {"type": "array", "minItems": 1, "description": "Equal to one of these."},
        "$any_of": {
            "type": "array",
            "items": nested,
            "minItems": 1,
            "description": "A value that one of these matches.",
        },
        "$not": {**nested, "description": "A value that this does not match."},
        "$type": {"enum": list(types), "description": "A value of this type."},
        "$lt": {**bound, "description": "Less than."},
        "$lte": {**bound, "description": "Less than, or equal to."},
        "$gt": {**bound, "description": "Greater than."},
        "$gte": {**bound, "description": "Greater than, or equal to."},
        "$any": {"const": True, "description": "Present, with any value."},
        "$absent": {"const": True, "description": "Absent."},
        **_further_operators(matcher),
    }


def _further_operators(matcher: str) -> dict[str, Schema]:
    nested, bound = ref(matcher), {"type": ["number", "string"]}
    return {
        "$all_of": {"type": "array", "items": nested, "minItems": 1, "description": "What all of these match."},
        "$length": {
            "anyOf": [{"type": "integer", "minimum": 0}, {**ref("JsonMatcher"), "type": "object"}],
            "description": "How long a text, an array or an object is.",
        },
        "$each": {**nested, "description": "Every element matches."},
        "$unordered": {"type": "array", "items": nested, "description": "These elements, in any order."},
        "$schema": {"type": ["object", "boolean"], "description": "A JSON Schema, or {file: a path}."},
        "$before": {**bound, "description": "Before now, now+8h or a time.", "examples": ["now"]},
        "$after": {**bound, "description": "After now, now-1h or a time.", "examples": ["now-1h"]},
        "$within": {
            "anyOf": [
                _DURATION,
                {
                    "type": "object",
                    "properties": {"of": bound, "by": _DURATION},
                    "required": ["by"],
                    "additionalProperties": False,
                },
            ],
            "description": "As near to now, or to the time under `of`.",
        },
        "$basic": {
            "type": "object",
            "properties": {
                "user": {**ref("ValueMatcher"), "description": "The user's name."},
                "password": {**ref("ValueMatcher"), "description": "The password."},
            },
            "additionalProperties": False,
            "minProperties": 1,
            "description": "The credentials of an authorization header.",
        },
        "$accepts": {
            "type": "string",
            "examples": ["application/json", "de"],
            "description": "What an accept header takes, by its q-values.",
        },
    }


MATCHERS: dict[str, Schema] = {
    "Names": _NAMED_VALUES,
    "ValueMatcher": {
        "description": "A text must be equal; a list means exactly these repeated values.",
        "anyOf": [
            SCALAR,
            {"type": "array", "items": ref("ValueMatcher")},
            {
                "type": "object",
                "properties": _operators("ValueMatcher", TYPES[:4]),
                "additionalProperties": False,
                "minProperties": 1,
            },
        ],
    },
    "JsonMatcher": {
        "description": "A deep subset: objects may have more members, arrays must have the same length.",
        "anyOf": [
            SCALAR,
            {"type": "array", "items": ref("JsonMatcher")},
            {
                "type": "object",
                "properties": {
                    "$exact": {**ref("JsonMatcher"), "description": "This, and nothing more."},
                    **_operators("JsonMatcher", TYPES),
                    "$path": {
                        "type": "object",
                        "propertyNames": {"pattern": r"^\$"},
                        "additionalProperties": ref("JsonMatcher"),
                        "minProperties": 1,
                        "examples": [{"$..sku": "lamp"}],
                        "description": "What JSONPaths lead to.",
                    },
                },
                "patternProperties": {_PLAIN_NAME: ref("JsonMatcher")},
                "additionalProperties": False,
                "anyOf": [
                    {"propertyNames": {"pattern": _PLAIN_NAME}},
                    {"propertyNames": {"pattern": r"^\$[^$]", "not": {"const": "$exact"}}},
                    {"required": ["$exact"], "maxProperties": 1},
                ],
            },
        ],
    },
}
