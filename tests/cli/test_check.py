"""`interceptor check`: findings with all their places, for people, programs and CI."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from interceptor.cli import main
from interceptor.conversion import convert
from interceptor.project.config import load_project
from tests.exchanges import exchange, journal

DOCUMENT = """
openapi: 3.0.3
info: {title: Product API, version: '1'}
paths:
  /products/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: X-Tenant, in: header, schema: {type: string}}
        - {name: session, in: cookie, schema: {type: string}}
      responses:
        '200':
          description: the product
          headers: {X-Total: {schema: {type: integer}}}
          content:
            application/json:
              schema: {type: object, properties: {id: {type: integer}, name: {type: string}}}
"""
HANDLERS = """
provider: Product API
handlers:
  - request: GET /stock
    response: 204

  - request: GET /products/:id
    response:
      json: {id: 10, name: 5, colour: red}
"""
PROJECT = """
consumer: Product Site
providers:
  Product API: {url: https://api.example.com/v1, openapi: openapi.yaml}
  Stock API: {url: https://stock.example.com}
"""
PLACE = "openapi.yaml#/paths/~1products~1{id}/get/responses/200/content/application~1json/schema"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A project with a pact that does not fit its provider's document."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openapi.yaml").write_text(DOCUMENT)
    (tmp_path / "interceptor.yaml").write_text(PROJECT)
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "products.yaml").write_text(HANDLERS)
    exported(tmp_path, exchange("GET /products/10?full=1", {"id": 10, "name": 5, "colour": "red"}))
    return tmp_path


def exported(folder, *exchanges):
    """Write the pacts of some exchanges."""
    (folder / "journal.jsonl").unlink(missing_ok=True)
    return convert(load_project(folder / "interceptor.yaml"), [journal(folder / "journal.jsonl", exchanges)])


def called(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(list(map(str, arguments)))
    output = capsys.readouterr()
    return ended.value.code, output.out, output.err


def test_a_finding_shows_interaction_places_and_handler(here, capsys):
    code, out, err = called(capsys, "check")

    assert (code, err) == (1, "")
    assert (
        out
        == f"""\
warning  the document has no query parameter "full" here  [request.query.unknown]
  pact      Product Site-Product API.json, interaction 0 "GET /products/10?full=1 returns 200", request.query.full
  document  openapi.yaml#/paths/~1products~1{{id}}/get
  handler   handlers/products.yaml:7

error    5 is not of type "string"  [response.body.incompatible]
  pact      Product Site-Product API.json, interaction 0 "GET /products/10?full=1 returns 200", response.body.name
  document  {PLACE}/properties/name/type
  handler   handlers/products.yaml:7

error    the schema knows no such property  [response.body.incompatible]
  pact      Product Site-Product API.json, interaction 0 "GET /products/10?full=1 returns 200", response.body.colour
  document  {PLACE}
  handler   handlers/products.yaml:7

interceptor  1 interaction compared · 2 errors · 1 warning
"""
    )


def test_findings_for_programs(here, capsys):
    code, out, _ = called(capsys, "check", "--json")

    assert code == 1
    assert json.loads(out)[1] == {
        "code": "response.body.incompatible",
        "type": "error",
        "message": '5 is not of type "string"',
        "pact": "Product Site-Product API.json",
        "interaction": 0,
        "place": "response.body.name",
        "document_place": f"{PLACE}/properties/name/type",
        "handler": "handlers/products.yaml:7",
    }


def test_annotations_for_github(here, capsys):
    _, out, _ = called(capsys, "check", "--github")

    assert out.splitlines()[1] == (
        "::error file=handlers/products.yaml,line=7,title=response.body.incompatible::"
        '5 is not of type "string" - interaction 0 "GET /products/10?full=1 returns 200" - '
        f"response.body.name - {PLACE}/properties/name/type"
    )


def test_annotations_stand_at_the_pact_where_no_handler_is_known(here, capsys):
    (here / "handlers" / "products.yaml").write_text("provider: Product API\nhandlers: []\n")

    _, out, _ = called(capsys, "check", "--github")

    assert out.startswith(
        "::warning file=msw_generated_pacts/Product Site-Product API.json,title=request.query.unknown::"
    )


def test_a_report_for_junit(here, capsys):
    called(capsys, "check", "--junit", here / "reports" / "check.xml")

    suite = ET.parse(here / "reports" / "check.xml").getroot().find("testsuite")
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("Product Site - Product API", "1", "1")
    case = suite.find("testcase")
    assert case.get("name") == "GET /products/10?full=1 returns 200"
    assert [each.get("type") for each in case.findall("failure")] == ["response.body.incompatible"] * 2
    assert case.find("system-out").text.startswith("request.query.unknown: the document has no query parameter")


def test_warnings_alone_are_no_failure(here, capsys):
    exported(here, exchange("GET /products/10?full=1", {"id": 10}))

    code, out, _ = called(capsys, "check")

    assert code == 0
    assert out.endswith("interceptor  1 interaction compared · 0 errors · 1 warning\n")


def test_a_pact_alone_needs_no_project(here, capsys):
    (here / "interceptor.yaml").unlink()
    pact = here / "msw_generated_pacts" / "Product Site-Product API.json"

    code, out, _ = called(capsys, "check", pact, "--openapi", "openapi.yaml", "--json")

    assert code == 1
    assert {finding["handler"] for finding in json.loads(out)} == {None}


def test_servers_are_an_option(here, capsys):
    (here / "openapi.yaml").write_text(DOCUMENT + "servers: [{url: 'https://{env}.example.com/v1'}]\n")
    pact = here / "msw_generated_pacts" / "Product Site-Product API.json"
    pact.write_text(pact.read_text().replace('"/products/10"', '"/v1/products/10"'))

    assert "request.path-or-method.unknown" in called(capsys, "check")[1]
    assert "request.path-or-method.unknown" not in called(capsys, "check", "--servers")[1]


def test_a_provider_without_a_document_is_passed_over(here, capsys):
    exported(here, exchange("GET /stock", {"a": 1}, provider="Stock API"))

    _, _, err = called(capsys, "check")

    assert err == "interceptor  no OpenAPI document for Stock API: its pact is not checked\n"


@pytest.mark.parametrize(
    ("arguments", "break_it", "said"),
    [
        ([], lambda here: (here / "openapi.yaml").write_text("[]"), "openapi.yaml is not an OpenAPI document"),
        (["--openapi", "gone.yaml"], lambda _: None, "cannot read the OpenAPI document gone.yaml: No such file"),
        (
            [],
            lambda here: (here / "interceptor.yaml").write_text(PROJECT.replace(", openapi: openapi.yaml", "")),
            "there is no OpenAPI document to check against",
        ),
        ([], lambda here: next(here.glob("msw_generated_pacts/*")).unlink(), "there is no pact to check"),
    ],
)
def test_what_cannot_be_checked_is_wrong_usage(here, capsys, arguments, break_it, said):
    break_it(here)

    code, out, err = called(capsys, "check", *arguments)

    assert (code, out) == (2, "")
    assert said in err


def test_one_document_describes_one_provider(here, capsys):
    exported(here, exchange("GET /stock", {"a": 1}, provider="Stock API"))

    code, _, err = called(capsys, "check", "--openapi", "openapi.yaml")

    assert (code, err.splitlines()[0]) == (2, "interceptor  one document cannot describe Product API, Stock API")


def test_publish_checks_first(here, capsys, monkeypatch):
    monkeypatch.setenv("PACT_BROKER_BASE_URL", "http://127.0.0.1:9")

    code, _, err = called(capsys, "publish", "--dry-run", "--consumer-app-version", "1", "--branch", "b")
    assert code == 1
    assert 'error: 5 is not of type "string"  [response.body.incompatible]' in err
    assert "--no-check publishes anyway" in err
    code, out, err = called(
        capsys, "publish", "--dry-run", "--consumer-app-version", "1", "--branch", "b", "--no-check"
    )
    assert (code, "checked" in out) == (0, True), err


def test_headers_that_the_document_names_are_kept_in_the_pact(here):
    sent = {"x-tenant": "7", "x-other": "1", "cookie": "session=abc"}
    answered = {"x-total": "3", "x-powered-by": "us"}
    exported(here, exchange("GET /products/10", {"id": 10}, headers=sent, response_headers=answered))

    (interaction,) = json.loads(next(here.glob("msw_generated_pacts/*")).read_text())["interactions"]
    assert interaction["request"]["headers"].keys() == {"cookie", "x-tenant"}
    assert interaction["response"]["headers"].keys() == {"content-type", "x-total"}


def test_an_unreadable_document_costs_no_pact(here):
    (here / "openapi.yaml").write_text("[]")

    conversion = exported(here, exchange("GET /products/10", {"id": 10}))

    assert [pact.interactions for pact in conversion.pacts] == [1]
    (warning,) = conversion.warnings
    assert warning.startswith("openapi.yaml is not an OpenAPI document")
    assert warning.endswith("the headers that only it names are left out of the pact")


def covered(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["check", *arguments])
    return ended.value.code, capsys.readouterr().out


@pytest.fixture
def partly_used(here):
    """The project with two more operations: one that only a handler answers, one that nobody knows."""
    more = """
  /stock:
    get: {responses: {'204': {description: none}, '200': {description: some}}}
    head: {responses: {'200': {description: some}}}
  /carts/{id}:pay:
    post:
      parameters: [{name: page, in: query, schema: {type: object}}]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Cart'}}}}
      responses: {default: {description: some}}
components:
  schemas:
    Cart:
      allOf:
        - type: object
          properties:
            id: {type: integer, readOnly: true}
            lines: {type: array, items: {type: object, properties: {sku: {type: string}}}}
        - {oneOf: [{type: object, properties: {cart: {$ref: '#/components/schemas/Cart'}}}]}
"""
    (here / "openapi.yaml").write_text(DOCUMENT + more)
    (here / "handlers" / "carts.yaml").write_text(
        "provider: Product API\nhandlers:\n"
        "  - {request: {method: POST, path: '/carts/:id\\:pay', json: {lines: []}}, response: 201}\n"
    )
    return here


def test_coverage_says_what_the_contract_uses_and_what_only_handlers_or_nobody_have(partly_used, capsys):
    _, out = covered(capsys, "--coverage")

    assert out.partition("interceptor  contract coverage")[2].splitlines() == [
        " of Product API: 23% (1 of 4 operations, 1 of 5 statuses, 0 of 3 parameters, 2 of 5 properties)",
        "             only in handlers  operation  GET /stock",
        "             only in handlers  operation  HEAD /stock",
        "             only in handlers  operation  POST /carts/{id}:pay",
        "             not used          parameter  GET /products/{id} header X-Tenant",
        "             not used          parameter  GET /products/{id} cookie session",
        "             not used          status     GET /stock 200",
        "             not used          status     HEAD /stock 200",
        "             not used          parameter  POST /carts/{id}:pay query page",
        "             not used          property   POST /carts/{id}:pay request lines[].sku",
        "             not used          property   POST /carts/{id}:pay request cart",
    ]


def test_coverage_for_programs_holds_a_badge_and_every_item(partly_used, capsys):
    _, out = covered(capsys, "--coverage", "--json")

    document = json.loads(out)
    assert document["findings"]
    (each,) = document["coverage"]
    assert each["badge"] | {"message": ""} == {
        "schemaVersion": 1,
        "label": "contract coverage",
        "message": "",
        "color": "red",
    }
    assert {
        "kind": "status",
        "name": "GET /stock 204",
        "by": "handlers",
        "document_place": "openapi.yaml#/paths/~1stock/get/responses/204",
    } in each["items"]


def test_a_coverage_below_the_threshold_fails(partly_used, capsys):
    pact = json.loads(next((partly_used / "msw_generated_pacts").glob("*.json")).read_text())
    pact["interactions"][0]["response"]["body"] = {
        "content": {"id": 10},
        "contentType": "application/json",
        "encoded": False,
    }
    next((partly_used / "msw_generated_pacts").glob("*.json")).write_text(json.dumps(pact))

    assert covered(capsys)[0] == 0
    assert covered(capsys, "--at-least", "5")[0] == 0
    assert covered(capsys, "--at-least", "90")[0] == 1
