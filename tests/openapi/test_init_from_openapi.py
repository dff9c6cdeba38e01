"""`init --from-openapi`: handlers for every documented response, whose answers fit the document."""

from __future__ import annotations

import json

import pytest

from interceptor.check import check
from interceptor.cli import main
from interceptor.convert import convert
from interceptor.engine import load_engine
from interceptor.openapi.files import read_file
from interceptor.project.config import load_project
from interceptor.values.decisions import Mocked
from interceptor.values.exchange import Exchange, Metadata, Outcome, ProviderState
from interceptor.values.messages import Request
from tests.exchanges import journal

pytestmark = pytest.mark.slow

SHOP = """
openapi: 3.0.3
info: {title: Shop API, version: '1'}
servers: [{url: https://shop.example.com/v1}]
paths:
  /products:
    get:
      operationId: listProducts
      responses:
        '200':
          description: All products.
          headers: {x-total: {schema: {type: integer, minimum: 3}}}
          content:
            application/json: {schema: {type: array, minItems: 2, items: {$ref: '#/components/schemas/Product'}}}
        '401': {description: Not logged in}
        default:
          description: Trouble
          content: {application/problem+json: {schema: {$ref: '#/components/schemas/Problem'}}}
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}
      responses:
        2XX: {description: Created, headers: {location: {schema: {type: string, format: uri}}}}
  /products/{product-id}:
    get:
      parameters: [{name: product-id, in: path, required: true, schema: {type: string}}]
      responses:
        '200':
          description: The product
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Product'}
              example: {id: 12, name: 'A {{ kettle }}'}
        '404': {description: No such product, content: {text/plain: {schema: {type: string}}}}
  /products/{product-id}/parts/{part}.{extension}:
    delete:
      responses: {'204': {description: Gone}}
  /carts/{id}:checkout:
    post:
      responses:
        '200': {description: Paid, content: {application/json: {schema: {$ref: '#/components/schemas/Payment'}}}}
components:
  schemas:
    Product:
      type: object
      required: [id, name]
      properties:
        id: {type: integer, format: int32, minimum: 10}
        name: {type: string, minLength: 6}
        sku: {type: string, pattern: '^[A-Z]{3}-[0-9]{4}$'}
        kind: {type: string, enum: [pot, pan]}
        price: {type: number, multipleOf: 0.25, exclusiveMinimum: true, minimum: 1}
        since: {type: string, format: date}
        secret: {type: string, writeOnly: true}
        related: {type: array, items: {$ref: '#/components/schemas/Product'}}
        size: {allOf: [{$ref: '#/components/schemas/Size'}, {type: object, properties: {depth: {type: integer}}}]}
    Size: {type: object, properties: {width: {type: integer, example: 30}}}
    Problem: {type: object, properties: {title: {type: string}, status: {type: integer}}}
    Payment:
      oneOf: [{$ref: '#/components/schemas/Card'}, {$ref: '#/components/schemas/Cash'}]
      discriminator: {propertyName: by, mapping: {card: '#/components/schemas/Card', cash: '#/components/schemas/Cash'}}
    Card: {type: object, properties: {by: {type: string, enum: [card]}, number: {type: string}}}
    Cash: {type: object, properties: {by: {type: string, enum: [cash]}, amount: {type: number}}}
"""
OLD_SHOP = {
    "swagger": "2.0",
    "info": {"title": "Old shop", "version": "1"},
    "host": "old.example.com",
    "basePath": "/v0",
    "produces": ["application/json"],
    "paths": {
        "/products": {
            "get": {
                "responses": {
                    "200": {
                        "description": "ok",
                        "schema": {"type": "array", "items": {"type": "string"}},
                        "examples": {"application/json": ["Kettle"]},
                    }
                }
            }
        }
    },
}


