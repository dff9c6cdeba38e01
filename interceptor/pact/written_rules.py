"""Rules -> JSON, in the words of each specification.

Where a specification does not know a kind, a regular expression or `type` says as much of it as can be said, so that
no pact carries a rule newer than itself.
"""

from __future__ import annotations

from collections.abc import Callable

from interceptor.pact.date_formats import format_regex
from interceptor.pact.rules import KINDS, Rule, escape
from interceptor.values.json_text import Json

_MATCH = {"not_empty": "notEmpty"}


def written(rule: Rule, specification: int, example: Callable[[Rule], Json]) -> dict[str, Json] | None:
    """The JSON of a rule in a specification, or None where that specification cannot say it.

    Args:
        rule: what is to be said.
        specification: 2, 3 or 4.
        example: gives the recorded value at the place of a rule; it decides what a newer rule becomes in an older
            specification.
    """
    kind = KINDS[rule.kind]
    if kind.since is not None and kind.since <= specification and rule.part in kind.parts:
        return _native(rule, specification)
    return _substitute(rule, example(rule))


def _native(rule: Rule, specification: int) -> dict[str, Json]:
    match rule.kind:
        case "each":
            least, most = rule.value
            limits = {"min": least, "max": most}
            return {"match": "type"} | {key: value for key, value in limits.items() if value is not None}
        case "regex":
            return {"match": "regex", "regex": rule.value}
        case "include":
            return {"match": "include", "value": rule.value}
        case "datetime" if specification == 3:
            return {"match": "timestamp", "format": rule.value}
        case "date" | "time" | "datetime":
            return {"match": rule.kind, "format": rule.value}
        case "status":
            value = list(rule.value) if isinstance(rule.value, tuple) else rule.value
            return {"match": "statusCode", "status": value}
    return {"match": _MATCH.get(rule.kind, rule.kind)}


def _substitute(rule: Rule, example: Json) -> dict[str, Json] | None:
    """The nearest thing that specification 2 can say: a regular expression for text, else `type`."""
    if rule.kind == "not_empty" and isinstance(example, list):
        return {"match": "type", "min": 1}
    if rule.part == "body" and isinstance(example, int | float):
        return {"match": "type"} if rule.kind in {"integer", "decimal", "number", "boolean"} else None
    match rule.kind:
        case "include":
            return _regex(rf"[\s\S]*{escape(rule.value)}[\s\S]*")
        case "equality" if isinstance(example, str):
            return _regex(escape(example))
        case "date" | "time" | "datetime":
            return _regex(format_regex(rule.value))
    pattern = KINDS[rule.kind].regex
    return None if pattern is None else _regex(pattern)


def _regex(pattern: str) -> dict[str, Json]:
    return {"match": "regex", "regex": pattern}
