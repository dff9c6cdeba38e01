"""Calls that follow a response: sent to whom they may be, noted, and given up when the run ends."""

from __future__ import annotations

import hashlib
import hmac
import socket
import urllib.request
from pathlib import Path

import pytest

from .live import clean_environment, inside, scripted, write

pytestmark = pytest.mark.slow

FILES = {
    "interceptor.yaml": """\
consumer: Product Site
providers: {Product API: {url: http://api.example.test}}
calls: ['*.localdomain']
""",
    "handlers/a.yaml": """\
provider: Product API
handlers:
  - request: POST /payments
    response: 202
    then:
      call:
        url: '{{ request.json.callback }}'
        headers: {x-event: paid}
        json: {state: paid}
        delay: '{{ request.json.delay }}'
        sign: {header: x-signature, secret: $HOOK_SECRET, hmac: sha1, encoding: hex}
""",
}
ANSWER = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n"


def pay(proxy, callback: str, delay: str = "1ms") -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy.url}))
    body = f'{{"callback": "{callback}", "delay": "{delay}"}}'.encode()
    request = urllib.request.Request("http://api.example.test/payments", body, {"content-type": "application/json"})
    with opener.open(request, timeout=30) as answer:
        assert answer.status == 202


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOOK_SECRET", "key")
    return write(tmp_path, FILES)


def test_calls_are_sent_signed_and_noted(folder: Path) -> None:
    with scripted(ANSWER) as (port, asked), inside(folder, clean_environment()) as proxy:
        pay(proxy, f"http://127.0.0.1:{port}/hooks?a=1#top")
        mocked, called = proxy.noted(2)
    (request,) = asked
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"POST /hooks?a=1 HTTP/1.1"
    assert body == b'{"state":"paid"}'
    signature = hmac.new(b"key", body, hashlib.sha1).hexdigest()
    assert f"x-signature: {signature}".encode() in head.split(b"\r\n")
    assert b"x-event: paid" in head.split(b"\r\n")
    assert (mocked["outcome"], called["outcome"]) == ("mocked", "called")
    assert (called["provider"], called["handler"]) == ("Product API", "handlers/a.yaml:3")
    assert called["request"]["url"] == f"http://127.0.0.1:{port}/hooks?a=1"
    assert called["response"]["body"] == {"text": "fine"}
    assert (proxy.recorder.summary.requests, proxy.recorder.summary.clean) == (1, True)


def test_what_cannot_be_sent_is_said(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = server.getsockname()[1]
    with scripted(b"nonsense") as (port, _), inside(folder, clean_environment()) as proxy:
        pay(proxy, f"http://127.0.0.1:{nobody}/a")
        pay(proxy, f"http://127.0.0.1:{port}/b")
        assert len(proxy.noted(4)) == 4
        pay(proxy, "http://hooks.example.com/c")
        pay(proxy, "http://none.localdomain:1/d", "60s")
    summary = proxy.recorder.summary
    refused, odd, pending = sorted(summary.uncalled.counts, key=lambda each: "abd".index(each.partition(": ")[0][-1]))
    assert refused.startswith(f"POST http://127.0.0.1:{nobody}/a: ")
    assert odd == f"POST http://127.0.0.1:{port}/b: nonsense"
    assert pending == "POST http://none.localdomain:1/d: the run ended before"
    (failure,) = summary.failures.counts
    assert 'handlers/a.yaml:3: then.call may not go to "hooks.example.com"' in failure
    unsent = [each for each in proxy.noted() if each["outcome"] == "called" and each["response"] is None]
    assert len(unsent) == 3
