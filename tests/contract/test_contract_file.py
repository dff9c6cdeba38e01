"""The contract file: it names what no handler here answered, and answers nothing itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interceptor.conversion import convert
from interceptor.engine.descriptions import load_descriptions
from interceptor.lint import lint
from interceptor.values.errors import ConfigurationError
from interceptor.values.exchange import Outcome
from tests.exchanges import BASE_URL, exchange, journal, project

UUIDS = ["6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e", "0c1d2e3f-7a31-4be2-90b3-91a8d4bb2f0e"]


@pytest.fixture
def contract(tmp_path):
    """`contract(entries, *exchanges)` -> the interactions of the pact, and what was said about them."""

    def make(entries, *exchanges, settings="", file="contract.yaml"):
        here = project(tmp_path)
        (tmp_path / file).write_text(entries, encoding="utf-8")
        here = project(tmp_path, here.file.read_text() + settings)
        here.recordings.mkdir(parents=True, exist_ok=True)
        recording = journal(here.recordings / "2026-11-21T20-46-03Z-0000.jsonl", exchanges)
        conversion = convert(here, [recording])
        pacts = [json.loads(each.path.read_text()) for each in conversion.pacts]
        return here, conversion, [each for pact in pacts for each in pact["interactions"]]

    return make


def mocked(line, response=None, **more):
    """What a mock in the consumer answered: no entry of a handler gave it."""
    return exchange(line, response, handler="msw", **more)


ENTRIES = r"""
provider: Product API
interactions:
  - request: GET /products/:id
    response: 404
    name: a request for a missing product
    given: there is no product {{ params.id }}
  - request: GET /products/:id
    name: a request for product {{ params.id }}
    given: {name: a product exists, params: {id: '{{ params.id }}'}}
    response: {matching: {$.id: {regex: '\d+'}, header.x-total: integer}}
  - request: {method: POST, path: /products, json: {name: {$type: string}}, headers: {x-tenant: {$any: true}}}
    name: a new product
  - {request: GET /health, record: false}
"""


def test_names_states_rules_and_exclusions(contract):
    _, conversion, found = contract(
        ENTRIES,
        mocked("GET /products/10", {"id": "10"}, response_headers={"x-total": "1", "x-other": "2"}),
        mocked("GET /products/11", status=404),
        mocked("POST /products", {"id": "12"}, status=201, body={"name": "Lamp"}, headers={"x-tenant": "acme"}),
        mocked("GET /health", {"ok": True}),
        mocked("GET /users/1", {"id": 1}),
    )
    assert conversion.warnings == []
    assert [(each["description"], each.get("providerStates")) for each in found] == [
        ("GET /users/1 returns 200", None),
        ("a new product", None),
        ("a request for a missing product", [{"name": "there is no product 11"}]),
        ("a request for product 10", [{"name": "a product exists", "params": {"id": "10"}}]),
    ]
    created, product = found[1], found[3]
    assert created["request"]["headers"]["x-tenant"] == ["acme"]
    rules = product["response"]["matchingRules"]
    assert rules["body"]["$.id"]["matchers"] == [{"match": "regex", "regex": r"\d+"}]
    assert rules["header"]["x-total"]["matchers"] == [{"match": "integer"}]
    assert product["response"]["headers"]["x-total"] == ["1"]
    assert "x-other" not in product["response"]["headers"]


def test_a_handler_of_ours_has_said_it_all(contract):
    _, _, found = contract(
        ENTRIES, exchange("GET /products/10", {"id": "10"}, entry=0, name="mine", handler="h.yaml:1")
    )
    assert [each["description"] for each in found] == ["mine"]


def test_what_real_servers_answered_is_described_too(contract):
    answered = exchange("GET /products/10", {"id": "10"}, outcome=Outcome.PASSED)
    _, _, found = contract(ENTRIES, answered, settings="record: all\n")
    assert [each["description"] for each in found] == ["a request for product 10"]


def test_a_har_file_is_described_too(tmp_path):
    here = project(tmp_path)
    (tmp_path / "contract.yaml").write_text(ENTRIES)
    message = {"headers": [], "cookies": [], "httpVersion": "HTTP/1.1", "headersSize": -1, "bodySize": -1}
    entry = {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "time": 1,
        "request": {**message, "method": "GET", "url": f"{BASE_URL}/products/11", "queryString": []},
        "response": {**message, "status": 404, "statusText": "", "content": {"size": 0, "mimeType": ""}},
    }
    har = tmp_path / "a.har"
    har.write_text(
        json.dumps({"log": {"version": "1.2", "creator": {"name": "a", "version": "1"}, "entries": [entry]}})
    )
    (written,) = convert(here, [har]).pacts
    (found,) = json.loads(written.path.read_text())["interactions"]
    assert found["description"] == "a request for a missing product"


def test_states_that_the_test_declared_choose_the_entry_as_they_choose_a_handler(contract):
    entries = """
provider: Product API
interactions:
  - {request: GET /products, name: a list, given: there are products}
  - {request: GET /products, name: an empty list, given: there are none}
  - {request: GET /me, name: who am I}
  - {request: GET /open, name: in the open, given: []}
