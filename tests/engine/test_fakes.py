"""Fakes are the same whenever the same handler gives the same call of the same request."""

from __future__ import annotations

import json
from typing import Any

from interceptor.values.decisions import Mocked
from interceptor.values.messages import Request
from tests.engines import BuildEngine

FILE = """\
provider: Product API
handlers:
{above}  - request: ANY /people/:id
    name: a person called {{{{ fake.first_name() }}}}
    response:
      json:
        people: [{{name: '{{{{ fake.name() }}}}'}}, {{name: '{{{{ fake.name() }}}}'}}]
        id: '{{{{ fake.uuid4() }}}}'
        place: "{{{{ fake('fr_FR').city() }}}}"
"""


def answer(build_engine: BuildEngine, *paths: str, above: str = "", body: bytes = b"") -> Any:
    engine = build_engine(FILE.format(above=above))
    for path in paths:
        decision = engine.decide(Request("POST", f"https://api.example.com/v1{path}", (), body))
        assert isinstance(decision, Mocked), decision
    assert decision.metadata.generated == ()
    return json.loads(decision.response.body), decision.metadata.name


def test_the_same_in_every_run_wherever_the_handler_stands(build_engine: BuildEngine) -> None:
    first = answer(build_engine, "/people/1")
    assert answer(build_engine, "/people/1", above="  - {request: GET /a, response: 200}\n", body=b"now") == first
    assert first[0]["people"][0] != first[0]["people"][1]


def test_another_call_or_request_gives_others(build_engine: BuildEngine) -> None:
    asked = [("/people/1",), ("/people/1", "/people/1"), ("/people/2",), ("/people/2?page=2",)]
    assert len({answer(build_engine, *paths)[0]["id"] for paths in asked}) == 4


def test_an_unknown_locale_is_said(build_engine: BuildEngine) -> None:
    handler = "{request: GET https://api.example.com/v1/a, response: {text: \"{{ fake('de_DD').name() }}\"}}"
    decision = build_engine(f"handlers: [{handler}]\n").decide(Request("GET", "https://api.example.com/v1/a"))
    assert 'fake has no locale "de_DD", did you mean "de_' in getattr(decision, "explanation", "")
