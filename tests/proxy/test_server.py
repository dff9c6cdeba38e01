"""Many requests and many clients: none waits for another, none is lost, none is noted twice."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import subprocess
import sys
import threading
from collections import Counter

import pytest
import requests

from interceptor.proxy.dispatcher import Dispatcher

from .live import PATIENCE, clean_environment, inside, write

FILES = {
    "interceptor.yaml": "consumer: Site\nproviders: {API: {url: ['http://api.test', 'https://api.test']}}\n",
    "handlers/api.yaml": """
provider: API
handlers:
  - {request: GET /same, response: {text: same}}
  - {request: GET /items/:id, response: {text: "{{ params.id }}"}}
  - {request: GET /large, response: {text: "{{ 'x' * 300000 }}"}}
  - {request: GET /never, response: {text: never, delay: infinite}}
  - {request: GET /later, response: {sse: [{data: one}, {data: two, delay: 50ms}]}}
  - {request: POST /echo, response: {text: "{{ request.text }}"}}
""",
}
MANY = 32_000


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    with inside(write(tmp_path_factory.mktemp("server"), FILES), clean_environment()) as running:
        yield running


def hits(proxy, place):
    return sum(count for name, count in proxy.recorder.summary.hits.items() if name.endswith(place))


def answers_of(connection):
    """The bodies, where each is told from the next by the length in its head."""
    received = b"".join(iter(lambda: connection.recv(1 << 20), b""))
    bodies, position = [], 0
    while position < len(received):
        blank = received.index(b"\r\n\r\n", position)
        length = int(re.search(rb"content-length: (\d+)", received[position:blank])[1])
        position = blank + 4 + length
        bodies.append(received[blank + 4 : position])
    return bodies


@pytest.mark.slow
@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["crlf", "lf"])
def test_very_many_requests_in_a_row_take_no_longer_each(proxy, end):
    one = f"GET http://api.test/same HTTP/1.1{end}Host: api.test{end}{end}"
    last = f"GET http://api.test/items/last HTTP/1.1{end}Connection: close{end}{end}"
    with proxy.connect() as connection:
        sender = threading.Thread(target=connection.sendall, args=((one * MANY + last).encode(),))
        sender.start()
        bodies = answers_of(connection)
        sender.join()
    assert bodies == [b"same"] * MANY + [b"last"]


def test_a_client_with_very_many_requests_leaves_others_their_turn(proxy):
    before = hits(proxy, "api.yaml:4")
    with proxy.connect() as greedy:
        request = b"GET http://api.test/same HTTP/1.1\r\nHost: api.test\r\n\r\n"
        sender = threading.Thread(target=greedy.sendall, args=(request * MANY,))
        reader = threading.Thread(target=lambda: [greedy.recv(1 << 20) for _ in range(3)])
        reader.start()
        sender.start()
        with proxy.connect() as modest:
            modest.sendall(b"GET http://api.test/items/1 HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert answers_of(modest) == [b"1"]
        assert hits(proxy, "api.yaml:4") - before < MANY
        reader.join()
        greedy.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            sender.join()


@pytest.mark.slow
def test_what_every_client_got_is_what_was_noted(tmp_path):
    clients, each = 64, 5
    with inside(write(tmp_path, FILES), clean_environment()) as proxy, contextlib.ExitStack() as open_ones:
        sockets = []
        for number in range(clients):
            if number % 2:
                connection = open_ones.enter_context(proxy.connect())
                base = "http://api.test"
            else:
                outer = open_ones.enter_context(proxy.connect("https://api.test:443"))
                connection = open_ones.enter_context(proxy.tls().wrap_socket(outer, server_hostname="api.test"))
                base = ""
            sockets.append((number, base, connection))
        for turn in range(each):
            for number, base, connection in sockets:
                target = f"{base}/items/{number}-{turn}"
                connection.sendall(f"GET {target} HTTP/1.1\r\nHost: api.test\r\n\r\n".encode())
        got = []
        for number, _, connection in sockets:
            received = b""
            while received.count(f"{number}-".encode()) < each:
                data = connection.recv(65536)
                assert data
                received += data
            got += re.findall(rb"\r\n\r\n(\d+-\d)", received)
        noted = [line["response"]["body"]["text"] for line in proxy.noted(clients * each)]
    assert Counter(body.decode() for body in got) == Counter(noted)
    assert len(set(noted)) == clients * each


def test_very_many_connections_at_once_are_served(proxy):
    with contextlib.ExitStack() as all_of_them:
        connections = [all_of_them.enter_context(proxy.connect()) for _ in range(300)]
        for connection in connections:
            connection.sendall(b"GET http://api.test/same HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert [answers_of(connection) for connection in connections] == [[b"same"]] * 300


@pytest.mark.parametrize("door", [None, "http://api.test:80", "https://api.test:443"], ids=["proxy", "plain", "tls"])
@pytest.mark.parametrize("path", ["same", "large", "never", "later"])
def test_clients_that_reset_cost_nobody_anything(proxy, path, door, caplog):
    for _ in range(5):
        with contextlib.ExitStack() as open_ones:
            connection = open_ones.enter_context(proxy.connect(door))
            if door == "https://api.test:443":
                connection = open_ones.enter_context(proxy.tls().wrap_socket(connection, server_hostname="api.test"))
            target = f"/{path}" if door else f"http://api.test/{path}"
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: api.test\r\n\r\n".encode() * 3)
            if path == "later":
                connection.recv(1)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    answer = requests.get("http://api.test/items/2", proxies={"http": proxy.url}, timeout=PATIENCE)
    assert answer.text == "2"
    assert not [record for record in caplog.records if record.exc_info]


def test_a_fault_of_ours_closes_one_connection_and_is_told(tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(Dispatcher, "arrived", fail)
    with inside(write(tmp_path, FILES), clean_environment()) as proxy, proxy.connect() as connection:
        connection.sendall(b"GET http://api.test/same HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        assert proxy.recorder.summary.failures.counts == {"could not deal with a connection: RuntimeError: a bug": 1}


def test_what_clients_wait_for_at_the_end_is_noted_as_not_answered(tmp_path):
    with inside(write(tmp_path, FILES), clean_environment()) as proxy:
        connection = proxy.connect()
        connection.sendall(b"GET http://api.test/never HTTP/1.1\r\n\r\n")
        assert requests.get("http://api.test/same", proxies={"http": proxy.url}, timeout=PATIENCE).ok
    connection.close()
    lines = proxy.journal.read_text()
    assert '"path":"/never"' in lines
    assert '"response":null' in lines


@pytest.mark.slow
def test_a_mocked_request_never_waits_for_mitmproxy(tmp_path):
    write(tmp_path, FILES)
    code = (
        "import sys\nfrom interceptor.cli import main\n"
        "words = ['curl', '-sS', 'http://api.test/same', 'https://api.test/items/1']\n"
        "try: main(['run', '--export', 'never', '--', *words])\n"
        "except SystemExit as end: print(end.code, 'mitmproxy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "same10 False\n"


def test_a_tls_client_that_pipelines_is_answered_before_the_connection_ends(proxy):
    with (
        proxy.connect("https://api.test:443") as outer,
        proxy.tls().wrap_socket(outer, server_hostname="api.test", suppress_ragged_eofs=False) as connection,
    ):
        connection.sendall(b"GET /same HTTP/1.1\r\n\r\n" * 10 + b"GET /same HTTP/1.1\r\nConnection: close\r\n\r\n")
        assert answers_of(connection) == [b"same"] * 11
