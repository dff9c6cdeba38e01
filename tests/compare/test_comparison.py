"""Each case is a directory: a document, a pact, and what the comparison finds.

`differs` says where PactFlow's own engine has other codes; docs/check.md explains each of these.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interceptor.checking import check
from interceptor.openapi.files import read_file

CASES = sorted((Path(__file__).parent / "cases").iterdir())
ANSWER = {"status": 200}
V2 = {"pactSpecification": {"version": "2.0.0"}}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pact_is_compared_with_a_document(case, monkeypatch):
    monkeypatch.chdir(case)

    checked = check([Path("pact.json")], None, openapi="openapi.yaml")

    expected = read_file("expected.yaml", case)["findings"]
    assert [_as_written(finding) for finding in checked.findings] == [_in_full(finding) for finding in expected]
    assert all(finding.message for finding in checked.findings)


def _as_written(finding):
    place = finding.document_place and finding.document_place.removeprefix("openapi.yaml")
    return (finding.interaction, finding.code, finding.type, finding.place, place)


def _in_full(expected):
    return tuple(expected.get(key) for key in ("interaction", "code", "type", "place", "document_place"))


def test_numbers_that_no_machine_holds_are_no_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    number = {"name": "n", "in": "query", "schema": {"type": "number"}}
    operation = {"parameters": [number], "responses": {"200": {"description": "fine"}}}
    document = {"openapi": "3.0.3", "info": {}, "paths": {"/a": {"get": operation}}}
    interactions = [
        {"description": value, "request": {"method": "GET", "path": "/a", "query": f"n={value}"}, "response": ANSWER}
        for value in ("9" * 90, "1e9", "9" * 9000, "1e9999")
    ]
    names = {"consumer": {"name": "Product Site"}, "provider": {"name": "Product API"}}
    Path("openapi.json").write_text(json.dumps(document))
    Path("pact.json").write_text(json.dumps(names | {"interactions": interactions, "metadata": V2}))

    checked = check([Path("pact.json")], None, openapi="openapi.json")

    assert [(each.interaction, each.code) for each in checked.findings] == [
        (2, "request.query.incompatible"),
        (3, "request.query.incompatible"),
    ]