@pytest.fixture
def generated(tmp_path, monkeypatch, capsys):
    """`made(document, ...)` -> the project that init writes."""

    def make(text, *more):
        (tmp_path / "openapi.yaml").write_text(text, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        with pytest.raises(SystemExit) as ended:
            main(["init", "--from-openapi", "openapi.yaml", "--consumer", "Product Site", *more])
        assert ended.value.code == 0, capsys.readouterr().err
        return load_project(tmp_path / "interceptor.yaml")

    return make


def asked(project, request, state):
    """What the handlers answer a request under a provider state, as a run records it."""
    engine = load_engine(project)
    engine.declare_states(frozenset({state}))
    decision = engine.decide(request)
    assert isinstance(decision, Mocked), decision
    url = next(iter(project.providers.values())).url[0]
    metadata = Metadata(
        provider=next(iter(project.providers)),
        path=request.path.removeprefix("/v1") if url.endswith("/v1") else request.path,
        name=f"{state} {decision.response.status}",
        states=(ProviderState(state),),
        named=tuple(f"response.headers.{name}" for name, _ in decision.response.headers),
    )
    return Exchange(request, decision.response, Outcome.MOCKED, metadata=metadata)


def test_every_operation_and_response_has_a_handler(generated, tmp_path):
    project = generated(SHOP)

    assert project.providers["Shop API"].url == ["https://shop.example.com/v1"]
    assert project.providers["Shop API"].openapi == "openapi.yaml"
    written = read_file("handlers/shop-api.yaml", tmp_path)["handlers"]
    assert [(each["request"], each["name"], each["given"]) for each in written] == [
        ("GET /products", "listProducts answers 200", "listProducts: All products"),
        ("GET /products", "listProducts answers 401", "listProducts: Not logged in"),
        ("GET /products", "listProducts answers 500", "listProducts: Trouble"),
        ("POST /products", "POST /products answers 200", "POST /products: Created"),
        (
            "GET /products/:product_id",
            "GET /products/{product-id} answers 200",
            "GET /products/{product-id}: The product",
        ),
        (
            "GET /products/:product_id",
            "GET /products/{product-id} answers 404",
            "GET /products/{product-id}: No such product",
        ),
        (
            "DELETE /products/:product_id/parts/:part.*",
            "DELETE /products/{product-id}/parts/{part}.{extension} answers 204",
            "DELETE /products/{product-id}/parts/{part}.{extension}: Gone",
        ),
        (r"POST /carts/:id\:checkout", "POST /carts/{id}:checkout answers 200", "POST /carts/{id}:checkout: Paid"),
    ]


def test_examples_are_used_where_they_fit(generated, tmp_path):
    generated(SHOP)

    written = read_file("handlers/shop-api.yaml", tmp_path)["handlers"]
    by_name = {each["name"]: each["response"] for each in written}
    assert by_name["GET /products/{product-id} answers 200"]["json"] == {"id": 12, "name": "A {{ '{{' }} kettle }}"}
    listed = by_name["listProducts answers 200"]
    assert listed["headers"] == {"x-total": "3"}
    product = {"id": 10, "name": "textte", "kind": "pot", "price": 2, "since": "2024-05-17", "size": {"width": 30}}
    assert [{**each, "size": {"width": 30}} for each in listed["json"]] == [{**product, "related": []}] * 2


def test_the_same_document_gives_the_same_handlers(generated, tmp_path):
    generated(SHOP)
    first = (tmp_path / "handlers/shop-api.yaml").read_bytes()
    generated(SHOP, "--force")

    assert (tmp_path / "handlers/shop-api.yaml").read_bytes() == first


def test_what_the_handlers_answer_fits_the_document(generated, tmp_path):
    project = generated(SHOP)
    shop = "https://shop.example.com/v1"
    exchanges = [
        asked(project, Request(method, shop + path), state)
        for method, path, state in [
            ("GET", "/products", "listProducts: All products"),
            ("GET", "/products", "listProducts: Not logged in"),
            ("GET", "/products", "listProducts: Trouble"),
            ("POST", "/products", "POST /products: Created"),
            ("GET", "/products/a", "GET /products/{product-id}: The product"),
            ("GET", "/products/a", "GET /products/{product-id}: No such product"),
            ("DELETE", "/products/a/parts/b.stl", "DELETE /products/{product-id}/parts/{part}.{extension}: Gone"),
            ("POST", "/carts/7:checkout", "POST /carts/{id}:checkout: Paid"),
        ]
    ]
    assert [each.response.status for each in exchanges] == [200, 401, 500, 200, 200, 404, 204, 200]
    recorded = journal(tmp_path / "journal.jsonl", exchanges)
    written = convert(project, [recorded]).pacts[0]

    assert written.interactions == len(exchanges)
    checked = check([written.path], project)
    assert [each.code for each in checked.findings] == ["response.body.unvalidatable", "response.status.default"]


def test_the_paths_of_swagger_hold_its_base_path(generated, tmp_path):
    project = generated(json.dumps(OLD_SHOP))

    assert project.providers["Old shop"].url == ["https://old.example.com"]
    exchange = asked(project, Request("GET", "https://old.example.com/v0/products"), "GET /products: ok")
    assert json.loads(exchange.response.body) == ["Kettle"]
    written = convert(project, [journal(tmp_path / "journal.jsonl", [exchange])]).pacts[0]
    assert check([written.path], project).findings == []


def test_the_provider_can_be_named(generated):
    project = generated(SHOP, "--provider", "Shop=http://localhost:3000")

    assert {name: each.url for name, each in project.providers.items()} == {"Shop": ["http://localhost:3000"]}


def test_responses_that_are_described_alike_have_states_of_their_own(generated, tmp_path):
    generated(SHOP.replace("Not logged in", "All products"))

    written = read_file("handlers/shop-api.yaml", tmp_path)["handlers"]
    assert [each["given"] for each in written[:2]] == ["listProducts: All products", "listProducts: All products (401)"]


@pytest.mark.parametrize(
    ("path", "asked_for", "pattern"),
    [
        ("/a/{id}/b/{id}", "/a/1/b/2", "/a/:id/b/:id_2"),
        ("/a/{a-b}/{a_b}", "/a/1/2", "/a/:a_b/:a_b_2"),
        ("/a/{2fa}/{é}", "/a/1/2", "/a/:_2fa/:_"),
        ("/a/{from}-{to}", "/a/x-y", "/a/:from-*"),
        ("/a/{from}_{to}", "/a/x_y", "/a/*_*"),
        ("/a/{base}+{head}", "/a/x+y", "/a/*+*"),
        ("/a/(x)/*", "/a/(x)/*", r"/a/\(x\)/\*"),
        ("/a?action=list", "/a", "/a"),
        ("/a#list", "/a", "/a"),
    ],
)
def test_patterns_take_what_their_paths_describe(generated, tmp_path, path, asked_for, pattern):
    document = {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}}
    answers = {"200": {"description": "fine"}}
    project = generated(json.dumps(document | {"paths": {path: {"get": {"operationId": "it", "responses": answers}}}}))

    written = read_file("handlers/shop.yaml", tmp_path)["handlers"]
    assert [each["request"] for each in written] == [f"GET {pattern}"]
    asked(project, Request("GET", f"https://api.example.com{asked_for}"), "it: fine")


