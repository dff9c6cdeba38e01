"""`interceptor publish` refuses what looks like a secret, wherever in a pact it is."""

from __future__ import annotations

import base64
import json

import pytest

from interceptor.cli import main
from interceptor.conversion import convert
from interceptor.lint.secrets import secrets_in
from interceptor.pact.read import read_pact
from tests.exchanges import exchange, journal, project

AWS = "AKIA" + "IOSFODNN7ABCDEFG"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

TOKEN = "a token of a well-known service"

# (answer that a handler says literally, content type, where it is found, what it is)
LITERAL = [
    (json.dumps({"a": [{"b": AWS}]}).encode(), "application/json", "response.body.content.a[0].b", TOKEN),
    (b'{"card": "4111 1111 1111 1111"}', "application/json", "response.body.content.card", "a card number"),
    (f"see {JWT}".encode(), "text/plain", "response.body.content", "a JSON Web Token"),
    (b"\x00\xff" + AWS.encode(), "image/png", "response.body.content", TOKEN),
]


@pytest.mark.parametrize(("body", "content_type", "place", "kind"), LITERAL)
def test_what_a_handler_says_literally_is_found(tmp_path, body, content_type, place, kind):
    each = exchange("GET /a", body, response_headers={"content-type": content_type})
    (written,) = convert(project(tmp_path), [journal(tmp_path / "run.jsonl", [each])]).pacts
    (found,) = secrets_in(read_pact(written.path))
    assert found.message == f'interaction 0 ("GET /a returns 200") holds {kind} at {place}'


def test_masks_and_constants_are_none(tmp_path):
    each = exchange(
        "POST /login",
        {"token": JWT, "note": f"use {AWS}", "session": JWT},
        body={"password": "s3cr3t", "key": AWS},
        headers={"authorization": f"Bearer {JWT}"},
        generated=["response.$"],
    )
    (written,) = convert(project(tmp_path), [journal(tmp_path / "run.jsonl", [each])]).pacts
    assert not secrets_in(read_pact(written.path))
    assert AWS not in written.path.read_text()


def test_publishing(tmp_path, monkeypatch, capsys):
    here = project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACT_BROKER_BASE_URL", "http://127.0.0.1:9")
    convert(here, [journal(tmp_path / "run.jsonl", [exchange("GET /a", {"key": AWS})])])

    def publish(*options):
        with pytest.raises(SystemExit) as ended:
            main(["publish", "--dry-run", "--consumer-app-version", "1", *options])
        return ended.value.code

    assert publish() == 1
    assert "Product Site-Product API.json: interaction 0" in capsys.readouterr().err
    assert publish("--allow-secrets") == 0


def test_random_tokens_are_masked_by_one_constant(tmp_path):
    here = project(tmp_path)
    pacts = set()
    for token in ("x8Fj2kQ9_Zp-4tLm", "-aB3dE5gH7jK9mN1", "1234567890abcdef"):
        path = journal(tmp_path / f"{token}.jsonl", [exchange("POST /a", {"a": 1}, body={"apiKey": token})])
        pacts.add(convert(here, [path]).pacts[0].path.read_bytes())
    assert len(pacts) == 1
    assert base64.b64encode(b"x8Fj") not in pacts.pop()


@pytest.mark.parametrize(("content", "kind"), [("abc", None), (AWS, TOKEN)])
def test_a_body_that_only_looks_encoded_is_text(tmp_path, content, kind):
    response = {"status": 200, "body": {"content": content, "encoded": "base64"}}
    pact = {
        "consumer": {"name": "Site"},
        "provider": {"name": "API"},
        "interactions": [{"description": "a", "request": {"method": "GET", "path": "/"}, "response": response}],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }
    (tmp_path / "pact.json").write_text(json.dumps(pact))
    found = secrets_in(read_pact(tmp_path / "pact.json"))
    assert [kind in each.message for each in found] == ([] if kind is None else [True])
