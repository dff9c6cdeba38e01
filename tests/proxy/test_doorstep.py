"""Where connections begin: TLS or HTTP, direct doors, tunnels, and what is none of these."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading

import pytest

from interceptor.proxy import doorstep
from interceptor.recorder.summary import by_host

from .live import PATIENCE, clean_environment, inside, write

PLAIN, SECURE, BOTH = (
    "http://plain.example.test:80",
    "https://secure.example.test:443",
    "https://address.example.test:443",
)
FILES = {
    "interceptor.yaml": """
consumer: Product Site
providers:
  Plain: {url: http://plain.example.test}
  Secure: {url: [https://secure.example.test, https://address.example.test]}
""",
    "handlers/all.yaml": """
handlers:
  - {request: GET http://plain.example.test/here, response: {text: plainly}}
  - {request: GET https://secure.example.test/here, response: {text: secretly}}
  - {request: GET https://address.example.test/here, response: {text: by name}}
""",
}
ASK = b"GET /here HTTP/1.1\r\nHost: any.example.test\r\nConnection: close\r\n\r\n"


@pytest.fixture
def proxy(tmp_path):
    with inside(write(tmp_path, FILES), clean_environment()) as running:
        yield running


def all_of(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


def asked(connection, request=ASK):
    connection.sendall(request)
    return all_of(connection)


def secured(proxy, connection, name):
    return proxy.tls().wrap_socket(connection, server_hostname=name)


def tunnel(proxy, end):
    connection = proxy.connect()
    connection.sendall(f"CONNECT {end} HTTP/1.1\r\nHost: {end}\r\n\r\n".encode())
    assert connection.recv(4096) == b"HTTP/1.1 200 Connection established\r\n\r\n"
    return connection


def test_a_door_behaves_as_its_origin(proxy):
    with proxy.connect(PLAIN) as connection:
        assert asked(connection).endswith(b"plainly")
    with proxy.connect(SECURE) as outer, secured(proxy, outer, "secure.example.test") as connection:
        assert asked(connection).endswith(b"secretly")
    urls = [each["request"]["url"] for each in proxy.noted(2)]
    assert urls == ["http://plain.example.test/here", "https://secure.example.test/here"]


def test_plain_http_at_a_door_of_tls_is_told_so(proxy):
    for connection in (proxy.connect(SECURE), tunnel(proxy, "secure.example.test:443")):
        with connection:
            answer = asked(connection)
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"https://secure.example.test:443 is asked by TLS; this is plain HTTP" in answer


def test_tls_at_a_door_of_plain_http_is_told_so(proxy):
    for outer in (proxy.connect(PLAIN), tunnel(proxy, "plain.example.test:80")):
        with outer, secured(proxy, outer, "plain.example.test") as connection:
            answer = asked(connection)
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"http://plain.example.test:80 is asked by plain HTTP; this is TLS" in answer


def test_a_tunnel_to_an_address_is_for_the_name_in_its_handshake(proxy):
    with tunnel(proxy, "192.0.2.1:443") as outer, secured(proxy, outer, "address.example.test") as connection:
        assert asked(connection).endswith(b"by name")


def test_the_proxy_itself_can_be_asked_by_tls(proxy):
    proxied = ["curl", "-sS", "--proxy", proxy.url.replace("http:", "https:"), "--proxy-cacert", proxy.bundle]
    for url in ("http://plain.example.test/here", "https://secure.example.test/here"):
        done = subprocess.run([*proxied, "--cacert", proxy.bundle, url], check=True, capture_output=True, timeout=20)
        assert done.stdout in {b"plainly", b"secretly"}


def test_a_request_may_come_with_the_handshake_and_the_handshake_with_the_connect(proxy):
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = proxy.tls().wrap_bio(theirs, ours, server_hostname="secure.example.test")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with proxy.connect() as connection:
        connect = b"CONNECT secure.example.test:443 HTTP/1.1\r\nHost: secure.example.test\r\n\r\n"
        connection.sendall(connect + ours.read())
        answered = b"HTTP/1.1 200 Connection established\r\n\r\n"
        assert connection.recv(len(answered), socket.MSG_WAITALL) == answered
        while True:
            theirs.write(connection.recv(65536))
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                continue
        client.write(ASK)  # with the last word of the handshake, in one segment
        connection.sendall(ours.read())
        received = b""
        while not received.endswith(b"secretly"):
            theirs.write(connection.recv(65536))
            try:
                received += client.read(65536)
            except ssl.SSLWantReadError:
                continue


def test_a_handshake_split_anywhere_is_understood(proxy):
    ours, theirs = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = proxy.tls().wrap_bio(theirs, ours, server_hostname="secure.example.test")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with proxy.connect(SECURE) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in ours.read():
            connection.send(bytes([byte]))
        assert connection.recv(1) == b"\x16"


def test_sessions_are_resumed(proxy):
    context = proxy.tls()
    session = None
    for expected in (False, True):
        with (
            proxy.connect(SECURE) as outer,
            context.wrap_socket(outer, server_hostname="secure.example.test", session=session) as connection,
        ):
            assert asked(connection).endswith(b"secretly")
            assert connection.session_reused is expected
            session = connection.session


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_tls_are_spoken_with_keys_on_a_curve(proxy, version):
    context = proxy.tls()
    context.minimum_version = context.maximum_version = version
    with proxy.connect(SECURE) as outer, context.wrap_socket(outer, server_hostname="secure.example.test") as inner:
        assert inner.version() == version.name.replace("_", ".")
        assert asked(inner).endswith(b"secretly")


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x00\x05garbage", b"\x16\xff\x00\x00\x01\x01", b"\x16\x03\x01\x40\x00" + b"\x01" * 20_000]
)
def test_what_only_begins_like_tls_is_closed_and_costs_nobody_else_anything(proxy, garbage, caplog):
    with proxy.connect(SECURE) as connection:
        connection.sendall(garbage)
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            all_of(connection)
    with proxy.connect(PLAIN) as connection:
        assert asked(connection).endswith(b"plainly")
    assert not [record for record in caplog.records if record.exc_info]


def test_the_authority_is_in_the_sent_chain(proxy):
    distrustful = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with proxy.connect(SECURE) as outer, pytest.raises(ssl.SSLCertVerificationError) as refused:
        distrustful.wrap_socket(outer, server_hostname="secure.example.test")
    assert refused.value.verify_message == "self-signed certificate in certificate chain"


def test_a_name_that_is_none_gets_the_certificate_of_the_origin(proxy):
    context = proxy.tls()
    context.check_hostname = False
    with proxy.connect(SECURE) as outer, context.wrap_socket(outer, server_hostname="not a host") as connection:
        names = connection.getpeercert()["subjectAltName"]
        assert asked(connection).endswith(b"secretly")
    assert names == (("DNS", "secure.example.test"),)


def test_a_handshake_that_never_ends_is_given_up(proxy, monkeypatch):
    monkeypatch.setattr(doorstep, "_SECONDS_TO_SHAKE_HANDS", 0.2)
    for begun in (b"\x16\x03\x01\x02\x00\x01", client_hello(proxy)):
        with proxy.connect(SECURE) as connection:
            connection.sendall(begun)
            all_of(connection)  # which ends


def client_hello(proxy):
    ours = ssl.MemoryBIO()
    client = proxy.tls().wrap_bio(ssl.MemoryBIO(), ours, server_hostname="secure.example.test")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return ours.read()


def test_clients_that_refuse_the_certificate_are_named(proxy, origin):
    distrustful = ssl.create_default_context(cafile=origin.certificate)
    with proxy.connect(SECURE) as outer, pytest.raises(ssl.SSLCertVerificationError):
        distrustful.wrap_socket(outer, server_hostname="secure.example.test")
    with proxy.connect(SECURE) as connection:  # Node says nothing, but goes
        connection.sendall(client_hello(proxy))
        connection.recv(65536)
    with proxy.connect(PLAIN) as connection:
        assert asked(connection).endswith(b"plainly")
    assert by_host(proxy.recorder.summary.refused) == {"secure.example.test": 2}


def test_a_tunnel_leads_from_the_proxy_alone(proxy):
    connect = b"CONNECT secure.example.test:443 HTTP/1.1\r\nHost: a\r\n\r\n"
    for connection in (proxy.connect(PLAIN), tunnel(proxy, "plain.example.test:80")):
        with connection:
            assert asked(connection, connect).startswith(b"HTTP/1.1 405")


def test_a_door_is_reached_by_a_tunnel_too(proxy):
    with tunnel(proxy, f"localhost:{proxy.context.doors[PLAIN]}") as connection:
        assert asked(connection).endswith(b"plainly")


def test_half_a_request_is_kept_and_counted(proxy):
    with proxy.connect() as half:
        half.sendall(b"GET http://plain.example.test/he")
        with proxy.connect(PLAIN) as connection:
            assert asked(connection).endswith(b"plainly")
        half.sendall(b"re HTTP/1.1\r\n\r\n")
        assert b"plainly" in half.recv(65536)
        half.sendall(b"GET http://plain.exam")
    with proxy.connect(PLAIN) as connection:
        assert asked(connection).endswith(b"plainly")
    assert proxy.recorder.summary.unfinished == 1


class Far(threading.Thread):
    """A server that speaks first, then says everything back; it ends its side when the other does."""

    def __init__(self):
        super().__init__()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]

    def run(self):
        connection, _ = self.server.accept()
        with connection:
            connection.sendall(b"hello\n")
            heard = all_of(connection)
            connection.sendall(heard)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.server.close()
        self.join()


@pytest.mark.parametrize("first", [b"", b"hello, server\n", b"\x16\x03\x01"])
def test_a_foreign_tunnel_carries_whatever_it_holds_and_half_of_it_may_end(proxy, first):
    with Far() as far, tunnel(proxy, f"localhost:{far.port}") as connection:
        connection.settimeout(PATIENCE)
        if first == b"\x16\x03\x01":
            first = client_hello(proxy)
        if first:
            connection.sendall(first)
        assert connection.recv(6, socket.MSG_WAITALL) == b"hello\n"
        connection.sendall(b"x" * 3_000_000)
        connection.shutdown(socket.SHUT_WR)
        assert all_of(connection) == first + b"x" * 3_000_000
    assert proxy.recorder.summary.bypassed == 1


def test_a_tunnel_to_nowhere_ends(proxy):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with tunnel(proxy, f"localhost:{port}") as connection:
        assert asked(connection, b"hello") == b""


def test_a_tunnel_to_the_proxy_itself_does_not_go_round_in_circles(proxy):
    with tunnel(proxy, f"127.0.0.1:{proxy.port}") as connection:
        answer = asked(connection, b"GET http://plain.example.test/here HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 508")


SCOPED = b"GET http://plain.example.test/here HTTP/1.1\r\nConnection: close\r\n"


def scope_of(proxy):
    return proxy.noted()[0].get("scope")


@pytest.mark.parametrize(
    ("sent", "scope"),
    [
        (b"INTERCEPTOR/1 gw0\r\n" + SCOPED, "gw0"),
        (b"INTERCEPTOR/1 a%20worker\r\n" + SCOPED, "a worker"),
        (b"INTERCEPTOR/1 gw0\r\n" + SCOPED + b"X-Interceptor-Scope: mine\r\n", "mine"),
        (SCOPED + b"Proxy-Authorization: Basic Z3cxOng=\r\n", "gw1"),
        (SCOPED + b"Proxy-Authorization: Basic ///\r\n", None),
        (SCOPED + b"Proxy-Authorization: Bearer Z3cxOng=\r\n", None),
        (SCOPED, None),
    ],
)
def test_a_request_belongs_to_a_worker_by_what_it_says_or_what_its_connection_said(proxy, sent, scope):
    with proxy.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in sent[:20]:
            connection.send(bytes([byte]))
        assert asked(connection, sent[20:] + b"\r\n").endswith(b"plainly")
    assert scope_of(proxy) == scope


@pytest.mark.parametrize(
    "words",
    [
        "INTERCEPTOR/1 gw0\r\nCONNECT {} HTTP/1.1\r\n\r\n",
        "CONNECT {} HTTP/1.1\r\nProxy-Authorization: Basic Z3cwOng=\r\n\r\n",
    ],
)
def test_a_tunnel_belongs_to_the_worker_that_asked_for_it(proxy, words):
    with proxy.connect() as outer:
        outer.sendall(words.format("secure.example.test:443").encode())
        assert outer.recv(4096).startswith(b"HTTP/1.1 200")
        with secured(proxy, outer, "secure.example.test") as connection:
            assert asked(connection).endswith(b"secretly")
    assert scope_of(proxy) == "gw0"


def test_a_door_of_tls_is_greeted_before_the_handshake(proxy):
    with proxy.connect(SECURE) as outer:
        outer.sendall(b"INTERCEPTOR/1 gw0\r\n")
        with secured(proxy, outer, "secure.example.test") as connection:
            assert asked(connection).endswith(b"secretly")
    assert scope_of(proxy) == "gw0"


def test_a_greeting_without_an_end_is_refused(proxy):
    with proxy.connect() as connection:
        assert asked(connection, b"INTERCEPTOR/1 " + b"x" * 2000 + b"\r\n\r\n").startswith(b"HTTP/1.1 400")