def test_json_that_no_schema_describes_is_left_out(generated, tmp_path):
    undescribed = {"application/json": {"example": {"a": 1}}}
    described = {"application/hal+json": {"schema": {"type": "object"}}, "text/plain": {"schema": {"type": "string"}}}
    answers = {
        "200": {"description": "fine", "content": undescribed},
        "201": {"description": "made", "content": described},
        "202": {"description": "text", "content": {"text/csv": {"example": "a,b"}}},
        "203": {"description": "typed", "headers": {"Content-Type": {"schema": {"type": "string"}}}},
        "206": {"description": "both", "content": described | undescribed},
    }
    document = {"openapi": "3.0.3", "info": {"title": "Shop", "version": "1"}}
    generated(json.dumps(document | {"paths": {"/a": {"get": {"responses": answers}}}}))

    written = read_file("handlers/shop.yaml", tmp_path)["handlers"]
    assert [each["response"] for each in written] == [
        200,
        {"status": 201, "headers": {"content-type": "application/hal+json"}, "json": {}},
        {"status": 202, "headers": {"content-type": "text/csv"}, "text": "a,b"},
        203,
        206,
    ]


def test_a_document_without_responses_gives_a_project_without_handlers(generated, tmp_path, capsys):
    project = generated("openapi: 3.1.0\ninfo: {title: Hooks, version: '1'}\nwebhooks: {a: {post: {}}}\n")

    assert load_engine(project).warnings == []
    assert read_file("handlers/hooks.yaml", tmp_path)["handlers"] == []
    assert "openapi.yaml describes no response to write down" in capsys.readouterr().err
