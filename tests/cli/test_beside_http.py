"""Messages and the interactions of plugins beside HTTP: every command says that it passes them over, and goes on."""

import json

import pytest

from tests.brokers import interceptor
from tests.providers import interaction, pact, running

pytestmark = pytest.mark.slow

MESSAGE = {
    "description": "an order was placed",
    "contents": {"id": "1"},
    "metadata": {"contentType": "application/json"},
}
V3_MESSAGES = {
    "consumer": {"name": "Product Site"},
    "provider": {"name": "Orders"},
    "messages": [{**MESSAGE, "metaData": MESSAGE["metadata"]}],
    "metadata": {"pactSpecification": {"version": "3.0.0"}},
}
HEAD = interaction("a look at a product", "/v1/products/10", 200, None, method="HEAD")
MIXED = pact(
    {**MESSAGE, "type": "Asynchronous/Messages"},
    {"description": "a question", "type": "Synchronous/Messages", "request": {}, "response": []},
    {**HEAD, "description": "a table", "pluginConfiguration": {"csv": {}}},
    HEAD,
)
MIXED["metadata"]["plugins"] = [{"name": "csv", "version": "0.0.6", "configuration": {}}]
SAID = [
    "interceptor  a.json: 2 messages are passed over",
    "interceptor  a.json: 1 plugin interaction is passed over",
    "interceptor  b.json: 1 message is passed over",
]
PROJECT = """
consumer: Product Site
providers:
  Product API: {url: http://api.example.com, openapi: openapi.yaml}
  Orders: {url: http://orders.example.com, openapi: openapi.yaml}
"""
OPENAPI = """
openapi: 3.0.3
info: {title: Products, version: "1"}
paths: {/v1/products/10: {head: {responses: {"200": {description: ok}}}}}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "interceptor.yaml").write_text(PROJECT)
    (tmp_path / "openapi.yaml").write_text(OPENAPI)
    (tmp_path / "handlers").mkdir()
    (tmp_path / "handlers" / "none.yaml").write_text("handlers: []")
    pacts = tmp_path / "msw_generated_pacts"
    pacts.mkdir()
    (pacts / "a.json").write_text(json.dumps(MIXED))
    (pacts / "b.json").write_text(json.dumps(V3_MESSAGES))
    return tmp_path


@pytest.mark.parametrize("command", ["lint", "check", "states"])
def test_the_rest_is_looked_at(folder, command):
    done = interceptor(command)
    assert done.code == 0, done.out + done.err
    assert [line for line in done.err.splitlines() if "passed over" in line] == SAID
    if command == "states":
        assert "a look at a product" in done.out
        assert "an order was placed" not in done.out
        assert "requires of Orders" not in done.out


def test_the_rest_is_verified(folder):
    with running() as provider:
        done = interceptor("verify", "--provider", "Product API", "--provider-url", provider.url)
    assert done.code == 0, done.out + done.err
    assert done.err.splitlines() == SAID[:2]
    assert done.out.splitlines() == [
        "interceptor  ok       Product Site: a look at a product",
        "interceptor  Product API: 1 interaction · 1 ok · 0 failed",
    ]


def test_a_pact_of_messages_alone_has_nothing_to_verify(folder):
    with running() as provider:
        done = interceptor("verify", "--provider", "Orders", "--provider-url", provider.url)
    assert done.code == 1
    assert "no interaction of Orders to verify" in done.err


def test_a_secret_in_a_message_is_found(folder):
    token = "gh" + "p_" + "a1B2" * 9
    held = {**V3_MESSAGES, "messages": [{**MESSAGE, "contents": {"note": token}}]}
    (folder / "msw_generated_pacts" / "b.json").write_text(json.dumps(held))
    done = interceptor("lint")
    assert done.code == 1
    assert "contents.note" in done.out


def test_messages_are_published(at_broker, folder):
    done = interceptor("publish", "-a", "1.0", "--branch", "main")
    assert done.code == 0, done.out + done.err
    assert [line.split()[1:3] for line in done.out.splitlines()[1:]] == [["created", "a.json"], ["created", "b.json"]]
