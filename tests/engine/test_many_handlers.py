"""Many handlers at one path: the one that matches is found, whatever tells them apart, and in their order."""

from __future__ import annotations

import json

import pytest

from interceptor.values.decisions import Mocked, Unhandled
from interceptor.values.messages import Request
from tests.engines import BuildEngine

BASE = "https://api.example.com/v1"
MANY = 50


def text(decision: object) -> str:
    assert isinstance(decision, Mocked), decision
    return decision.response.body.decode()


def handlers(parts: list[str]) -> str:
    lines = [f"  - {{request: {part}, response: {{text: '{index}'}}}}" for index, part in enumerate(parts)]
    return "\n".join(["provider: Product API", "handlers:", *lines])


def post(body: object) -> Request:
    return Request("POST", f"{BASE}/p", (("content-type", "application/json"),), json.dumps(body).encode())


def test_by_a_member_of_the_body(build_engine: BuildEngine) -> None:
    parts = [f"{{method: POST, path: /p, json: {{kind: a, deep: {{id: {index}}}}}}}" for index in range(MANY)]
    engine = build_engine(handlers([*parts, "{method: POST, path: /p, json: {other: {$any: true}}}", "ANY /p"]))
    assert text(engine.decide(post({"kind": "a", "deep": {"id": 49}}))) == "49"
    assert text(engine.decide(post({"kind": "a", "deep": {"id": 7.0}}))) == "7"
    assert text(engine.decide(post({"kind": "b", "deep": {"id": 7}}))) == str(MANY + 1)
    assert text(engine.decide(post({"kind": "a", "deep": {"id": True}}))) == str(MANY + 1)
    assert text(engine.decide(post({"kind": "a", "deep": {"id": 3}, "other": 1}))) == "3"
    assert text(engine.decide(post({"other": None}))) == str(MANY)
    assert text(engine.decide(post([1]))) == str(MANY + 1)
    assert text(engine.decide(Request("GET", f"{BASE}/p"))) == str(MANY + 1)


def test_by_a_query_parameter_also_a_repeated_one(build_engine: BuildEngine) -> None:
    parts = [f"{{method: GET, path: /p, query: {{page: {index}}}}}" for index in range(MANY)]
    engine = build_engine(handlers(parts))
    assert text(engine.decide(Request("GET", f"{BASE}/p?page=49"))) == "49"
    assert text(engine.decide(Request("GET", f"{BASE}/p?page=none&page=31"))) == "31"
    assert text(engine.decide(Request("GET", f"{BASE}/p?page=31&page=12"))) == "12"
    miss = engine.decide(Request("GET", f"{BASE}/p?page=x"))
    assert isinstance(miss, Unhandled)
    assert 'query page: expected "0", got "x"' in miss.explanation


@pytest.mark.parametrize("first", [True, False])
def test_a_handler_that_asks_for_nothing_keeps_its_turn(build_engine: BuildEngine, *, first: bool) -> None:
    parts = [f"{{method: GET, path: /p, query: {{page: {index}}}}}" for index in range(MANY)]
    engine = build_engine(handlers(["GET /p", *parts] if first else [*parts, "GET /p"]))
    assert text(engine.decide(Request("GET", f"{BASE}/p?page=3"))) == ("0" if first else "3")
