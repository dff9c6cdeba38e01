"""YAML as the project reads it: JSON's scalars, and messages with the line to paste."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.project.yaml_file import parse
from interceptor.values.errors import ConfigurationError
from interceptor.values.nesting import DEEPEST, TOO_DEEP

SCALARS: list[tuple[str, Any]] = [
    ("true", True),
    ("false", False),
    ("null", None),
    ("", None),
    ("0", 0),
    ("-12", -12),
    ("1.0", 1.0),
    ("1.5e3", 1500.0),
    ("1E2", 100.0),
    ("12345678901234567890123", 12345678901234567890123),
    # what YAML would have guessed
    ("NO", "NO"),
    ("on", "on"),
    ("True", "True"),
    ("~", "~"),
    ("12:30", "12:30"),
    ("2024-01-01", "2024-01-01"),
    ("1e999", "1e999"),
    ("0x1F", "0x1F"),
    ("1_000", "1_000"),
    (".5", ".5"),
    ("+1", "+1"),
    (".inf", ".inf"),
    ("'10'", "10"),
    ('"10"', "10"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_are_json(text: str, value: Any) -> None:
    root, warnings = parse(f"key: {text}\n", "f.yaml")
    assert root.plain() == {"key": value}
    assert type(root.plain()["key"]) is type(value)
    assert not warnings


STUMBLES: list[tuple[str, str, str]] = [
    ("path: */health", "f.yaml:1:7", "path: '*/health'"),
    ("path: */health  # liveness", "f.yaml:1:7", "path: '*/health'  # liveness"),
    ("a: {path: */health, b: 1}", "f.yaml:1:11", "a: {path: '*/health', b: 1}"),
    ("- @id", "f.yaml:1:3", "- '@id'"),
    ("a: %20", "f.yaml:1:4", "a: '%20'"),
    ("id: {{ params.id }}", "f.yaml:1:5", 'id: "{{ params.id }}"'),
    ("id: {{ params['id'] }}", "f.yaml:1:5", "id: \"{{ params['id'] }}\""),
    ("id: {{ a }}/{{ b }}", "f.yaml:1:5", 'id: "{{ a }}/{{ b }}"'),
    ("a: {id: {{ params.id }}, b: 1}", "f.yaml:1:9", 'a: {id: "{{ params.id }}", b: 1}'),
    ("{a:1}", "f.yaml:1:2", "{a: 1}"),
    ("a: {text: hello, world}", "f.yaml:1:18", "a: {text: 'hello, world'}"),
    ('a: "\\d+"', "f.yaml:1:4", "a: '\\d+'"),
    ("a: 007", "f.yaml:1:4", 'a: "007"'),
    ("a:\n\tb: 1", "f.yaml:2:1", "  b: 1"),
]


@pytest.mark.parametrize(("text", "place", "paste"), STUMBLES)
def test_stumbles_come_with_the_line_to_paste(text: str, place: str, paste: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "f.yaml")
    (problem,) = caught.value.problems
    assert f"{problem.file}:{problem.line}:{problem.column}" == place
    assert problem.paste == paste


@pytest.mark.parametrize(("text", "_", "paste"), [row for row in STUMBLES if "\t" not in row[0]])
def test_the_pasted_line_is_sound(text: str, _: str, paste: str) -> None:
    parse(paste, "f.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", 'f.yaml:3:1: the key "a" is here twice; the first one is in line 1'),
        ("a: !!python/object:os.system x", "f.yaml:1:4: YAML tags are not supported"),
        ("a: !include x", "f.yaml:1:4: YAML tags are not supported"),
        ("a: {b}", 'f.yaml:1:5: the key "b" has no value'),
        ("a: b: c", "f.yaml:1:5: not YAML"),
        ("[a", "f.yaml:"),
        ("a: \x00", "f.yaml:1:1: not YAML"),
        ("a: &x [*x]", f"f.yaml:1:4: {TOO_DEEP}"),
        ("a\n---\nb", "f.yaml:"),
        ("a: !x [" + "[" * 100_000, f"f.yaml:1:7: {TOO_DEEP}"),
        ("[" * 121 + "1" + "]" * 121, f"f.yaml:1:121: {TOO_DEEP}"),
        ("[\n" * 121 + "1" + "]" * 121, f"f.yaml:121:1: {TOO_DEEP}"),
        ("{a: " * 121 + "1" + "}" * 121, f"f.yaml:1:481: {TOO_DEEP}"),
        ("- " * 121 + "a", f"f.yaml:1:241: {TOO_DEEP}"),
        ("- " * 100_000 + "a", f"f.yaml:1:241: {TOO_DEEP}"),
        ("\n".join(" " * level + "a:" for level in range(122)), f"f.yaml:121:121: {TOO_DEEP}"),
    ],
)
def test_other_errors_name_the_place(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "f.yaml")
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("text", ["[" * DEEPEST + "1" + "]" * DEEPEST, "- " * DEEPEST + "1"])
def test_what_is_nested_as_deep_as_allowed_is_read(text: str) -> None:
    value = parse(text, "f.yaml")[0].plain()
    for _ in range(DEEPEST):
        (value,) = value
    assert value == 1


def test_brackets_in_text_are_not_levels() -> None:
    assert parse(f"a: '{'[' * 200}'\nb: |\n  {'{' * 200}\n", "f.yaml")[0].plain() == {
        "a": "[" * 200,
        "b": "{" * 200 + "\n",
    }


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ConfigurationError, match="too large"):
        parse("\n".join(lines), "f.yaml")


@pytest.mark.parametrize(
    ("text", "paste"),
    [
        ("name: order #12 is shipped", "name: 'order #12 is shipped'"),
        ("request: GET /a #fragment", "request: 'GET /a #fragment'"),
    ],
)
def test_a_comment_that_swallows_text_is_a_warning(text: str, paste: str) -> None:
    _, (warning,) = parse(text, "f.yaml")
    assert (warning.severity, warning.paste) == ("warning", paste)


def test_a_real_comment_is_not_a_warning() -> None:
    assert parse("name: order 12   # as shipped\n", "f.yaml")[1] == []


texts = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=100)
"""Beyond the basic plane JSON escapes in pairs, which YAML does not read; its keys end after 1,024 characters."""
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(texts, children, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_json_is_yaml(value: Any) -> None:
    text = json.dumps(value)
    assert json.dumps(parse(f"a: {text}", "f.yaml")[0].plain()["a"]) == json.dumps(value)


@given(st.text(max_size=200) | st.text(alphabet="{}[]:,-*&!|>'\"%@`# \n\tab01", max_size=60))
def test_any_text_is_either_read_or_refused_with_a_place(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        parse(text, "f.yaml")