"""
    _, _, found = contract(
        entries,
        mocked("GET /products", [], states=["there are none"]),
        mocked("GET /products", [1]),
        mocked("GET /me", {}, states=["a user is signed in"]),
        mocked("GET /open", {}, states=["a user is signed in"]),
        mocked("GET /else", {}, states=["a user is signed in"]),
    )
    assert {each["description"]: [state["name"] for state in each.get("providerStates", [])] for each in found} == {
        "an empty list": ["there are none"],
        "a list": ["there are products"],
        "who am I": ["a user is signed in"],
        "in the open": [],
        "GET /else returns 200": ["a user is signed in"],
    }


def test_exchanges_that_differ_in_an_id_only_may_be_described_differently(contract):
    entries = f"provider: Product API\ninteractions: [{{request: GET /orders/{UUIDS[1]}, name: the second}}]\n"
    exchanges = [mocked(f"GET /orders/{each}", {"id": each}, generated=["response.$.id"]) for each in UUIDS]
    _, _, found = contract(entries, *exchanges)
    assert "the second" in {each["description"] for each in found}
    assert len(found) == 2


def test_several_providers_in_one_file(contract):
    entries = """
interactions:
  - {provider: Product API, request: GET /a, name: below a provider}
  - {request: 'GET https://api.example.com/v1/b', name: by its URL}
"""
    _, _, found = contract(entries, mocked("GET /a", {}), mocked("GET /b", {}))
    assert [each["description"] for each in found] == ["below a provider", "by its URL"]


def test_a_name_that_cannot_be_said_is_told_once_and_costs_nothing(contract):
    entries = "provider: Product API\ninteractions:\n  - request: POST /a\n    name: 'for {{ request.json.who }}'\n"
    _, conversion, found = contract(entries, *(mocked("POST /a", {"n": n}, body={"is": "none"}) for n in range(3)))
    assert len(conversion.warnings) == 1
    assert "contract.yaml:4" in conversion.warnings[0]
    assert found


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("- 1\n", "contract.yaml:1:1: a contract file must be a mapping with the key interactions"),
        ("interactions: 1\n", 'contract.yaml:1:15: "interactions" must be a list, not 1'),
        ("interactions: [a]\n", "contract.yaml:1:16: an entry must be a mapping with at least a request"),
        ("provider: Prodct API\ninteractions: []\n", 'contract.yaml:1:11: unknown provider "Prodct API"'),
        ("interactions: [{request: GET /a}]\n", 'contract.yaml:1:26: "/a" has no provider to be relative to'),
        ("interactions:\n  - {request: GET /a, nmae: x}\n", 'contract.yaml:2:23: unknown key "nmae"'),
        ("interactions:\n  - {request: GET /a, once: true}\n", 'contract.yaml:2:23: unknown key "once"'),
        ("interactions:\n  - {request: GET /a, response: {json: 1}}\n", 'contract.yaml:2:34: unknown key "json"'),
        ("interactions:\n  - {request: GET /a, provider: X}\n", 'contract.yaml:2:33: unknown provider "X"'),
        ("provider: Product API\ninteractions:\n  - {request: GET /a, name: '{{ nobody }}'}\n", "contract.yaml:3:29: "),
        ("provider: Product API\ninteractions:\n  - {request: 'GET /:id(', name: a}\n", "contract.yaml:3:15: "),
        ("interactions: [\n", "contract.yaml:"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path, entries, said):
    here = project(tmp_path)
    (tmp_path / "contract.yaml").write_text(entries)
    with pytest.raises(ConfigurationError) as error:
        load_descriptions(here)
    assert any(str(problem).startswith(said) for problem in error.value.problems), error.value
    assert "contract.error" in {finding.code for finding in lint(here, [])}


@given(st.text(max_size=60))
def test_no_text_is_more_than_a_mistake(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("any")
    here = project(folder)
    (folder / "contract.yaml").write_text(f"interactions:\n  - request: GET /a\n    name: {text}\n", encoding="utf-8")
    problems = []
    try:
        load_descriptions(here)
    except ConfigurationError as error:
        problems = error.problems
    assert all(problem.file == "contract.yaml" and problem.line >= 1 for problem in problems)


def test_the_file_may_be_elsewhere_and_must_be_there_then(contract, tmp_path):
    _, _, found = contract(
        "interactions: [{provider: Product API, request: GET /a, name: said}]",
        mocked("GET /a", {}),
        settings="contract: said.yaml\n",
        file="said.yaml",
    )
    assert [each["description"] for each in found] == ["said"]
    (tmp_path / "said.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r'interceptor.yaml:5:11: there is no file "said.yaml"'):
        project(tmp_path, (tmp_path / "interceptor.yaml").read_text())


def test_lint_tells_entries_that_matched_nothing_and_bad_names(contract):
    entries = """
provider: Product API
interactions:
  - {request: GET /products/:id, name: The product.}
  - {request: GET /product, name: misspelt}
"""
    here, _, _ = contract(entries, mocked("GET /products/10", {}))
    found = {(each.code, each.handler) for each in lint(here, []) if each.code != "handler.error"}
    assert found >= {
        ("description.stop", "contract.yaml:4"),
        ("description.capital", "contract.yaml:4"),
        ("contract.entry.unused", "contract.yaml:5"),
    }
    assert ("contract.entry.unused", "contract.yaml:4") not in found


def test_before_there_is_a_run_lint_knows_of_no_unused_entry(tmp_path):
    here = project(tmp_path)
    (tmp_path / "contract.yaml").write_text("interactions: [{provider: Product API, request: GET /a}]\n")
    assert "contract.entry.unused" not in {each.code for each in lint(here, [])}
