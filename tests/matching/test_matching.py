"""The deep subset against a simple reference, and the operators' own complaints."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.matching.values import MatcherError, compile_json, compile_values, json_equal

scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from([1.0, 2.5]) | st.text("ab$", max_size=2)
values = st.recursive(
    scalars,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text("ab", max_size=2), children, max_size=3),
    max_leaves=10,
)


def subset(wanted: Any, value: Any) -> bool:
    """The definition, word for word: objects may hold more, arrays match element by element."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(key in value and subset(wanted[key], value[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(value, list) and len(wanted) == len(value) and all(map(subset, wanted, value))
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    return bool(wanted == value)


@given(values, values)
def test_deep_subset_against_the_definition(wanted: Any, value: Any) -> None:
    assert (not compile_json(wanted)(value, "$")) == subset(wanted, value)


@given(values)
def test_a_value_matches_itself_also_exactly(value: Any) -> None:
    assert not compile_json(value)(value, "$")
    assert not compile_json({"$exact": value})(value, "$")
    assert json_equal(value, value)


@given(values, values)
def test_exact_is_equality(wanted: Any, value: Any) -> None:
    assert (not compile_json({"$exact": wanted})(value, "$")) == json_equal(wanted, value)


@given(values, values)
def test_not_is_the_opposite(wanted: Any, value: Any) -> None:
    assert bool(compile_json({"$not": wanted})(value, "$")) == (not compile_json(wanted)(value, "$"))


@pytest.mark.parametrize(
    ("spec", "path", "said"),
    [
        ({"$regx": "a"}, ("$regx",), 'did you mean "$regex"?'),
        ({"a": {"$regex": "("}}, ("a", "$regex"), "is not a regular expression"),
        ({"a": [{"$type": "strin"}]}, ("a", 0, "$type"), 'did you mean "string"?'),
        ({"$regex": "a", "b": 1}, (), "cannot stand beside plain keys"),
        ({"$one_of": "a"}, ("$one_of",), "takes a list"),
        ({"$any_of": []}, ("$any_of",), "takes a list of at least one"),
        ({"$any": False}, ("$any",), "takes only true"),
        ({"$lt": [1]}, ("$lt",), "takes a number or text"),
        ({"a": {"$exact": 1, "$not": 2}}, ("a", "$exact"), "must be the only key"),
    ],
)
def test_senseless_matchers_say_where_and_why(spec: Any, path: tuple[str | int, ...], said: str) -> None:
    with pytest.raises(MatcherError) as caught:
        compile_json(spec)
    assert caught.value.path == path
    assert said in str(caught.value)


def test_text_is_not_matched_by_an_object() -> None:
    with pytest.raises(MatcherError, match="not by an object"):
        compile_values({"a": 1})


NUMBERS = [
    ("$lt", 2, 1.5, True),
    ("$lt", 2, 2, False),
    ("$lte", 2, 2, True),
    ("$gt", 2, 3, True),
    ("$gte", "10", "9", False),
    ("$gte", "b", "c", True),
    ("$lt", 5, "3", False),
    ("$lt", 5, True, False),
]


@pytest.mark.parametrize(("operator", "bound", "value", "holds"), NUMBERS)
def test_comparisons(operator: str, bound: Any, value: Any, holds: bool) -> None:  # noqa: FBT001
    assert (not compile_json({operator: bound})(value, "$")) is holds
