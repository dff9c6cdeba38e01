"""Whatever comes over the wire becomes a request that can be noted, and whatever is answered is sound on the wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.http import Headers
from mitmproxy.net.http import http1
from mitmproxy.test import tflow, tutils

from interceptor.proxy.mitm.flows import request_of, to_mitmproxy
from interceptor.values.messages import Response

VISIBLE = st.binary().map(lambda raw: bytes(byte for byte in raw if byte > 0x20 and byte != 0x7F))


def asked(path=b"/", headers=(), content=b"", **further):
    return request_of(tflow.tflow(req=tutils.treq(path=path, headers=Headers(headers), content=content, **further)))


@given(VISIBLE)
def test_every_target_becomes_an_ascii_url(target):
    url = asked(b"/" + target).url
    assert url.isascii()
    assert url.startswith("http://address:22/")
    assert "#" not in url


@given(VISIBLE)
def test_header_values_are_always_text(value):
    (pair,) = asked(headers=[(b"X-Name", value)]).headers
    assert pair[0] == "x-name"
    assert pair[1].encode("utf-8") == value or pair[1].encode("latin-1") == value


@given(st.binary(), st.sampled_from(["gzip", "br", "deflate", "zstd", "unknown"]))
def test_a_body_in_a_broken_coding_stays_as_it_is(body, coding):
    request = asked(headers=[(b"content-encoding", coding.encode())], content=b"\xff" + body)
    kept = request.header("content-encoding") is not None
    assert not kept or request.body == b"\xff" + body


def test_words_for_the_proxy_are_not_for_the_provider():
    headers = [(b"Proxy-Authorization", b"Basic x"), (b"Proxy-Connection", b"keep-alive"), (b"accept", b"*/*")]
    assert asked(headers=headers).headers == (("accept", "*/*"),)


STATUSES = st.sampled_from([200, 201, 204, 304, 404, 501, 599])
METHODS = st.sampled_from(["GET", "HEAD", "POST"])


@given(
    STATUSES, st.binary(), METHODS, st.sampled_from([(), (("content-length", "999"),), (("transfer-encoding", "x"),)])
)
def test_an_answer_has_the_length_that_http_wants(status, body, method, headers):
    answer = to_mitmproxy(Response(status, headers, body), method)
    size = http1.expected_http_body_size(tutils.treq(method=method.encode()), answer)
    assert size == len(answer.raw_content)
    assert ("content-length" in answer.headers) == (status not in {204, 304})
    if method == "GET" and status not in {204, 304}:
        assert answer.raw_content == body


def test_a_head_keeps_the_length_that_a_handler_declares():
    answer = to_mitmproxy(Response(200, (("content-length", "1234"),)), "HEAD")
    assert answer.headers["content-length"] == "1234"


@pytest.mark.parametrize(("value", "sent"), [("Zürich", "Zürich".encode()), ("a", b"a")])
def test_header_values_are_sent_as_utf8(value, sent):
    fields = to_mitmproxy(Response(200, (("x-place", value),)), "GET").headers.fields
    assert (b"x-place", sent) in fields


def test_several_cookies_stay_several():
    cookies = (("set-cookie", "a=1"), ("set-cookie", "b=2"))
    assert to_mitmproxy(Response(200, cookies), "GET").headers.get_all("set-cookie") == ["a=1", "b=2"]
