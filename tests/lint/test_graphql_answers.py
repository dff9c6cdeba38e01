"""What `lint` says about responses that a provider's GraphQL schema does not know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from graphql import build_schema, introspection_from_schema

from interceptor.engine import load_engine
from interceptor.lint import lint
from interceptor.project.config import load_project
from interceptor.values.errors import ConfigurationError

SCHEMA = """\
scalar Time
enum Role { ADMIN GUEST }
interface Node { id: ID! }
type User implements Node { id: ID! name: String age: Int score: Float role: Role since: Time friends: [User!] }
type Team implements Node { id: ID! size: Int! }
union Found = User | Team
type Query { user: User node: Node found: [Found!]! }
type Mutation { rename: User! }
"""
SAID = [
    ("{data: {user: {id: 7, name: Ada, age: 3, score: 1, role: ADMIN, since: {any: 1}, friends: []}}}", None),
    ("{data: {user: null}}", None),
    ("{errors: [{message: no}]}", None),
    ("{data: {user: {id: null}}, errors: [{message: no}]}", None),
    ("'{{ data.user }}'", None),
    ("{data: {user: '{{ data.user }}'}}", None),
    ("{data: {node: {__typename: Team, id: a, size: 1}, found: [{name: a}, {size: 2}]}}", None),
    ("{user: {id: 7}}", "response.$: a GraphQL response has data or errors"),
    ("{data: [1]}", "response.$.data: data must be an object"),
    ("{data: {usr: {id: 7}}}", 'response.$.data.usr: Query has no field "usr", did you mean "user"?'),
    ("{data: {rename: {id: 7}}}", 'Query has no field "rename"'),
    ("{data: {user: {nmae: Ada}}}", 'response.$.data.user.nmae: User has no field "nmae", did you mean "name"?'),
    ("{data: {user: {id: null}}}", "response.$.data.user.id: it is null, where ID! cannot be"),
    ("{data: {user: {age: '3'}}}", 'response.$.data.user.age: it is "3", where Int is wanted'),
    ("{data: {user: {age: true}}}", "it is true, where Int is wanted"),
    ("{data: {user: {role: ADMINN}}}", 'Role has no value "ADMINN", did you mean "ADMIN"?'),
    ("{data: {user: {friends: {id: 1}}}}", "where [User!] is wanted"),
    ("{data: {user: {friends: [null]}}}", "response.$.data.user.friends[0]: it is null, where User! cannot be"),
    ("{data: {node: {__typename: Teem}}}", 'there is no type "Teem" here, did you mean "Team"?'),
    ("{data: {node: {__typename: Team, name: a}}}", 'Team has no field "name"'),
]


def a_project(folder: Path, answer: str, schema: str = "schema.graphql") -> Path:
    (folder / "handlers").mkdir()
    (folder / "interceptor.yaml").write_text(
        f"consumer: C\nproviders: {{A: {{url: https://a.example.com, graphql: {schema}}}}}\n"
    )
    (folder / "schema.graphql").write_text(SCHEMA)
    document = introspection_from_schema(build_schema(SCHEMA))
    (folder / "schema.json").write_text(json.dumps({"data": document}))
    (folder / "handlers" / "a.yaml").write_text(
        "provider: A\ndata: {user: 1}\nhandlers:\n"
        f"  - {{name: a query for a user, request: {{graphql: {{query: Q}}}}, response: {{json: {answer}}}}}\n"
    )
    return folder / "interceptor.yaml"


@pytest.mark.parametrize("schema", ["schema.graphql", "schema.json"])
@pytest.mark.parametrize(("answer", "said"), SAID)
def test_an_answer(tmp_path: Path, answer: str, said: str | None, schema: str) -> None:
    found = [
        (each.code, each.message, each.handler) for each in lint(load_project(a_project(tmp_path, answer, schema)), [])
    ]
    if said is None:
        assert found == []
    else:
        ((code, message, handler),) = found
        assert (code, handler) == ("handler.graphql.response", "handlers/a.yaml:4")
        assert said in message


@pytest.mark.parametrize(
    ("schema", "text", "said"),
    [
        ("none.graphql", None, 'interceptor.yaml:2:54: there is no file "none.graphql"'),
        ("../outside.graphql", SCHEMA, '"../outside.graphql" is outside the project'),
        ("broken.graphql", "type Query {", '"broken.graphql" is no GraphQL schema: Syntax Error'),
        ("broken.graphql", "type Query { a: Nothing }", "Nothing"),
        ("broken.json", "[]", '"broken.json" is no GraphQL schema'),
        ("broken.json", "{", '"broken.json" is no GraphQL schema'),
    ],
)
def test_a_schema_that_is_none(tmp_path: Path, schema: str, text: str | None, said: str) -> None:
    (tmp_path / "in").mkdir()
    file = a_project(tmp_path / "in", "{}", schema)
    if text is not None:
        (file.parent / schema).write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_engine(load_project(file))
    assert said in str(caught.value)
