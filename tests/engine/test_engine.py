"""Decisions beyond the single answer: policies, scopes, misses, whose TLS may be opened."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from interceptor.values.decisions import Failed, Mocked, Passthrough, Resolving, Unhandled
from interceptor.values.messages import Request
from tests.engines import PROJECT, BuildEngine

HANDLERS = """\
provider: Product API
data: {count: 0}
handlers:
  - request: GET /count
    name: the count
    response: {json: "{{ data.count }}"}
    then: {count: "{{ data.count + 1 }}"}
  - {request: GET /twice, response: [{text: first}, {text: later}]}
"""
BASE = "https://api.example.com/v1"


def body(decision: object) -> str:
    assert isinstance(decision, Mocked)
    return decision.response.body.decode()


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ 5 | dictsort }}", "has no attribute"),
        ("{{ 'a' | regex_search('(') }}", "unterminated subpattern"),
        ("{{ 'a' | regex_replace('(', 'b') }}", "unterminated subpattern"),
    ],
)
def test_a_filter_that_refuses_is_a_failure_of_the_handler(build_engine: BuildEngine, template: str, said: str) -> None:
    handler = {"request": "GET /a", "response": {"json": template}}
    engine = build_engine(json.dumps({"provider": "Product API", "handlers": [handler]}))
    decision = engine.decide(Request("GET", f"{BASE}/a"))
    assert isinstance(decision, Failed)
    assert decision.explanation.startswith("handlers/api.yaml:")
    assert said in decision.explanation


def test_scopes_do_not_see_each_other_and_a_reset_starts_afresh(build_engine: BuildEngine) -> None:
    engine = build_engine(HANDLERS)
    count, twice = Request("GET", f"{BASE}/count"), Request("GET", f"{BASE}/twice")
    assert [body(engine.decide(count, scope="a")) for _ in range(3)] == ["0", "1", "2"]
    assert body(engine.decide(count, scope="b")) == "0"
    assert [body(engine.decide(twice, scope="a")) for _ in range(2)] == ["first", "later"]
    engine.reset("a")
    assert body(engine.decide(count, scope="a")) == "0"
    assert body(engine.decide(twice, scope="a")) == "first"
    assert body(engine.decide(count, scope="b")) == "1"


def test_what_is_said_about_a_scope_counts_for_requests_that_were_asked_before(build_engine: BuildEngine) -> None:
    handlers = """\
provider: Product API
handlers:
  - {request: GET /products, response: {text: many}}
  - {request: GET /products, given: there are none, response: {text: none}}
