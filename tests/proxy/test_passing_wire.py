"""What passes between a client and a real server, byte by byte: the parts that proxies get wrong."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import json
import os
import socket
import threading
from pathlib import Path

import pytest
from mitmproxy.proxy.layers.http import HttpStream

from .live import PATIENCE, clean_environment, inside, scripted, write

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def project(port, handlers="[]"):
    return {
        "interceptor.yaml": f"""
consumer: Product Site
providers:
  Real: {{url: "http://localhost:{port}"}}
unhandled: bypass
record: all
pact: {{max_body: 100kB}}
""",
        "handlers/real.yaml": f"provider: Real\nhandlers: {handlers}\n",
    }


@contextlib.contextmanager
def passing(tmp_path, port, handlers="[]"):
    with inside(write(tmp_path, project(port, handlers)), clean_environment()) as proxy:
        yield proxy


def all_of(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


def until(connection, end):
    received = b""
    while end not in received:
        data = connection.recv(65536)
        assert data, received
        received += data
    return received


def ask(proxy, port, path="/", *, method="GET", headers="", body=b"", version="1.1"):
    """The whole answer."""
    with proxy.connect() as connection:
        head = f"{method} http://localhost:{port}{path} HTTP/{version}\r\nHost: other.test\r\nConnection: close\r\n"
        connection.sendall(f"{head}{headers}\r\n".encode() + body)
        return all_of(connection)


def test_answers_before_the_final_one_arrive_and_the_final_one_too(tmp_path):
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    with scripted(early + OK) as (port, _), passing(tmp_path, port) as proxy:
        answer = ask(proxy, port)
        (noted,) = proxy.noted()
    assert answer.startswith(b"HTTP/1.1 103\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nok")
    assert noted["response"]["status"] == 200


def test_trailers_cost_nothing_but_themselves(tmp_path):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Checksum: 1\r\n\r\n"
    with scripted(chunked, chunked) as (port, _), passing(tmp_path, port) as proxy:
        assert ask(proxy, port).endswith(b"\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        assert ask(proxy, port, "/old", version="1.0").endswith(b"\r\n\r\nok")
        assert [each["response"]["body"] for each in proxy.noted(2)] == [{"text": "ok"}] * 2


def test_an_answer_that_ends_with_the_connection_ends_for_the_client(tmp_path):
    with scripted(b"HTTP/1.1 200 OK\r\n\r\nuntil the end") as (port, _), passing(tmp_path, port) as proxy:
        assert b"d\r\nuntil the end\r\n0\r\n\r\n" in ask(proxy, port)


def test_an_answer_that_breaks_off_breaks_off_for_the_client(tmp_path):
    torn = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
    with scripted(torn) as (port, _), passing(tmp_path, port) as proxy:
        with pytest.raises(ConnectionResetError):
            ask(proxy, port)
        (noted,) = proxy.noted()
        assert noted["response"] is None
        assert len(proxy.recorder.summary.unanswered.counts) == 1


def test_no_answer_is_a_502_in_words(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with passing(tmp_path, port) as proxy:
        answer = ask(proxy, port)
    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain")
    assert b"interceptor got no answer from the real server: " in answer


def test_the_server_is_asked_as_its_url_says_and_learns_nothing_of_the_proxy(tmp_path):
    headers = (
        "Proxy-Authorization: Basic c2VjcmV0\r\nProxy-Connection: keep-alive\r\nX-Interceptor-Scope: w1\r\nTE: x\r\n"
    )
    with scripted(OK) as (port, asked), passing(tmp_path, port) as proxy:
        ask(proxy, port, "/a?b=c", headers=f"{headers}X-Kept: 1\r\n")
    assert asked == [f"GET /a?b=c HTTP/1.1\r\nHost: localhost:{port}\r\nX-Kept: 1\r\n\r\n".encode()]


SMUGGLED = [
    b"GET http://localhost:%d/smuggled HTTP/1.1\r\nX: a\x00b\r\n\r\n",
    b"GET http://localhost:%d/smuggled HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET http://localhost:%d/smuggled HTTP/1.1\r\nX: a\rb\r\n\r\n",
]


@pytest.mark.parametrize("further", SMUGGLED)
def test_later_requests_on_a_connection_are_read_as_strictly(tmp_path, further):
    with scripted(OK, OK) as (port, asked), passing(tmp_path, port) as proxy, proxy.connect() as connection:
        connection.sendall(b"GET http://localhost:%d/first HTTP/1.1\r\n\r\n" % port + further % port)
        answers = all_of(connection)
    assert (answers.count(b"HTTP/1.1 200"), answers.count(b"HTTP/1.1 400")) == (1, 1)
    assert not any(b"smuggled" in each for each in asked)


def test_an_early_answer_arrives_before_the_upload_is_over(tmp_path):
    refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo large"
    with scripted(refusal) as (port, _), passing(tmp_path, port) as proxy, proxy.connect() as connection:
        head = f"POST http://localhost:{port}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n"
        connection.sendall(head.encode() + b"x" * 70_000)
        answer = until(connection, b"too large")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer


class Sink:
    """A server that reads uploads, and says their digests; one of `/large` gets that many bytes."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join()

    def work(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                with connection, connection.makefile("rb") as file:
                    self.answer(connection, file)

    def answer(self, connection, file):
        line = file.readline()
        headers = {
            name.lower(): value.strip()
            for name, _, value in (each.partition(b":") for each in iter(file.readline, b"\r\n"))
        }
        digest = hashlib.sha256()
        if headers.get(b"transfer-encoding") == b"chunked":
            while size := int(file.readline(), 16):
                digest.update(file.read(size))
                file.readline()
            file.readline()
        else:
            left = int(headers.get(b"content-length", 0))
            while left:
                data = file.read(min(left, 1 << 16))
                left -= len(data)
                digest.update(data)
        if line.startswith(b"GET /bomb"):
            body = gzip.compress(b"\0" * (200 << 20), 9)
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            return
        if line.startswith(b"GET /large"):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
            for _ in range(LARGE >> 20):
                connection.sendall(b"x" * (1 << 20))
            return
        body = digest.hexdigest().encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


STATM = Path("/proc/self/statm")
LARGE = 150 << 20
AT_MOST = 60 << 20
"""By which the process may grow; what it says of itself counts the test's own thread too."""


def resident():
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


linux = pytest.mark.skipif(not STATM.exists(), reason="this system tells memory otherwise")


@pytest.mark.slow
@linux
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_large_upload_takes_no_memory(tmp_path, chunked):
    piece, count = b"y" * (1 << 20), LARGE >> 20
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {LARGE}"
    with Sink() as sink, passing(tmp_path, sink.port) as proxy, proxy.connect() as connection:
        ask(proxy, sink.port)  # mitmproxy is there
        before, most = resident(), 0
        connection.sendall(f"POST http://localhost:{sink.port}/up HTTP/1.1\r\n{framing}\r\n\r\n".encode())
        for number in range(count):
            connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            if not number % 10:
                most = max(most, resident())
        if chunked:
            connection.sendall(b"0\r\n\r\n")
        digest = hashlib.sha256(piece * count).hexdigest()
        until(connection, digest.encode())
        noted = proxy.noted(2)[-1]
    assert most - before < AT_MOST
    assert noted["request"]["body"] == {"size": LARGE, "sha256": digest}


@pytest.mark.slow
@linux
def test_a_large_answer_takes_no_memory_though_the_client_is_slow(tmp_path):
    with Sink() as sink, passing(tmp_path, sink.port) as proxy, proxy.connect() as connection:
        ask(proxy, sink.port)
        before, most, received = resident(), 0, 0
        connection.sendall(f"GET http://localhost:{sink.port}/large HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        threading.Event().wait(0.5)
        while data := connection.recv(1 << 20):
            received += len(data)
            most = max(most, resident())
        noted = proxy.noted(2)[-1]
    assert received > LARGE
    assert most - before < AT_MOST
    assert noted["response"]["body"]["size"] == LARGE


@pytest.mark.slow
@linux
def test_a_body_that_unpacks_to_very_much_takes_no_memory(tmp_path):
    with Sink() as sink, passing(tmp_path, sink.port) as proxy:
        ask(proxy, sink.port)
        before = resident()
        answer = ask(proxy, sink.port, "/bomb")
        noted = proxy.noted(2)[-1]
        assert resident() - before < AT_MOST
    body = answer.partition(b"\r\n\r\n")[2]
    assert noted["response"]["body"] == {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def test_an_upload_that_a_handler_answers_is_waited_for(tmp_path):
    handlers = '[{request: POST /up, response: {text: "{{ request.text | length }}"}}]'
    with scripted() as (port, _), passing(tmp_path, port, handlers) as proxy:
        answer = ask(proxy, port, "/up", method="POST", headers="Content-Length: 3000000\r\n", body=b"x" * 3_000_000)
    assert answer.endswith(b"\r\n\r\n3000000")


def test_an_upload_that_a_handler_passes_on_streams(tmp_path):
    handlers = "[{request: POST /up, response: {passthrough: true}, name: an upload}]"
    with Sink() as sink, passing(tmp_path, sink.port, handlers) as proxy:
        answer = ask(proxy, sink.port, "/up", method="POST", headers="Content-Length: 300000\r\n", body=b"x" * 300_000)
        (noted,) = proxy.noted()
    digest = hashlib.sha256(b"x" * 300_000).hexdigest()
    assert answer.endswith(digest.encode())
    assert (noted["name"], noted["request"]["body"]) == ("an upload", {"size": 300_000, "sha256": digest})


def test_a_client_that_goes_in_the_middle_is_noted_without_an_answer(tmp_path):
    with scripted(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + b"x" * 3_000_000) as (port, _):
        with passing(tmp_path, port) as proxy:
            with proxy.connect() as connection:
                connection.sendall(b"GET http://localhost:%d/ HTTP/1.1\r\n\r\n" % port)
                connection.recv(65536)
            (noted,) = proxy.noted()
        assert noted["response"] is None
        assert proxy.recorder.summary.clean


def test_a_crash_within_mitmproxy_is_told_and_leaves_nobody_waiting(tmp_path, monkeypatch):
    def crash(*_):
        raise LookupError("a bug of theirs")

    monkeypatch.setattr(HttpStream, "state_wait_for_response_headers", crash)
    with scripted(OK) as (port, _), passing(tmp_path, port) as proxy:
        assert ask(proxy, port).startswith(b"HTTP/1.1 502")
        failures = proxy.recorder.summary.failures.counts
    assert failures == {"could not deal with a request within mitmproxy: LookupError: a bug of theirs": 1}


def test_a_websocket_passes(tmp_path):
    key = base64.b64encode(os.urandom(16))
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    switched = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
    )
    hello = b"\x81\x05hello"
    with scripted(switched + accept + b"\r\n\r\n" + hello) as (port, asked), passing(tmp_path, port) as proxy:
        with proxy.connect() as connection:
            upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
            connection.sendall(b"GET http://localhost:%d/chat HTTP/1.1\r\n%b%b\r\n\r\n" % (port, upgrade, key))
            received = until(connection, hello)
        noted = proxy.noted()[0]
    assert received.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"upgrade: websocket" in asked[0].lower()
    assert (noted["outcome"], noted["response"]["status"]) == ("passed", 101)


def test_a_websocket_that_is_refused_leaves_the_connection_to_us(tmp_path):
    with (
        scripted(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as (port, _),
        passing(tmp_path, port) as proxy,
    ):
        upgrade = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n"
        with proxy.connect() as connection:
            connection.sendall(
                f"GET http://localhost:{port}/ HTTP/1.1\r\nConnection: Upgrade\r\n{upgrade}\r\n".encode()
            )
            assert connection.recv(65536).startswith(b"HTTP/1.1 403")
            connection.sendall(b"GET http://localhost:%d/\x00 HTTP/1.1\r\n\r\n" % port)
            assert connection.recv(65536).startswith(b"HTTP/1.1 400")


def test_a_patched_answer_of_a_mebibyte_and_more(tmp_path):
    handlers = '[{request: GET /items, response: {passthrough: true, json: "{{ upstream.json | length }}"}}]'
    body = json.dumps(list(range(300_000))).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with scripted(answer) as (port, _), passing(tmp_path, port, handlers) as proxy:
        assert ask(proxy, port, "/items").endswith(b"\r\n\r\n300000")


def test_a_half_closed_client_gets_the_real_answer(tmp_path):
    with scripted(OK) as (port, _), passing(tmp_path, port) as proxy, proxy.connect() as connection:
        connection.sendall(b"GET http://localhost:%d/ HTTP/1.1\r\n\r\n" % port)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(PATIENCE)
        assert all_of(connection).endswith(b"ok")


def test_the_server_is_asked_for_what_a_handler_makes_of_the_request(tmp_path):
    change = (
        "path: '/new/{{ params.id }}', query: {a: '1'}, headers: {x-env: test, cookie: {$absent: true}, host: c.test}"
    )
    handlers = f"[{{request: 'GET /old/:id', response: {{passthrough: {{request: {{{change}}}}}}}}}]"
    with scripted(OK) as (port, asked), passing(tmp_path, port, handlers) as proxy:
        headers = "Cookie: s=1\r\nX-Env: prod\r\nX-Kept: yes\r\n"
        assert ask(proxy, port, "/old/7?a=2&b=3", headers=headers).endswith(b"\r\n\r\nok")
        (noted,) = proxy.noted()
    lines = asked[0].lower().split(b"\r\n")
    assert lines[0] == b"get /new/7?b=3&a=1 http/1.1"
    assert [line for line in lines if line.startswith((b"x-", b"cookie", b"host"))] == [
        b"x-kept: yes",
        b"x-env: test",
        b"host: c.test",
    ]
    assert noted["request"]["path"] == "/old/7"
    assert ["x-env", "prod"] in noted["request"]["headers"]
