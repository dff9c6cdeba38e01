"""Misses are printed, kept and pasted into tickets: what is secret in a request is not in them."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from interceptor.engine import load_engine
from interceptor.project.config import load_project
from interceptor.redaction.redactor import Redactor
from interceptor.values.decisions import Unhandled
from interceptor.values.messages import Request
from tests.engines import PROJECT

BASE = "https://api.example.com/v1"
MARK = "QZXJ"
"""Masks write letters as a and *, so this shows that something was not masked."""
HANDLERS = """\
provider: Product API
handlers:
  - request:
      method: POST
      path: /login
      query: {token: right}
      headers: {authorization: Bearer right}
      json: {user: {$type: number}, password: right, nested: [{api_key: right}]}
    response: 200
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masked")
    (folder / "interceptor.yaml").write_text(PROJECT)
    (folder / "handlers").mkdir()
    (folder / "handlers" / "login.yaml").write_text(HANDLERS)
    project = load_project(folder / "interceptor.yaml")
    return load_engine(project, Redactor(project.settings.redact).request)


def as_json(value):
    return json.dumps(value).encode()


def missed(engine, request):
    decision = engine.decide(request)
    assert isinstance(decision, Unhandled)
    return decision


@given(secret=st.text(min_size=0, max_size=30).map(lambda text: f"{MARK}{text}"))
@settings(max_examples=100, deadline=None)
def test_no_secret_is_explained(engine, secret):
    body = as_json({"user": "u1", "password": secret, "nested": [{"api_key": secret}, {"id": 1}]})
    headers = (("content-type", "application/json"), ("authorization", f"Bearer {secret}"), ("cookie", f"a={secret}"))
    decision = missed(engine, Request("POST", f"{BASE}/login?token={quote(secret, safe='')}", headers, body))
    assert decision.explanation.startswith(f"POST {BASE}/login?token=")
    assert MARK not in decision.explanation
    assert MARK.encode() not in decision.response.body


def test_the_handler_to_paste_answers_the_request_that_was_masked(engine):
    body = as_json({"user": "u1", "password": "hunter22", "nested": [{"api_key": "k"}, {"id": 1}]})
    url = f"{BASE}/reset/ghp_abcdefghijklmnopqrstuvwxyz0123456789?token=abc&page=2"
    request = Request("POST", url, (("content-type", "application/json"),), body)
    (paste,) = yaml.safe_load(missed(engine, request).explanation.partition("to paste:\n")[2])
    assert paste["request"] == {
        "method": "POST",
        "path": "/reset/*",
        "query": {"token": {"$any": True}, "page": "2"},
        "json": {"user": "u1", "password": {"$any": True}, "nested": [{"api_key": {"$any": True}}, {"id": 1}]},
    }
    engine.add_handlers(yaml.safe_dump({"provider": "Product API", "handlers": [paste]}), "paste")
    assert not isinstance(engine.decide(request, scope="paste"), Unhandled)


def test_what_differs_is_told_without_the_secret(engine):
    headers = (("content-type", "application/json"), ("authorization", "Bearer wrong"))
    request = Request("POST", f"{BASE}/login?token=right", headers, b'{"user": "u1", "password": "right"}')
    explanation = missed(engine, request).explanation
    assert 'header authorization: expected "Bearer right", got "Bearer ***"' in explanation
    assert 'json $.user: expected {"$type":"number"}, got "u1"' in explanation
    assert "query token" not in explanation  # it is right, though its mask is not
    assert "json $.password" not in explanation
