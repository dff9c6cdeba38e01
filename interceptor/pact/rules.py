"""Matching rules, neutral of any specification: what a user may declare, and what each specification can say.

A rule is declared by place: `$.items[*].id` (body), `header.<name>`, `query.<name>`, `path`, `status`. The table
`KINDS` says since which specification a kind exists and in which parts of a message it works; where it does not,
a regular expression or `type` says as much of it as can be said, so that no pact carries a rule newer than itself.
The specifications: https://github.com/pact-foundation/pact-specification (version-2, version-3, version-4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.json_text import Json
from interceptor.values.place import Place, Side, Step, Wild, find, find_place, parse_path, spell_path

RulePart: TypeAlias = Literal["body", "header", "query", "path", "status"]

UUID_REGEX = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_SEMVER_REGEX = r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"


@dataclass(frozen=True, slots=True)
class Rule:
    """One matching rule at one place.

    `at` is a canonical body path, a header's name in lower case, a query parameter's name, or empty for path and
    status. `value` is what the kind needs: a pattern, a format, a text, `(min, max)`, a class of status codes.
    """

    part: RulePart
    at: str
    kind: str
    value: Any = None

    @property
    def place(self) -> str:
        """The place as it is written in a handler: `$.id`, `header.location`, `path`."""
        return self.at if self.part == "body" else str(Place(self.part, self.at or None))


@dataclass(frozen=True, slots=True)
class RuleKind:
    """A row of the table: since which specification, in which parts, and the same thing as a regular expression."""

    since: int | None
    parts: frozenset[RulePart]
    regex: str | None = None


_TEXTS: frozenset[RulePart] = frozenset({"body", "header", "query"})
_BODY: frozenset[RulePart] = frozenset({"body"})

KINDS: Mapping[str, RuleKind] = {
    "type": RuleKind(2, _TEXTS),
    "regex": RuleKind(2, _TEXTS | {"path"}),
    "each": RuleKind(2, _BODY),
    "integer": RuleKind(3, _TEXTS, r"-?\d+"),
    "decimal": RuleKind(3, _TEXTS, r"-?\d+(\.\d+)?"),
    "number": RuleKind(3, _TEXTS, r"-?\d+(\.\d+)?([eE][+-]?\d+)?"),
    "boolean": RuleKind(3, _TEXTS, "true|false"),
    "null": RuleKind(3, _BODY),
    "include": RuleKind(3, _TEXTS | {"path"}),
    "equality": RuleKind(3, _TEXTS | {"path"}),
    "date": RuleKind(3, _TEXTS),
    "time": RuleKind(3, _TEXTS),
    "datetime": RuleKind(3, _TEXTS),
    "not_empty": RuleKind(4, _TEXTS, r"[\s\S]+"),
    "semver": RuleKind(4, _TEXTS, _SEMVER_REGEX),
    "status": RuleKind(4, frozenset({"status"})),
    # `{"match": "uuid"}` is in no specification; verifiers load it and never match it.
    "uuid": RuleKind(None, frozenset(), UUID_REGEX),
}

NAMED_RULES = ("type", "integer", "decimal", "number", "boolean", "uuid", "not_empty", "null", "semver", "equality")
KEYED_RULES = ("regex", "min", "max", "type", "include", "equality", "date", "time", "datetime")
_MATCH = {"not_empty": "notEmpty"}
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


def is_addressable(steps: Sequence[Step]) -> bool:
    """False for a way through a member without a name, or with a ' in it: the Pact tools refuse the whole pact."""
    return not any(isinstance(step, str) and (not step or "'" in step) for step in steps)


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
        raise ValueError(f"one rule at a time; {' and '.join(declared)} cannot stand together")
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


def written(rule: Rule, specification: int, example: Json) -> dict[str, Json] | None:
    """The JSON of a rule in a specification, or None where that specification cannot say it.

    Args:
        rule: what is to be said.
        specification: 2, 3 or 4.
        example: the recorded value at the place; it decides what a newer rule becomes in an older specification.
    """
    kind = KINDS[rule.kind]
    if kind.since is not None and kind.since <= specification and rule.part in kind.parts:
        return _native(rule, specification)
    return _substitute(rule, example)


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


