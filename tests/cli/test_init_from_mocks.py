"""`interceptor init --from-*`: handlers from mocks and recordings of other tools answer as those."""

from __future__ import annotations

import gzip
import json
import re
import shlex
import zipfile
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from interceptor.cli import main
from interceptor.engine import load_engine
from interceptor.project.config import load_project
from interceptor.recordings.postman import read_postman
from interceptor.recordings.vcr import read_cassettes
from interceptor.scaffold.hoverfly import import_hoverfly
from interceptor.scaffold.recorded import import_recording
from interceptor.scaffold.wiremock import import_wiremock
from interceptor.values.decisions import Failed, Mocked, Unhandled
from interceptor.values.errors import InterceptorError
from interceptor.values.messages import Request

API = "https://api.example.com"
JSON_TYPE = {"content-type": "application/json"}


@pytest.fixture
def called(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([*map(str, arguments)])
        output = capsys.readouterr()
        return ended.value.code, output.out + output.err

    return call


class Written:
    """A project that `init` wrote."""

    def __init__(self, root, said):
        self.said = said
        self.text = "\n".join(file.read_text() for file in sorted(root.glob("handlers/*.yaml")))
        self.project = load_project(root / "interceptor.yaml")
        self.engine = load_engine(self.project)

    def decided(self, line, body=b"", headers=()):
        method, _, target = line.partition(" ")
        url = target if "://" in target else API + target
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {**({} if isinstance(body, bytes) else JSON_TYPE), **dict(headers)}
        return self.engine.decide(Request(method, url, tuple(named.items()), content))

    def answer(self, line, body=b"", headers=()):
        decision = self.decided(line, body, headers)
        assert isinstance(decision, Mocked), decision
        return decision.response.status, decision.response.body

    def json(self, line, body=b"", headers=()):
        return json.loads(self.answer(line, body, headers)[1])


@pytest.fixture
def imported(called, tmp_path):
    """`imported("--from-vcr", "cassettes")` -> what was written; lint finds nothing in it."""

    def run(*arguments):
        code, said = called("init", *arguments, "--consumer", "Shop")
        assert code == 0, said
        code, findings = called("lint")
        assert "no findings" in findings
        return Written(tmp_path, said)

    return run


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))


def har_entry(method, path, status, content, body=None, **more):
    posted = {"postData": {"mimeType": "application/json", "text": json.dumps(body)}} if body is not None else {}
    return {
        "startedDateTime": "2026-07-04T11:08:27.000Z",
        "request": {"method": method, "url": path if "://" in path else API + path, "headers": [], **posted, **more},
        "response": {"status": status, "headers": [], "content": content},
    }


def held(value):
    return {"mimeType": "application/json", "text": json.dumps(value), "size": 10}


def har(*entries):
    return {"log": {"version": "1.2", "entries": list(entries)}}


# HAR -----------------------------------------------------------------------------------------------------------


def test_a_title_with_a_time_in_it_is_no_condition(imported, tmp_path):
    titles = ("Test 2026-07-04 11:08:26.829492", "Test 2026-07-04 11:09:01.1")
    at = 1783163307
    write(
        tmp_path / "a.har",
        har(
            *(har_entry("POST", "/pages", 201, held({"id": n}), {"title": each}) for n, each in enumerate(titles)),
            har_entry("POST", "/marks", 201, held({"of": "a"}), {"kind": "a", "at": at, "from": f"{at}000"}),
            har_entry("POST", "/marks", 201, held({"of": "b"}), {"kind": "b", "at": at + 9, "from": f"{at}999"}),
        ),
    )
    project = imported("--from-har", "a.har")
    assert "title: {$any: true}" in project.text
    assert project.json("POST /pages", {"title": "Test 2030-01-01 00:00:00.5"}) == {"id": 0}
    assert project.json("POST /pages", {"title": "whatever"}) == {"id": 1}
    assert project.json("POST /marks", {"kind": "b", "at": 1, "from": "2"}) == {"of": "b"}