"""
    engine = build_engine(handlers)
    request = Request("GET", f"{BASE}/products")
    assert [body(engine.decide(request)) for _ in range(2)] == ["many", "many"]
    engine.declare_states(frozenset({"there are none"}))
    assert body(engine.decide(request)) == "none"
    assert body(engine.decide(request, scope="another")) == "many"
    engine.begin_test("tests/a.py::test_a")
    decision = engine.decide(request)
    assert (body(decision), isinstance(decision, Mocked) and decision.metadata.test) == ("many", "tests/a.py::test_a")
    engine.add_handlers("request: GET https://api.example.com/v1/products\nresponse: {text: added}")
    assert body(engine.decide(request)) == "added"
    engine.reset()
    assert body(engine.decide(request)) == "many"
    engine.replace_handlers(build_engine(handlers.replace("many", "other")))
    assert body(engine.decide(request)) == "other"


def test_of_very_many_scopes_the_oldest_is_forgotten(build_engine: BuildEngine) -> None:
    engine = build_engine(HANDLERS)
    count = Request("GET", f"{BASE}/count")
    assert [body(engine.decide(count, scope="first")) for _ in range(2)] == ["0", "1"]
    assert {body(engine.decide(count, scope=f"{number}")) for number in range(1000)} == {"0"}
    assert body(engine.decide(count, scope="first")) == "0"
    assert body(engine.decide(count, scope="999")) == "1"


def test_what_a_resolver_does_to_a_body_is_not_seen_by_the_next_one(build_engine: BuildEngine) -> None:
    handlers = "provider: Product API\nhandlers: [{request: POST /orders, response: {python: 'mocks.py:create'}}]\n"
    resolver = (
        "def create(request, params, data):\n    request.json['ids'].append(1)\n    return {'json': request.json}\n"
    )
    engine = build_engine(handlers, files={"handlers/mocks.py": resolver})
    request = Request("POST", f"{BASE}/orders", (("content-type", "application/json"),), b'{"ids": []}')
    for _ in range(2):
        resolving = engine.decide(request)
        assert isinstance(resolving, Resolving)
        assert body(resolving.finish(resolving.call())) == '{"ids":[1]}'


@pytest.mark.parametrize(
    ("url", "setting", "why", "reported"),
    [
        (f"{BASE}/nothing", "unhandled: warn", "unhandled", True),
        (f"{BASE}/nothing", "unhandled: bypass", "unhandled", False),
        ("https://foreign.example.org/", "others: bypass", "others", False),
        ("https://foreign.example.org/", "others: warn", "others", True),
        ("http://localhost:1/", "others: error", "loopback", False),
    ],
)
def test_policies_that_let_pass(build_engine: BuildEngine, url: str, setting: str, why: str, reported: bool) -> None:  # noqa: FBT001
    decision = build_engine(HANDLERS, project=f"{PROJECT}{setting}\n").decide(Request("GET", url))
    assert isinstance(decision, Passthrough)
    assert (decision.why, decision.reported) == (why, reported)


@pytest.mark.parametrize(
    ("url", "setting"),
    [(f"{BASE}/nothing", "unhandled: error"), ("https://foreign.example.org/", "others: error")],
)
def test_policies_that_refuse(build_engine: BuildEngine, url: str, setting: str) -> None:
    decision = build_engine(HANDLERS, project=f"{PROJECT}{setting}\n").decide(Request("GET", url))
    assert isinstance(decision, Unhandled)


def test_what_comes_in_at_a_providers_own_address_is_that_providers(build_engine: BuildEngine) -> None:
    engine = build_engine(HANDLERS)
    request = Request("GET", "https://api.example.com/without-the-base-path")
    assert isinstance(engine.decide(request), Unhandled)
    foreign = Request("GET", "http://foreign.example.org/x")
    assert isinstance(engine.decide(foreign), Passthrough)
    assert isinstance(engine.decide(foreign, listener="Product API"), Unhandled)


def test_a_miss_is_a_problem_document_that_a_browser_shows(build_engine: BuildEngine) -> None:
    request = Request("POST", f"{BASE}/count?page=1", (("origin", "https://shop.example.com"),), b"")
    decision = build_engine(HANDLERS).decide(request)
    assert isinstance(decision, Unhandled)
    headers = dict(decision.response.headers)
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert headers["access-control-allow-origin"] == "https://shop.example.com"
    document = json.loads(decision.response.body)
    assert document["status"] == 501
    assert document["nearest"][0] == {
        "handler": "handlers/api.yaml:4",
        "name": "the count",
        "differs": [{"part": "method", "expected": "GET", "got": "POST"}],
    }
    assert document["paste"] == (
        "- request:\n    method: POST\n    path: /count\n    query: {page: '1'}\n"
        "  response:\n    status: 200\n    json: {}"
    )


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", f"{BASE}/x"),
        Request("GET", f"{BASE}/x%20y/z?tag=a&tag=b&q="),
        Request("PUT", f"{BASE}/x", (("content-type", "application/json"),), b'{"a": [1, null], "b": "{{ x }}"}'),
        Request("PUT", f"{BASE}/x?$top=08", (("content-type", "application/json"),), b'{"$ref": "1e5", "n": ["08"]}'),
        Request("GET", "https://api.example.com/outside"),
    ],
)
def test_the_pasted_handler_answers_the_request(build_engine: BuildEngine, request_: Request) -> None:
    engine = build_engine(HANDLERS)
    miss = engine.decide(request_)
    assert isinstance(miss, Unhandled)
    paste = json.loads(miss.response.body)["paste"]
    again = build_engine("provider: Product API\nhandlers:\n" + "\n".join(f"  {line}" for line in paste.splitlines()))
    assert isinstance(again.decide(request_), Mocked)


def test_whose_tls_may_be_opened(build_engine: BuildEngine) -> None:
    more = "handlers:\n  - {request: GET https://other.example.org:8443/x}\n"
    engine = build_engine(HANDLERS, files={"handlers/more.yaml": more})
    assert engine.opens("https", "API.example.com", 443)
    assert engine.opens("https", "other.example.org", 8443)
    assert not engine.opens("https", "other.example.org", 443)
    assert not engine.opens("https", "api.example.com", 444)
    assert not engine.opens("https", "foreign.example.org", 443)
    anywhere = build_engine(HANDLERS, files={"handlers/more.yaml": "handlers: [{request: 'GET */x'}]\n"})
    assert anywhere.opens("https", "foreign.example.org", 443)


def test_cors_headers_are_sent_but_are_not_part_of_the_answer(build_engine: BuildEngine) -> None:
    request = Request("GET", f"{BASE}/count", (("origin", "https://shop.example.com"),))
    decision = build_engine(HANDLERS).decide(request)
    assert isinstance(decision, Mocked)
    assert dict(decision.cors)["access-control-allow-origin"] == "https://shop.example.com"
    assert decision.response.header("access-control-allow-origin") is None


def test_every_handler_has_its_place(build_engine: BuildEngine) -> None:
    assert build_engine(HANDLERS).handler_places == ["handlers/api.yaml:4", "handlers/api.yaml:8"]


def test_what_the_condition_says_literally_is_noted_where_it_looks_like_chance(build_engine: BuildEngine) -> None:
    order = "6f1be6ac-7a31-4be2-90b3-91a8d4bb2f0e"
    engine = build_engine(
        "provider: Product API\nhandlers:\n"
        f"  - {{request: GET /orders/{order}, when: request.query.day == '2026-11-21', response: 200}}\n"
        "  - {request: GET /orders/:id, response: 404}\n"
    )
    decisions = [engine.decide(Request("GET", f"{BASE}/orders/{order}?day={day}")) for day in ("2026-11-21", "x")]
    literal = [decision.metadata.literal for decision in decisions if isinstance(decision, Mocked)]
    assert literal == [(f"/orders/{order}", "request.query.day == '2026-11-21'"), ()]


def test_what_depends_on_the_time_is_decided_anew(build_engine: BuildEngine) -> None:
    handlers = """\
