"""Values written as YAML and read back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.project.yaml_file import parse
from interceptor.project.yaml_text import as_yaml

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    [
        "NO",
        "null",
        "1e5",
        "08",
        "-1",
        "+1",
        "1.",
        "12:30",
        "{{ x }}",
        "*",
        "- a",
        "a: b",
        "a #b",
        "<<",
        "a\nb\n",
        " a\n b",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    root, warnings = parse(f"{as_yaml({'a': value})}\n", "f.yaml")
    assert json.dumps(root.plain()) == json.dumps({"a": value})
    assert warnings == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"id": "10", "name": "Kettle", "count": 2}, "{id: '10', name: Kettle, count: 2}"),
        ({"a": {"b": [1, 2]}}, "a:\n  b: [1, 2]"),
        ([{"a": [{"b": 1}]}], "- a:\n    - {b: 1}"),
        ({"text": "one\ntwo\n"}, "text: |\n  one\n  two"),
    ],
)
def test_it_reads_as_if_by_hand(value: Any, text: str) -> None:
    assert as_yaml(value) == text