@pytest.mark.parametrize("packed", [False, True])
def test_bodies_that_playwright_attaches_are_read(imported, tmp_path, packed):
    document = har(
        har_entry("GET", "/big", 200, {"mimeType": "application/json", "size": 9, "_file": "big.json"}),
        har_entry(
            "POST", "/s", 200, held(1), postData={"mimeType": "application/json", "text": "", "_file": "s1.json"}
        ),
        har_entry(
            "POST", "/s", 200, held(2), postData={"mimeType": "application/json", "text": "", "_file": "s2.json"}
        ),
    )
    files = {"big.json": '{"big": 1}', "s1.json": '{"q": 1}', "s2.json": '{"q": 2}'}
    if packed:
        with zipfile.ZipFile(tmp_path / "a.har.zip", "w") as archive:
            for name, text in {**files, "har.har": json.dumps(document)}.items():
                archive.writestr(name, text)
    else:
        for name, text in {**files, "a.har": json.dumps(document)}.items():
            write(tmp_path / name, text)
    project = imported("--from-har", "a.har.zip" if packed else "a.har")
    assert project.json("GET /big") == {"big": 1}
    assert project.json("POST /s", {"q": 2}) == 2


def test_what_has_no_body_and_who_only_watches_is_left_out(imported, tmp_path):
    write(tmp_path / "secret.json", "{}")
    write(
        tmp_path / "har" / "a.har",
        har(
            har_entry("GET", "/a", 200, {"mimeType": "application/json", "size": 7}),
            har_entry("GET", "/a", 200, held({"a": 1})),
            har_entry("GET", "/b", 200, {"mimeType": "application/json", "size": 7, "_file": "../secret.json"}),
            har_entry("DELETE", "/a", 200, {"size": 0, "mimeType": "x-unknown"}),
            har_entry("POST", "https://region1.google-analytics.com/g/collect?v=2", 204, {}),
        ),
    )
    project = imported("--from-har", "har/a.har")
    assert project.json("GET /a") == {"a": 1}
    assert project.answer("DELETE /a") == (200, b"")
    assert isinstance(project.decided("GET /b"), Unhandled)
    assert list(project.project.providers) == ["api.example.com"]
    assert "lacks the body of the response: GET https://api.example.com/b" in project.said
    assert "cannot read the attached body ../secret.json: it is not beside the HAR file" in project.said
    assert "analytics and error reports): region1.google-analytics.com" in project.said


# Cassettes -----------------------------------------------------------------------------------------------------

VCRPY = """
interactions:
- request:
    body: '{"name": "Lamp"}'
    headers: {Content-Type: [application/json], Authorization: [Bearer ghp_a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2a1B2]}
    method: POST
    uri: https://api.example.com/v1/products
  response:
    body: {string: '{"id": 1, "name": "Lamp"}'}
    headers: {Content-Type: [application/json], Location: [/v1/products/1]}
    status: {code: 201, message: Created}
- request: {body: null, headers: {}, method: GET, uri: 'https://api.example.com/v1/products?page=2'}
  response:
    body: {string: !!binary PACKED}
    headers: {Content-Encoding: [gzip], Content-Type: [application/json]}
    status: {code: 200, message: OK}
version: 1
"""
RUBY = """---
http_interactions:
- request:
    method: get
    uri: https://api.example.com/v1/stock/7
    body: {encoding: US-ASCII, string: ''}
    headers: {Accept: ['*/*']}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/json]}
    body: {encoding: ASCII-8BIT, string: !binary "eyJsZWZ0IjogM30="}
  recorded_at: Tue, 01 Nov 2011 04:58:44 GMT
recorded_with: VCR 6.1.0
"""


def test_cassettes_of_three_libraries(imported, tmp_path):
    packed = b64encode(gzip.compress(b"[]", mtime=0)).decode()
    write(tmp_path / "cassettes" / "py" / "a.yaml", VCRPY.replace("PACKED", packed))
    write(tmp_path / "cassettes" / "rb.yml", RUBY)
    betamax = {
        "request": {"method": "GET", "uri": f"{API}/v1/me", "headers": {}, "body": {"encoding": "utf-8", "string": ""}},
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"Content-Type": ["application/json"]},
            "body": {"encoding": None, "base64_string": b64encode(b'{"me": 1}').decode()},
        },
        "recorded_at": "2026-01-01T00:00:00",
    }
    write(tmp_path / "cassettes" / "b.json", {"http_interactions": [betamax, {"request": {}, "response": {}}]})
    write(tmp_path / "cassettes" / "notes.json", "[1]")
    project = imported("--from-vcr", "cassettes")
    assert project.answer("POST /v1/products", {"name": "Lamp"})[0] == 201
    assert project.json("GET /v1/products?page=2") == []
    assert project.json("GET /v1/stock/7") == {"left": 3}
    assert project.json("GET /v1/me") == {"me": 1}
    assert "ghp_" not in project.text
    assert "cassettes/notes.json: no VCR cassette; left out" in project.said
    assert "cassettes/b.json: interaction 2 is left out: KeyError: 'method'" in project.said


