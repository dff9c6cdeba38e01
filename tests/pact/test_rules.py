"""Declared rules: what is refused, and what each specification is given."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.pact.date_formats import format_regex
from interceptor.pact.declared_rules import check_rules, parse_rules
from interceptor.pact.document import PactBody
from interceptor.pact.inferred_rules import collapsed, inferred
from interceptor.pact.rules import KINDS, Rule, escape
from interceptor.pact.written_rules import written

ALLOWED = {
    2: {"type", "regex"},
    3: {"type", "regex", "integer", "decimal", "number", "boolean", "null", "include", "equality", "date", "time"}
    | {"timestamp"},
    4: {"type", "regex", "integer", "decimal", "number", "boolean", "null", "include", "equality", "date", "time"}
    | {"datetime", "notEmpty", "semver", "statusCode"},
}
"""The values of `match` that each version of the specification defines, among those we write."""

VALUES = {"regex": "a+", "include": "a", "each": (1, 2), "date": "yyyy", "time": "HH", "datetime": "yyyy HH"}
VALUES |= {"status": "success"}

EXAMPLES = ["text", "", 1, 1.5, True, None, [1], [], {"a": 1}]


@pytest.mark.parametrize("specification", [2, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", ["body", "header", "query", "path", "status"])
def test_no_specification_carries_a_rule_newer_than_itself(specification, kind, part):
    for example in EXAMPLES:
        rule = Rule(part, "$" if part == "body" else "", kind, VALUES.get(kind))
        form = written(rule, specification, lambda _, example=example: example)
        assert form is None or (form["match"] in ALLOWED[specification] and "uuid" not in form.values())


@pytest.mark.parametrize("specification", [2, 3, 4])
def test_what_matches_no_path_is_written_as_a_regular_expression(specification):
    for kind in ("integer", "decimal", "number", "boolean", "semver", "uuid", "date"):
        form = written(Rule("path", "", kind, VALUES.get(kind)), specification, lambda _: "/10")
        assert form is not None
        assert form["match"] == "regex"


# (side, place, rule, a word of the complaint)
REFUSED = [
    ("response", "$.id", "uid", 'did you mean "uuid"'),
    ("response", "$.id", 5, "a name or a mapping"),
    ("response", "$.id", {}, "a name or a mapping"),
    ("response", "$.id", {"regexp": "x"}, 'did you mean "regex"'),
    ("response", "$.id", {"regex": "["}, "not a regular expression"),
    ("response", "$.id", {"regex": ""}, "needs a text"),
    ("response", "$.id", {"regex": "a", "include": "b"}, "one rule at a time"),
    ("response", "$.id", {"min": -1}, "0 or more"),
    ("response", "$.id", {"min": True}, "0 or more"),
    ("response", "$.id", {"min": 3, "max": 2}, "greater than max"),
    ("response", "$.id", {"min": 1, "regex": "a"}, "about arrays"),
    ("response", "$.id", {"type": "strin", "min": 1}, "not a type"),
    ("response", "$.id", {"date": "bb"}, "means nothing"),
    ("response", "$.id", {"date": "'yyyy"}, "quote is open"),
    ("response", "$..id", "type", "no specification knows"),
    ("response", "$.it's", "type", "not a path"),
    ("response", "$['']", "type", "cannot be addressed"),
    ("response", "$.a b[", "type", "not a path"),
    ("response", "id", "type", "is not a place of a response"),
    ("response", "query.a", "type", "is not a place of a response"),
    ("response", "path", {"regex": "a"}, "is not a place of a response"),
    ("request", "status", "success", "is not a place of a request"),
    ("request", "path", "type", "says nothing about a path"),
    ("request", "query.a", "null", "says nothing about a query"),
    ("request", "header.a", {"min": 1}, "says nothing about a header"),
    ("response", "status", "fine", "a status is"),
    ("response", "status", [99], "a status is"),
    ("response", "status", [], "a status is"),
]


@pytest.mark.parametrize(("side", "place", "rule", "word"), REFUSED)
def test_a_rule_that_means_nothing_is_refused(side, place, rule, word):
    ((where, complaint),) = check_rules(side, {place: rule})
    assert where == place
    assert word in complaint
    with pytest.raises(ValueError, match=re.escape(place)):
        parse_rules(side, {place: rule})


ACCEPTED = [
    ("response", "$.id", "uuid", [Rule("body", "$.id", "uuid")]),
    ("response", '$["a b"].c', "type", [Rule("body", "$['a b'].c", "type")]),
    ("response", "$.items[*].id", {"regex": "a"}, [Rule("body", "$.items[*].id", "regex", "a")]),
    ("response", "$.items.*", "integer", [Rule("body", "$.items[*]", "integer")]),
    ("response", "$", {"min": 1, "max": 2}, [Rule("body", "$", "each", (1, 2))]),
    (
        "response",
        "$.a",
        {"type": "integer", "min": 1},
        [Rule("body", "$.a", "each", (1, None)), Rule("body", "$.a[*]", "integer")],
    ),
    ("response", "$.a", {"type": "type", "max": 9}, [Rule("body", "$.a", "each", (None, 9))]),
    ("response", "$.a", {"type": True}, [Rule("body", "$.a", "type")]),
    ("response", "header.Location", {"include": "/"}, [Rule("header", "location", "include", "/")]),
    ("response", "status", "2xx", [Rule("status", "", "status", "success")]),
    ("response", "status", {"status": "client_error"}, [Rule("status", "", "status", "clientError")]),
    ("response", "status", [200, 202], [Rule("status", "", "status", (200, 202))]),
    ("request", "path", "integer", [Rule("path", "", "integer")]),
    ("request", "query.page[]", "integer", [Rule("query", "page[]", "integer")]),
]


@pytest.mark.parametrize(("side", "place", "rule", "expected"), ACCEPTED)
def test_a_rule_is_read(side, place, rule, expected):
    assert check_rules(side, {place: rule}) == []
    assert list(parse_rules(side, {place: rule})) == expected


INFERRED = [
    ({"a": 1}, {"$": "type"}),
    ("text", {"$": "type"}),
    (None, {}),
    ([], {}),
    ([1], {"$": "each"}),
    ({"a": []}, {}),
    ({"a": [], "b": 1, "c": {"d": []}, "e": {"f": 1}, "g": None}, {"$.b": "type", "$.e": "type"}),
    ({"a": [None]}, {"$": "type", "$.a": "each"}),
    ({"a": [{"b": [1]}, {"b": [2]}]}, {"$": "type", "$.a": "each", "$.a[*].b": "each"}),
    ({"a": [{"b": [1]}, {"b": []}]}, {"$": "type", "$.a": "each"}),
    ([[1], [2]], {"$": "each", "$[*]": "each"}),
    ({"it's": [1], "": [1], "a.b": [1]}, {"$": "type", "$['a.b']": "each"}),
]


@pytest.mark.parametrize(("body", "expected"), INFERRED)
def test_types_are_inferred_from_the_body(body, expected):
    assert {rule.at: rule.kind for rule in inferred(body)} == expected


def test_the_same_rule_for_every_element_is_written_once():
    body = PactBody("json", {"items": [{"id": 1, "at": 1}, {"id": 2, "at": 2}]}, "application/json")
    rules = [Rule("body", f"$.items[{index}].id", "integer") for index in (0, 1)]
    rules += [Rule("body", "$.items[0].at", "integer"), Rule("body", "$", "type")]
    assert {rule.at for rule in collapsed(rules, body)} == {"$", "$.items[*].id", "$.items[0].at"}


# (Java's format, a text of that format, one that is not)
FORMATS = [
    ("yyyy-MM-dd", "2026-11-21", "21.11.2026"),
    ("yyyy-MM-dd'T'HH:mm:ssX", "2026-11-21T20:46:03Z", "2026-11-21 20:46:03Z"),
    ("yyyy-MM-dd'T'HH:mm:ssXXX", "2026-11-21T20:46:03+08:00", "2026-11-21T20:46:03+0800"),
    ("HH:mm:ss.SSS", "20:46:03.123", "20:46:03.1"),
    ("EEE, dd MMM yyyy", "Sat, 21 Nov 2026", "21 Nov 2026"),
    ("d/M/yy h 'o''clock' a", "1/2/26 3 o'clock PM", "1/2/26 3 PM"),
]


@pytest.mark.parametrize(("form", "right", "wrong"), FORMATS)
def test_a_date_format_has_a_regular_expression(form, right, wrong):
    assert re.fullmatch(format_regex(form), right)
    assert not re.fullmatch(format_regex(form), wrong)


@given(st.text(), st.text())
def test_an_escaped_text_matches_itself_only(text, other):
    assert re.fullmatch(escape(text), text)
    assert (re.fullmatch(escape(text), other) is not None) == (text == other)
