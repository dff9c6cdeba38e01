"""Values against what a handler asks of them: one compiled check per part, which explains before it decides.

A check returns the mismatches; none means that it matches. What the operators mean:

    $regex        the expression is found in the text              $lt $lte $gt $gte   numbers, or text in its order
    $contains     text in text, or an element that matches         $not                the matcher does not match
    $one_of       equal to one of these values                     $any: true          there, whatever it is
    $any_of       matches one of these matchers                    $absent: true       not there
    $type         string, number, integer, boolean, array, object, null

Several operators in one mapping all have to hold; `$$ref` is the plain key `$ref`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from interceptor.handlers.request_part import OPERATORS
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.json_text import Json
from interceptor.values.patterns import Pattern
from interceptor.values.place import ROOT, below


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One part of a request that is not what a handler asks for: `("json $.name", '{"$type":"string"}', "12")`."""

    part: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.part}: expected {self.expected}, got {self.got}"


class MatcherError(ValueError):
    """A matcher that makes no sense; `path` leads to it from the value that was compiled."""

    def __init__(self, message: str, path: tuple[str | int, ...]) -> None:
        super().__init__(message)
        self.path = path


SpecPath: TypeAlias = tuple[str | int, ...]
Test: TypeAlias = Callable[[Any], bool]
JsonCheck: TypeAlias = Callable[[Any, str], "Sequence[Mismatch]"]

NONE: Final[Sequence[Mismatch]] = ()


def display(value: Any) -> str:
    """A value for a message, cut where it is long."""
    if value is MISSING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if len(text) <= 200 else f"{text[:200]}…"


def is_operator(spec: Any, path: SpecPath) -> bool:
    """True for a mapping of `$` keys.

    Raises:
        MatcherError: where `$` keys and plain ones are mixed, or a `$` key is none of ours.
    """
    if not isinstance(spec, Mapping):
        return False
    dollars = [key for key in spec if isinstance(key, str) and key.startswith("$") and not key.startswith("$$")]
    if not dollars:
        return False
    for key in dollars:
        if key == "$exact":
            raise MatcherError("$exact must be the only key, around a whole json, query, form or headers", (*path, key))
        if key not in OPERATORS:
            raise MatcherError(f'unknown operator "{key}"{did_you_mean(key, list(OPERATORS))}', (*path, key))
    if len(dollars) != len(spec):
        raise MatcherError(
            f'"{dollars[0]}" cannot stand beside plain keys; write $${dollars[0][1:]} for a plain key', path
        )
    return True


def unwrap_exact(spec: Any) -> tuple[Any, bool]:
    """`{"$exact": X}` -> `(X, True)`, anything else -> `(spec, False)`."""
    if isinstance(spec, Mapping) and set(spec) == {"$exact"}:
        return spec["$exact"], True
    return spec, False


def plain_key(key: str) -> str:
    """`$$ref` -> `$ref`."""
    return key[1:] if key.startswith("$$") else key


def spelt_key(key: str) -> str:
    """`$ref` -> `$$ref`: how a matcher spells a plain key."""
    return f"${key}" if key.startswith("$") else key


# JSON ----------------------------------------------------------------------------------------------------------


def compile_json(spec: Json, path: SpecPath = (), *, exact: bool = False) -> JsonCheck:
    """A check of a JSON value (or MISSING) against a deep subset.

    Raises:
        MatcherError: for a matcher that makes no sense.
    """
    inner, wrapped = unwrap_exact(spec)
    if wrapped:
        return compile_json(inner, (*path, "$exact"), exact=True)
    if is_operator(spec, path):
        return _leaf_check(_operators(spec, path, _JSON), spec)
    if isinstance(spec, Mapping):
        return _object_check(spec, path, exact=exact)
    if isinstance(spec, list):
        return _array_check(spec, path, exact=exact)
    return _leaf_check(lambda value: json_equal(spec, value), spec)


