"""`interceptor lint`: what it finds in handlers and pacts, where, and with which exit code."""

from __future__ import annotations

import json

import pytest

from interceptor.cli import main
from interceptor.conversion import convert
from interceptor.lint import lint
from interceptor.pact.read import read_pact
from tests.exchanges import exchange, journal, project

UUID = "6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e"
AWS = "AKIA" + "IOSFODNN7ABCDEFG"


def interaction(description="a request for product 10", **more):
    """An interaction of a V4 pact that nothing can be said against."""
    response = {"status": 200, "body": {"content": {"id": "10"}, "contentType": "application/json", "encoded": False}}
    request = {"method": "GET", "path": "/products/10"} | more.pop("request", {})
    response |= more.pop("response", {})
    return {"type": "Synchronous/HTTP", "description": description, "request": request, "response": response} | more


def pact(*interactions, consumer="Product Site", provider="Product API", version="4.0"):
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "interactions": list(interactions),
        "metadata": {"pactSpecification": {"version": version}},
    }


def found(tmp_path, *pacts, handlers=None):
    """Code, type and handler of every finding."""
    here = project(tmp_path)
    here.pact_dir.mkdir(exist_ok=True)
    if handlers is not None:
        (tmp_path / "handlers").mkdir(exist_ok=True)
        (tmp_path / "handlers" / "a.yaml").write_text(f"provider: Product API\nhandlers:\n{handlers}", encoding="utf-8")
    files = []
    for number, document in enumerate(pacts):
        files.append(here.pact_dir / f"{number}.json")
        files[-1].write_text(json.dumps(document), encoding="utf-8")
    return [finding for finding in lint(here, files) if finding.code != "handler.error" or handlers is not None]


def codes(findings):
    return [(finding.type, finding.code) for finding in findings]


STATE = {"name": "a product exists"}
TWO_HUNDRED_AND_ONE = {"response": {"status": 201}}


def rules(part, at, form):
    rule = {"combine": "AND", "matchers": [form]}
    return {"matchingRules": {part: rule if part == "path" else {at: rule}}}


# (interactions of one pact, (type, code) of the findings)
PACTS = [
    ([interaction()], []),
    ([interaction("a request for product 10", providerStates=[STATE])], []),
    ([interaction("Upon receiving a request")], [("warning", "description.opening")]),
    ([interaction("A request for a product")], [("warning", "description.capital")]),
    ([interaction("a request  for a product")], [("warning", "description.spacing")]),
    ([interaction("a request for a product.")], [("warning", "description.stop")]),
    ([interaction(" ")], [("error", "description.empty")]),
    ([interaction("GET /products/10 returns 200")], [("warning", "description.missing")]),
    ([interaction("GET /products/10 returns 200 (0a1b2c3d)")], [("warning", "description.missing")]),
    ([interaction(f"a request for {UUID}")], [("warning", "description.volatile")]),
    ([interaction("a request at 2026-11-21T20:46:03Z")], [("warning", "description.volatile")]),
    ([interaction("a request at 1795293964")], [("warning", "description.volatile")]),
    ([interaction(f"a request with {AWS}")], [("error", "description.secret"), ("error", "secret.found")]),
    ([interaction(providerStates=[{"name": "given a product exists"}])], [("warning", "state.opening")]),
    ([interaction(providerStates=[{"name": f"product {UUID} exists"}])], [("warning", "state.volatile")]),
    (
        [
            interaction("one", providerStates=[STATE]),
            interaction("two", providerStates=[{"name": "A  product exists"}], request={"path": "/b"}),
        ],
        [("warning", "state.spelling"), ("warning", "state.capital"), ("warning", "state.spacing")],
    ),
    ([interaction(request={"path": "/products/"})], [("warning", "interaction.path.trailing-slash")]),
    ([interaction(request={"path": "/"})], []),
    ([interaction("one"), interaction("two")], [("warning", "interaction.repeated")]),
    ([interaction("one"), interaction("two", **TWO_HUNDRED_AND_ONE)], [("error", "interaction.answers.ambiguous")]),
    ([interaction("one"), interaction("two", providerStates=[STATE], **TWO_HUNDRED_AND_ONE)], []),
    (
        [interaction(response=rules("body", "$.id", {"match": "regex", "regex": "1"}))],
        [("error", "rule.regex")],
    ),
    ([interaction(response=rules("body", "$.id", {"match": "regex", "regex": "^[0-9]+$"}))], []),
    (
        [
            interaction(
                response={"body": {"content": {"a": [{"b": []}]}}} | rules("body", "$.a", {"match": "type", "min": 1})
            )
        ],
        [("warning", "rule.array.unchecked")],
    ),
    ([interaction(response={"body": {"content": {"a": []}}} | rules("body", "$.b", {"match": "type"}))], []),
    (
        [interaction(request=rules("path", "", {"match": "regex", "regex": "/products"}))],
        [("error", "rule.regex")],
    ),
    (
        [
            interaction(
                request={"headers": {"X-Tenant": ["a"]}} | rules("header", "x-tenant", {"match": "regex", "regex": "b"})
            )
        ],
        [("error", "rule.regex")],
    ),
    (
        [interaction(request={"query": {"q": ["1"]}} | rules("query", "q", {"match": "regex", "regex": "[a-z]+"}))],
        [("error", "rule.regex")],
    ),
    ([interaction(response={"headers": {"location": [f"/{AWS}"]}})], [("error", "secret.found")]),
]


