"""Secrets of every form, in every place of a request and of the answer that echoes them, all the way to the pact."""

from __future__ import annotations

import base64
import json
import logging
import re
import string
from urllib.parse import quote, unquote, unquote_plus, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from interceptor.conversion import convert
from interceptor.engine import load_engine
from interceptor.journal import JournalWriter
from interceptor.lint.secrets import secrets_in
from interceptor.pact.read import read_pact
from interceptor.recorder.recorder import Recorder
from interceptor.recorder.summary import as_plain
from interceptor.redaction.redactor import Redactor
from interceptor.report.conversion import conversion_json, conversion_lines
from interceptor.report.summary import summary_lines
from interceptor.values.decisions import Unhandled
from interceptor.values.messages import Request
from tests.exchanges import PROJECT, project

BASE = "https://api.example.com/v1"
HANDLERS = """
provider: Product API
handlers:
  - request: {method: POST, path: "/echo/:word", headers: {content-type: {$contains: json}}}
    name: an echo of {{ params.word }} and {{ request.json.note }}
    given: {name: "{{ params.word }} exists", params: {note: "{{ request.json.note }}"}}
    response:
      headers: {x-echo: "{{ request.query.q }}", x-path: "/v1/{{ params.word }}"}
      json: {path: "{{ params.word }}", sent: "{{ request.json }}", token: "{{ request.query.token }}"}
      matching: {"header.x-echo": type}
  - request: {method: POST, path: "/echo/:word"}
    response: {text: "{{ request.text }} was sent to {{ request.url }}"}
  - request: {method: POST, path: /strict, json: {note: right, password: right}, query: {token: right}}
    response: 204
  - request: POST /fails/:word
    response: {text: "{{ data[request.text] }} {{ params.word.missing }}"}
"""
LETTERS = st.text("GHJKLMNPQRSTUVWXYZ", min_size=24, max_size=24)
"""Masks are made of a and 0; so many letters of this kind show that something was not masked."""
MIXED = LETTERS.map(lambda text: f"{text}7b9")


def encoded(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def with_check_digit(digits):
    total = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[::-2]) + sum(map(int, digits[-2::-2]))
    return f"{digits}{-total % 10}"


CARD = st.text(string.digits, min_size=14, max_size=14).map(lambda digits: with_check_digit(f"4{digits}"))
FORMS = {
    "a JWT": MIXED.map(lambda text: f"eyJhbGciOiJIUzI1NiJ9.{encoded(text)}.{encoded(text[::-1])}"),
    "AWS": LETTERS.map(lambda text: f"AKIA{text[:16]}"),
    "GitHub": MIXED.map(lambda text: f"ghp_{text}"),
    "a fine-grained one of GitHub": MIXED.map(lambda text: f"github_pat_{text}"),
    "GitLab": MIXED.map(lambda text: f"glpat-{text}"),
    "Slack": MIXED.map(lambda text: f"xoxb-12-{text}"),
    "Stripe": MIXED.map(lambda text: f"sk_live_{text}"),
    "a webhook of Stripe": MIXED.map(lambda text: f"whsec_{text}"),
    "a private key": MIXED.map(lambda text: f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----"),
    "a card": CARD,
    "a card in groups": CARD.map(lambda digits: " ".join(digits[at : at + 4] for at in range(0, 16, 4))),
}


def in_free_text(secret):
    """Requests that hold a secret where only its form gives it away."""
    said, word = f"I said {secret}, twice", quote(secret, safe="")
    body = {"note": said, "list": [{"x": secret}]}
    yield Request("POST", f"{BASE}/echo/{word}", (("content-type", "application/json"),), b'{"note": "n"}')
    for path in ("echo", "strict", "nowhere", "fails"):
        url = f"{BASE}/{path}/{word}?{urlencode({'q': said, 'token': 'x'})}"
        yield Request("POST", url, (("content-type", "application/json"),), json.dumps(body).encode())
        for content_type, sent in (
            ("text/plain", said),
            ("application/x-www-form-urlencoded", urlencode({"note": said, "plain": secret})),
            ("application/xml", f"<note>{said}</note>"),
        ):
            headers = (("content-type", content_type), ("x-note", said.replace("\n", " ")), ("accept", said))
            yield Request("POST", url, headers, sent.encode())


def under_a_name(secret):
    """Requests that hold a secret under a name that gives it away."""
    for path in ("echo/a", "strict", "nowhere", "fails/a"):
        url = f"{BASE}/{path}?{urlencode({'token': secret, 'api_key': secret, 'q': 'x'})}"
        headers = (("authorization", f"Bearer {secret}"), ("cookie", f"session={secret}; a=b"), ("x-api-key", secret))
        bodies = {
            "application/json": json.dumps({"note": "n", "password": secret, "in": [{"client_secret": secret}]}),
            "application/x-www-form-urlencoded": urlencode({"password": secret, "user": "bob"}),
            "application/xml": f"<login><password>{secret}</password></login>",
        }
        for content_type, body in bodies.items():
            yield Request("POST", url, (("content-type", content_type), *headers), body.encode())


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "handlers").mkdir()
    (folder / "handlers" / "echo.yaml").write_text(HANDLERS)
    return project(folder, PROJECT + "pact: {headers: {request: [x-note, x-api-key, cookie], response: [x-path]}}\n")


@pytest.fixture(scope="module")
def engine(here):
    return load_engine(here, Redactor.of(here).request)


def told(here, engine, requests, caplog):
    """Everything that a run with these requests leaves behind and says."""
    caplog.set_level(logging.DEBUG)
    journal = here.root / "run.jsonl"
    journal.unlink(missing_ok=True)
    pieces = []
    with JournalWriter(journal, consumer="Product Site") as writer:
        recorder = Recorder(writer, Redactor.of(here))
        for request in requests:
            decision = engine.decide(request)
            recorder.note(request, decision, decision.response, at=1795293964.001)
            if isinstance(decision, Unhandled):
                pieces += [decision.explanation, decision.response.body.decode()]
    conversion = convert(here, [journal])
    (pact,) = conversion.pacts
    assert secrets_in(read_pact(pact.path)) == []
    pieces += [journal.read_text(), pact.path.read_text(), *summary_lines(recorder.summary)]
    pieces += [*conversion_lines(here, conversion), caplog.text]
    pieces += [json.dumps(each) for each in (as_plain(recorder.summary), conversion_json(here, conversion))]
    return "\n".join(pieces)


def spellings(text):
    """A text as it is, and without the escapes of JSON and of URLs."""
    for unescaped in (text, text.replace("\\\\n", "\n").replace("\\n", "\n")):
        yield from (unescaped, unquote(unescaped), unquote_plus(unescaped))


def survivors(secret, text):
    """Where in what was told a secret, or the random part of one, is left."""
    parts = {secret, *(part for part in re.split(r"[.\n]", secret) if len(part) > 20 and "eyJhbG" not in part)}
    for spelt in spellings(text):
        for part in parts:
            if (at := spelt.find(part)) >= 0:
                return spelt[max(0, at - 80) : at + 60]
    return None


ONE_BY_ONE = settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.mark.parametrize("form", FORMS)
@given(data=st.data())
@ONE_BY_ONE
def test_of_a_known_form_in_free_text(form, data, here, engine, caplog):
    secret = data.draw(FORMS[form])
    assert survivors(secret, told(here, engine, in_free_text(secret), caplog)) is None


@given(secret=MIXED)
@ONE_BY_ONE
def test_under_a_name_that_gives_it_away(secret, here, engine, caplog):
    assert survivors(secret, told(here, engine, under_a_name(secret), caplog)) is None
