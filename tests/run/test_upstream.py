from __future__ import annotations

import pytest

from interceptor.run.upstream import ProxyAddress, Upstream, read_upstream
from interceptor.values.errors import UsageError

CORPORATE = ProxyAddress("http", "corp", 8080)


@pytest.mark.parametrize(
    ("environ", "plain", "secure"),
    [
        ({}, None, None),
        ({"HTTP_PROXY": "http://corp:8080"}, CORPORATE, None),
        ({"https_proxy": "corp:8080"}, None, CORPORATE),
        ({"http_proxy": "http://corp:8080", "HTTP_PROXY": "http://other:1"}, CORPORATE, None),
        ({"http_proxy": "", "HTTP_PROXY": "http://corp:8080"}, CORPORATE, None),
        ({"ALL_PROXY": "http://corp:8080"}, CORPORATE, CORPORATE),
        ({"HTTPS_PROXY": "http://corp"}, None, ProxyAddress("http", "corp", 80)),
        ({"HTTPS_PROXY": "https://corp/"}, None, ProxyAddress("https", "corp", 443)),
        ({"HTTP_PROXY": "http://a:b%40c@corp:8080"}, ProxyAddress("http", "corp", 8080, "Basic YTpiQGM="), None),
    ],
)
def test_the_variables_are_read_as_curl_reads_them(environ, plain, secure):
    assert read_upstream(environ) == Upstream(plain, secure)


def test_the_setting_replaces_the_variables():
    assert read_upstream({"HTTP_PROXY": "http://other:1"}, "http://corp:8080") == Upstream(CORPORATE, CORPORATE)


@pytest.mark.parametrize("address", ["socks5://me:secret@corp:1", "http://", "http://corp:port", "ftp://corp"])
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(address):
    with pytest.raises(UsageError, match="HTTP_PROXY") as caught:
        read_upstream({"HTTP_PROXY": address})
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    ("entries", "host", "port", "direct"),
    [
        ("example.com", "example.com", 443, True),
        ("example.com", "api.example.com", 443, True),
        (".example.com", "api.EXAMPLE.com", 443, True),
        ("*.example.com", "api.example.com", 443, True),
        ("example.com", "notexample.com", 443, False),
        ("example.com:8443", "example.com", 8443, True),
        ("example.com:8443", "example.com", 443, False),
        ("*", "anything", 80, True),
        ("a, 10.0.0.0/8 ,b", "10.1.2.3", 80, True),
        ("10.0.0.0/8", "11.1.2.3", 80, False),
        ("10.0.0.0/8", "host10", 80, False),
        ("fe80::/10", "fe80::1", 80, True),
        ("192.0.2.1", "192.0.2.1", 80, True),
        ("192.0.2.1:80", "192.0.2.1", 80, True),
        ("", "127.0.0.1", 80, True),
        ("", "localhost", 80, True),
        ("", "::1", 80, True),
        ("", "example.com", 80, False),
    ],
)
def test_who_goes_around_the_proxy(entries, host, port, direct):
    upstream = read_upstream({"ALL_PROXY": "http://corp:8080", "NO_PROXY": entries})
    assert upstream.route("https", host, port) == (None if direct else CORPORATE)