@pytest.mark.parametrize(("interactions", "expected"), PACTS)
def test_pacts(tmp_path, interactions, expected):
    assert codes(found(tmp_path, pact(*interactions))) == expected


def test_an_answer_without_a_body_says_little(tmp_path):
    def bodiless(status, method="GET"):
        each = interaction(f"{method} with {status}", request={"method": method, "path": f"/{status}"})
        each["response"] = {"status": status}
        return each

    findings = found(tmp_path, pact(bodiless(200), bodiless(204), bodiless(404), bodiless(200, "HEAD")))
    assert [(finding.code, finding.interaction) for finding in findings] == [("interaction.body.unasserted", 0)]


def test_names_of_consumer_and_provider(tmp_path):
    findings = found(tmp_path, pact(consumer="Product site"), pact(provider="Product APi"))
    assert codes(findings) == [("error", "pact.provider.unknown"), ("warning", "pact.consumer.unknown")]
    assert 'did you mean "Product API"' in findings[0].message


def test_a_file_that_is_no_pact_is_a_finding_like_others(tmp_path):
    assert codes(found(tmp_path, {"a": 1}, pact(interaction()))) == [("error", "pact.unreadable")]


# (specification, request, response, codes): the same rule as each specification writes it
SPECIFICATIONS = [
    (
        "2.0.0",
        {"query": "q=a%20b"},
        {"body": {"id": "10"}, "matchingRules": {"$.body.id": {"match": "regex", "regex": "1"}}},
    ),
    (
        "3.0.0",
        {"query": {"q": ["a b"]}},
        {"body": {"id": "10"}} | rules("body", "$.id", {"match": "regex", "regex": "1"}),
    ),
]


@pytest.mark.parametrize(("version", "request_", "response"), SPECIFICATIONS)
def test_older_specifications_are_read_too(tmp_path, version, request_, response):
    document = pact(interaction(request=request_, response=response), version=version)
    assert codes(found(tmp_path, document)) == [("error", "rule.regex")]
    each = read_pact(tmp_path / "msw_generated_pacts" / "0.json").interactions[0]
    assert each.query == {"q": ["a b"]}


TWO_STATES = "- {request: GET /a, given: one, response: 200}\n- {request: GET /a, given: two, response: 404}\n"

# Handlers, and per finding the code and the line.
HANDLERS = [
    ("- {request: GET /a, name: a request, response: {json: {a: 1}}}\n", []),
    ("- {request: GET /a, name: A request, response: 200}\n", [("description.capital", 3)]),
    ("- {request: GET /a, given: 'given a product', response: 200}\n", [("state.opening", 3)]),
    (
        "- request: GET /a\n  response: {json: {id: ab1}, matching: {$.id: {regex: '[a-z]+'}}}\n",
        [("rule.regex", 3)],
    ),
    (
        "- request: GET /a\n  response: {headers: {location: /a/1}, matching: {header.location: {regex: '/a'}}}\n",
        [("rule.regex", 3)],
    ),
    ("- request: GET /a\n  response: {json: {id: '{{ uuid() }}'}, matching: {$.id: {regex: '[a-z]+'}}}\n", []),
    (TWO_STATES, []),
    (
        "- {request: GET /a/:id, given: one, response: 200}\n- {request: GET /a/b, given: two, response: 200}\n",
        [("handler.warning", 4)],
    ),
    ("- {request: GET /a/b, given: two, response: 200}\n- {request: GET /a/:id, given: one, response: 200}\n", []),
    (
        "- {request: GET /:a/b, given: one, response: 200}\n- {request: GET /c/b, response: 200}\n",
        [("handler.warning", 4)],
    ),
    ("- {request: GET /:a/b, given: one, response: 200}\n- {request: POST /c/b, response: 200}\n", []),
    (TWO_STATES.replace("response: 200", "response: 200, once: true"), []),
    (TWO_STATES.replace("GET /a, given: two", "GET /b, given: One"), [("state.spelling", 4)]),
    ("- {request: GET /a, response: 200}\n- {request: GET /a, response: 404}\n", [("handler.warning", 4)]),
    ("- {request: GET /a, respons: 200}\n", [("handler.error", 3)]),
]


@pytest.mark.parametrize(("handlers", "expected"), HANDLERS)
def test_handlers(tmp_path, handlers, expected):
    findings = found(tmp_path, handlers=handlers)
    assert [(finding.code, finding.handler) for finding in findings] == [
        (code, f"handlers/a.yaml:{line}") for code, line in expected
    ]


