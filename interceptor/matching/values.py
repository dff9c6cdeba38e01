"""Values against what a handler asks of them: one compiled check per part, which explains before it decides.

A check returns the mismatches; none means that it matches. What the operators mean is in `operators`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from interceptor.matching.json_paths import compile_query
from interceptor.matching.json_schemas import schema_check
from interceptor.matching.mismatches import MISSING, NONE, JsonCheck, MatcherError, Mismatch, SpecPath, Test, display
from interceptor.matching.operators import Domain, is_operator, json_equal, operator, operators
from interceptor.values.json_text import Json
from interceptor.values.place import ROOT, below


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
        checks = [_json_operator(key, operand, (*path, key)) for key, operand in spec.items()]
        return checks[0] if len(checks) == 1 else _all_of(checks)
    if isinstance(spec, Mapping):
        return _object_check(spec, path, exact=exact)
    if isinstance(spec, list):
        return _array_check(spec, path, exact=exact)
    return _leaf_check(lambda value: json_equal(spec, value), spec)


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


def _json_operator(key: str, operand: Any, path: SpecPath) -> JsonCheck:
    """The check of one operator; those that look at several places say at which of them something differs."""
    match key:
        case "$all_of" if isinstance(operand, list) and operand:
            return _all_of([compile_json(each, (*path, index)) for index, each in enumerate(operand)])
        case "$each":
            return _each_check(operand, path)
        case "$schema":
            return schema_check(operand, path)
        case "$path":
            return _path_check(operand, path)
        case _:
            return _leaf_check(operator(key, operand, path, _JSON), {key: operand})


def _all_of(checks: Sequence[JsonCheck]) -> JsonCheck:
    return lambda value, place: [mismatch for check in checks for mismatch in check(value, place)]


def _each_check(operand: Any, path: SpecPath) -> JsonCheck:
    element = compile_json(operand, path)

    def check(value: Json, place: str) -> Sequence[Mismatch]:
        if not isinstance(value, list):
            return (Mismatch(place, "an array", display(value)),)
        return [mismatch for at, each in enumerate(value) for mismatch in element(each, below(place, at))]

    return check


def _path_check(operand: Any, path: SpecPath) -> JsonCheck:
    """A query that leads to one place asks for its value; any other for the values that it leads to."""
    if not isinstance(operand, Mapping) or not operand:
        raise MatcherError("$path takes a mapping of JSONPaths to matchers, for example {'$..sku': lamp}", path)
    return _all_of([_query_check(text, spec, (*path, text)) for text, spec in operand.items()])


def _query_check(text: str, spec: Any, path: SpecPath) -> JsonCheck:
    find, single = compile_query(text, path)
    if single:
        check = compile_json(spec, path)
        return lambda value, place: check(next(iter(find(value)), MISSING), f"{place} {text}")
    test, expected = compile_found(spec, path), display(spec)

    def check_all(value: Json, place: str) -> Sequence[Mismatch]:
        found = find(value)
        if test(found):
            return NONE
        return (Mismatch(f"{place} {text}", expected, display(found) if found else "nothing"),)

    return check_all


# Several values of one name ------------------------------------------------------------------------------------


def compile_values(spec: Any, path: SpecPath = ()) -> Test:
    """A test of all the values that a query parameter, cookie or form field has (none: it is absent).

    A matcher holds where it holds for one of them; a list means exactly these values in this order.

    Raises:
        MatcherError: for a matcher that makes no sense.
    """
    return _texts(_TEXT, spec, path)


def compile_lines(spec: Any, path: SpecPath = ()) -> Test:
    """The same for the lines of a header: a list may be sent in several, or in one (RFC 9110, section 5.3)."""
    return _texts(_LINES, spec, path)


def compile_nodes(spec: Any, path: SpecPath = ()) -> Test:
    """The same for the texts that an XPath leads to; `$length` is how many there are."""
    return _texts(_NODES, spec, path)


def compile_found(spec: Any, path: SpecPath = ()) -> Test:
    """The same for the JSON values that a JSONPath leads to; `$length` is how many there are."""
    if isinstance(spec, list):
        return _in_order([_json_nested(each, (*path, index)) for index, each in enumerate(spec)])
    if not unwrap_exact(spec)[1] and is_operator(spec, path) and "$path" not in spec:
        return operators(spec, path, _FOUND)
    test = _json_nested(spec, path)
    return lambda values: any(map(test, values))


def _texts(domain: Domain, spec: Any, path: SpecPath) -> Test:
    if isinstance(spec, list):
        tests = [domain.element(element, (*path, index)) for index, element in enumerate(spec)]
        return _in_lines(_in_order(tests)) if domain is _LINES else _in_order(tests)
    if is_operator(spec, path):
        return operators(spec, path, domain)
    if isinstance(spec, Mapping):
        raise MatcherError("text is matched by text, a list or $ operators, not by an object", path)
    return domain.each(partial(_same_text, str(spec)))


def _same_text(expected: str, value: str) -> bool:
    return expected == value


def _in_order(tests: Sequence[Test]) -> Test:
    return lambda values: (
        len(values) == len(tests) and all(test(value) for test, value in zip(tests, values, strict=True))
    )


def _in_lines(test: Test) -> Test:
    """A list of a header's values, sent in lines of their own or in one."""
    return lambda lines: test(lines) or test([each.strip() for line in lines for each in line.split(",")])


