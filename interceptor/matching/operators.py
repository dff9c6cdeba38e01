"""The operators of matchers. Several in one mapping all have to hold; `$$ref` is the plain key `$ref`.

    $regex        the expression is found in the text              $lt $lte $gt $gte   numbers, or text in its order
    $contains     text in text, or an element that matches         $not                the matcher does not match
    $one_of       equal to one of these values                     $any: true          there, whatever it is
    $any_of       matches one of these matchers                    $absent: true       not there
    $all_of       matches all of these matchers                    $length             of a text, an array, an object
    $type         string, number, integer, boolean, array, object, null
    $each         every element matches                            $unordered          these elements in any order
    $before $after $within   times                                 $schema             a JSON Schema
    $basic        credentials                                      $accepts            by quality

`$path`, which leads into JSON, is beside the matchers of JSON in `values`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from interceptor.handlers.request_part import OPERATORS
from interceptor.matching.assignment import assignable
from interceptor.matching.json_schemas import schema_test
from interceptor.matching.mismatches import MISSING, MatcherError, SpecPath, Test
from interceptor.matching.negotiation import accepts_test, basic_test
from interceptor.matching.times import time_test
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.json_text import Json
from interceptor.values.patterns import Pattern


@dataclass(frozen=True, slots=True)
class Domain:
    """How the operators look at what a part of a request holds: a JSON value, or all the texts of one name."""

    each: Callable[[Test], Test]
    """A test of one value -> a test of what the part holds."""
    absent: Test
    nested: Callable[[Any, SpecPath], Test]
    """What a matcher within an operator means."""
    of_json: Callable[[Any, SpecPath], Test]
    """What one means that looks at a single JSON value, whatever the part: a length, a user's name."""
    contains: Callable[[Any, SpecPath], Test]
    type_names: Mapping[str, Test]
    sized: Callable[[Test], Test]
    """A test of a number -> a test of how long that is which the part holds."""
    elements: Callable[[Any], Sequence[Any] | None]
    element: Callable[[Any, SpecPath], Test]
    """What a matcher of one of the elements means."""


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


def json_equal(left: Json, right: Json) -> bool:
    """Equality as JSON has it: 10 is 10.0, true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(json_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(json_equal, left, right))
    return right is not MISSING and bool(left == right)


def operators(spec: Mapping[str, Any], path: SpecPath, domain: Domain) -> Test:
    """The test that all operators of a mapping hold.

    Raises:
        MatcherError: for an operand that makes no sense.
    """
    tests = [operator(key, operand, (*path, key), domain) for key, operand in spec.items()]
    return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)


def operator(key: str, operand: Any, path: SpecPath, domain: Domain) -> Test:
    """The test of one operator.

    Raises:
        MatcherError: for an operand that makes no sense.
    """
    match key:
        case "$regex":
            search = _regex(operand, path).search
            return domain.each(lambda value: isinstance(value, str) and search(value) is not None)
        case "$contains":
            return domain.contains(operand, path)
        case "$one_of":
            options = _some(operand, path)
            return domain.each(lambda value: any(json_equal(option, value) for option in options))
        case "$type":
            return domain.each(_type(operand, path, domain))
        case "$any" | "$absent":
            return _presence(key, operand, path, domain)
        case "$length":
            return domain.sized(domain.of_json(_length(operand, path), path))
        case "$any_of" | "$all_of" | "$not" | "$each" | "$unordered":
            return _combined(key, operand, path, domain)
        case _:
            return _special(key, operand, path, domain)


def _special(key: str, operand: Any, path: SpecPath, domain: Domain) -> Test:
    """The operators that look at texts of a certain form."""
    match key:
        case "$before" | "$after" | "$within":
            return domain.each(time_test(key, operand, path))
        case "$schema":
            return domain.each(schema_test(operand, path))
        case "$basic":
            return domain.each(basic_test(operand, path, domain.of_json))
        case "$accepts":
            accepts, absent = accepts_test(operand, path), domain.absent
            lines = domain.elements
            return lambda value: accepts([] if absent(value) else [str(each) for each in lines(value) or [value]])
        case "$path":
            raise MatcherError("$path leads into JSON; it belongs under json or variables", path)
        case _:
            return domain.each(_comparison(key, operand, path))


def _type(operand: Any, path: SpecPath, domain: Domain) -> Test:
    if not isinstance(operand, str) or operand not in domain.type_names:
        raise MatcherError(f'unknown type "{operand}"{did_you_mean(str(operand), list(domain.type_names))}', path)
    return domain.type_names[operand]


def _presence(key: str, operand: Any, path: SpecPath, domain: Domain) -> Test:
    if operand is not True:
        raise MatcherError(f"{key} takes only true; otherwise leave the key out, or use $not", path)
    absent = domain.absent
    return absent if key == "$absent" else lambda value: not absent(value)


def _combined(key: str, operand: Any, path: SpecPath, domain: Domain) -> Test:
    """The operators that hold matchers."""
    if key in {"$each", "$unordered"}:
        return _of_elements(key, operand, path, domain)
    if key == "$not":
        test = domain.nested(operand, path)
        return lambda value: not test(value)
    tests = [domain.nested(option, (*path, index)) for index, option in enumerate(_some(operand, path))]
    if key == "$any_of":
        return lambda value: any(test(value) for test in tests)
    return lambda value: all(test(value) for test in tests)


def _of_elements(key: str, operand: Any, path: SpecPath, domain: Domain) -> Test:
    elements = domain.elements
    if key == "$each":
        test = domain.element(operand, path)

        def every(value: Any) -> bool:
            found = elements(value)
            return found is not None and all(test(each) for each in found)

        return every
    if not isinstance(operand, list):
        raise MatcherError("$unordered takes the list of elements, in any order", path)
    tests = [domain.element(each, (*path, index)) for index, each in enumerate(operand)]

    def unordered(value: Any) -> bool:
        found = elements(value)
        return found is not None and assignable(tests, found)

    return unordered


def _length(operand: Any, path: SpecPath) -> Any:
    number = isinstance(operand, int) and not isinstance(operand, bool) and operand >= 0
    if not number and not (
        isinstance(operand, Mapping) and operand and all(str(key).startswith("$") for key in operand)
    ):
        raise MatcherError("$length takes a number, or a matcher of one such as {$gte: 2}", path)
    return operand


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