@pytest.mark.parametrize(("answered", "expected"), [(4, []), (3, ["handlers/a.yaml:4"])])
def test_a_suite_that_declares_no_states_is_told_what_never_answers_then(tmp_path, answered, expected):
    here = project(tmp_path)
    run = [exchange("GET /a", handler=f"handlers/a.yaml:{answered}")]
    journal(here.recordings / "2026-11-21T20-46-03Z-aaaa.jsonl", run)

    findings = found(tmp_path, handlers=f"{TWO_STATES}- {{request: GET /a, given: three, response: 404}}\n")

    assert [finding.handler for finding in findings] == expected
    assert all("and so do 1 more" in finding.message for finding in findings)


def test_a_finding_about_a_pact_names_the_handler(tmp_path):
    handlers = (
        "- {request: GET /products/:id, name: One, given: there is none, response: 404}\n"
        "- {request: GET /products/:id, given: there is one, response: {json: {id: '10'}}}\n"
    )
    each = interaction("a  request", providerStates=[{"name": "there is one"}])
    findings = found(tmp_path, pact(each), handlers=handlers)
    assert [(each.code, each.handler) for each in findings if each.pact] == [
        ("description.spacing", "handlers/a.yaml:4")
    ]


def test_what_a_handler_and_its_interaction_have_in_common_is_said_once(tmp_path):
    handlers = (
        "- {request: GET /products/:id, name: A request,"
        " response: {json: {id: '10'}, matching: {$.id: {regex: '[a-z]+'}}}}\n"
    )
    each = interaction("A request", response=rules("body", "$.id", {"match": "regex", "regex": "[a-z]+"}))
    assert codes(found(tmp_path, pact(each), handlers=handlers)) == [
        ("error", "rule.regex"),
        ("warning", "description.capital"),
    ]


def test_what_the_interceptor_writes_has_no_faults_of_its_own(tmp_path):
    here = project(tmp_path)
    answer = {"id": UUID, "at": "2026-11-21T20:46:04.001Z", "expires": 1795293964, "items": [1]}
    exchanges = [
        exchange("POST /login", answer, body={"password": "s3cr3t"}, generated=["response.$"], name="a login"),
        exchange("GET /a", {"a": "eyJhbGciOiJIUzI1.eyJzdWIiOiIx.dozjgNry"}, generated=["response.$"], name="a token"),
    ]
    written = convert(here, [journal(tmp_path / "run.jsonl", exchanges)]).pacts
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "a.yaml").write_text("provider: Product API\nhandlers: []\n")
    assert [finding for finding in lint(here, [each.path for each in written]) if finding.pact] == []


@pytest.fixture
def called(capsys, tmp_path, monkeypatch):
    here = project(tmp_path)
    here.pact_dir.mkdir()
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "a.yaml").write_text(
        "provider: Product API\nhandlers:\n- {request: GET /a, response: 200}\n"
    )
    monkeypatch.chdir(tmp_path)

    def call(document, *arguments):
        (here.pact_dir / "a.json").write_text(json.dumps(document))
        with pytest.raises(SystemExit) as ended:
            main(["lint", *arguments])
        return ended.value.code, capsys.readouterr().out

    return call


def test_exit_codes_and_output(called):
    assert called(pact(interaction())) == (0, "interceptor  no findings\n")
    warning = pact(interaction("a request."))
    code, out = called(warning)
    fault = '"a request." ends with a full stop, but is part of a sentence  [description.stop]'
    lines = [f"a.json, interaction 0: warning: {fault}", "interceptor  0 errors · 1 warning"]
    assert (code, out.splitlines()) == (0, lines)
    assert called(warning, "--strict")[0] == 1
    code, out = called(pact(interaction(), provider="Nobody"), "--json")
    assert code == 1
    (finding,) = json.loads(out)
    assert (finding["code"], finding["type"], finding["pact"]) == ("pact.provider.unknown", "error", "a.json")


LIKELY = {
    "in a query": ({"query": {"token": ["hunter22pass"]}}, "request.query.token"),
    "in a header": ({"headers": {"x-api-key": ["hunter22pass"]}}, "request.headers.x-api-key"),
    "in a body": (
        {"body": {"content": {"password": "hunter22pass"}, "contentType": "application/json", "encoded": False}},
        "request.$.password",
    ),
    "what looks random": ({"query": {"z": ["Zk7pQ2mXv9RtLw4Ns8HyaB3xQ9"]}}, "request.query.z"),
}


@pytest.mark.parametrize(("request_", "place"), LIKELY.values(), ids=LIKELY)
def test_what_a_recording_would_have_masked_is_doubtful(tmp_path, request_, place):
    (finding,) = found(tmp_path, pact(interaction(states=[STATE], request=request_)))
    assert (finding.type, finding.code, finding.place) == ("warning", "secret.likely", place)


def test_what_is_masked_already_is_not(tmp_path):
    masked = {"query": {"token": ["***"], "z": ["a" * 26]}, "headers": {"authorization": ["Bearer ***"]}}
    assert found(tmp_path, pact(interaction(request=masked))) == []
