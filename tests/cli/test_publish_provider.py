"""`interceptor publish-provider` with the real client, and a broker we play."""

import base64
import json

import pytest

from tests.brokers import answering, interceptor

pytestmark = pytest.mark.slow

OPTIONS = ("--provider", "Product API", "--version", "p1", "--branch", "main")


@pytest.fixture
def document(at_broker, tmp_path):
    (tmp_path / "openapi.yaml").write_text("openapi: 3.0.3\n")
    (tmp_path / "report.xml").write_text("<testsuites/>")
    return "openapi.yaml"


def test_the_document_and_the_result_reach_the_broker(at_broker, document):
    options = ("--no-success", "--results", "report.xml", "--verifier", "schemathesis", "--tag", "dev")
    done = interceptor("publish-provider", document, *OPTIONS, *options)
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        f"interceptor  published openapi.yaml as the contract of Product API p1 at {at_broker.url}",
        "             Successfully published provider contract",
        "             The document allows additional properties",
    ]
    sent = at_broker.asked("/provider-contracts/provider/Product%20API/publish")[-1]
    assert (sent["pacticipantVersionNumber"], sent["branch"], sent["tags"]) == ("p1", "main", ["dev"])
    contract = sent["contract"]
    assert base64.b64decode(contract["content"]) == b"openapi: 3.0.3\n"
    assert contract["contentType"] == "application/yaml"
    result = contract["selfVerificationResults"]
    assert result["success"] is False
    assert base64.b64decode(result["content"]) == b"<testsuites/>"
    assert (result["contentType"], result["format"], result["verifier"]) == ("application/xml", "junit", "schemathesis")


@pytest.mark.parametrize("result", ["--success", "--no-success"])
def test_a_result_without_a_report_reaches_the_broker_too(at_broker, document, result):
    done = interceptor("publish-provider", document, *OPTIONS, result, "--verifier-version", "3.2")
    assert done.code == 0, done.err
    sent = at_broker.asked("/provider-contracts/provider/Product%20API/publish")[-1]
    assert sent["contract"]["selfVerificationResults"] == {"success": result == "--success", "verifierVersion": "3.2"}


def test_the_project_names_the_document(at_broker, document, tmp_path):
    (tmp_path / "interceptor.yaml").write_text(
        "consumer: Site\nproviders: {Product API: {url: http://a.example.com, openapi: openapi.yaml}}\n"
    )
    assert interceptor("publish-provider", *OPTIONS).code == 0


# Each row: arguments, exit code, and what is said.
WRONG = [
    (("missing.yaml", *OPTIONS), 2, "there is no file missing.yaml"),
    (("openapi.yaml", "--provider", "Product API"), 2, "name it with --version"),
    (
        ("openapi.yaml", *OPTIONS, "--version", "refused"),
        1,
        "refuses openapi.yaml: contract: is not an OpenAPI document; See the documentation\n",
    ),
    (("openapi.yaml", *OPTIONS, "--version", "read-only"), 1, "401 Unauthorized"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), WRONG)
def test_what_cannot_be_published(document, arguments, code, said):
    done = interceptor("publish-provider", *arguments)
    assert done.code == code
    assert said in done.err
    assert len(done.err.splitlines()) <= 3


def test_the_result_for_programs(at_broker, document):
    done = interceptor("publish-provider", document, *OPTIONS, "--json")
    assert json.loads(done.out) == {
        "broker": at_broker.url,
        "provider": "Product API",
        "version": "p1",
        "branch": "main",
        "tags": [],
        "build_url": None,
        "notices": ["Successfully published provider contract", "The document allows additional properties"],
    }


def test_a_broker_that_is_not_pactflow_is_said(document, monkeypatch):
    with answering(200, "application/hal+json", '{"_links": {}}') as url:
        monkeypatch.setenv("PACT_BROKER_BASE_URL", url)
        done = interceptor("publish-provider", document, *OPTIONS)
    assert done.code == 1
    assert done.err.splitlines() == [
        f"interceptor  cannot use the broker at {url}: it does not accept provider contracts; only PactFlow does",
        "interceptor  compare offline instead: interceptor check",
    ]
