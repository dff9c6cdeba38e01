"""A project whose report has something of everything, and a browser to look at it."""

from __future__ import annotations

import json
import subprocess

import pytest

from interceptor.cli import main
from interceptor.journal import JournalWriter
from interceptor.values.exchange import Exchange, Metadata, Outcome, ProviderState
from interceptor.values.messages import Request, Response
from tests.chromium import CHROMIUM, browser
from tests.proxy.live import write

SITE = "consumer: Site\nproviders: {API: {url: http://api.example.test}}\nhandlers: handlers.yaml\n"
HOSTILE = "</script><script>window.broken = 1</script><img src=x onerror='window.broken = 1'>"
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Products", "version": "1"},
    "paths": {
        "/products/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": {
                "type": "object", "properties": {"id": {"type": "string"}, "price": {"type": "string"}},
            }}}}, "404": {"description": "none"}}},
        }
    },
}  # fmt: skip
FILES = {
    "interceptor.yaml": """\
consumer: Product Site
providers:
  Product API: {url: https://api.example.com/v1, openapi: openapi.json}
  Stock API: {url: https://stock.example.com}
handlers: handlers.yaml
""",
    "handlers.yaml": """\
provider: Product API
handlers:
  - request: GET /products/:id
    response: {json: {id: "{{ uuid() }}", price: 12.5}}
  - request: GET /never
    response: 204
""",
    "openapi.json": json.dumps(DOCUMENT),
}
UUID = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
PASTE = "- request: GET /prices/10\n  response:\n    status: 200\n"
MISS = {
    "title": "No handler answers this request",
    "nearest": [
        {"handler": "handlers.yaml:3", "differs": [{"part": "path", "expected": "/products/:id", "got": "/prices/10"}]}
    ],
    "paste": PASTE,
}
JSON = (("content-type", "application/json"),)
RUN = {
    "exit_code": 1,
    "requests": 5,
    "mocked": 3,
    "unhandled": 2,
    "failed": 0,
    "handlers": {"handlers.yaml:3": 3, "handlers.yaml:5": 0},
    "never_used": ["handlers.yaml:5"],
    "clients": {
        "arrived": {"by the proxy variables": {"curl/8": 5}},
        "refused": {"api.example.com": 2},
        "elsewhere": {"https://fonts.example.com:443": 1},
    },
}


def exchange(number, **more):
    """A product that a test asks for, with an id of its own in the answer."""
    known = {
        "name": f"a request for product {number}",
        "test": f"tests/test_products.py::test_{number}",
        "states": (ProviderState(f"product {number} exists"),),
    }
    metadata = Metadata(
        provider="Product API",
        handler="handlers.yaml:3",
        path=f"/products/{number}",
        generated=("response.$.id",),
        rules={"response": {"$.price": "number"}},
        **(known | more),
    )
    headers = (("accept", "application/json"), ("authorization", "Bearer ***"))
    request = Request("GET", f"https://api.example.com/v1/products/{number}", headers)
    body = {"id": UUID, "price": 12.5, "notes": [{"by": HOSTILE}], "link": "javascript:window.broken=1"}
    return Exchange(
        request,
        Response(200, JSON, json.dumps(body).encode()),
        Outcome.MOCKED,
        at=f"2026-11-21T20:46:04.{number:03}Z",
        metadata=metadata,
        masked=("request.headers.authorization",),
    )


def miss(test):
    return Exchange(
        Request("GET", "https://api.example.com/v1/prices/10"),
        Response(501, (("content-type", "application/problem+json"),), json.dumps(MISS).encode()),
        Outcome.UNHANDLED,
        at="2026-11-21T20:46:05.000Z",
        metadata=Metadata(provider="Product API", path="/prices/10", test=test),
    )


def interceptor(*words):
    """The exit code of a command, run in this process."""
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    return ended.value.code


def record(folder, exchanges, run=RUN):
    """A journal in the project of a folder."""
    path = folder / ".interceptor" / "recordings" / "2026-11-21T20-46-03Z-4f2a.jsonl"
    path.unlink(missing_ok=True)
    with JournalWriter(path, consumer="Product Site") as journal:
        for each in exchanges:
            journal.write(each)
        journal.end(run)
    return path


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A folder in which git has a pact that lacks one of the interactions of the recording, and has another."""
    folder = write(tmp_path_factory.mktemp("report"), FILES)
    hostile = exchange(12, name=HOSTILE, states=(ProviderState(f"given {HOSTILE}", {"of": HOSTILE}),), test=HOSTILE)
    config = ("--config", str(folder / "interceptor.yaml"))
    record(folder, [exchange(9), exchange(10)])
    assert interceptor("export", *config) in {None, 0}
    (folder / ".gitignore").write_text(".interceptor\n")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "one")):
        subprocess.run(["git", *IDENTITY, *words], cwd=folder, check=True)
    record(folder, [exchange(10), exchange(11), hostile, miss("tests/test_prices.py::test_a"), miss("another test")])
    assert interceptor("export", *config) in {None, 0}
    return folder


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("this machine has no Chromium")
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page