def test_tags_of_python_and_ruby_make_no_objects(called, tmp_path):
    write(tmp_path / "a.yaml", "interactions:\n- request: !!python/object/apply:os.system ['touch made']\n")
    code, said = called("init", "--from-vcr", "a.yaml")
    assert code == 2
    assert "interaction 1 is left out: KeyError: 'response'" in said
    assert not (tmp_path / "made").exists()


# WireMock ------------------------------------------------------------------------------------------------------


def stub(request, response, **more):
    return {"request": {"method": "GET", **request}, "response": response, **more}


def test_mappings_of_wiremock(imported, tmp_path):
    order = {"equalToJson": '{"items": [1, 2], "note": "${json-unit.any-string}"}', "ignoreArrayOrder": True}
    templated = {"status": 201, "body": '{"id": "{{jsonPath request.body \'$.note\'}}", "of": "{{request.path.[0]}}"}'}
    stubs = [
        stub({"urlPathPattern": "/products/[0-9]+"}, {"bodyFileName": "p.json"}),
        stub({"urlPath": "/products/99"}, {"status": 404, "body": "none"}, priority=1),
        stub({"url": "/products?page=2"}, {"jsonBody": [], "headers": {"X-Total": "0"}}),
        stub({"urlPattern": "/search\\?q=[a-z]+"}, {"body": "found"}),
        stub({"method": "POST", "urlPath": "/orders", "bodyPatterns": [order]}, templated | TEMPLATED),
        stub(
            {"url": "/light"},
            {"body": "off"},
            scenarioName="Light",
            requiredScenarioState="Started",
            newScenarioState="On",
        ),
        stub({"url": "/light"}, {"body": "on"}, scenarioName="Light", requiredScenarioState="On"),
        stub(
            {"urlPathTemplate": "/users/{id}", "headers": {"X-A": {"or": [{"equalTo": "1"}, {"matches": "2+"}]}}},
            {"body": "{{request.path.id}} {{odd}}"} | TEMPLATED,
        ),
        stub({"urlPath": "/me", "basicAuthCredentials": {"username": "ada", "password": "x"}}, {"body": "ada"}),
        stub(
            {"method": "POST", "urlPath": "/soap", "bodyPatterns": [{"matchesXPath": "//order[@id='7']"}]},
            {"body": "ok"},
        ),
        stub(
            {
                "method": "POST",
                "urlPath": "/path",
                "bodyPatterns": [{"matchesJsonPath": {"expression": "$.n", "equalTo": "3"}}],
            },
            {"body": "three"},
        ),
        stub({"url": "/broken"}, {"fault": "CONNECTION_RESET_BY_PEER"}),
        stub({"url": "/odd", "customMatcher": {"name": "mine"}}, {}),
        stub({"url": "/out"}, {"bodyFileName": "../../outside.json"}),
    ]
    write(tmp_path / "outside.json", "{}")
    write(tmp_path / "wm" / "mappings" / "all.json", {"mappings": stubs})
    write(tmp_path / "wm" / "__files" / "p.json", '{"id": 1}')
    project = imported("--from-wiremock", "wm", "--provider", f"Product API={API}")
    assert project.json("GET /products/7") == {"id": 1}
    assert project.answer("GET /products/99") == (404, b"none")
    assert isinstance(project.decided("GET /products/lamp"), Unhandled)
    assert project.json("GET /products?page=2") == []
    assert isinstance(project.decided("GET /products?page=2&more=1"), Unhandled)
    assert project.answer("GET /search?q=abc") == (200, b"found")
    assert isinstance(project.decided("GET /search?q=1"), Unhandled)
    assert project.json("POST /orders", {"note": "n", "items": [2, 1]}) == {"id": "n", "of": "orders"}
    assert isinstance(project.decided("POST /orders", {"note": "n", "items": [2, 1], "x": 1}), Unhandled)
    assert [project.answer("GET /light")[1] for _ in range(3)] == [b"off", b"on", b"on"]
    assert project.answer("GET /users/5", headers={"x-a": "22"}) == (200, b"5 {{odd}}")
    assert isinstance(project.decided("GET /users/5", headers={"x-a": "12"}), Unhandled)
    assert project.answer("GET /me", headers={"authorization": "Basic YWRhOng="})[0] == 200
    assert project.answer("POST /soap", b"<o><order id='7'/></o>", {"content-type": "text/xml"})[1] == b"ok"
    assert project.answer("POST /path", {"n": 3})[1] == b"three"
    assert "(mapping 13): left out: a handler has no customMatcher" in project.said
    assert "(mapping 14): left out: its file ../../outside.json is not one of __files" in project.said
    assert "the template {{odd}} stays a text" in project.said
    assert isinstance(project.decided("GET /broken"), Mocked | Failed)


