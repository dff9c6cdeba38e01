"""What users write may take forever: nobody waits for it, and the miss or the failure says what it was."""

from __future__ import annotations

import json
import time

import pytest

from interceptor.values.decisions import Failed, Mocked, Unhandled
from interceptor.values.messages import Request
from tests.engines import BuildEngine

BASE = "https://api.example.com/v1"
SLOW = "^(a|a)*$"
LONG = "a" * 45 + "!"
JSON = (("content-type", "application/json"),)
REQUESTS = {
    "in JSON": (
        {"method": "POST", "path": "/a", "json": {"n": {"$regex": SLOW}}},
        Request("POST", f"{BASE}/a", JSON, json.dumps({"n": LONG}).encode()),
    ),
    "in a negation": (
        {"method": "POST", "path": "/a", "json": {"n": {"$not": {"$regex": SLOW}}}},
        Request("POST", f"{BASE}/a", JSON, json.dumps({"n": LONG}).encode()),
    ),
    "in a query": ({"path": "/a", "query": {"n": {"$regex": SLOW}}}, Request("GET", f"{BASE}/a?n={LONG}")),
    "in a path": ({"path": "/a/:n((?:a|a)*)"}, Request("GET", f"{BASE}/a/{LONG}")),
}


@pytest.mark.parametrize(("wanted", "request_"), REQUESTS.values(), ids=REQUESTS)
def test_a_slow_pattern_is_a_miss_that_names_it(build_engine: BuildEngine, wanted, request_) -> None:
    engine = build_engine(json.dumps({"provider": "Product API", "handlers": [{"request": wanted, "response": 204}]}))
    began = time.monotonic()
    decision = engine.decide(request_)
    assert time.monotonic() - began < 20
    assert isinstance(decision, Unhandled)
    assert "a)*" in decision.explanation
    assert "an end within 0.1 s, got none: it is too slow for this" in decision.explanation


def test_another_handler_answers_what_a_slow_pattern_does_not(build_engine: BuildEngine) -> None:
    handlers = [
        {"request": {"path": "/a", "query": {"n": {"$regex": SLOW}}}, "response": 500},
        {"request": "GET /a", "response": 204},
    ]
    engine = build_engine(json.dumps({"provider": "Product API", "handlers": handlers}))
    decision = engine.decide(Request("GET", f"{BASE}/a?n={LONG}"))
    assert isinstance(decision, Mocked)
    assert decision.response.status == 204


VAST = {
    "{{ 7 ** (10 ** 8) }}": "the result of ** would be too large",
    "{{ 'a' | center(10 ** 9) }}": "the result of center would be too large",
    "{{ 'a'.ljust(1000000000) }}": "the result of ljust would be too large",
    "{{ '%1000000000d' % 1 }}": "the result of % would be too large",
    "{{ '%1000000000d' | format(1) }}": "the result of format would be too large",
    "{{ '{:>1000000000}'.format(1) }}": "the result of format would be too large",
    "{{ '{:>{}}'.format(1, 1000000000) }}": "the result of format would be too large",
    "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}": "the result of replace would be too large",
    "{{ (['a' * 1000000] * 1000) | join }}": "the result of join would be too large",
    "{{ [[[1] * 1000] * 1000] * 1000 }}": "it takes more than 1 s",
    "{{ range(9) | batch(10 ** 9, 0) | list }}": "the result of batch would be too large",
    f"{{{{ '{LONG}' | regex_search('{SLOW}') }}}}": "is too slow",
}


@pytest.mark.parametrize("template", VAST)
def test_a_template_that_never_ends_is_a_failure_of_its_handler(build_engine: BuildEngine, template: str) -> None:
    handler = {"request": "GET /a", "response": {"json": template}}
    engine = build_engine(json.dumps({"provider": "Product API", "handlers": [handler]}))
    decision = engine.decide(Request("GET", f"{BASE}/a"))
    assert isinstance(decision, Failed)
    assert VAST[template] in decision.explanation


LOOPS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% macro twice(n) %}{% if n %}{{ twice(n - 1) }}{{ twice(n - 1) }}{% endif %}{% endmacro %}{{ twice(40) }}",
]


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_in_a_file_comes_to_an_end(build_engine: BuildEngine, loop: str) -> None:
    handler = {"request": "GET /a", "response": {"file": "a.txt.j2"}}
    handlers = json.dumps({"provider": "Product API", "handlers": [handler]})
    decision = build_engine(handlers, files={"handlers/a.txt.j2": loop}).decide(Request("GET", f"{BASE}/a"))
    assert isinstance(decision, Failed)
    assert "it takes more than 1 s" in decision.explanation


def test_ordinary_formats_loops_and_repetitions_are_left_alone(build_engine: BuildEngine) -> None:
    text = "{{ '%05d' % 7 }} {{ 'order 1234567: {:>3}'.format(1) }} {{ 'ab' | center(6) }} {{ [1, 2] | join(', ') }}"
    loop = "{% for a in [1, 2, 3] %}{{ loop.index }}{{ ',' if not loop.last }}{% endfor %}"
    handler = {"request": "GET /a", "response": {"file": "a.txt.j2"}}
    handlers = json.dumps({"provider": "Product API", "handlers": [handler]})
    decision = build_engine(handlers, files={"handlers/a.txt.j2": f"{text} {loop}"}).decide(Request("GET", f"{BASE}/a"))
    assert isinstance(decision, Mocked)
    assert decision.response.body.decode() == "00007 order 1234567:   1   ab   1, 2 1,2,3"


def test_a_document_of_graphql_with_very_many_aliases_is_a_miss(build_engine: BuildEngine) -> None:
    handler = {"request": {"url": f"{BASE}/graphql", "graphql": {"query": "A"}}, "response": 204}
    engine = build_engine(json.dumps({"provider": "Product API", "handlers": [handler]}))
    query = f"query A {{{' '.join(f'a{index}: b' for index in range(100_000))}}}"
    decision = engine.decide(Request("POST", f"{BASE}/graphql", JSON, json.dumps({"query": query}).encode()))
    assert isinstance(decision, Unhandled)
    assert "20000 tokens" in decision.explanation
