"""A matcher and its negation never agree, whatever the operator and the value, and nothing makes a matcher fail."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.handlers.request_part import OPERATORS
from interceptor.matching.assignment import assignable
from interceptor.matching.mismatches import MISSING, MatcherError
from interceptor.matching.negotiation import accepts_test
from interceptor.matching.values import compile_found, compile_json, compile_lines, compile_nodes, compile_values
from interceptor.values.moments import moved, parse_moment

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False)
    | st.sampled_from(["a", "ab", "", "2026-11-21", "Sat, 21 Nov 2026 20:46:03 GMT", "1795293963", "Basic YTpi"])
)
VALUES = st.recursive(
    SCALARS,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text("ab", max_size=2), children, max_size=3),
    max_leaves=8,
)
TEXTS = st.lists(
    st.sampled_from(["a", "b", "ab", "3", "true", "2026-11-21", "Basic YTpi", "text/html;q=0"]), max_size=3
)
PATHS = st.sampled_from(["$", "$.a", "$..a", "$[*]", "$[0]", "$[?@.a]", "$.a.b"])
PLAIN = st.sampled_from(["a", "b", "3"])
TEXT_MATCHERS = st.recursive(
    PLAIN
    | st.fixed_dictionaries({"$regex": st.just("^a")})
    | st.fixed_dictionaries({"$contains": PLAIN})
    | st.fixed_dictionaries({"$one_of": st.lists(PLAIN, min_size=1, max_size=2)})
    | st.fixed_dictionaries({"$type": st.sampled_from(["string", "number", "integer", "boolean"])})
    | st.fixed_dictionaries({"$lt": PLAIN, "$gte": PLAIN})
    | st.fixed_dictionaries({"$lte": PLAIN})
    | st.fixed_dictionaries({"$gt": PLAIN})
    | st.fixed_dictionaries({"$any": st.just(True)})  # and no other
    | st.fixed_dictionaries({"$absent": st.just(True)})
    | st.fixed_dictionaries({"$length": st.integers(0, 3) | st.just({"$gt": 1})})
    | st.fixed_dictionaries(
        {"$schema": st.sampled_from([{"type": "string", "maxLength": 1}, {"type": "array"}, False])}
    )
    | st.fixed_dictionaries({"$before": st.sampled_from(["now", "2026-11-21T12:00", "now+1y"])})
    | st.fixed_dictionaries({"$after": st.sampled_from(["now-1mo", "2026-11-20"])})
    | st.fixed_dictionaries({"$within": st.sampled_from(["5m", {"of": "2026-11-21", "by": "2d"}])})
    | st.fixed_dictionaries({"$basic": st.sampled_from([{"user": "a"}, {"password": {"$regex": "c"}}])})
    | st.fixed_dictionaries({"$accepts": st.sampled_from(["text/html", "a", "de"])}),
    lambda inner: (
        st.fixed_dictionaries({"$any_of": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"$all_of": st.lists(inner, min_size=1, max_size=2)})
        | st.fixed_dictionaries({"$not": inner})
        | st.fixed_dictionaries({"$each": inner})
        | st.fixed_dictionaries({"$unordered": st.lists(inner, max_size=3)})
        | st.lists(inner, max_size=3)
    ),
    max_leaves=5,
)
JSON_MATCHERS = TEXT_MATCHERS | st.recursive(
    TEXT_MATCHERS,
    lambda inner: (
        st.fixed_dictionaries({"$path": st.dictionaries(PATHS, inner, min_size=1, max_size=2)})
        | st.dictionaries(st.text("ab", max_size=2), inner, max_size=2)
        | st.fixed_dictionaries({"$contains": inner})
        | st.fixed_dictionaries({"$exact": inner})
    ),
    max_leaves=4,
)


@given(JSON_MATCHERS, VALUES | st.just(MISSING))
def test_of_json(spec: Any, value: Any) -> None:
    try:
        opposite = compile_json({"$not": spec})
    except MatcherError:
        return  # $exact belongs around a whole part
    assert bool(compile_json(spec)(value, "$")) != bool(opposite(value, "$"))


@pytest.mark.parametrize("compiled", [compile_values, compile_lines, compile_nodes, compile_found])
@given(spec=TEXT_MATCHERS, values=TEXTS)
def test_of_several_values(compiled: Any, spec: Any, values: list[str]) -> None:
    assert compiled(spec)(values) != compiled({"$not": spec})(values)


def test_the_properties_know_every_operator() -> None:
    tried = Path(__file__).read_text()
    assert [each for each in OPERATORS if f'{{"{each}"' not in tried and f', "{each}"' not in tried] == []


@given(st.lists(st.sets(st.integers(0, 4)), max_size=5))
def test_an_assignment_is_found_where_there_is_one(wanted: list[set[int]]) -> None:
    elements = list(range(len(wanted)))

    def assigned(at: int, free: frozenset[int]) -> bool:
        return at == len(wanted) or any(assigned(at + 1, free - {each}) for each in wanted[at] & free)

    assert assignable([each.__contains__ for each in wanted], elements) == assigned(0, frozenset(elements))


ACCEPTED = [
    ("text/html", ["text/*;q=0.1"], True),
    ("text/html", ["*/*"], True),
    ("text/html", ["text/html;q=0, */*"], False),
    ("text/html", ["text/plain"], False),
    ("text/html", [], True),
    ("text/html", ["text/plain", "text/html"], True),
    ("text/html;level=1", ["text/html;level=1;q=0, text/html"], False),
    ("text/html", ["text/html;level=1"], False),
    ("application/json", ['text/plain;x="a,b", application/json'], True),
    ("gzip", ["br, gzip;q=0.5"], True),
    ("gzip", ["gzip;q=0"], False),
    ("de-AT", ["de"], True),
    ("de", ["de-AT"], True),
    ("de", ["den"], False),
]


@pytest.mark.parametrize(("wanted", "lines", "accepted"), ACCEPTED)
def test_accepts(wanted: str, lines: list[str], accepted: bool) -> None:  # noqa: FBT001
    assert accepts_test(wanted, ())(lines) is accepted


MOVED = [
    ("2026-01-31", "+1mo", "2026-02-28T00:00:00+00:00"),
    ("2024-02-29", "+1y", "2025-02-28T00:00:00+00:00"),
    ("2026-03-31T10:00+02:00", "-1mo", "2026-02-28T10:00:00+02:00"),
    ("2026-01-01", "-1d +2h", "2025-12-31T02:00:00+00:00"),
    ("Thu, 01 Jan 1970 00:00:01 GMT", "+1.5s", "1970-01-01T00:00:02.500000+00:00"),
    (1795293963, "+1w", "2026-11-28T20:46:03+00:00"),
    (1795293963000, "", "2026-11-21T20:46:03+00:00"),
    ("1795293963", "-1m", "2026-11-21T20:45:03+00:00"),
]


@pytest.mark.parametrize(("start", "offset", "end"), MOVED)
def test_moments(start: Any, offset: str, end: str) -> None:
    assert moved(parse_moment(start), offset).isoformat() == end


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@given(st.text("aé ", max_size=4), st.text("aé: ", max_size=4))
def test_basic(user: str, password: str) -> None:
    assert compile_lines({"$basic": {"user": user, "password": password}})([basic(user, password)])
    assert not compile_lines({"$basic": {"user": user + "x"}})([basic(user, password)])


WRONG = [
    ({"$all_of": "a"}, ("$all_of",), "takes a list of at least one"),
    ({"$length": -1}, ("$length",), "takes a number, or a matcher"),
    ({"$length": "2"}, ("$length",), "takes a number, or a matcher"),
    ({"$length": {"min": 2}}, ("$length",), "takes a number, or a matcher"),
    ({"$lenght": 2}, ("$lenght",), 'did you mean "$length"?'),
    ({"$unordered": "a"}, ("$unordered",), "takes the list of elements"),
    ({"$each": {"$regex": "("}}, ("$each", "$regex"), "is not a regular expression"),
    ({"$path": "$.a"}, ("$path",), "takes a mapping of JSONPaths"),
    ({"$path": {"$.a[": 1}}, ("$path", "$.a["), "is not a JSONPath"),
    ({"$path": {"a": 1}}, ("$path", "a"), "is not a JSONPath"),
    ({"$path": {"$..a": {"$regx": 1}}}, ("$path", "$..a", "$regx"), 'did you mean "$regex"?'),
    ({"$schema": {"type": "strin"}}, ("$schema",), "this is no JSON Schema"),
    ({"$schema": {"$ref": "https://example.com/a.json"}}, ("$schema",), "this is no JSON Schema"),
    ({"$schema": "https://json-schema.org/"}, ("$schema",), "write $$schema for a plain key"),
    ({"$before": "soon"}, ("$before",), "write now, now+8h or for example"),
    ({"$after": "now+8x"}, ("$after",), "is not an offset"),
    ({"$within": "5mo"}, ("$within", "by"), "is not a duration"),
    ({"$within": {"of": "now"}}, ("$within",), "takes a duration such as 5m"),
    ({"$within": {"by": "5m", "off": "now"}}, ("$within", "off"), 'did you mean "of"?'),
    ({"$basic": "ada"}, ("$basic",), "takes {user, password}"),
    ({"$basic": {"usr": "ada"}}, ("$basic", "usr"), 'did you mean "user"?'),
    ({"$accepts": 1}, ("$accepts",), "takes a media type"),
]


@pytest.mark.parametrize(("spec", "path", "said"), WRONG)
def test_senseless_operands_say_where_and_why(spec: Any, path: tuple[str | int, ...], said: str) -> None:
    with pytest.raises(MatcherError) as caught:
        compile_json(spec)
    assert said in str(caught.value)
    assert caught.value.path == path


def test_a_path_leads_into_json_only() -> None:
    with pytest.raises(MatcherError, match="leads into JSON"):
        compile_values({"$path": {"$.a": 1}})
