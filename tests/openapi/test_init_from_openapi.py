"""`init --from-openapi`: handlers for every documented response, whose answers fit the document."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlencode
from uuid import UUID

import pytest

from interceptor.checking import check
from interceptor.cli import main
from interceptor.conversion import convert
from interceptor.engine import load_engine
from interceptor.lint import lint
from interceptor.openapi.document import open_document
from interceptor.openapi.examples import Examples
from interceptor.openapi.files import read_file
from interceptor.openapi.json_schema import Direction
from interceptor.openapi.operations import operation, paths
from interceptor.openapi.validation import Validation
from interceptor.project.config import load_project
from interceptor.values.decisions import Mocked
from interceptor.values.exchange import Exchange, Outcome
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


def asked(engine, request, *states):
    """What the handlers answer a request under provider states, as a run records it."""
    engine.begin_test(None)
    engine.declare_states(frozenset(states))
    decision = engine.decide(request)
    assert isinstance(decision, Mocked), decision
    return Exchange(request, decision.response, Outcome.MOCKED, metadata=decision.metadata)


def test_every_operation_and_response_has_a_handler(generated, tmp_path):
    project = generated(SHOP)

    assert project.providers["Shop API"].url == ["https://shop.example.com/v1"]
    assert project.providers["Shop API"].openapi == "openapi.yaml"
    written = read_file("handlers/shop-api.yaml", tmp_path)["handlers"]
    assert [(each["request"], each["name"], each.get("given")) for each in written] == [
        ("GET /products", "a request to list products", "products exist"),
        ("GET /products", "a request to list products, answered with 401", "the caller is not authenticated"),
        (
            "GET /products",
            "a request to list products, answered with 500",
            "a request to list products is answered with 500",
        ),
        ("POST /products", "a request to create products", None),
        (
            "GET /products/:product_id",
            "a request to get products, product {{ params.product_id }}",
            "product {{ params.product_id }} exists",
        ),
        (
            "GET /products/:product_id",
            "a request to get products, product {{ params.product_id }}, answered with 404",
            "product {{ params.product_id }} does not exist",
        ),
        (
            "DELETE /products/:product_id/parts/:part.*",
            "a request to delete products parts, product {{ params.product_id }}, part {{ params.part }}",
            ["product {{ params.product_id }} exists", "part {{ params.part }} exists"],
        ),
        (
            r"POST /carts/:id\:checkout",
            "a request to create carts, cart {{ params.id }}",
            "cart {{ params.id }} exists",
        ),
    ]


def test_examples_are_used_where_they_fit(generated, tmp_path):
    generated(SHOP)

    written = read_file("handlers/shop-api.yaml", tmp_path)["handlers"]
    by_name = {each["name"]: each["response"] for each in written}
    got = by_name["a request to get products, product {{ params.product_id }}"]
    assert got["json"] == {"id": 12, "name": "A {{ '{{' }} kettle }}"}
    listed = by_name["a request to list products"]
    assert listed["headers"] == {"x-total": "3"}
    size = {"width": 30, "depth": 1}
    product = {"id": 10, "name": "textte", "kind": "pot", "price": 2, "since": "2024-05-17", "size": size}
    assert listed["json"] == [{**product, "related": []}] * 2


def test_the_same_document_gives_the_same_handlers(generated, tmp_path):
    generated(SHOP)
    first = (tmp_path / "handlers/shop-api.yaml").read_bytes()
    generated(SHOP, "--force")

    assert (tmp_path / "handlers/shop-api.yaml").read_bytes() == first


FILES = sorted((Path(__file__).parent / "documents").iterdir())
DOCUMENTS = [SHOP, *(path.read_text(encoding="utf-8") for path in FILES)]
VALUES = {"part": "a", "iban": ["DE12", "CH99"], "kind": "debits", "mediaId": [str(UUID(int=7)), str(UUID(int=8))]}
"""What parameters are in requests; others are 7, then 12."""


def requests_to(each, base, validation):
    """Two requests to an operation, with other ids."""
    for at, number in enumerate(("7", "12")):
        values = {name: value[at] if isinstance(value, list) else value for name, value in VALUES.items()}
        path = re.sub(r"\{(.*?)\}", lambda match: values.get(match[1], number), each.path)  # noqa: B023  # used at once
        examples = Examples(validation, Direction.REQUEST)
        needed = {(one.where, one.name): examples.value(one.schema) for one in each.parameters if one.required}
        query = urlencode({name: value for (where, name), value in needed.items() if where == "query"})
        sent = [(name.lower(), str(value)) for (where, name), value in needed.items() if where == "header"]
        headers = [("authorization", "Bearer x"), *sent]
        body = b""
        for kind in each.body.types:
            headers.append(("content-type", kind))
            body = json.dumps(examples.value(each.body.schema(kind))).encode()
        yield Request(each.method, f"{base}{path}{'?' if query else ''}{query}", tuple(headers), body)


def filled(text, request, handler, base):
    """A text of a handler with the parameters that a request has."""
    pattern = re.sub(r"\\(.)", r"[\1]", handler["request"].partition(" ")[2]).replace("*", ".+")
    asked_for = request.url.partition("?")[0].removeprefix(base)
    params = re.fullmatch(re.sub(r":(\w+)", r"(?P<\1>[^/]+?)", pattern), asked_for).groupdict()
    return re.sub(r"\{\{ params\.(\w+) \}\}", lambda match: params[match[1]], text)


def answers(engine, each, handlers, validation, base):
    """What the handlers of an operation answer, each under its own states."""
    mine = [handler for handler in handlers if takes(handler["request"], each.method, each.path)]
    assert len(mine) == len(each.answers), each.path
    for request in requests_to(each, base, validation):
        for at, handler in enumerate(mine):
            given = handler.get("given", [])
            states = [filled(state, request, handler, base) for state in ([given] if isinstance(given, str) else given)]
            exchange = asked(engine, request, *(states if at else []))
            assert exchange.metadata.name == filled(handler["name"], request, handler, base)
            yield exchange


@pytest.mark.parametrize("text", DOCUMENTS, ids=["shop", *(file.stem for file in FILES)])
def test_every_answer_is_reached_and_fits_and_is_an_interaction_of_its_own(generated, tmp_path, text):
    project = generated(text)
    document = open_document("openapi.yaml", tmp_path)
    (file,) = (tmp_path / "handlers").glob("*.yaml")
    handlers, validation = read_file(str(file), tmp_path)["handlers"], Validation(document)
    engine, base = load_engine(project), next(iter(project.providers.values())).url[0]
    exchanges = [
        exchange
        for path, method, item in paths(document)
        for exchange in answers(engine, operation(path, method, item), handlers, validation, base)
    ]
    written = convert(project, [journal(tmp_path / "journal.jsonl", exchanges)]).pacts[0]

    interactions = json.loads(written.path.read_text())["interactions"]
    named = [(each["description"], json.dumps(each.get("providerStates"))) for each in interactions]
    assert len(set(named)) == len(named)
    assert not [name for name, _ in named if re.search(r"\([0-9a-f]{8}\)$", name)]
    assert [finding for finding in check([written.path], project).findings if finding.type == "error"] == []
    assert lint(project, []) == []


def takes(request, method, path):
    """Whether a handler is that of an operation."""
    verb, _, pattern = request.partition(" ")
    plain = re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\):\w+|\*", "{}", pattern))
    return verb == method and plain == re.sub(r"\{.*?\}", "{}", path)


def test_the_paths_of_swagger_hold_its_base_path(generated, tmp_path):
    project = generated(json.dumps(OLD_SHOP))

    assert project.providers["Old shop"].url == ["https://old.example.com"]
    exchange = asked(load_engine(project), Request("GET", "https://old.example.com/v0/products"), "products exist")
    assert json.loads(exchange.response.body) == ["Kettle"]
    written = convert(project, [journal(tmp_path / "journal.jsonl", [exchange])]).pacts[0]
    assert check([written.path], project).findings == []


def test_the_provider_can_be_named(generated):
    project = generated(SHOP, "--provider", "Shop=http://localhost:3000")

    assert {name: each.url for name, each in project.providers.items()} == {"Shop": ["http://localhost:3000"]}


def test_responses_that_are_described_alike_have_states_of_their_own(generated, tmp_path):
    answers = {status: {"description": "The shop is closed."} for status in ("409", "422")}
    document = {"openapi": "3.0.3", "info": {"title": "Shop", "version": "1"}}
    generated(json.dumps(document | {"paths": {"/a": {"get": {"operationId": "it", "responses": answers}}}}))

    written = read_file("handlers/shop.yaml", tmp_path)["handlers"]
    assert [each.get("given") for each in written] == [None, "a request for it is answered with 422"]


def test_a_composed_answer_is_written_whole(generated, tmp_path):
    generated((Path(__file__).parent / "documents" / "composed.yaml").read_text(encoding="utf-8"))

    by_name = {each["name"]: each["response"] for each in read_file("handlers/studio-api.yaml", tmp_path)["handlers"]}
    assert by_name["a request for who am i"]["json"] == {"data": {"name": "Ann"}, "error": "text"}
    track = by_name["a request for tracks get, track {{ params.id }}"]["json"]
    owner = {"id": 1, "name": "text", "friends": [{"id": 1, "name": "text"}], "badge": "gold"}
    assert track["data"] == {"id": "{{ params.id | int }}", "title": "text", "seconds": 1, "owner": owner}


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
    asked(load_engine(project), Request("GET", f"https://api.example.com{asked_for}"))


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
    assert "openapi.yaml describes no response" in capsys.readouterr().err
