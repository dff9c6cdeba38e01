"""Requests that real servers answer: the consumer's own, noted; everybody else's, left alone."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl

import pytest

from .live import BIG, PATIENCE

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def connected(proxy, host, port, context):
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, context=context, timeout=PATIENCE)
    connection.set_tunnel(host, port)
    try:
        yield connection
    finally:
        connection.close()


def ask(connection, method, path, body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer, answer.read()


def plainly(proxy, url, method="GET", body=None):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=PATIENCE)
    try:
        return ask(connection, method, url, body)
    finally:
        connection.close()


def test_a_real_answer_is_noted(passing, origin):
    url = f"http://localhost:{origin.plain}/real/items?page=2"
    answer, _ = plainly(passing, url)
    assert (answer.status, answer.headers["content-encoding"]) == (200, "gzip")
    (noted,) = passing.noted(url)
    assert (noted["outcome"], noted["provider"], noted["request"]["path"]) == ("passed", "Real API", "/items")
    assert json.loads(noted["response"]["body"]["text"]) == {"path": "/real/items?page=2", "real": True}
    assert "content-encoding" not in dict(noted["response"]["headers"])


def test_a_real_answer_over_tls_is_noted(passing, origin):
    with connected(passing, "localhost", origin.tls, passing.context()) as connection:
        answer, _ = ask(connection, "GET", "/real/secure")
        assert answer.status == 200
        assert connection.sock.getpeercert()["issuer"] != ()
    (noted,) = passing.noted(f"https://localhost:{origin.tls}/real/secure")
    assert noted["outcome"] == "passed"


def test_a_request_that_fails_is_noted_without_an_answer(passing, origin):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        answer, _ = plainly(passing, f"http://localhost:{nobody.getsockname()[1]}/away")
    assert answer.status == 502


def test_loopback_that_nobody_owns_is_left_alone(proxy, origin):
    url = f"http://localhost:{origin.plain}/elsewhere"
    answer, _ = plainly(proxy, url)
    assert answer.status == 200
    assert [each for each in proxy.exchanges() if each["request"]["url"] == url] == []


def test_foreign_tls_is_never_opened(proxy, origin):
    context = ssl.create_default_context(cafile=origin.certificate)
    with connected(proxy, "localhost", origin.tls, context) as connection:
        answer, _ = ask(connection, "GET", "/elsewhere")
        assert answer.status == 200
        assert connection.sock.getpeercert(binary_form=True) == origin.der


def test_foreign_tls_is_refused_where_the_project_says_so(passing):
    with connected(passing, "elsewhere.example.test", 443, passing.context()) as connection:
        answer, body = ask(connection, "GET", "/")
    assert answer.status == 501
    assert b"https://elsewhere.example.test/" in body


def test_large_answers_pass(passing, origin):
    answer, body = plainly(passing, f"http://127.0.0.1:{origin.plain}/big")
    assert answer.status == 200
    assert len(body) == BIG


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"], ids=["foreign", "owned"])
def test_events_arrive_while_the_stream_goes_on(passing, origin, host):
    with socket.create_connection(("127.0.0.1", passing.port), timeout=PATIENCE) as connection:
        target = f"{host}:{origin.plain}"
        connection.sendall(f"GET http://{target}/real/events HTTP/1.1\r\nhost: {target}\r\n\r\n".encode())
        received = b""
        while b"data: first" not in received:
            received += connection.recv(65536)
    assert received.startswith(b"HTTP/1.1 200")


def test_clients_are_told_to_ask_the_proxy_for_a_provider_on_loopback(passing, proxy):
    assert passing.variables["NO_PROXY"] == ""
    assert proxy.variables["NO_PROXY"] == "localhost,127.0.0.1,::1"


def test_a_mocked_request_beside_real_ones(passing, origin):
    _, body = plainly(passing, f"http://localhost:{origin.plain}/real/mocked")
    assert body == b"mocked"
