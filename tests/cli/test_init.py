"""`interceptor init`: what it writes is a project, and answers as the recording did."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from interceptor.cli import main
from interceptor.engine import load_engine
from interceptor.project.config import load_project
from interceptor.project.yaml_file import read
from interceptor.scaffold.addresses import base_path, template
from interceptor.scaffold.project import consumer_name, project_files, write_files
from interceptor.scaffold.recorded import import_recording
from interceptor.values.decisions import Mocked
from interceptor.values.exchange import ImportedExchange
from interceptor.values.messages import Request, Response

BASE = "https://api.example.com/shop/v1"
JSON = "application/json"


@pytest.fixture
def called(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        output = capsys.readouterr()
        return ended.value.code, output.out, output.err

    return call


def entry(line: str, status: int = 200, response: Any = None, **more: Any) -> dict[str, Any]:
    """An entry of a HAR file; a response or body that is no text is JSON."""
    method, _, target = line.partition(" ")
    text = response if isinstance(response, str) else json.dumps(response)
    content = {"mimeType": more.get("type", JSON), "text": text} if response is not None else {}
    answered = {"content-type": content["mimeType"], **more.get("response_headers", {})} if content else {}
    request: dict[str, Any] = {
        "method": method,
        "url": target if "://" in target else BASE + target,
        "headers": [{"name": name, "value": value} for name, value in more.get("headers", {}).items()],
    }
    if "body" in more:
        body = more["body"]
        sent = {"mimeType": more.get("body_type", JSON), "text": body if isinstance(body, str) else json.dumps(body)}
        request["postData"] = sent
    headers = [{"name": name, "value": value} for name, value in answered.items()]
    return {
        "startedDateTime": "2026-11-21T20:46:03.120Z",
        "request": request,
        "response": {"status": status, "headers": headers, "content": content},
    }


@pytest.fixture
def imported(called, tmp_path):
    """`imported(entry, ...)` -> the engine of the project that was written, and the text of all of its files."""

    def make(*entries):
        (tmp_path / "traffic.har").write_text(json.dumps({"log": {"version": "1.2", "entries": list(entries)}}))
        code, _, err = called("init", "--from-har", "traffic.har", "--consumer", "Shop")
        assert code == 0, err
        engine = load_engine(load_project(tmp_path / "interceptor.yaml"))
        assert engine.warnings == []
        text = "\n".join(file.read_text() for file in sorted(tmp_path.glob("handlers/**/*")) if file.is_file())
        return engine, (tmp_path / "interceptor.yaml").read_text() + text, err

    return make


def answered(engine, line: str, body: Any = None, content_type: str = JSON):
    method, _, target = line.partition(" ")
    headers = (("content-type", content_type),) if body is not None else ()
    data = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
    decision = engine.decide(Request(method, target if "://" in target else BASE + target, headers, data))
    assert isinstance(decision, Mocked), decision
    return decision.response


def answered_json(engine, line: str, body: Any = None):
    return json.loads(answered(engine, line, body).body)


# From nothing --------------------------------------------------------------------------------------------------


def test_a_project_from_nothing(called, tmp_path):
    (tmp_path / "package.json").write_text('{"name": "@acme/product-site"}')
    code, out, err = called("init")
    assert (code, out) == (0, "")
    assert "interceptor  wrote interceptor.yaml\ninterceptor  wrote handlers/product-api.yaml\n" in err
    project = load_project(tmp_path / "interceptor.yaml")
    assert project.settings.consumer == "product-site"
    decision = load_engine(project).decide(Request("GET", "https://api.example.com/v1/products/7"))
    assert isinstance(decision, Mocked)
    assert json.loads(decision.response.body)["id"] == "7"


def test_the_schema_line_leads_to_a_schema(called, tmp_path):
    called("init")
    for name in ("interceptor.yaml", "handlers/product-api.yaml"):
        file = tmp_path / name
        line = file.read_text().splitlines()[0]
        schema = json.loads((file.parent / line.removeprefix("# yaml-language-server: $schema=")).read_text())
        Draft202012Validator.check_schema(schema)
        assert list(Draft202012Validator(schema).iter_errors(read(file)[0].plain())) == []
    assert (tmp_path / ".interceptor" / ".gitignore").read_text() == "*\n"


def test_providers_are_named(called, tmp_path):
    assert (
        called("init", "--provider", "Stock=http://stock.example.com", "--provider", "A: B=https://b.example.com")[0]
        == 0
    )
    providers = load_project(tmp_path / "interceptor.yaml").providers
    assert {name: each.url for name, each in providers.items()} == {
        "Stock": ["http://stock.example.com"],
        "A: B": ["https://b.example.com"],
    }
    load_engine(load_project(tmp_path / "interceptor.yaml"))


def test_providers_of_like_names_get_files_of_their_own(called, tmp_path):
    providers = ("Product API=http://a.example.com", "product-api=http://b.example.com", "product.api=http://c.test")
    assert called("init", *(word for each in providers for word in ("--provider", each)))[0] == 0
    files = ("product-api.yaml", "product-api-2.yaml", "product.api.yaml")
    written = [yaml.safe_load((tmp_path / "handlers" / name).read_text())["provider"] for name in files]
    assert written == ["Product API", "product-api", "product.api"]


def test_nothing_is_overwritten_unless_forced(called, tmp_path):
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "product-api.yaml").write_text("mine")
    code, _, err = called("init")
    assert (code, (tmp_path / "interceptor.yaml").exists()) == (2, False)
    assert err == "interceptor  already exists: handlers/product-api.yaml\ninterceptor  use --force to overwrite\n"
    assert (tmp_path / "handlers" / "product-api.yaml").read_text() == "mine"
    assert called("init", "--force")[0] == 0
    assert load_engine(load_project(tmp_path / "interceptor.yaml")).warnings == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--provider", "nonsense"], "is not a provider's name and URL"),
        (["--from-har", "none.har"], "cannot read the recording none.har: No such file or directory"),
        (["--from-har", "a.har", "--provider", "A=http://a.example.com"], "do not go together"),
    ],
)
def test_what_cannot_be_done_is_said(called, tmp_path, arguments, said):
    code, _, err = called("init", *arguments)
    assert code == 2
    assert said in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        ("package.json", '{"name": "@acme/shop"}', "shop"),
        ("pyproject.toml", '[project]\nname = "shop"\n', "shop"),
        ("pyproject.toml", '[tool.poetry]\nname = "shop"\n', "shop"),
        ("Cargo.toml", '[package]\nname = "shop"\n', "shop"),
        ("go.mod", "module github.com/acme/shop/v2\n", "shop"),
        ("go.mod", "module shop\n", "shop"),
        ("package.json", "{broken", "folder"),
        ("package.json", "[]", "folder"),
        ("pyproject.toml", "[tool.ruff]\n", "folder"),
    ],
)
def test_the_consumers_name(tmp_path, file, text, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / file).write_text(text)
    assert consumer_name(tmp_path / "folder") == name


# From recorded traffic -----------------------------------------------------------------------------------------


def test_every_exchange_is_answered_as_it_was(imported):
    entries = [
        ("GET /products", 200, [{"id": "10", "name": "Lamp"}]),
        ("GET /products?page=2", 200, []),
        ("GET /products/10", 200, {"id": "10", "name": "Lamp", "size": 1e20, "code": "1e5", "none": None}),
        ("GET /products/11", 200, {"id": "11", "name": "Desk {{ wide }}"}),
        ("GET /products/99", 404, {"error": "*no* such thing: #99"}),
        ("GET /stock/a%20b:c", 200, {"on": "NO", "$ref": "#/x"}),
    ]
    engine, _, _ = imported(*(entry(*each) for each in entries))
    for line, status, body in entries:
        response = answered(engine, line)
        assert (response.status, json.loads(response.body)) == (status, body), line


def test_the_import_that_the_documentation_shows(imported, tmp_path):
    _, _, err = imported(
        entry("GET https://shop.example.com/", 200, "<p>", type="text/html"),
        entry("GET /products?page=1", 200, [{"id": "10", "name": "Lamp"}]),
        entry("GET /products?page=2", 200, []),
        entry("GET /products/10", 200, {"id": "10", "name": "Lamp"}),
        entry("GET /products/99", 404, {"error": "no such product"}),
    )
    shown = (Path(__file__).parents[2] / "docs" / "project-file.md").read_text()
    assert (tmp_path / "handlers" / "api.example.com.yaml").read_text() in shown
    assert err in shown


def test_ids_become_parameters(imported):
    product = {"id": 10, "category": {"id": 10}, "pages": 10}
    engine, text, _ = imported(
        entry("GET /products/10", 200, product),
        entry(
            "GET /products/10/reviews/6f1d2c3b-0000-4000-8000-123456789abc",
            200,
            {"data": {"id": "6f1d2c3b-0000-4000-8000-123456789abc"}},
        ),
        entry("GET /users/7", 200, {"id": "7"}),
        entry("GET /users/8", 200, {"id": "8"}),
    )
    assert "request: GET /products/:id\n" in text
    assert "request: GET /products/:product_id/reviews/:id\n" in text
    assert answered_json(engine, "GET /products/12") == {**product, "id": 12}
    assert answered_json(engine, "GET /products/1/reviews/2") == {"data": {"id": "2"}}
    assert text.count("/users/") == 1
    assert answered_json(engine, "GET /users/9") == {"id": "9"}


def test_bodies_tell_requests_apart_where_they_must(imported):
    engine, text, _ = imported(
        entry("POST /search", 200, {"found": 1}, body={"term": "lamp", "$ref": 1}),
        entry("POST /search", 200, {"found": 2}, body={"term": "desk"}),
        entry("POST /login", 204, body="user=a&password=hunter2hunter2", body_type="application/x-www-form-urlencoded"),
        entry("POST /login", 401, body="user=b&password=hunter3hunter3", body_type="application/x-www-form-urlencoded"),
        entry("PUT /only/1", 204, body={"whatever": 1}),
    )
    assert answered_json(engine, "POST /search", {"term": "desk"}) == {"found": 2}
    assert answered_json(engine, "POST /search", {"term": "lamp", "$ref": 1}) == {"found": 1}
    form = "application/x-www-form-urlencoded"
    assert answered(engine, "POST /login", "user=b&password=anything", form).status == 401
    assert "hunter" not in text
    assert "whatever" not in text


def test_what_changes_from_call_to_call_is_a_list(imported):
    engine, _, _ = imported(
        entry("GET /orders/7", 202, {"state": "packing"}),
        entry("GET /orders/7", 202, {"state": "packing"}),
        entry("GET /orders/7", 200, {"state": "sent"}),
    )
    assert [answered_json(engine, "GET /orders/7")["state"] for _ in range(3)] == ["packing", "sent", "sent"]


def test_graphql_is_told_apart_by_operation(imported):
    engine, text, _ = imported(
        entry("POST /graphql", 200, {"data": {"a": 1}}, body={"query": "query A { a }"}),
        entry(
            "POST /graphql", 200, {"data": {"b": 2}}, body={"query": "query B($n: Int) { b }", "variables": {"n": 1}}
        ),
        entry(
            "POST /graphql", 200, {"data": {"b": 3}}, body={"query": "query B($n: Int) { b }", "variables": {"n": 2}}
        ),
    )
    assert answered_json(engine, "POST /graphql", {"query": "query A { a }"}) == {"data": {"a": 1}}
    b = {"query": "query B($n: Int) { b }", "variables": {"n": 2}}
    assert answered_json(engine, "POST /graphql", b) == {"data": {"b": 3}}
    assert "query: A" in text


def test_pages_and_preflights_are_left_out(imported):
    preflight = {"origin": "https://shop.example.com", "access-control-request-method": "GET"}
    _, text, err = imported(
        entry("GET https://shop.example.com/", 200, "<p>hi</p>", type="text/html"),
        entry("GET https://shop.example.com/app.js", 200, "x", type="application/javascript; charset=utf-8"),
        entry("OPTIONS /products", 204, headers=preflight),
        entry("GET /products", 304),
        entry("GET /products", 200, []),
    )
    assert "answers from a cache): 3\n" in err
    assert "entry 4: the file lacks the header that status 304 answers to" in err
    assert "shop.example.com/" not in text
    assert "OPTIONS" not in text


def test_secrets_are_never_written(imported):
    token = "ghp_" + "a1B2" * 9
    _, text, _ = imported(
        entry(
            "GET /me?api_key=k3yk3yk3y",
            200,
            {"id": 1, "access_token": token},
            headers={"authorization": f"Bearer {token}"},
        ),
        entry("GET /me?api_key=0therk3y", 200, {"id": 2}, headers={"cookie": "session=s3cr3ts3cr3t"}),
        entry("POST /me", 200, {"ok": True}, body={"password": "pa55word!", "n": 1}),
        entry("POST /me", 400, {"ok": False}, body={"password": "pa55word!", "n": 2}),
        entry(f"GET /reset/{token}", 200, {"ok": True}, response_headers={"set-cookie": "session=s3cr3ts3cr3t"}),
    )
    for secret in (token, "k3y", "s3cr3t", "pa55"):
        assert secret not in text


def test_headers_that_matter_and_content_types_are_kept(imported):
    kept = {
        "Location": "/products/12",
        "X-Total-Count": "7",
        "X-Request-Id": "r1",
        "Date": "now",
        "Cache-Control": "no-store",
    }
    engine, text, _ = imported(
        entry("POST /products", 201, {"id": "12"}, body={}, response_headers=kept),
        entry("GET /problem", 422, {"title": "no"}, type="application/problem+json"),
        entry("GET /text", 200, "plain {{ text }}\nof two lines\n", type="text/plain; charset=utf-8"),
    )
    assert dict(answered(engine, "POST /products").headers) == {
        "content-type": JSON,
        "location": "/products/12",
        "x-total-count": "7",
    }
    assert answered(engine, "GET /problem").header("content-type") == "application/problem+json"
    assert answered(engine, "GET /text").body == b"plain {{ text }}\nof two lines\n"
    assert "r1" not in text


def test_long_bodies_become_files(imported, tmp_path):
    long = {"rows": ["{{ row }}" * 10] * 100}
    engine, text, _ = imported(entry("GET /rows", 200, long), entry("GET /pdf", 200, "%PDF", type="application/pdf"))
    assert "file: fixtures/get-rows.json" in text
    assert answered_json(engine, "GET /rows") == long
    pdf = answered(engine, "GET /pdf")
    assert (pdf.body, pdf.header("content-type")) == (b"%PDF", "application/pdf")


def test_providers_are_hosts_with_their_common_base(imported, tmp_path):
    imported(
        entry("GET /products", 200, []),
        entry("GET /orders", 200, []),
        entry("GET http://localhost:4000/stock", 200, []),
    )
    providers = load_project(tmp_path / "interceptor.yaml").providers
    assert {name: each.url for name, each in providers.items()} == {
        "api.example.com": ["https://api.example.com/shop/v1"],
        "localhost:4000": ["http://localhost:4000"],
    }


def test_a_recording_without_calls_is_an_error(called, tmp_path):
    (tmp_path / "empty.har").write_text('{"log": {"entries": []}}')
    code, _, err = called("init", "--from-har", "empty.har")
    assert code == 2
    assert "has no answered request to an API" in err


@pytest.mark.parametrize(
    ("paths", "base"),
    [
        (["/v1/products", "/v1/products/10"], "/v1"),
        (["/shop/api/v2/a", "/shop/api/v2/b"], "/shop/api/v2"),
        (["/products", "/products/10"], ""),
        (["/v1/a", "/v2/b"], ""),
        (["/"], ""),
    ],
)
def test_base_paths(paths, base):
    assert base_path(paths) == base


@pytest.mark.parametrize(
    ("path", "pattern", "params"),
    [
        ("/products/10", "/products/:id", {"id": "10"}),
        ("/products/10/reviews/7", "/products/:product_id/reviews/:id", {"product_id": "10", "id": "7"}),
        ("/a/1/a/2/a/3", "/a/:a_id/a/:a_id_2/a/:id", {"a_id": "1", "a_id_2": "2", "id": "3"}),
        ("/orders/ord_8f3k2", "/orders/:id", {"id": "ord_8f3k2"}),
        ("/oauth2/token", "/oauth2/token", {}),
        ("/1/2", "/:parent_id/:id", {"parent_id": "1", "id": "2"}),
        ("/v1:run/*(x)", r"/v1\:run/\*\(x\)", {}),
        ("/", "/", {}),
    ],
)
def test_templates_of_paths(path, pattern, params):
    assert template(path) == (pattern, params)


def test_schema_prints_or_writes(called, tmp_path):
    code, out, _ = called("schema", "handlers")
    assert code == 0
    Draft202012Validator.check_schema(json.loads(out))
    code, _, err = called("schema")
    assert (code, err.count("wrote .interceptor/schema/")) == (0, 3)
    assert json.loads((tmp_path / ".interceptor/schema/handlers.json").read_text()) == json.loads(out)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["{{ x }}", "1e5", "08", "a: b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4) | st.sampled_from(["id", "$ref", "data"]), inner)
    ),
    max_leaves=6,
)
paths = st.lists(st.sampled_from(["a", "10", "x:y", "*", "(", "%2F", "v1", "ord_1x", ""]), max_size=4).map("/".join)
queries = st.text("ab=&1%$+ ", max_size=8).map(lambda text: quote(text, safe="=&%+$"))
captures = st.lists(
    st.builds(
        lambda method, path, query, body, answer, status: ImportedExchange(
            Request(method, f"https://api.example.com/{path}{'?' * bool(query)}{query}", HEADERS, body),
            Response(status, HEADERS, json.dumps(answer).encode()),
            "",
        ),
        st.sampled_from(["GET", "POST"]),
        paths,
        queries,
        st.just(b"") | json_values.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=8),
        json_values,
        st.sampled_from([200, 201, 404]),
    ),
    min_size=1,
    max_size=5,
)
HEADERS = (("content-type", JSON),)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(captures)
def test_any_recording_becomes_a_project_that_answers_it(captured):
    with TemporaryDirectory() as folder:
        root = Path(folder)
        write_files(root, project_files("C", import_recording(captured).providers))
        engine = load_engine(load_project(root / "interceptor.yaml"))
        for each in captured:
            assert isinstance(engine.decide(each.request), Mocked), each.request