def json_equal(left: Json, right: Json) -> bool:
    """Equality as JSON has it: 10 is 10.0, true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(json_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(json_equal, left, right))
    return right is not MISSING and bool(left == right)


def _leaf_check(test: Test, spec: Json) -> JsonCheck:
    expected = display(spec)
    return lambda value, place: NONE if test(value) else (Mismatch(place, expected, display(value)),)


def _object_check(spec: Mapping[str, Json], path: SpecPath, *, exact: bool) -> JsonCheck:
    members = {plain_key(key): compile_json(member, (*path, key), exact=exact) for key, member in spec.items()}

    def check(value: Json, place: str) -> Sequence[Mismatch]:
        if not isinstance(value, dict):
            return (Mismatch(place, "an object", display(value)),)
        found: list[Mismatch] = []
        for key, member in members.items():
            found.extend(member(value.get(key, MISSING), below(place, key)))
        if exact:
            more = [key for key in value if key not in members]
            found.extend(Mismatch(below(place, key), "nothing", display(value[key])) for key in more)
        return found

    return check


def _array_check(spec: list[Json], path: SpecPath, *, exact: bool) -> JsonCheck:
    elements = [compile_json(element, (*path, index), exact=exact) for index, element in enumerate(spec)]

    def check(value: Json, place: str) -> Sequence[Mismatch]:
        if not isinstance(value, list):
            return (Mismatch(place, "an array", display(value)),)
        if len(value) != len(elements):
            return (Mismatch(place, f"{len(elements)} elements", f"{len(value)}: {display(value)}"),)
        return [
            mismatch
            for index, element in enumerate(elements)
            for mismatch in element(value[index], below(place, index))
        ]

    return check


# Text ----------------------------------------------------------------------------------------------------------


def compile_values(spec: Any, path: SpecPath = ()) -> Test:
    """A test of all the values that a query parameter, header, cookie or form field has (none: it is absent).

    A matcher holds where it holds for one of them; a list means exactly these values in this order.

    Raises:
        MatcherError: for a matcher that makes no sense.
    """
    if isinstance(spec, list):
        tests = [compile_values(element, (*path, index)) for index, element in enumerate(spec)]
        return lambda values: (
            len(values) == len(tests) and all(test([value]) for test, value in zip(tests, values, strict=True))
        )
    if is_operator(spec, path):
        return _operators(spec, path, _TEXT)
    if isinstance(spec, Mapping):
        raise MatcherError("text is matched by text, a list or $ operators, not by an object", path)
    expected = str(spec)
    return lambda values: expected in values


# Operators -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Domain:
    """How the operators look at a value: a JSON value, or all the texts of one name."""

    each: Callable[[Test], Test]
    absent: Test
    nested: Callable[[Any, SpecPath], Test]
    contains: Callable[[Any, SpecPath], Test]
    type_names: Mapping[str, Test]


def _operators(spec: Mapping[str, Any], path: SpecPath, domain: _Domain) -> Test:
    tests = [_operator(key, operand, (*path, key), domain) for key, operand in spec.items()]
    return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)


def _operator(key: str, operand: Any, path: SpecPath, domain: _Domain) -> Test:
    match key:
        case "$regex":
            search = _regex(operand, path).search
            return domain.each(lambda value: isinstance(value, str) and search(value) is not None)
        case "$contains":
            return domain.contains(operand, path)
        case "$one_of":
            options = _some(operand, path)
            return domain.each(lambda value: any(json_equal(option, value) for option in options))
        case "$any_of":
            tests = [domain.nested(option, (*path, index)) for index, option in enumerate(_some(operand, path))]
            return lambda value: any(test(value) for test in tests)
        case "$not":
            test = domain.nested(operand, path)
            return lambda value: not test(value)
        case "$type":
            if not isinstance(operand, str) or operand not in domain.type_names:
                raise MatcherError(
                    f'unknown type "{operand}"{did_you_mean(str(operand), list(domain.type_names))}', path
                )
            return domain.each(domain.type_names[operand])
        case "$any" | "$absent":
            if operand is not True:
                raise MatcherError(f"{key} takes only true; otherwise leave the key out, or use $not", path)
            absent = domain.absent
            return absent if key == "$absent" else lambda value: not absent(value)
        case _:
            return domain.each(_comparison(key, operand, path))


def _regex(operand: Any, path: SpecPath) -> Pattern:
    if not isinstance(operand, str):
        raise MatcherError("$regex takes a regular expression as text", path)
    try:
        return Pattern(operand)
    except re.error as error:
        raise MatcherError(f'"{operand}" is not a regular expression: {error}', path) from error


def _some(operand: Any, path: SpecPath) -> list[Any]:
    if not isinstance(operand, list) or not operand:
        raise MatcherError(f"{path[-1]} takes a list of at least one", path)
    return operand


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "$lt": lambda value, bound: bool(value < bound),
    "$lte": lambda value, bound: bool(value <= bound),
    "$gt": lambda value, bound: bool(value > bound),
    "$gte": lambda value, bound: bool(value >= bound),
}


def _comparison(key: str, operand: Any, path: SpecPath) -> Test:
    """Numbers among themselves (also where both are written as text), else text in its own order."""
    compare = _COMPARISONS[key]
    if isinstance(operand, bool) or not isinstance(operand, int | float | str):
        raise MatcherError(f"{key} takes a number or text", path)
    number = _number(operand)

    def test(value: Any) -> bool:
        if isinstance(operand, str) != isinstance(value, str) or isinstance(value, bool):
            return False
        other = _number(value)
        if number is not None and other is not None:
            return compare(other, number)
        return isinstance(value, str) and compare(value, operand)

    return test


def _number(value: Any) -> float | int | None:
    if isinstance(value, int | float):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _json_contains(operand: Any, path: SpecPath) -> Test:
    element = compile_json(operand, path)
    return lambda value: (
        (isinstance(value, str) and isinstance(operand, str) and operand in value)
        or (isinstance(value, list) and any(not element(each, ROOT) for each in value))
    )


def _text_contains(operand: Any, path: SpecPath) -> Test:
    if isinstance(operand, Mapping | list):
        raise MatcherError("$contains takes text here", path)
    part = str(operand)
    return lambda values: any(part in value for value in values)


def _json_nested(operand: Any, path: SpecPath) -> Test:
    check = compile_json(operand, path)
    return lambda value: not check(value, ROOT)


def _is_integer(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


_JSON = _Domain(
    each=lambda test: test,
    absent=lambda value: value is MISSING,
    nested=_json_nested,
    contains=_json_contains,
    type_names={
        "string": lambda value: isinstance(value, str),
        "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
        "integer": _is_integer,
        "boolean": lambda value: isinstance(value, bool),
        "array": lambda value: isinstance(value, list),
        "object": lambda value: isinstance(value, dict),
        "null": lambda value: value is None,
    },
)
_TEXT = _Domain(
    each=lambda test: lambda values: any(test(value) for value in values),
    absent=lambda values: not values,
    nested=compile_values,
    contains=_text_contains,
    type_names={
        "string": lambda value: isinstance(value, str),
        "number": lambda value: re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", value) is not None,
        "integer": lambda value: re.fullmatch(r"-?\d+", value) is not None,
        "boolean": lambda value: value in {"true", "false"},
    },
)