TEMPLATED = {"transformers": ["response-template"]}


# Hoverfly ------------------------------------------------------------------------------------------------------


def exact(value):
    return [{"matcher": "exact", "value": value}]


def pair(at, response, **request):
    asked = {"path": exact(at), "method": exact("GET"), "destination": exact("api.example.com"), **request}
    return {"request": asked, "response": {"status": 200, **response}}


def test_a_simulation_of_hoverfly(imported, tmp_path):
    pairs = [
        pair("", {"body": "any"}, path=[{"matcher": "glob", "value": "/files/*"}]),
        pair("/files/a.txt", {"body": "a"}),
        pair("/tags", {"body": "[1]", "headers": JSON_LIST}, query={"tag": [{"matcher": "regex", "value": "^k"}]}),
        pair(
            "/orders",
            {"status": 201, "body": "{{ Request.Body 'jsonpath' '$.n' }}", "templated": True},
            method=exact("POST"),
            body=[{"matcher": "jsonPartial", "value": '{"n": 5}'}],
        ),
        pair("/cart", {"body": "empty", "transitionsState": {"sequence:1": "2"}}, requiresState={"sequence:1": "1"}),
        pair("/cart", {"body": "full"}, requiresState={"sequence:1": "2"}),
        pair(
            "/pixel",
            {"body": b64encode(b"\x89PNG").decode(), "encodedBody": True, "headers": {"Content-Type": ["image/png"]}},
        ),
        pair("/jwt", {}, headers={"Authorization": [{"matcher": "jwt", "value": "{}"}]}),
    ]
    actions = {"delays": [{"urlPattern": ".", "delay": 5}], "delaysLogNormal": []}
    document = {"data": {"pairs": pairs, "globalActions": actions}, "meta": {"schemaVersion": "v5.2"}}
    write(tmp_path / "s.json", document)
    project = imported("--from-hoverfly", "s.json")
    assert project.answer("GET /files/b/c.txt") == (200, b"any")
    assert project.answer("GET /files/a.txt") == (200, b"a")
    assert project.json("GET /tags?tag=kitchen") == [1]
    assert isinstance(project.decided("GET /tags?tag=steel"), Unhandled)
    assert project.answer("POST /orders", {"n": 5, "m": 1}) == (201, b"5")
    assert [project.answer("GET /cart")[1] for _ in range(2)] == [b"empty", b"full"]
    assert project.answer("GET /pixel")[1] == b"\x89PNG"
    assert "pair 8: left out: a handler has no matcher jwt" in project.said
    assert "delays cannot be said" in project.said


JSON_LIST = {"Content-Type": ["application/json"]}


# Postman -------------------------------------------------------------------------------------------------------


