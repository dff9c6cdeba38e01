"""What the server does on the wire, seen by raw sockets and real clients: plain, in a tunnel, by TLS, at a door."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import subprocess
import time

import httpx
import pytest
import requests

from .live import PATIENCE, clean_environment, serve, write

pytestmark = pytest.mark.slow

LARGE = "api.yaml:24"
FILES = {
    "handlers/api.yaml": """
provider: API
handlers:
  - request: GET /fast/:id
    response: {json: {id: "{{ params.id }}"}}
  - request: POST /echo
    response: {text: "{{ request.text }}"}
  - {request: GET /never, response: {text: never, delay: infinite}}
  - request: GET /slow
    response: {text: slow, delay: 200ms}
  - request: GET /events
    response:
      sse: [{data: one}, {data: two, delay: 150ms}, {event: last, data: {n: 3}, delay: 150ms}]
  - request: GET /reset
    response: {error: reset}
  - request: GET /close
    response: {error: close}
  - request: GET /timeout
    response: {error: timeout}
  - request: GET /malformed
    response: {error: malformed}
  - request: GET /truncated
    response: {text: abcdef, error: truncated}
  - request: GET /large
    response: {text: "{{ 'x' * 200000 }}"}
  - request: GET /cut/:how
    response:
      - {stream: [{json: {n: 1}}, {error: close, delay: 20ms}]}
      - {stream: [{json: {n: 1}}, {error: reset, delay: 20ms}]}
      - {stream: [{json: {n: 1}}, {error: timeout}]}
  - request: GET /dribbled
    response: {text: abcdefghij, dribble: {chunks: 5, over: 100ms}}
  - request: GET /refused
    response: {error: refused}
  - request: GET /dns
    response: {error: dns}
  - request: GET /tls
    response: {error: tls}
  - request: GET /resolved/:kind
    response: {python: "resolvers.py:resolve"}
""",
    "handlers/resolvers.py": """
import asyncio, time

async def slowly():
    await asyncio.sleep(0.05)
    return {"json": {"slowly": True}}

def resolve(request, params, data):
    match params["kind"]:
        case "hangs":
            time.sleep(60)
        case "raises":
            raise LookupError("no such product")
        case "streams":
            return {"sse": [{"data": "one"}, {"data": "two", "delay": 100}]}
        case "resets":
            return {"error": "reset"}
        case "async":
            return slowly()
    return None
""",
}


@pytest.fixture(scope="module")
def lane(tmp_path_factory, origin):
    files = FILES | {
        "interceptor.yaml": f"""
