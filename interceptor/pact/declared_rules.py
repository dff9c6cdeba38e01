"""What users write about matching -> rules.

A rule is declared by place: `$.items[*].id` (body), `header.<name>`, `query.<name>`, `path`, `status`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from interceptor.pact.date_formats import format_regex
from interceptor.pact.rules import Rule, RulePart, is_addressable
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.place import Place, Side, Wild, find_place, parse_path, spell_path

NAMED_RULES = ("type", "integer", "decimal", "number", "boolean", "uuid", "not_empty", "null", "semver", "equality")
KEYED_RULES = ("regex", "min", "max", "type", "include", "equality", "date", "time", "datetime")
_NEVER: Mapping[str, frozenset[RulePart]] = {
    "type": frozenset({"path"}),
    "not_empty": frozenset({"path"}),
    "null": frozenset({"header", "query", "path"}),
    "each": frozenset({"header", "query", "path"}),
}
"""Where a kind accepts anything or nothing at all."""
STATUS_CLASSES = {
    "info": "info",
    "success": "success",
    "redirect": "redirect",
    "client_error": "clientError",
    "server_error": "serverError",
    "non_error": "nonError",
    "error": "error",
    "1xx": "info",
    "2xx": "success",
    "3xx": "redirect",
    "4xx": "clientError",
    "5xx": "serverError",
}


def check_rules(side: Side, matching: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every complaint about declared rules, as `(place, complaint)`; empty when all is well."""
    complaints = []
    for place, declared in matching.items():
        try:
            list(_parse(side, place, declared))
        except ValueError as error:
            complaints.append((place, str(error)))
    return complaints


def parse_rules(side: Side, matching: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules that a handler declares on one side: `{"$.id": "integer"}` -> `(Rule("body", "$.id", "integer"),)`.

    Raises:
        ValueError: naming the place and what is wrong there.
    """
    rules: list[Rule] = []
    for place, declared in matching.items():
        try:
            rules += _parse(side, place, declared)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from error
    return tuple(rules)


def _parse(side: Side, place: str, declared: Any) -> Iterator[Rule]:
    part, at = _place(side, place)
    if part == "status":
        yield Rule("status", "", "status", _status(declared))
        return
    for below, kind, value in _kinds(declared):
        if part in _NEVER.get(kind, ()):
            raise ValueError(f"{_shown(kind)} says nothing about a {part}; write a regex")
        if below and part != "body":
            raise ValueError(f"a {part} has no elements")
        yield Rule(part, spell_path((*parse_path(at), *below)) if part == "body" else at, kind, value)


def _place(side: Side, place: str) -> tuple[RulePart, str]:
    if place.startswith("$"):
        steps = parse_path(place)
        if Wild.DEEP in steps:
            raise ValueError("no specification knows `..` in a place; name the way with [*]")
        if not is_addressable(steps):
            raise ValueError("a member without a name, or with a ' in it, cannot be addressed in a pact")
        return "body", spell_path(steps)
    match side, find_place(place):
        case _, Place("header", str(name), side=None) if name:
            return "header", name.lower()
        case "request", Place("query", str(name), side=None) if name:
            return "query", name
        case "request", Place("path", side=None):
            return "path", ""
        case "response", Place("status", side=None):
            return "status", ""
    known = {"request": "$..., header.<name>, query.<name> or path", "response": "$..., header.<name> or status"}
    raise ValueError(f'"{place}" is not a place of a {side}; write {known[side].replace("$...", "$.member")}')


def _kinds(declared: Any) -> Iterator[tuple[tuple[Wild, ...], str, Any]]:
    """What is declared as (further steps, kind, value); `{type: integer, min: 1}` is two rules."""
    if isinstance(declared, str):
        if declared not in NAMED_RULES:
            raise ValueError(f'unknown rule "{declared}"{did_you_mean(declared, [*NAMED_RULES, *KEYED_RULES])}')
        yield (), declared, None
        return
    if not isinstance(declared, Mapping) or not declared:
        raise ValueError("a rule is a name or a mapping, for example integer or {regex: '[0-9]+'}")
    if unknown := [key for key in declared if key not in KEYED_RULES]:
        raise ValueError(f'unknown rule "{unknown[0]}"{did_you_mean(str(unknown[0]), list(KEYED_RULES))}')
    if declared.keys() & {"min", "max"}:
        yield from _each(declared)
        return
    if len(declared) > 1:
        raise ValueError(f"one rule at a time; {' and '.join(declared)} cannot be combined")
    ((kind, value),) = declared.items()
    yield (), *_keyed(kind, value)


def _keyed(kind: str, value: Any) -> tuple[str, Any]:
    if kind == "equality":
        return kind, None
    if kind == "type":
        return _element_kind(value), None
    if not isinstance(value, str) or not value:
        raise ValueError(f"{kind} needs a text")
    if kind == "regex":
        _compile(value)
    elif kind != "include":
        format_regex(value)
    return kind, value


def _each(declared: Mapping[str, Any]) -> Iterator[tuple[tuple[Wild, ...], str, Any]]:
    least, most = declared.get("min"), declared.get("max")
    if other := next((key for key in declared if key not in {"min", "max", "type"}), None):
        raise ValueError(f"min and max are about arrays; {other} cannot stand beside them")
    for number in (least, most):
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 0):
            raise ValueError("min and max are whole numbers, 0 or more")
    if least is not None and most is not None and least > most:
        raise ValueError("min is greater than max")
    yield (), "each", (least, most)
    if "type" in declared and (kind := _element_kind(declared["type"])) != "type":
        yield (Wild.EACH,), kind, None


def _element_kind(value: Any) -> str:
    if value is True:
        return "type"
    if not isinstance(value, str) or value not in NAMED_RULES:
        raise ValueError(f'"{value}" is not a type{did_you_mean(str(value), list(NAMED_RULES))}')
    return value


def _status(declared: Any) -> Any:
    if isinstance(declared, Mapping) and list(declared) == ["status"]:
        declared = declared["status"]
    if isinstance(declared, str) and declared.lower() in STATUS_CLASSES:
        return STATUS_CLASSES[declared.lower()]
    codes = declared if isinstance(declared, list) else [declared]
    if codes and all(isinstance(code, int) and not isinstance(code, bool) and 100 <= code <= 599 for code in codes):
        return tuple(codes)
    raise ValueError(f"a status is {', '.join(STATUS_CLASSES)} or a list of codes")


def _compile(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f'"{pattern}" is not a regular expression: {error}') from error


def _shown(kind: str) -> str:
    return "min or max" if kind == "each" else kind
