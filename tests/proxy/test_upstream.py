"""The proxies of the user's network, between us and the real servers."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from http.server import ThreadingHTTPServer

import pytest

from .live import CorporateProxy, clean_environment, running, serve, write

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corporate(origin):
    server = ThreadingHTTPServer(("127.0.0.1", 0), CorporateProxy)
    server.notes = []
    server.tunnel_to = origin.tls
    with running(server):
        yield server


@pytest.fixture(scope="module")
def behind(tmp_path_factory, origin, corporate):
    """`interceptor serve` on a machine whose proxy variables name a proxy, and exempt one host."""
    files = {
        "interceptor.yaml": """
consumer: Product Site
providers:
  Real API:
    url: http://real.example.test
    env: API_BASE_URL
unhandled: bypass
""",
        "handlers/none.yaml": "provider: Real API\nhandlers:\n  - request: GET /mocked\n",
    }
    address = f"http://user:p%40ss@127.0.0.1:{corporate.server_address[1]}"
    environ = clean_environment() | {"HTTP_PROXY": address, "https_proxy": address, "NO_PROXY": "direct.invalid"}
    with serve(write(tmp_path_factory.mktemp("behind"), files), environ) as serving:
        yield serving


@pytest.fixture(autouse=True)
def _forget(corporate):
    corporate.notes.clear()


LOGIN = "Basic " + base64.b64encode(b"user:p@ss").decode()


def get(proxy, url):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
    connection.request("GET", url)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def test_plain_requests_are_asked_of_the_proxy(behind, corporate):
    assert get(behind, "http://real.example.test/items?page=1") == (200, b'{"by": "the corporate proxy"}')
    assert corporate.notes == [("GET http://real.example.test/items?page=1", LOGIN)]
    (noted,) = behind.noted("http://real.example.test/items?page=1")
    assert noted["outcome"] == "passed"
    assert "proxy-authorization" not in dict(noted["request"]["headers"])


def test_foreign_tls_goes_through_a_tunnel_of_the_proxy(behind, corporate, origin):
    context = ssl.create_default_context(cafile=origin.certificate)
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", behind.port, context=context, timeout=10)
    connection.set_tunnel("elsewhere.example.test", 443)
    connection.request("GET", "/tunnelled")
    assert connection.getresponse().status == 200
    assert connection.sock.getpeercert(binary_form=True) == origin.der
    connection.close()
    assert corporate.notes == [("CONNECT elsewhere.example.test:443", LOGIN)]


def test_loopback_goes_directly(behind, corporate, origin):
    status, _ = get(behind, f"http://localhost:{origin.plain}/direct")
    assert status == 200
    context = ssl.create_default_context(cafile=origin.certificate)
    connection = http.client.HTTPSConnection("127.0.0.1", behind.port, context=context, timeout=10)
    connection.set_tunnel("localhost", origin.tls)
    connection.request("GET", "/direct")
    assert connection.getresponse().status == 200
    connection.close()
    assert corporate.notes == []


def test_exempted_hosts_go_directly(behind, corporate):
    status, _ = get(behind, "http://direct.invalid/")
    assert status == 502
    assert corporate.notes == []


def test_the_address_of_a_provider_passes_through_the_proxy(behind, corporate):
    connection = http.client.HTTPConnection(*address(behind), timeout=10)
    connection.request("GET", "/listened")
    status = connection.getresponse().status
    connection.close()
    assert (status, len(corporate.notes)) == (200, 1)


def address(serving):
    host, port = serving.variables["API_BASE_URL"].removeprefix("http://").split(":")
    return host, int(port)


class IPv6Server(ThreadingHTTPServer):
    address_family = socket.AF_INET6


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_proxy_by_its_ipv6_address(tmp_path):
    files = {"interceptor.yaml": "consumer: Site\n", "handlers/none.yaml": "handlers: []\n"}
    server = IPv6Server(("::1", 0), CorporateProxy)
    server.notes = []
    environ = clean_environment() | {"HTTP_PROXY": f"http://[::1]:{server.server_address[1]}"}
    with running(server), serve(write(tmp_path, files), environ) as serving:
        answer = get(serving, "http://other.invalid/a")
    assert answer == (200, b'{"by": "the corporate proxy"}')