consumer: Product Site
providers:
  API: {{url: [https://api.example.test, http://api.example.test], env: API_URL}}
  Real API: {{url: "http://localhost:{origin.plain}/real"}}
""",
        "handlers/real.yaml": f"""
provider: Real API
handlers:
  - request: GET /as-it-is
    response: [{{passthrough: true}}, {{text: mocked}}]
  - request: GET /patched
    response:
      passthrough: true
      status: 202
      headers: {{x-patched: "yes"}}
      json: {{was: "{{{{ upstream.json.path }}}}"}}
  - request: GET /elsewhere
    response: {{passthrough: {{to: "https://localhost:{origin.tls}/other"}}}}
""",
    }
    environ = clean_environment() | {"SSL_CERT_FILE": str(origin.certificate)}
    with serve(write(tmp_path_factory.mktemp("lane"), files), environ) as serving:
        yield serving


@contextlib.contextmanager
def plain(lane):
    with socket.create_connection(("127.0.0.1", lane.port), timeout=PATIENCE) as connection:
        yield connection


@contextlib.contextmanager
def tunnel(lane):
    with plain(lane) as outer:
        outer.sendall(b"CONNECT api.example.test:443 HTTP/1.1\r\nhost: api.example.test\r\n\r\n")
        assert b"200" in outer.recv(4096)
        with lane.context().wrap_socket(outer, server_hostname="api.example.test") as inner:
            yield inner


@contextlib.contextmanager
def tunnel_plainly(lane):
    with plain(lane) as connection:
        connection.sendall(b"CONNECT api.example.test:80 HTTP/1.1\r\nhost: api.example.test\r\n\r\n")
        assert b"200" in connection.recv(4096)
        yield connection


@contextlib.contextmanager
def door(lane):
    port = int(lane.variables["API_URL"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        yield connection


@contextlib.contextmanager
def door_tls(lane):
    with door(lane) as outer, lane.context().wrap_socket(outer, server_hostname="api.example.test") as inner:
        yield inner


WAYS = {"plain": plain, "tunnel": tunnel_plainly, "tls": tunnel, "door": door, "door-tls": door_tls}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def wire(request, lane):
    """A connection, and the target of a path on it."""
    with request.param(lane) as connection:
        yield connection, "http://api.example.test" if request.param is plain else ""


def ask(wire, path, *, method="GET", version="1.1", headers="", body=b""):
    connection, base = wire
    connection.sendall(
        f"{method} {base}{path} HTTP/{version}\r\nHost: api.example.test\r\n{headers}\r\n".encode() + body
    )


def until(connection, end):
    received = b""
    while end not in received:
        data = connection.recv(65536)
        assert data, received
        received += data
    return received


def all_of(connection):
    received = b""
    with contextlib.suppress(ssl.SSLEOFError):
        while data := connection.recv(65536):
            received += data
    return received


def all_of_raw(connection):
    """The bytes below TLS, which shows a reset as an end."""
    return b"".join(iter(lambda: socket.socket.recv(connection, 65536), b""))


def scheme(request):
    """Of the origin that a wire leads to."""
    return "http" if request.node.callspec.id in {"plain", "tunnel"} else "https"


def exchange(lane, path, scheme="http"):
    return lane.noted(f"{scheme}://api.example.test{path}")[-1]


def test_requests_in_a_row_are_answered_in_order(wire):
    for number in range(20):
        ask(wire, f"/fast/{number}")
    ask(wire, "/fast/last", headers="Connection: close\r\n")
    answers = all_of(wire[0])
    assert answers.count(b"HTTP/1.1 200 OK") == 21
    ids = [f'{{"id":"{number}"}}'.encode() for number in [*range(20), "last"]]
    assert sorted(ids, key=answers.index) == ids


def test_a_delay_keeps_nobody_else_waiting(wire, lane):
    ask(wire, "/never")
    assert requests.get("http://api.example.test/fast/0", proxies={"http": lane.url}, timeout=PATIENCE).ok


def test_a_delay_keeps_the_order(wire):
    began = time.monotonic()
    ask(wire, "/slow")
    ask(wire, "/fast/after", headers="Connection: close\r\n")
    answers = all_of(wire[0])
    assert answers.index(b"slow") < answers.index(b"after")
    assert time.monotonic() - began >= 0.2


@pytest.mark.parametrize("size", [0, 1, 200_000])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_bodies_arrive_in_small_pieces(wire, size, chunked):
    body = b"x" * size
    framed = (b"%x\r\n%b\r\n" % (size, body) if size else b"") + b"0\r\nx-trailer: 1\r\n\r\n" if chunked else body
    ask(
        wire,
        "/echo",
        method="POST",
        headers=f"{'Transfer-Encoding: chunked' if chunked else f'Content-Length: {size}'}\r\n",
    )
    step = max(1, len(framed) // 7)
    for start in range(0, len(framed), step):
        wire[0].sendall(framed[start : start + step])
    ask(wire, "/fast/next", headers="Connection: close\r\n")
    first, _, rest = all_of(wire[0]).partition(b"\r\n\r\n")
    assert b"content-length: %d" % size in first
    assert rest.startswith(body + b"HTTP/1.1 200 OK")


def test_a_client_that_waits_is_told_to_go_on(wire):
    ask(wire, "/echo", method="POST", headers="Expect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n")
    assert until(wire[0], b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire[0].sendall(b"body")
    assert all_of(wire[0]).endswith(b"\r\n\r\nbody")


def test_old_clients_keep_a_connection_when_they_ask(wire):
    ask(wire, "/fast/1", version="1.0", headers="Connection: keep-alive\r\n")
    assert b"connection: keep-alive" in until(wire[0], b"}")
    ask(wire, "/fast/2", version="1.0")
    assert b"connection: close" in all_of(wire[0])


def test_a_head_has_no_body(wire):
    ask(wire, "/events", method="HEAD")
    ask(wire, "/fast/1", headers="Connection: close\r\n")
    answers = all_of(wire[0])
    assert (answers.count(b"HTTP/1.1 "), answers.count(b"data:")) == (2, 0)


def test_a_half_closed_connection_is_answered(lane):
    with plain(lane) as connection:
        ask((connection, "http://api.example.test"), "/fast/half")
        connection.shutdown(socket.SHUT_WR)
        assert all_of(connection).endswith(b'{"id":"half"}')


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET http://api.example.test/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
        (b"GET http://api.example.test/ HTTP/1.1\r\nx: " + b"a" * 300_000 + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET ftp://api.example.test/ HTTP/1.1\r\n\r\n", b"400"),
    ],
    ids=["nonsense", "lengths", "oversized", "no-host", "ftp"],
)
def test_what_is_not_understood_is_refused_and_closed(lane, sent, status):
    with plain(lane) as connection:
        connection.sendall(sent + b"GET http://api.example.test/fast/smuggled HTTP/1.1\r\n\r\n")
        answer = all_of(connection)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"smuggled" not in answer


def answers_of_large(lane):
    summary = through(lane, f"{lane.variables['INTERCEPTOR_URL']}/summary").json()
    return next(hits for place, hits in summary["handlers"].items() if place.endswith(LARGE))


def test_a_client_that_does_not_read_is_answered_no_further(lane):
    requested, size = 200, 200_000
    with plain(lane) as connection:
        for _ in range(requested):
            ask((connection, "http://api.example.test"), "/large")
        before, answered = None, answers_of_large(lane)
        while not answered or answered != before:  # it goes on for as long as the sockets take more
            time.sleep(0.2)
            before, answered = answered, answers_of_large(lane)
        assert answered < requested // 2
        received = 0
        while received < requested * size:
            data = connection.recv(1 << 20)
            assert data
            received += len(data)


def test_events_come_one_after_the_other(wire, lane, request):
    began = time.monotonic()
    ask(wire, "/events")
    until(wire[0], b"data: one\n")
    first = time.monotonic() - began
    until(wire[0], b"0\r\n\r\n")
    assert first < 0.15
    assert time.monotonic() - began >= 0.3
    ask(wire, "/fast/1", headers="Connection: close\r\n")
    assert all_of(wire[0]).endswith(b"}")
    noted = exchange(lane, "/events", scheme(request))
    assert noted["response"]["body"]["text"].count("data:") == 3


def test_events_for_old_clients_end_with_the_connection(wire):
    ask(wire, "/events", version="1.0")
    assert all_of(wire[0]).partition(b"\r\n\r\n")[2].startswith(b"data: one\n\n")


def test_curl_and_httpx_read_events(lane):
    words = ["curl", "-sSN", "--proxy", lane.url, "--cacert", lane.bundle, "https://api.example.test/events"]
    text = subprocess.run(words, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout
    with (
        httpx.Client(proxy=lane.url, verify=lane.context(), timeout=PATIENCE) as client,
        client.stream("GET", "https://api.example.test/events") as answer,
    ):
        assert "".join(answer.iter_text()) == text
    assert text == 'data: one\n\ndata: two\n\nevent: last\ndata: {"n":3}\n\n'


FAULTS = [("reset", 56, 35), ("close", 52, 52), ("malformed", 1, 1), ("truncated", 18, 18), ("timeout", 28, 28)]


def test_a_server_that_cannot_be_reached_is_what_a_proxy_says_of_it(lane):
    for path, said in (("/refused", "the connection was refused"), ("/dns", "there is no such host")):
        answer = requests.get(f"http://api.example.test{path}", proxies={"http": lane.url}, timeout=PATIENCE)
        assert (answer.status_code, said in answer.text) == (502, True)
        assert exchange(lane, path, "http")["response"] is None
    for path in ("/refused", "/dns"):
        with door(lane) as connection:
            ask((connection, ""), path)
            with pytest.raises(ConnectionResetError):
                connection.recv(100)


def test_broken_tls_is_an_error_of_tls(lane):
    with tunnel(lane) as connection:
        ask((connection, ""), "/tls")
        with pytest.raises(ssl.SSLError, match=r"(?i)mac|decrypt|record"):
            connection.recv(100)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("fault", "plainly", "secretly"), FAULTS, ids=[fault for fault, *_ in FAULTS])
def test_faults_are_faults_to_curl(lane, scheme, fault, plainly, secretly):
    words = ["curl", "-sS", "--max-time", "1", "--proxy", lane.url, "--cacert", lane.bundle]
    ended = subprocess.run(
        [*words, f"{scheme}://api.example.test/{fault}"], check=False, capture_output=True, timeout=PATIENCE
    )
    expected = {plainly, 56} if scheme == "http" else {secretly, 56, 18}
    assert ended.returncode in expected
    noted = exchange(lane, f"/{fault}", scheme)
    assert (noted["outcome"], noted["response"]) == ("mocked", None)


def test_a_reset_is_a_reset(wire):
    ask(wire, "/reset")
    with pytest.raises(ConnectionResetError):
        all_of_raw(wire[0])


def test_a_close_is_a_close(wire):
    ask(wire, "/close")
    assert all_of(wire[0]) == b""


def test_a_truncated_answer_promises_more_than_it_gives(lane):
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get("http://api.example.test/truncated", proxies={"http": lane.url}, timeout=PATIENCE)


def test_a_stream_fails_in_the_middle(lane):
    """Closed, reset and silent in turn: what came before the fault has arrived each time."""
    for fault in (requests.exceptions.ChunkedEncodingError, requests.exceptions.ChunkedEncodingError, Exception):
        answer = requests.get(
            "http://api.example.test/cut/x", proxies={"http": lane.url}, timeout=(PATIENCE, 0.5), stream=True
        )
        pieces = answer.iter_content(None)
        assert next(pieces) == b'{"n":1}\n'
        with pytest.raises(fault):
            next(pieces)
        answer.close()
    noted = exchange(lane, "/cut/x", "http")
    assert (noted["outcome"], noted["response"]) == ("mocked", None)


def test_a_dribbled_body_comes_in_pieces(wire):
    ask(wire, "/dribbled")
    head, _, body = until(wire[0], b"0\r\n\r\n").partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head
    assert body == b"".join(b"2\r\n%b\r\n" % piece for piece in (b"ab", b"cd", b"ef", b"gh", b"ij")) + b"0\r\n\r\n"


def test_resolvers_answer_and_hold_nobody_up(lane):
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"http": lane.url}
        with pytest.raises(requests.Timeout):
            session.get("http://api.example.test/resolved/hangs", timeout=0.2)
        answers = [
            session.get(f"http://api.example.test/resolved/{kind}", timeout=5)
            for kind in ("async", "raises", "streams", "none")
        ]
        assert [answer.status_code for answer in answers] == [200, 500, 200, 501]
        assert answers[0].json() == {"slowly": True}
        assert "resolvers.py:13: LookupError: no such product" in answers[1].text
        assert answers[2].text == "data: one\n\ndata: two\n\n"
        with pytest.raises(requests.ConnectionError):
            session.get("http://api.example.test/resolved/resets", timeout=5)


def through(lane, url, **further):
    return requests.get(url, proxies={"http": lane.url}, timeout=PATIENCE, **further)


def test_a_real_answer_and_then_a_mocked_one_on_one_connection(lane, origin):
    url = f"http://localhost:{origin.plain}/real/as-it-is"
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"http": lane.url}
        first, second, third = (session.get(url, timeout=PATIENCE) for _ in range(3))
    assert (first.json()["real"], second.text, third.text) == (True, "mocked", "mocked")
    assert [each["outcome"] for each in lane.noted(url, 2)] == ["passed", "mocked"]


def test_a_real_answer_is_patched(lane, origin):
    url = f"http://localhost:{origin.plain}/real/patched"
    answer = through(lane, url)
    assert (answer.status_code, answer.headers["x-patched"]) == (202, "yes")
    assert answer.json() == {"was": "/real/patched"}
    (noted,) = lane.noted(url)
    assert (noted["outcome"], noted["response"]["status"]) == ("mocked", 202)


def test_another_server_is_asked_for_the_same_request(lane, origin):
    url = f"http://localhost:{origin.plain}/real/elsewhere"
    assert through(lane, f"{url}?a=1").json()["path"] == "/other/elsewhere?a=1"
    (noted,) = lane.noted(f"{url}?a=1")
    assert (noted["outcome"], noted["request"]["path"]) == ("passed", "/elsewhere")


def test_a_websocket_is_refused_visibly(wire, lane, request):
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAA\r\n"
    ask(wire, "/fast/socket", headers=upgrade)
    answer = until(wire[0], b"}")
    assert answer.startswith(b"HTTP/1.1 501")
    assert b"WebSocket" in answer
    assert exchange(lane, "/fast/socket", scheme(request))["outcome"] == "unhandled"


def test_other_upgrades_are_not_taken(wire):
    ask(
        wire, "/fast/1", headers="Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\n"
    )
    assert all_of(wire[0]).startswith(b"HTTP/1.1 200")


def test_the_control_address_is_at_both_forms_of_a_target(lane):
    address = lane.variables["INTERCEPTOR_URL"]
    direct = requests.put(f"{address}/test", json={"name": "a test"}, proxies={"http": ""}, timeout=PATIENCE)
    proxied = through(lane, f"{address}/test")
    assert (direct.status_code, proxied.json()["name"]) == (204, "a test")
    wrong = requests.put(f"{lane.url}/guessed/test", json={}, proxies={"http": ""}, timeout=PATIENCE)
    assert (wrong.status_code, json.loads(wrong.text)["error"]) == (404, "there is nothing here")


def test_workers_speak_for_themselves_alone(lane):
    address = lane.variables["INTERCEPTOR_URL"]
    handlers = "provider: API\nhandlers: [{request: GET /fast/1, response: {text: mine}}]"
    mine = {"x-interceptor-scope": "mine"}
    assert requests.post(f"{address}/handlers", data=handlers, headers=mine, proxies={"http": ""}, timeout=PATIENCE).ok
    assert through(lane, "http://api.example.test/fast/1", headers=mine).text == "mine"
    assert through(lane, "http://api.example.test/fast/1").json() == {"id": "1"}
