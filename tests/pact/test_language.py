"""What the words of the handler language put into a pact, held against a provider that answers as the handlers do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from interceptor.conversion import convert
from interceptor.engine import Engine, load_engine
from interceptor.project.config import load_project
from interceptor.values.decisions import Mocked
from interceptor.values.exchange import Exchange, Outcome
from interceptor.values.messages import Request
from tests.exchanges import BASE_URL, PROJECT, journal

from .conftest import verified

pytestmark = pytest.mark.slow

HANDLERS = """\
provider: Product API
data: {tokens: [one, two]}
handlers:
  - request:
      method: POST
      path: /orders
      xml: {'/order/@id': '7', //item: {$length: 2}}
    name: an order in XML
    response: {xml: <accepted/>}
  - request: {method: POST, path: /pictures, binary: {starts_with: {hex: 89 50}}}
    name: a picture
    response: 201
  - request: {method: POST, path: /baskets, json: {$path: {'$..sku': lamp}, $schema: {required: [items]}}}
    name: a basket
    response: {status: 201, json: {at: '{{ now() }}', until: "{{ date('2026-01-31', '+1mo') }}"}}
  - request: {path: /page, headers: {accept: {$accepts: text/html}, x-tag: [a, b]}}
    name: a page
    response: {html: <p>hello</p>, dribble: {chunks: 2, over: 10ms}}
  - {request: GET /tokens, name: tokens, response: {sse: {for_each: data.tokens, data: {delta: '{{ item }}'}}}}
  - {request: GET /lines, name: lines, response: {stream: {for_each: data.tokens, json: {name: '{{ item }}'}}}}
  - {request: GET /manual, name: a manual, response: {file: manual.txt}}
"""
REQUESTS = [
    Request(
        "POST",
        f"{BASE_URL}/orders",
        (("content-type", "application/xml"),),
        b'<order id="7"><item/><item/></order>',
    ),
    Request("POST", f"{BASE_URL}/pictures", (("content-type", "image/png"),), b"\x89PNG\r\n\x1a\n"),
    Request("POST", f"{BASE_URL}/baskets", (("content-type", "application/json"),), b'{"items": [{"sku": "lamp"}]}'),
    Request("GET", f"{BASE_URL}/page", (("accept", "text/html;q=0.5"), ("x-tag", "a"), ("x-tag", "b"))),
    Request("GET", f"{BASE_URL}/tokens"),
    Request("GET", f"{BASE_URL}/lines"),
    Request("GET", f"{BASE_URL}/manual"),
    Request("GET", f"{BASE_URL}/manual", (("range", "bytes=5-8"),)),
    Request("GET", f"{BASE_URL}/manual", (("if-none-match", "*"),)),
]


def engine_of(folder: Path) -> Engine:
    (folder / "handlers").mkdir(exist_ok=True)
    (folder / "handlers" / "api.yaml").write_text(HANDLERS, encoding="utf-8")
    (folder / "handlers" / "manual.txt").write_text("Fill with water.", encoding="utf-8")
    (folder / "interceptor.yaml").write_text(PROJECT, encoding="utf-8")
    return load_engine(load_project(folder / "interceptor.yaml"))


def exchanges(engine: Engine) -> Iterator[Exchange]:
    for request in REQUESTS:
        decision = engine.decide(request)
        assert isinstance(decision, Mocked), decision
        yield Exchange(request, decision.response, Outcome.MOCKED, "2026-11-21T20:46:04.001Z", 0.1, decision.metadata)


@contextmanager
def provider(engine: Engine) -> Iterator[int]:
    """A server that answers as the handlers do; its port."""

    class Answers(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = tuple((name.lower(), value) for name, value in self.headers.items())
            decision = engine.decide(Request(self.command, BASE_URL + self.path, headers, body))
            response = decision.response if isinstance(decision, Mocked) else None
            self.send_response(500 if response is None else response.status)
            for name, value in response.headers if response else ():
                self.send_header(name, value)
            self.send_header("content-length", str(len(response.body) if response else 0))
            self.end_headers()
            self.wfile.write(response.body if response else b"")

        do_GET = do_POST = _answer  # noqa: N815  # the names that the base class asks for

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("specification", [2, 3, 4])
def test_a_pact_of_every_new_word_is_verified(tmp_path: Path, specification: int) -> None:
    engine = engine_of(tmp_path)
    recording = journal(tmp_path / "journal.jsonl", exchanges(engine))
    project = load_project(tmp_path / "interceptor.yaml")
    (written,) = convert(project, [recording], specification=specification).pacts
    text = written.path.read_text(encoding="utf-8")
    assert "bytes 5-8/16" in text
    assert "304" not in text
    with provider(engine) as port:
        result = verified(written.path, port, states=False)
    assert result.returncode == 0, result.stdout
