"""Documents and pacts that are wrong somewhere: what is right in them is compared, and nothing ends in a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interceptor.checking import check
from interceptor.lint import lint
from interceptor.project.config import load_project
from interceptor.scaffold.documented import import_document
from interceptor.values.errors import PactError

PACT = {
    "consumer": {"name": "Product Site"},
    "provider": {"name": "Product API"},
    "interactions": [
        {
            "description": "products",
            "request": {
                "method": "POST",
                "path": "/products",
                "headers": {"content-type": "application/json"},
                "body": {},
            },
            "response": {"status": 200, "headers": {"content-type": "application/json"}, "body": {"kind": "a"}},
        }
    ],
    "metadata": {"pactSpecification": {"version": "3.0.0"}},
}
FINE = {"200": {"description": "fine"}}


def answering(schema):
    return {"responses": {"200": {"description": "fine", "content": {"application/json": {"schema": schema}}}}}


def tagged(**discriminator):
    return answering({"oneOf": [{"$ref": "#"}], "discriminator": {"propertyName": "kind"} | discriminator})


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ({"parameters": [{"name": "a", "in": []}, {"name": {}, "in": "query"}, None], "responses": FINE}, {}),
        ({"$ref": "#/nowhere"}, {}),
        ({"$ref": 5}, {}),
        ({"responses": None}, {}),
        ({"responses": FINE}, {"servers": [{"url": "http://[1"}]}),
        (answering({"type": [{}]}), {}),
        (answering({"type": "object", "format": {}, "required": 5, "properties": {"kind": 5}}), {}),
        (answering({"discriminator": "kind", "allOf": 5, "enum": "a", "pattern": 5}), {}),
        (tagged(), {}),
        (tagged(mapping={"a": None}), {}),
    ],
)
def test_a_document_that_is_wrong_somewhere(tmp_path, monkeypatch, operation, more):
    document = {"openapi": "3.0.3", "info": {"title": "Shop"}, "paths": {"/products": {"post": operation}}} | more
    read(document, tmp_path, monkeypatch)


def test_a_swagger_document_that_is_wrong_somewhere(tmp_path, monkeypatch):
    fields = [{"name": {}, "in": "formData"}, {"in": "formData"}, {"name": "a", "in": "formData", "type": []}]
    operation = {"parameters": fields, "responses": FINE, "consumes": "application/json"}
    document = {"swagger": "2.0", "host": "a", "schemes": {}, "paths": {"/products": {"post": operation}}}
    read(document, tmp_path, monkeypatch)


def read(document, folder, monkeypatch):
    """Let every reader of documents see one."""
    monkeypatch.chdir(folder)
    Path("openapi.json").write_text(json.dumps(document))
    Path("pact.json").write_text(json.dumps(PACT))
    for servers in (False, True):
        assert "pact.json" in check([Path("pact.json")], None, openapi="openapi.json", servers=servers).pacts
    assert import_document("openapi.json", folder).urls


@pytest.mark.parametrize("path", [["/products"], None, {"$ref": "/"}, 5])
def test_a_pact_with_a_path_that_is_no_text_is_malformed(project_with, path):
    pact = json.loads(json.dumps(PACT))
    pact["interactions"][0]["request"]["path"] = path

    codes = [finding.code for finding in project_with(pact)]

    assert "pact.malformed" in codes


@pytest.mark.parametrize(
    ("part", "value", "said"),
    [
        ("description", "\ud800", "holds half a character"),
        ("matchingRules", {"body": {"$.a": {"matchers": [None]}}}, "None is no matcher"),
        ("matchingRules", {"$.body.a": "type"}, "'type' is no matcher"),
    ],
)
def test_a_pact_that_the_pact_tools_cannot_read_is_none(project_with, part, value, said):
    pact = json.loads(json.dumps(PACT))
    interaction = pact["interactions"][0]
    (interaction if part == "description" else interaction["request"])[part] = value

    with pytest.raises(PactError, match=said):
        project_with(pact)


@pytest.fixture
def project_with(tmp_path):
    """`project_with(pact)` -> what `check` and then `lint` find in a project that has this pact."""
    (tmp_path / "interceptor.yaml").write_text(
        "consumer: Product Site\nproviders: {Product API: {url: http://a.example.com, openapi: openapi.json}}\n"
    )
    (tmp_path / "openapi.json").write_text(json.dumps({"openapi": "3.0.3", "paths": {"/products": {"post": FINE}}}))
    project = load_project(tmp_path / "interceptor.yaml")

    def find(pact):
        (tmp_path / "pact.json").write_text(json.dumps(pact))
        linted = lint(project, [tmp_path / "pact.json"])
        return [*check([tmp_path / "pact.json"], project).findings, *linted]

    return find


def test_a_pact_with_a_status_beyond_all_numbers(tmp_path):
    text = json.dumps(PACT).replace('"status": 200', '"status": 1e999')
    (tmp_path / "pact.json").write_text(text)
    (tmp_path / "openapi.json").write_text(json.dumps({"openapi": "3.0.3", "paths": {}}))

    with pytest.raises(PactError, match=r"pact\.json is not a pact: "):
        check([tmp_path / "pact.json"], None, openapi=str(tmp_path / "openapi.json"))