def test_a_collection_of_postman(imported, tmp_path):
    saved = {"code": 200, "header": [{"key": "Content-Type", "value": "application/json"}]}
    product = {"raw": "{{base}}/products/:id?full=1", "variable": [{"key": "id", "value": "7"}]}
    order = {
        "method": "POST",
        "url": "{{base}}/orders",
        "body": {"mode": "raw", "raw": '{"n": {{n}}}', "options": {"raw": {"language": "json"}}},
    }
    items = [
        {
            "name": "Products",
            "item": [
                {
                    "name": "One",
                    "request": {"url": product},
                    "response": [
                        {
                            **saved,
                            "name": "ok",
                            "originalRequest": {"method": "GET", "url": product},
                            "body": '{"id": "7"}',
                        }
                    ],
                }
            ],
        },
        {
            "name": "Order",
            "request": order,
            "response": [{**saved, "name": "made", "code": 201, "body": '{"ok": true}'}],
        },
        {
            "name": "Stock",
            "request": {"url": "{{base}}/stock?token={{token}}&a=1"},
            "response": [{**saved, "body": "[1]"}],
        },
        {
            "name": "Stock 2",
            "request": {"url": "{{base}}/stock?token={{token}}&a=2"},
            "response": [{**saved, "body": "[2]"}],
        },
        {"name": "Bare", "request": {"url": "{{base}}/bare"}, "response": []},
        {"name": "Lost", "request": {"url": "{{elsewhere}}/lost"}, "response": [{**saved, "name": "l", "body": "1"}]},
    ]
    variables = [{"key": "base", "value": f"{API}/{{{{v}}}}"}, {"key": "v", "value": "v1"}, {"key": "n", "value": "5"}]
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    write(tmp_path / "c.json", {"info": {"name": "Shop", "schema": schema}, "item": items, "variable": variables})
    project = imported("--from-postman", "c.json")
    assert project.json("GET /v1/products/8?full=1") == {"id": "8"}
    assert project.answer("POST /v1/orders", {"n": 5}) == (201, b'{"ok":true}')
    assert project.json("GET /v1/stock?token=whatever&a=2") == [2]
    assert "Bare: left out, as it has no saved example" in project.said
    assert 'Lost: the example "l" is left out: its host is not known: {{elsewhere}}/lost' in project.said
    assert "Stock: the collection does not say what {{token}} is; any value matches" in project.said


# Journals ------------------------------------------------------------------------------------------------------


def line(path, body, **more):
    return {
        "at": "2026-11-21T20:46:04.001Z",
        "ms": 1,
        "provider": "Product API",
        "outcome": "passed",
        "path": path,
        "request": {"method": "GET", "url": f"{API}/v1{path}", "headers": [], "body": None},
        "response": {"status": 200, "headers": [["content-type", "application/json"]], "body": body},
        **more,
    }


def test_a_run_is_captured_and_simulated(called, tmp_path):
    head = {
        "interceptor": "journal",
        "version": 1,
        "run": "r",
        "consumer": "Shop",
        "started": "2026-11-21T20:46:03.120Z",
        "tool": "0.1.0",
    }
    lines = [
        line("/products/10", {"text": '{"id": 10}'}),
        line("/big", {"size": 99, "sha256": "0" * 64}),
        line("/own", {"text": "1"}, outcome="mocked", handler="handlers/a.yaml:3"),
        line("/lost", {"text": "1"}, outcome="failed"),
    ]
    text = "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in (head, *lines))
    write(tmp_path / ".interceptor/recordings/2026-11-21T20-46-03Z-4f2a.jsonl", text)
    providers = {"Product API": {"url": f"{API}/v1"}}
    write(tmp_path / "interceptor.yaml", yaml.safe_dump({"consumer": "Mine", "providers": providers, "record": "all"}))
    before = (tmp_path / "interceptor.yaml").read_text()
    code, said = called("init", "--from-journal")
    assert code == 0, said
    assert (tmp_path / "interceptor.yaml").read_text() == before
    project = Written(tmp_path, said)
    assert project.json("GET /v1/products/11") == {"id": 11}
    assert "/own" not in project.text
    assert f"lacks the body of the response: GET {API}/v1/big" in said
    assert "no findings" in called("lint")[1]


