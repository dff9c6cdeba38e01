"""The lane's reader beside mitmproxy's: what is read by both is understood alike."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy.connection import Client, ConnectionState
from mitmproxy.options import Options
from mitmproxy.proxy import events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.http import ReceiveHttp, RequestData, RequestEndOfMessage, RequestHeaders
from mitmproxy.proxy.layers.http._http1 import Http1Server
from mitmproxy.proxy.mode_specs import ProxyMode

from interceptor.proxy.http1 import MOST_HEAD, NotHttpError, RequestReader


def read(*pieces):
    """All requests in some bytes, and the status of the refusal that ended them."""
    reader, found = RequestReader(), []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (message := reader.next()) is not None:
                found.append(message)
    except NotHttpError as error:
        return found, error.status
    return found, None


def by_mitmproxy(data):
    """Method, target, headers and body of the first request, as mitmproxy reads it; None where it reads none."""
    client = Client(
        peername=("127.0.0.1", 1),
        sockname=("127.0.0.1", 2),
        timestamp_start=0.0,
        state=ConnectionState.OPEN,
        proxy_mode=ProxyMode.parse("regular"),
    )
    server = Http1Server(Context(client, Options()))
    list(server.handle_event(events.Start()))
    head, body = None, b""
    try:
        for command in server.handle_event(events.DataReceived(client, data)):
            match command:
                case ReceiveHttp(event=RequestHeaders(request=request)):
                    head = request
                case ReceiveHttp(event=RequestData(data=piece)):
                    body += piece
                case ReceiveHttp(event=RequestEndOfMessage()):
                    target = head.data.path if not head.data.authority else head.url.encode()
                    return head.data.method.decode(), target, head.headers.fields, body
    except NotImplementedError:
        return None  # trailers
    return None


def one_of(text):
    return st.sampled_from(text.split(b"|"))


TOKENS = one_of(b"GET|POST|POST|POST|M-SEARCH|get||G T|P\x00T|\xc3\x89")
TARGETS = one_of(b"/|/a?b=c|*|/a b|/\xc3\xa9|/a#b||/\x7f")
VERSIONS = one_of(b"HTTP/1.1|HTTP/1.1|HTTP/1.1|HTTP/1.0|HTTP/2.0|HTTP/1.2|http/1.1|")
BREAKS = one_of(b"\r\n|" * 12 + b"\n|\r|\r\r\n|\n\r")
NAMES = one_of(
    b"Host|X-A|content-length|Content-Length|Transfer-Encoding|transfer-encoding |x a|| x|Expect|Connection|x\xff"
)
VALUES = one_of(
    b" a|a|\t a \t| chunked| Chunked| gzip, chunked| chunked, chunked| 3| 0| +3| 03| 3, 3| -1| a\x0bb| \x0b| a\r\n b"
    b"| a\n\tb| 100-continue| close|| \xff"
)
HEADERS = st.lists(st.tuples(NAMES, st.just(b":"), VALUES, BREAKS).map(b"".join), max_size=4)
BODIES = one_of(
    b"|abc|3\r\nabc\r\n0\r\n\r\n|3;x=y\r\nabc\r\n0\r\n\r\n|0\r\nx-t: 1\r\n\r\n|3\r\nabcd\r\n0\r\n\r\n"
    b"|-3\r\nabc\r\n0\r\n\r\n|0x3\r\nabc\r\n0\r\n\r\n|3\nabc\n0\n\n|zz\r\n|3 \r\nabc\r\n0\r\n\r\n"
)
REQUESTS = st.builds(
    lambda method, target, version, end, headers, blank, body: b"".join(
        (method, b" ", target, b" ", version, end, *headers, blank, body)
    ),
    *(TOKENS, TARGETS, VERSIONS, BREAKS, HEADERS, BREAKS, BODIES),
)


@pytest.mark.slow
@settings(max_examples=600)
@given(REQUESTS, st.data())
def test_mitmproxy_reads_the_same(data, draw):
    found, _ = read(data)
    if not found:
        return
    first = found[0]
    understood = (first.method, first.target, first.headers.fields, first.body)
    assert by_mitmproxy(first.wire) == understood
    theirs = by_mitmproxy(data)
    unfolded = b"\r\n " not in b"".join(value for _, value in theirs[2]) if theirs else False
    if unfolded and not first.headers.expects:
        assert theirs == understood


@pytest.mark.slow
@settings(max_examples=300)
@given(REQUESTS, REQUESTS, st.data())
def test_it_does_not_matter_where_bytes_are_split(one, two, data):
    whole = one + two
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert read(*pieces) == read(whole)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    found, status = read(data)
    assert status in {None, 400, 431, 501, 505}
    assert all(message.headers.length == len(message.body) or message.headers.chunked for message in found)


REFUSED = [
    (b"GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc", 400),
    (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    (b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n folded: first\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nx: a\rb\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\n\r\n", 400),
    (b"GET /\r\n\r\n", 400),
    (b"PRI * HTTP/2.0\r\n\r\n", 505),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nx: " + b"a" * MOST_HEAD + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nx: " + b"a" * MOST_HEAD, 431),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nno trailer\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * (MOST_HEAD + 1), 400),
]


@pytest.mark.parametrize(("data", "status"), REFUSED, ids=[f"{data[:60]!r}" for data, _ in REFUSED])
def test_what_is_refused(data, status):
    assert read(data) == ([], status)


def test_what_is_understood():
    sent = (
        b"\r\n\nPOST /a HTTP/1.1\r\nHost: b\r\nX-Long: one\r\n  two\r\nExpect: 100-Continue\r\n"
        b"Transfer-Encoding: Chunked\r\n\r\n4;ext\r\nbody\r\n0\r\nX-Trailer: 1\r\n\r\n"
        b"GET /b HTTP/1.0\nConnection: Keep-Alive\n\n"
        b"GET /c HTTP/1.1\r\nConnection: x, close\r\nUpgrade: WebSocket\r\n\r\n"
    )
    (first, second, third), status = read(sent)
    assert (first.target, first.body, dict(first.headers.fields)[b"X-Long"]) == (b"/a", b"body", b"one two")
    assert (first.headers.expects, first.persistent, b"Expect" in dict(first.headers.fields)) == (True, True, False)
    assert (second.minor, second.persistent) == (0, True)
    assert (third.persistent, third.headers.websocket, status) == (False, True, None)


def test_long_bodies_take_their_time_alone():
    reader = RequestReader()
    reader.feed(b"POST / HTTP/1.1\r\nContent-Length: 30000000\r\n\r\n")
    for _ in range(30):
        assert reader.next() is None
        reader.feed(b"x" * 1_000_000)
    assert len(reader.next().body) == 30_000_000
