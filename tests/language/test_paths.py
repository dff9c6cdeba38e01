"""Path patterns against a simple reference, and the table of what they take."""

from __future__ import annotations

import contextlib
import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.paths import compile_path, split_path

TABLE: list[tuple[str, str, dict[str, str | None] | None]] = [
    ("/products/:id", "/products/10", {"id": "10"}),
    ("/products/:id", "/products/10/", {"id": "10"}),
    ("/products/:id", "/products", None),
    ("/products/:id", "/products/10/x", None),
    ("/files/:name.json", "/files/a.b.json", {"name": "a.b"}),
    ("/v1/:project:undelete", "/v1/p:undelete", {"project": "p"}),
    (r"/v1/:project\:undelete", "/v1/p:undelete", {"project": "p"}),
    (r"/v1/\:project", "/v1/:project", {}),
    ("/a:b", "/a:b", {}),
    ("/:a-:b", "/1-:b", {"a": "1"}),
    ("/p/:id?", "/p", {"id": None}),
    ("/p/:id?/x", "/p/x", {"id": None}),
    ("/p/:id?/x", "/p/1/x", {"id": "1"}),
    ("/p/:rest+", "/p/a/b", {"rest": "a/b"}),
    ("/p/:rest+", "/p", None),
    ("/p/:rest*/end", "/p/end", {"rest": ""}),
    ("/p/:rest*/end", "/p/a/b/end", {"rest": "a/b"}),
    (r"/p/:id(\d+)", "/p/12", {"id": "12"}),
    (r"/p/:id(\d+)", "/p/12a", None),
    (r"/p/:id(\d+)?", "/p", {"id": None}),
    (r"/p/:id(a|b/c)", "/p/a", {"id": "a"}),
    ("/f/*", "/f/a/b", {"0": "a/b"}),
    ("/f/*", "/f", {"0": ""}),
    ("/f/*.png", "/f/a/b.png", {"0": "a/b"}),
    ("/*/x/*", "/a/b/x/c", {"0": "a/b", "1": "c"}),
    ("*", "/a/b", {"0": "a/b"}),
    ("/a%20b", "/a%20b", {}),
    ("/a b", "/a%20b", {}),
    ("/été", "/%C3%A9t%C3%A9", {}),
    ("/:id", "/a%2Fb", {"id": "a/b"}),
    ("/a%2Fb", "/a/b", None),
    ("/Products", "/products", None),
    ("/", "/", {}),
    ("/", "/x", None),
    ("/a.c", "/abc", None),
]


@pytest.mark.parametrize(("pattern", "path", "params"), TABLE)
def test_table(pattern: str, path: str, params: dict[str, str | None] | None) -> None:
    assert compile_path(pattern).match(split_path(path)[0]) == params


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("products", "begins with a slash"),
        ("/:id/:id", '":id" stands in'),
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
