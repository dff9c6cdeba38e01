"""What `lint` says about handlers that no request can match, or that mean something else than they seem to."""

from __future__ import annotations

import pytest

from interceptor.lint import lint
from interceptor.project.config import load_project
from tests.exchanges import project

SAID = [
    ("- {request: 'GET /a:b'}", "handler.path.literal", r'":b" in "/a:b" is plain text'),
    ("- {request: 'GET /:a-:b'}", "handler.path.literal", r"Write \:b to say so"),
    ("- {request: 'GET /v1/docs:commit'}", "handler.path.literal", '":commit"'),
    (r"- {request: 'GET /v1/docs\:commit'}", None, ""),
    ("- {request: 'GET /v1/:project:undelete'}", None, ""),
    (r"- {request: 'GET /:id(\d+)/:name.json'}", None, ""),
    (r"- {request: 'GET /a(\d+)'}", "handler.path.literal", "an expression needs a name before it"),
    ("- {request: 'GET /(a|b)/c'}", "handler.path.literal", ":name(a|b)"),
    ("- {request: 'GETT /a'}", "handler.method.unlikely", 'did you mean "GET"?'),
    ("- {request: 'PROPFIND /a'}", None, ""),
    ("- {request: {method: POST, path: /a, json: '{\"a\": 1}'}}", "handler.json.text", "write it as YAML, unquoted"),
    ("- {request: GET /a, response: {json: '[1]'}}", "handler.json.text", "the response's json is a text"),
    ("- {request: GET /a, response: {json: '[{{ params }}]'}}", None, ""),
    ("- {request: {method: POST, path: /a, json: '[a'}}", None, ""),
    (
        "- {request: GET /a, response: {text: '{{ data.cuont }}'}, then: {cuont: 1}}",
        "handler.then.undeclared",
        'did you mean "count"?',
    ),
    ("- {request: GET /a, then: {count: 1}}", None, ""),
]


@pytest.mark.parametrize(("handlers", "code", "message"), SAID)
def test_what_a_handler_says_in_vain(tmp_path, handlers, code, message):
    here = project(tmp_path)
    (tmp_path / "handlers").mkdir(exist_ok=True)
    text = f"provider: Product API\ndata: {{count: 1}}\nhandlers:\n{handlers}\n"
    (tmp_path / "handlers" / "a.yaml").write_text(text, encoding="utf-8")
    found = lint(here, [])
    assert [each.code for each in found] == ([code] if code else [])
    if code:
        assert message in found[0].message
        assert (found[0].type, found[0].handler) == ("warning", "handlers/a.yaml:4")


REACHED = [
    ("provider: Product API\nhandlers: [{request: GET /a}]\n", ["Order API", "Wild API"]),
    ("handlers: [{request: 'GET https://orders.example.com/a'}]\n", ["Product API", "Wild API"]),
    ("handlers: [{request: 'GET https://eu.wild.example.com/a'}]\n", ["Product API", "Order API"]),
    ("handlers: [{request: 'GET https://*.example.com/a'}]\n", ["Wild API"]),
    ("handlers: [{request: 'GET */a'}]\n", []),
    ("handlers: []\n", []),
]


@pytest.mark.parametrize(("handlers", "unreached"), REACHED)
def test_a_provider_that_no_handler_reaches(tmp_path, handlers, unreached):
    settings = """\
consumer: Product Site
providers:
  Product API: {url: https://api.example.com/v1}
  Order API: {url: https://orders.example.com}
  Wild API: {url: 'https://*.wild.example.com'}
"""
    (tmp_path / "interceptor.yaml").write_text(settings, encoding="utf-8")
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "a.yaml").write_text(handlers, encoding="utf-8")
    found = lint(load_project(tmp_path / "interceptor.yaml"), [])
    assert [each.message.partition(": write")[0] for each in found if each.code == "provider.unreached"] == [
        f'no handler is for the provider "{name}"' for name in sorted(unreached)
    ]
