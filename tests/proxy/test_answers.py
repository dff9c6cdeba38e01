"""Requests that a handler answers, asked by real clients."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import subprocess
import threading
import urllib.error
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor

import brotli
import httpx
import pytest
import requests
import zstandard

from .live import clean_environment, serve, write

pytestmark = pytest.mark.slow


def by_urllib(proxy, url):
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"http": proxy.url, "https": proxy.url}),
        urllib.request.HTTPSHandler(context=proxy.context()),
    )
    with opener.open(url, timeout=10) as answer:
        return answer.status, json.load(answer)


def by_requests(proxy, url):
    with requests.Session() as session:
        answer = session.get(url, proxies={"http": proxy.url, "https": proxy.url}, verify=proxy.bundle, timeout=10)
        return answer.status_code, answer.json()


def by_httpx(proxy, url):
    with httpx.Client(proxy=proxy.url, verify=proxy.context(), timeout=10) as client:
        answer = client.get(url)
        return answer.status_code, answer.json()


def by_curl(proxy, url):
    words = ["curl", "-sS", "--fail", "--proxy", proxy.url, "--cacert", proxy.bundle, url]
    return 200, json.loads(subprocess.run(words, check=True, capture_output=True, timeout=10).stdout)


@pytest.mark.parametrize("client", [by_urllib, by_requests, by_httpx, by_curl])
@pytest.mark.parametrize("base", ["https://api.example.test/v1", "http://plain.example.test"], ids=["tls", "plain"])
def test_clients_are_answered(proxy, client, base):
    name = f"{client.__name__}-{base[:5].rstrip(':')}"
    assert client(proxy, f"{base}/products/{name}") == (200, {"id": name})
    (noted,) = proxy.noted(f"{base}/products/{name}")
    assert (noted["outcome"], noted["request"]["path"]) == ("mocked", f"/products/{name}")


@pytest.fixture
def tunnel(proxy):
    """An HTTP connection to the API, through the proxy."""
    connection = http.client.HTTPSConnection("127.0.0.1", proxy.port, context=proxy.context(), timeout=10)
    connection.set_tunnel("api.example.test", 443)
    yield connection
    connection.close()


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    return answer, answer.read()


def test_one_connection_serves_many_requests(tunnel):
    tunnel.connect()
    first = tunnel.sock
    for number in range(3):
        _, body = ask(tunnel, "GET", f"/v1/products/{number}")
        assert json.loads(body) == {"id": str(number)}
    assert tunnel.sock is first


def test_a_connection_is_closed_when_the_client_says_so(tunnel):
    answer, _ = ask(tunnel, "GET", "/v1/products/1", headers={"connection": "close"})
    assert answer.status == 200
    assert tunnel.sock is None or tunnel.sock.recv(1) == b""


def test_answers_without_a_body_leave_the_connection_usable(tunnel):
    head, nothing = ask(tunnel, "HEAD", "/v1/products/12345")
    assert (head.status, nothing) == (200, b"")
    deleted, nothing = ask(tunnel, "DELETE", "/v1/products/1")
    assert (deleted.status, nothing, deleted.headers["content-length"]) == (204, b"", None)
    unchanged, nothing = ask(tunnel, "GET", "/v1/unchanged")
    assert (unchanged.status, nothing, unchanged.headers["etag"]) == (304, b"", '"1"')
    _, body = ask(tunnel, "GET", "/v1/products/2")
    assert json.loads(body) == {"id": "2"}


def raw(proxy, text):
    """The whole answer to bytes on the wire."""
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as connection:
        connection.sendall(text)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_head_names_the_length_and_sends_nothing(proxy):
    request = (
        b"HEAD http://plain.example.test/nothing-here HTTP/1.1\r\nhost: plain.example.test\r\nconnection: close\r\n\r\n"
    )
    head, _, body = raw(proxy, request).partition(b"\r\n\r\n")
    length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length"))
    assert int(length.split(b":")[1]) > 0
    assert body == b""


def test_old_clients_are_answered(proxy):
    answer = raw(proxy, b"GET http://plain.example.test/products/old HTTP/1.0\r\n\r\n")
    assert answer.endswith(b'{"id":"old"}')


def test_the_target_is_noted_as_spelt(proxy):
    raw(proxy, b"GET http://Plain.Example.test:80/products/a%20b?q=%41&x=\xc3\xa9 HTTP/1.0\r\n\r\n")
    (noted,) = proxy.noted("http://plain.example.test/products/a%20b?q=%41&x=%C3%A9")
    assert noted["request"]["path"] == "/products/a%20b"


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.ZstdCompressor().compress),
    ],
)
def test_compressed_requests_are_understood(proxy, tunnel, coding, compress):
    body = compress(json.dumps({"name": coding}).encode())
    headers = {"content-type": "application/json", "content-encoding": coding}
    _, answer = ask(tunnel, "POST", f"/v1/products?coding={coding}", body, headers)
    assert json.loads(answer) == {"name": coding}
    (noted,) = proxy.noted(f"https://api.example.test/v1/products?coding={coding}")
    assert json.loads(noted["request"]["body"]["text"]) == {"name": coding}
    assert "content-encoding" not in dict(noted["request"]["headers"])


def test_chunked_requests_are_understood(tunnel):
    chunks = [b'{"name":', b' "chunks"}']
    tunnel.request("POST", "/v1/products", iter(chunks), {"content-type": "application/json"}, encode_chunked=True)
    assert json.load(tunnel.getresponse()) == {"name": "chunks"}


def test_large_requests_are_understood(proxy):
    body = b"x" * 8_000_000
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
    _, answer = ask(connection, "POST", "http://plain.example.test/big", body)
    connection.close()
    assert answer == b"8000000"


def test_a_delay_holds_nobody_else_up(proxy):
    with ThreadPoolExecutor(9) as pool, socket.create_connection(("127.0.0.1", proxy.port)) as waiting:
        waiting.sendall(b"CONNECT api.example.test:443 HTTP/1.1\r\n\r\n")
        slow = pool.submit(by_curl_text, proxy, "https://api.example.test/v1/slow")
        others = [pool.submit(by_requests, proxy, f"http://plain.example.test/products/{n}") for n in range(8)]
        assert [each.result() for each in others] == [(200, {"id": str(n)}) for n in range(8)]
        assert slow.result() == "slow"


def by_curl_text(proxy, url):
    words = ["curl", "-sS", "--proxy", proxy.url, "--cacert", proxy.bundle, url]
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=10).stdout


def test_an_infinite_delay_ends_when_the_client_goes(proxy):
    with pytest.raises(requests.Timeout):
        requests.get(
            "https://api.example.test/v1/never",
            proxies={"https": proxy.url},
            verify=proxy.bundle,
            timeout=0.3,
        )
    (noted,) = proxy.noted("https://api.example.test/v1/never")
    assert (noted["outcome"], noted["response"]) == ("mocked", None)


def test_what_nobody_handles_gets_a_501_that_says_so(tunnel):
    answer, body = ask(tunnel, "GET", "/v1/nothing-here")
    assert (answer.status, answer.headers["content-type"]) == (501, "application/problem+json")
    assert "handlers/api.yaml:" in json.loads(body)["detail"]


def test_a_provider_has_an_address_of_its_own(proxy):
    base = proxy.variables["API_BASE_URL"]
    assert base.startswith("http://localhost:")
    with urllib.request.urlopen(f"{base}/products/listened", timeout=10) as answer:
        assert json.load(answer) == {"id": "listened"}
    (noted,) = proxy.noted("https://api.example.test/v1/products/listened")
    assert noted["provider"] == "Product API"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_address_of_a_provider_is_there_in_both_families(proxy, host):
    port = int(proxy.variables["API_BASE_URL"].rsplit(":")[-1].partition("/")[0])
    if host == "::1" and not ipv6_loopback():
        pytest.skip("this machine has no IPv6 loopback")
    connection = http.client.HTTPConnection(host, port, timeout=10)
    _, body = ask(connection, "GET", "/v1/products/family")
    connection.close()
    assert json.loads(body) == {"id": "family"}


def ipv6_loopback():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_the_address_of_a_provider_works_through_the_proxy_too(proxy):
    assert by_requests(proxy, f"{proxy.variables['API_BASE_URL']}/products/both") == (200, {"id": "both"})


def test_a_path_outside_the_base_path_of_a_listener_is_unhandled(proxy):
    address = proxy.variables["API_BASE_URL"].removesuffix("/v1")
    with pytest.raises(urllib.error.HTTPError) as caught, urllib.request.urlopen(f"{address}/products/1", timeout=10):
        pass
    assert caught.value.code == 501
    caught.value.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "http://localhost:{port}/a"])
def test_the_proxy_does_not_talk_to_itself(proxy, url):
    asked = [
        requests.get(url.format(port=proxy.port), proxies=proxies, timeout=10)
        for proxies in ({"http": proxy.url}, {"http": ""})
    ]
    assert [answer.status_code for answer in asked] == [508, 508]
    assert "interceptor itself" in asked[0].text


def test_parallel_workers_are_kept_apart(proxy):
    def turn(worker):
        headers = {"x-interceptor-scope": worker}
        url = "http://plain.example.test/turns"
        return requests.get(url, headers=headers, proxies={"http": proxy.url}, timeout=10).text

    assert [turn("a"), turn("b"), turn("a"), turn("b")] == ["first", "first", "second", "second"]
    noted = proxy.noted("http://plain.example.test/turns", 4)
    assert [each["scope"] for each in noted] == ["a", "b", "a", "b"]
    assert not any("x-interceptor-scope" in dict(each["request"]["headers"]) for each in noted)


def test_many_clients_at_once(proxy):
    barrier = threading.Barrier(8)

    def client(number):
        barrier.wait()
        with requests.Session() as session:
            session.trust_env = False
            session.proxies = {"https": proxy.url}
            session.verify = proxy.bundle
            urls = [f"https://api.example.test/v1/products/{number}-{each}" for each in range(10)]
            return [session.get(url, timeout=20).json()["id"] for url in urls]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(client, range(8)))
    assert answers == [[f"{number}-{each}" for each in range(10)] for number in range(8)]


HTTP_2 = """\
consumer: Product Site
http2: true
providers: {Product API: {url: 'https://api.example.test/v1'}}
"""


@pytest.mark.parametrize(("project", "spoken"), [(HTTP_2, "2"), (HTTP_2.replace("http2: true\n", ""), "1.1")])
def test_http_2_is_spoken_only_where_the_project_asks_for_it(tmp_path, project, spoken):
    handlers = "provider: Product API\nhandlers: [{request: GET /here, response: {text: here}}]\n"
    folder = write(tmp_path, {"interceptor.yaml": project, "handlers/api.yaml": handlers})
    with serve(folder, clean_environment()) as proxy:
        words = ["curl", "-sS", "--http2", "--proxy", proxy.url, "--cacert", proxy.bundle, "-w", " %{http_version}"]
        done = subprocess.run([*words, "https://api.example.test/v1/here"], check=True, capture_output=True, timeout=10)
        assert done.stdout.decode() == f"here {spoken}"
        assert [noted["outcome"] for noted in proxy.noted("https://api.example.test/v1/here")] == ["mocked"]
