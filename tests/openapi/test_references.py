"""References of a document: what they may lead to, and what becomes of those that may not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interceptor.checking import check
from interceptor.openapi.document import open_document
from interceptor.values.errors import DocumentError

PACT = {
    "consumer": {"name": "Product Site"},
    "provider": {"name": "Product API"},
    "interactions": [
        {
            "description": "a product",
            "request": {"method": "GET", "path": "/product"},
            "response": {"status": 200, "headers": {"content-type": "application/json"}, "body": {"id": "x"}},
        }
    ],
    "metadata": {"pactSpecification": {"version": "3.0.0"}},
}
PRODUCT = {"type": "object", "properties": {"id": {"type": "integer"}}}


@pytest.fixture
def referring(tmp_path, monkeypatch):
    """`referring(reference)` -> the findings about a pact, with a document whose answer refers to a schema."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "product.json").write_text(json.dumps(PRODUCT))
    (tmp_path / "docs" / "product.json").write_text(json.dumps(PRODUCT))
    (tmp_path / "docs" / "pact.json").write_text(json.dumps(PACT))
    monkeypatch.chdir(tmp_path / "docs")

    def find(reference, refs=(), pact="pact.json", openapi="openapi.json"):
        content = {"application/json": {"schema": {"$ref": reference}}}
        operation = {"responses": {"200": {"description": "a product", "content": content}}}
        document = {"openapi": "3.0.3", "info": {"title": "Shop"}, "paths": {"/product": {"get": operation}}}
        (tmp_path / "docs" / "openapi.json").write_text(json.dumps(document))
        return check([Path(pact)], None, openapi=openapi, refs=refs).findings

    return find


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("../shared/product.json", "it is outside the document's folder (--refs FOLDER lets references lead there)"),
        ("link.json", "it is outside the document's folder"),
        ("/dev/zero", "it is outside the document's folder"),
        ("folder", "it is no file"),
        ("missing.json", "cannot read the OpenAPI document missing.json: No such file or directory"),
        ("%00.json", "a file's name has no NUL"),
        ("\ud800.json", "cannot read the OpenAPI document ?.json"),
        ("http://127.0.0.1:9/product.json", "leads nowhere"),
    ],
)
def test_a_reference_that_leads_nowhere_says_why(referring, tmp_path, reference, said):
    (tmp_path / "docs" / "link.json").symlink_to(tmp_path / "shared" / "product.json")
    (tmp_path / "docs" / "folder").mkdir()

    (finding,) = referring(reference)

    assert (finding.code, finding.type) == ("document.reference.broken", "error")
    assert said in finding.message


def test_references_lead_into_further_folders_where_that_is_asked_for(referring, tmp_path):
    (finding,) = referring("../shared/product.json", refs=[tmp_path / "shared"])

    assert finding.code == "response.body.incompatible"
    assert finding.document_place == "../shared/product.json#/properties/id/type"


def test_references_lead_anywhere_in_the_folder_that_the_document_is_looked_up_from(referring, tmp_path, monkeypatch):
    referring("../shared/product.json")
    monkeypatch.chdir(tmp_path)

    findings = referring("../shared/product.json", pact="docs/pact.json", openapi="docs/openapi.json")

    assert [finding.code for finding in findings] == ["response.body.incompatible"]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="the system has no such device")
def test_a_device_is_no_document():
    with pytest.raises(DocumentError, match="cannot read the OpenAPI document zero: it is no file"):
        open_document("zero", Path("/dev"))
