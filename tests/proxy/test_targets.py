"""Whom a request is for (RFC 9112, section 3.2)."""

from __future__ import annotations

import pytest

from interceptor.proxy.http1.reader import NotHttpError
from interceptor.proxy.http1.targets import Address, destination, netloc, tunnel_end


@pytest.mark.parametrize(
    ("target", "host", "address", "path"),
    [
        (b"http://a.test/b?c=d", b"other.test", Address("http", "a.test", 80), b"/b?c=d"),
        (b"http://a.test?query", None, Address("http", "a.test", 80), b"/?query"),
        (b"http://a.test", None, Address("http", "a.test", 80), b"/"),
        (b"HTTP://A.TEST/", None, Address("http", "A.TEST", 80), b"/"),
        (b"https://a.test/", None, Address("https", "a.test", 443), b"/"),
        (b"http://[::1]:8080/a", None, Address("http", "::1", 8080), b"/a"),
        (b"/a//b", b"a.test:81", Address("http", "a.test", 81), b"/a//b"),
        (b"//a/b", b"a.test", Address("http", "a.test", 80), b"//a/b"),
        (b"http://xn--mnchen-3ya.test/", None, Address("http", "m\u00fcnchen.test", 80), b"/"),
    ],
)
def test_targets_that_are_understood(target, host, address, path):
    assert destination(target, host) == (address, path)


@pytest.mark.parametrize(
    "target",
    [
        b"http:///a",
        b"ftp://a.test/",
        b"a.test",
        b"http://user@a.test/",
        b"http://a.test:99999/",
        b"http://a b/",
        b"http://a..b/",
    ],
)
def test_targets_that_are_refused(target):
    with pytest.raises(NotHttpError) as caught:
        destination(target, None)
    assert caught.value.status == 400


def test_the_end_of_a_tunnel():
    assert tunnel_end(b"a.test:443") == ("a.test", 443)
    assert tunnel_end(b"[::1]:443") == ("::1", 443)
    with pytest.raises(NotHttpError):
        tunnel_end(b"a.test")


def test_hosts_for_the_wire():
    assert netloc(Address("https", "::1", 8443)) == b"[::1]:8443"
    assert netloc(Address("https", "m\u00fcnchen.test", 443)) == b"xn--mnchen-3ya.test"
