"""Path patterns against a simple reference; what they take, case by case, is the table of docs/handlers.md."""

from __future__ import annotations

import contextlib
import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.matching.paths import compile_path
from interceptor.values.urls import split_path


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("products", "begins with a slash"),
        ("/:id/:id", '":id" is in'),
        ("/:id(\\d+", "lacks a closing parenthesis"),
        ("/:id([)", "is not a regular expression"),
        ("/:id((a)|b)", "holds a group"),
    ],
)
def test_broken_patterns_say_why(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        compile_path(pattern)


segments = st.text(st.characters(exclude_characters=":*\\()?+%/", exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(st.lists(st.tuples(st.booleans(), segments, segments), min_size=1, max_size=6), st.booleans())
def test_literals_and_parameters_against_a_reference(steps: list[tuple[bool, str, str]], slash: bool) -> None:  # noqa: FBT001
    """A pattern of literals and parameters takes a path of as many segments, literals being equal."""
    pattern = "/" + "/".join(f":p{index}" if is_param else text for index, (is_param, text, _) in enumerate(steps))
    values = [other if is_param else text for is_param, text, other in steps]
    path = "/" + "/".join(quote(value, safe="") for value in values) + ("/" if slash else "")
    expected = {f"p{index}": other for index, (is_param, _, other) in enumerate(steps) if is_param}
    compiled = compile_path(pattern)
    assert compiled.match(split_path(path)[0]) == expected
    assert compiled.match((*split_path(path)[0], "more")) is None
    assert compiled.match(split_path(path)[0][:-1]) is None


@given(st.text(max_size=40))
def test_any_text_compiles_or_says_why(text: str) -> None:
    with contextlib.suppress(ValueError):
        compile_path(text)