def escape(text: str) -> str:
    """`text` as a pattern that matches just it, in the regular expressions of Ruby, Java and Rust alike."""
    return re.sub(r"[\\^$.|?*+()\[\]{}]", r"\\\g<0>", text)


_FORMAT_PIECE = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']")
_NAMES = {"E": "[A-Za-z]+", "a": "(AM|PM|am|pm)", "z": "[A-Za-z]+", "G": "[A-Z]+"}
_ZONES = {1: r"[+-]\d{2}(\d{2})?", 2: r"[+-]\d{4}", 3: r"[+-]\d{2}:\d{2}"}
_DIGITS = frozenset("yuMdDHhkKmsSnAwFe")


def format_regex(pattern: str) -> str:
    r"""The regular expression of a date format in Java's notation: `"yyyy-MM-dd"` -> `"\d{4}-\d{2}-\d{2}"`.

    Raises:
        ValueError: for a letter that is not part of that notation.
    """
    pieces = []
    position = 0
    while position < len(pattern):
        match = _FORMAT_PIECE.match(pattern, position)
        if match is None:
            raise ValueError(f'a quote is open in the format "{pattern}"')
        position = match.end()
        piece, letter = match[0], match[1]
        if letter is None:
            literal = piece[1:-1].replace("''", "'") or "'" if piece.startswith("'") else piece
            pieces.append(escape(literal))
        elif letter in _NAMES or (letter == "M" and len(piece) > 2):
            pieces.append(_NAMES.get(letter, "[A-Za-z]+"))
        elif letter in "Xx" and len(piece) in _ZONES:
            zone = _ZONES[len(piece)]
            pieces.append(f"(Z|{zone})" if letter == "X" else zone)
        elif letter == "Z":
            pieces.append(_ZONES[2])
        elif letter in _DIGITS:
            pieces.append(r"\d{1,2}" if len(piece) == 1 else rf"\d{{{len(piece)}}}")
        else:
            raise ValueError(f'"{letter}" means nothing in the format "{pattern}"; quote text with \'')
    return "".join(pieces)


def inferred(body: Json) -> Iterator[Rule]:
    """The rules of `matching: types` for a JSON body: `type` at the root, `min: 1` on every non-empty array.

    A null and an empty array get none: verifiers hold a null example to mean null, and an empty one says nothing.
    """
    if body is None or body == []:
        return
    if not isinstance(body, list):
        yield Rule("body", "$", "type")
    lengths: dict[str, int] = {}
    for at, length in _arrays(body, "$"):
        lengths[at] = min(length, lengths.get(at, length))
    for at, least in lengths.items():
        if least:
            yield Rule("body", at, "each", (1, None))


def _arrays(value: Json, at: str) -> Iterator[tuple[str, int]]:
    if isinstance(value, list):
        yield at, len(value)
        for element in value:
            if isinstance(element, dict | list):
                yield from _arrays(element, f"{at}[*]")
    elif isinstance(value, dict):
        for name, member in value.items():
            if isinstance(member, dict | list) and name and "'" not in name:
                yield from _arrays(member, at + spell_path((name,))[1:])


def collapsed(rules: Iterable[Rule], body: Json) -> tuple[Rule, ...]:
    """The rules of a JSON body with one `[*]` in the place of the same rule for every element of an array."""
    groups: dict[tuple[str, str, Any], list[Rule]] = {}
    kept: list[Rule] = []
    for rule in rules:
        if rule.part == "body" and any(isinstance(step, int) for step in parse_path(rule.at)):
            groups.setdefault((_every(rule.at), rule.kind, rule.value), []).append(rule)
        else:
            kept.append(rule)
    declared = {rule.at for rule in kept if rule.part == "body"}
    for (at, kind, value), group in groups.items():
        everywhere = len(group) == sum(1 for _ in find(body, parse_path(at)))
        if not everywhere:
            kept += group
        elif at not in declared:
            kept.append(Rule("body", at, kind, value))
    return tuple(sorted(kept, key=lambda rule: (rule.part, rule.at)))


def _every(at: str) -> str:
    return spell_path([Wild.EACH if isinstance(step, int) else step for step in parse_path(at)])
