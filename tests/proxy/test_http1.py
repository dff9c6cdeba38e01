"""Our reader beside those of h11, llhttp (Node's) and mitmproxy: what is read by several is understood alike."""

from __future__ import annotations

import asyncio

import h11
import httptools
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

from interceptor.proxy.dispatcher import PendingRequest, RawRequest
from interceptor.proxy.http1.reader import MOST_HEAD, NotHttpError, RequestReader
from interceptor.proxy.http1.targets import Address
from interceptor.proxy.http1.writer import LAST_CHUNK, chunk
from interceptor.proxy.noted_body import NotedBody
from interceptor.proxy.passing import PassingRequest
from interceptor.values.decisions import Metadata, Passthrough
from interceptor.values.messages import Request


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


TOKENS = one_of(b"GET|POST|" * 12 + b"M-SEARCH|get||G T|P\x00T|\xc3\x89")
TARGETS = one_of(b"/|/a?b=c|" * 12 + b"*|/a b|/\xc3\xa9|/a#b||/\x7f")
VERSIONS = one_of(b"HTTP/1.1|" * 24 + b"HTTP/1.0|HTTP/2.0|HTTP/1.2|http/1.1|")
BREAKS = one_of(b"\r\n|" * 48 + b"\n|\r|\r\r\n|\n\r")
NAMES = one_of(
    b"Host|X-A|content-length|Content-Length|Transfer-Encoding|transfer-encoding |x a|| x|Expect|Connection|x\xff"
)
VALUES = one_of(
    b" a|a|\t a \t| chunked| Chunked| gzip, chunked| chunked, chunked| 3| 0| +3| 03| 3, 3| -1| a\x0bb| \x0b| a\r\n b"
    b"| a\n\tb| 100-continue| close|| \xff"
)
HOSTS = one_of(b"|Host: a.test\r\n|Host: a.test\r\n")
HEADERS = st.lists(st.tuples(NAMES, st.just(b":"), VALUES, BREAKS).map(b"".join), max_size=4)
BODIES = one_of(
    b"|abc|3\r\nabc\r\n0\r\n\r\n|3;x=y\r\nabc\r\n0\r\n\r\n|0\r\nx-t: 1\r\n\r\n|3\r\nabcd\r\n0\r\n\r\n"
    b"|-3\r\nabc\r\n0\r\n\r\n|0x3\r\nabc\r\n0\r\n\r\n|3\nabc\n0\n\n|zz\r\n|3 \r\nabc\r\n0\r\n\r\n"
)
FRAMED = st.sampled_from(
    [
        (b"", b""),
        (b"Content-Length: 3\r\n", b"abc"),
        (b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n1;a=b\r\nd\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: Chunked\r\n", b"0\r\n\r\n"),
    ]
)
SOUND = st.builds(
    lambda method, target, host, headers, framed: b"".join(
        (method, b" ", target, b" HTTP/1.1\r\n", host, *headers, framed[0], b"\r\n", framed[1])
    ),
    *(TOKENS, TARGETS, HOSTS, HEADERS, FRAMED),
)
DOUBTFUL = st.builds(
    lambda method, target, version, end, host, headers, blank, body: b"".join(
        (method, b" ", target, b" ", version, end, host, *headers, blank, body)
    ),
    *(TOKENS, TARGETS, VERSIONS, BREAKS, HOSTS, HEADERS, BREAKS, BODIES),
)
REQUESTS = st.one_of(SOUND, DOUBTFUL)


def passed_on(message):
    """The request as our writer gives it to mitmproxy, and what of it mitmproxy has to understand."""
    address = Address("http", "api.example.test", 80)
    raw = RawRequest(message.method, address, b"/a?b", message.headers.fields, message.body, websocket=False)
    decision = Passthrough("others", Metadata())
    passing = PassingRequest(
        message, None, PendingRequest(raw, Request("", ""), decision, 0, 0), decision, keeps_host=False
    )
    request = passing.outgoing(NotedBody(0))

    async def body():
        return [piece async for piece in request.body]

    pieces = [chunk(piece) if request.chunked else piece for piece in asyncio.run(body())]
    written = request.head + b"".join(pieces) + (LAST_CHUNK if request.chunked else b"")
    return written, (message.method, b"http://api.example.test/a?b", request.fields, message.body)


@pytest.mark.slow
@settings(max_examples=200)
@given(REQUESTS)
def test_mitmproxy_understands_what_is_passed_on(data):
    for message in read(data)[0]:
        written, meant = passed_on(message)
        assert by_mitmproxy(written) == meant


def by_h11(data):
    """Method, target, headers and body of the first request, as h11 reads it; None where it reads none."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(data)
    head, body = None, b""
    try:
        while True:
            event = server.next_event()
            match event:
                case h11.Request():
                    head = event
                case h11.Data():
                    body += bytes(event.data)
                case h11.EndOfMessage():
                    return head.method.decode(), head.target, tuple((n, v) for n, v in head.headers), body
                case _:
                    return None
    except h11.RemoteProtocolError:
        return None


class _Heard:
    def __init__(self):
        self.target, self.fields, self.body, self.done = b"", [], b"", False

    def on_url(self, piece):
        self.target += piece

    def on_header(self, name, value):
        self.fields.append((name, value))

    def on_body(self, piece):
        self.body += piece

    def on_message_complete(self):
        self.done = True
        raise StopIteration


def by_llhttp(data):
    """The same, as llhttp reads it, which is Node's parser."""
    heard = _Heard()
    parser = httptools.HttpRequestParser(heard)
    try:
        parser.feed_data(data)
    except (httptools.HttpParserCallbackError, httptools.HttpParserUpgrade):
        pass
    except httptools.HttpParserError:
        if not heard.done:
            return None
    if not heard.done:
        return None
    return parser.get_method().decode(), heard.target, tuple(heard.fields), heard.body


def lower(fields):
    """Fields in the form that all readers agree on: names in lower case, folds and blanks at the ends gone."""
    pairs = [(name.lower(), b" ".join(value.split())) for name, value in fields]
    return [
        (name, value.lower() if name == b"transfer-encoding" else value) for name, value in pairs if name != b"expect"
    ]


@pytest.mark.slow
@settings(max_examples=400)
@given(REQUESTS, st.sampled_from([by_h11, by_llhttp, by_mitmproxy]))
def test_others_read_the_same(data, by_another):
    found, _ = read(data)
    theirs = by_another(data)
    if not found or theirs is None:
        return
    method, target, fields, body = theirs
    ours = found[0]
    assert (ours.method, ours.target, ours.body) == (method, target, body)
    assert lower(ours.headers.fields) == lower(fields)


@pytest.mark.slow
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