# Mistakes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "name", "content", "said"),
    [
        ("--from-har", "a.yaml", RUBY, "a.yaml is a VCR cassette: use --from-vcr"),
        ("--from-har", "a.json", {"data": {"pairs": []}}, "a.json is a Hoverfly simulation: use --from-hoverfly"),
        ("--from-vcr", "a.har", har(), "a.har is a HAR file: use --from-har"),
        ("--from-vcr", "d/a.json", stub({"url": "/"}, {}), "d is a WireMock mapping: use --from-wiremock"),
        ("--from-wiremock", "a.json", {"info": {}, "item": []}, "a.json is a Postman collection: use --from-postman"),
        ("--from-postman", "a.yaml", "openapi: 3.1.0\n", "a.yaml is an OpenAPI document: use --from-openapi"),
        ("--from-har", "a.json", {"consumer": {}, "interactions": []}, "a.json is a pact, not a HAR file"),
        ("--from-hoverfly", "a.json", "[]", "a.json is no simulation of Hoverfly"),
        ("--from-postman", "a.json", "{", "a.json is no Postman collection"),
        ("--from-wiremock", "a.json", "{", "a.json has no mapping"),
    ],
)
def test_a_file_of_another_kind_is_told(called, tmp_path, option, name, content, said):
    write(tmp_path / name, content)
    code, err = called("init", option, name.partition("/")[0])
    assert code == 2
    assert said in err
    assert not (tmp_path / "interceptor.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from-vcr", "a", "--from-har", "b"], "--from-har and --from-vcr do not go together"),
        (["--from-vcr", "none"], "cannot read the cassettes none"),
        (["--from-wiremock", "none"], "cannot read the mappings none"),
        (["--from-hoverfly", "none"], "cannot read the simulation none"),
        (["--from-postman", "none"], "cannot read the collection none"),
        (["none.jsonl"], "to import a journal, write --from-journal none.jsonl"),
        (["--from-journal", "none.jsonl"], "cannot read the journal none.jsonl"),
        (["--from-vcr", "a", "--provider", "A=http://a.test"], "--provider and --from-vcr do not go together"),
    ],
)
def test_what_cannot_be_imported_is_said(called, tmp_path, arguments, said):
    code, err = called("init", *arguments)
    assert (code, said in err) == (2, True), err
    assert list(tmp_path.iterdir()) == []


# Documentation -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["vcr", "wiremock", "hoverfly"])
def test_the_import_that_the_documentation_shows(imported, tmp_path, tool):
    page = (Path(__file__).parents[2] / "docs" / f"coming-from-{tool}.md").read_text()
    for name, text in re.findall(r"^```\w+ (\S+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE):
        write(tmp_path / name, text)
    (command,) = re.findall(r"^\$ interceptor init (.*)$", page, re.MULTILINE)
    project = imported(*shlex.split(command))
    assert f"```yaml\n{project.text}```" in page


# Anything ------------------------------------------------------------------------------------------------------

NAMES = """
    request response mappings url urlPattern urlPath method headers bodyPatterns equalToJson matchesJsonPath body status
    data pairs meta path destination query matcher value item raw variable key code header interactions uri string
    http_interactions base64_string scenarioName delayDistribution transformers fixedDelay logNormalDelay priority event
"""
SCALARS = st.none() | st.booleans() | st.integers(-3, 600) | st.sampled_from(["", "/a", "GET", "exact", "{{x}}", "("])
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=5),
    max_leaves=20,
)
ASKED = {"method": "GET", "uri": API, "url": API}
FRAMES = {"wiremock": "mappings", "hoverfly": "pairs", "postman": "item", "vcr": "interactions"}


def framed(tool, value):
    """A document that is sound but for one value."""
    pairs = [{"request": value, "response": value}, {"request": value, "response": {}}]
    pairs += [{"request": ASKED if tool in {"vcr", "postman"} else {}, "response": each} for each in (value, [value])]
    document = {FRAMES[tool]: [value, *pairs]}
    return {"data": document} if tool == "hoverfly" else document


def read_with(tool, path):
    match tool:
        case "wiremock":
            return import_wiremock(path, None)
        case "hoverfly":
            return import_hoverfly(path, None)
        case "postman":
            return import_recording(read_postman(path, []))
    return import_recording(read_cassettes(path, []))


@pytest.mark.parametrize("tool", FRAMES)
@settings(max_examples=150, deadline=None)
@given(value=DOCUMENTS)
def test_no_document_is_a_traceback(tool, value):
    with TemporaryDirectory() as folder:
        file = Path(folder) / "a.json"
        for document in (value, framed(tool, value)):
            file.write_text(json.dumps(document))
            with suppress(InterceptorError):
                read_with(tool, file)
