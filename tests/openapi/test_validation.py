"""Values against schemas, beyond what the cases of tests/compare show."""

from __future__ import annotations

from pathlib import Path

import pytest

from interceptor.openapi.document import OpenApiDocument
from interceptor.openapi.examples import Examples
from interceptor.openapi.json_schema import Direction
from interceptor.openapi.validation import Validation


def document(**schemas):
    value = {"openapi": "3.0.3", "paths": {}, "components": {"schemas": schemas}}
    return OpenApiDocument("openapi.yaml", Path(), {"openapi.yaml": value})


def reference(name):
    return {"$ref": f"#/components/schemas/{name}"}


def mismatches(described, name, value, direction=Direction.RESPONSE):
    schema = described.root.raw("components", "schemas", name)
    return [(each.at, each.message) for each in Validation(described).mismatches(schema, value, direction)]


@pytest.mark.slow
def test_schemas_lead_on_further_than_calls_nest():
    links = {f"S{n}": {"type": "object", "properties": {"next": reference(f"S{n + 1}")}} for n in range(2000)}
    described = document(**links, S2000={"type": "integer"})

    assert mismatches(described, "S0", {"next": {"next": {"previous": 1}}}) == [
        (".next.next.previous", "the schema knows no such property")
    ]


def test_members_that_look_like_numbers_are_members():
    described = document(
        S={"type": "object", "properties": {"200": {"type": "object", "properties": {"5": {"type": "string"}}}}}
    )

    assert mismatches(described, "S", {"200": {"5": 5}}) == [("['200']['5']", '5 is not of type "string"')]


def test_what_is_no_json_schema_is_told_and_not_compared():
    described = document(
        S={"type": "object", "properties": {"a": {"type": "text"}, "b": {"type": "string", "pattern": "("}}}
    )
    validation = Validation(described)
    schema = described.root.raw("components", "schemas", "S")

    assert validation.mismatches(schema, {"a": 1, "b": "x"}, Direction.RESPONSE) == []
    assert {str(place).rpartition("/")[2]: why for place, why in validation.unusable.items()} == {
        "type": "names no type of JSON Schema: 'text'",
        "pattern": "is no regular expression: '('",
    }
    broken = document(S={"type": "integer", "minimum": "none"})
    validation = Validation(broken)
    assert validation.mismatches(broken.root.raw("components", "schemas", "S"), 1, Direction.RESPONSE) == []
    assert [why.startswith("is no JSON Schema: ") for why in validation.unusable.values()] == [True]


def test_examples_of_schemas_that_all_refer_to_each_other_have_an_end():
    names = [f"S{n}" for n in range(30)]
    described = document(**{name: {"type": "object", "properties": {n: reference(n) for n in names}} for name in names})
    schema = described.root.raw("components", "schemas", "S0")

    example = Examples(Validation(described)).value(schema)

    assert 0 < str(example).count(":") <= 200