provider: Product API
handlers:
  - {request: {path: /a, query: {at: {$before: now}}}, response: {text: before}}
  - {request: {path: /a, query: {at: {$any: true}}}, response: {text: after}}
"""
    engine = build_engine(handlers)
    soon = datetime.now(UTC) + timedelta(seconds=1)
    request = Request("GET", f"https://api.example.com/v1/a?at={soon.strftime('%Y-%m-%dT%H:%M:%S.%fZ')}")
    first = engine.decide(request)
    assert isinstance(first, Mocked)
    assert first.response.body == b"after" or datetime.now(UTC) > soon
    while datetime.now(UTC) <= soon:
        time.sleep(0.05)
    again = engine.decide(request)
    assert isinstance(again, Mocked)
    assert again.response.body == b"before"


def drawn(build_engine: BuildEngine, seed: int, *, test: str | None = None) -> str:
    """What fifty calls of a flaky handler are answered, others between them."""
    handlers = """\
provider: Product API
handlers:
  - {request: GET /flaky, response: [{text: x, chance: 0.3}, {text: a}, {text: b}]}
  - {request: GET /other, response: [{text: x, chance: 0.3}, {text: o}]}
"""
    engine = build_engine(handlers, project=f"{PROJECT}seed: {seed}\n")
    engine.begin_test(test)
    said = ""
    for at in range(50):
        said += body(engine.decide(Request("GET", f"{BASE}/flaky")))
        if at % (seed + 2) == 0:
            engine.decide(Request("GET", f"{BASE}/other"))
    return said


def test_chance_is_the_same_for_one_seed_and_consumes_nothing(build_engine: BuildEngine) -> None:
    first = drawn(build_engine, 1)
    assert first == drawn(build_engine, 1)
    assert first != drawn(build_engine, 2)
    assert first != drawn(build_engine, 1, test="another")
    assert 5 <= first.count("x") <= 25
    assert first.replace("x", "").rstrip("b") == "a"


def test_a_handler_of_chance_alone_steps_aside(build_engine: BuildEngine) -> None:
    handlers = """\
provider: Product API
handlers:
  - {request: GET /a, response: {status: 503, chance: 0.4}}
  - {request: GET /a, response: 200}
"""
    engine = build_engine(handlers)
    decisions = [engine.decide(Request("GET", f"{BASE}/a")) for _ in range(50)]
    statuses = [decision.response.status for decision in decisions if isinstance(decision, Mocked)]
    assert len(statuses) == 50
    assert 5 <= statuses.count(503) <= 35