def _with_joined(lines: Sequence[str]) -> Sequence[str]:
    return lines if len(lines) < 2 else [*lines, ", ".join(lines)]


# How the operators look at each --------------------------------------------------------------------------------


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


def _found_contains(operand: Any, path: SpecPath) -> Test:
    test = _json_contains(operand, path)
    return lambda values: any(map(test, values))


def _json_nested(operand: Any, path: SpecPath) -> Test:
    check = compile_json(operand, path)
    return lambda value: not check(value, ROOT)


def _one_text(operand: Any, path: SpecPath) -> Test:
    test = compile_values(operand, path)
    return lambda value: test([value])


def _json_sized(test: Test) -> Test:
    return lambda value: isinstance(value, str | list | dict) and test(len(value))


def _anyof(test: Test) -> Test:
    return lambda values: any(map(test, values))


def _counted(test: Test) -> Test:
    return lambda values: test(len(values))


def _on_joined(test: Test) -> Test:
    return lambda lines: test(_with_joined(lines))


def _is_integer(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


_JSON = Domain(
    each=lambda test: test,
    absent=lambda value: value is MISSING,
    nested=_json_nested,
    of_json=_json_nested,
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
    sized=_json_sized,
    elements=lambda value: value if isinstance(value, list) else None,
    element=_json_nested,
)
_TEXT = Domain(
    each=_anyof,
    absent=lambda values: not values,
    nested=compile_values,
    of_json=_json_nested,
    contains=_text_contains,
    type_names={
        "string": lambda value: isinstance(value, str),
        "number": lambda value: re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", value) is not None,
        "integer": lambda value: re.fullmatch(r"-?\d+", value) is not None,
        "boolean": lambda value: value in {"true", "false"},
    },
    sized=lambda test: lambda values: any(test(len(value)) for value in values),
    elements=lambda values: values or None,
    element=_one_text,
)
_LINES = replace(
    _TEXT,
    each=lambda test: lambda lines: any(map(test, _with_joined(lines))),
    nested=compile_lines,
    contains=lambda operand, path: _on_joined(_text_contains(operand, path)),
)
_NODES = replace(_TEXT, nested=compile_nodes, sized=_counted, elements=lambda values: values)
_FOUND = replace(
    _JSON,
    each=_anyof,
    absent=lambda values: not values,
    nested=compile_found,
    contains=_found_contains,
    sized=_counted,
    elements=lambda values: values,
)
