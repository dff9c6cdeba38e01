"""Messages of the wire into ours and back: the same for mitmproxy's flows and for the fast lane."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import quote

from mitmproxy import http
from mitmproxy.net import encoding

from interceptor.engine import SCOPE_HEADER
from interceptor.proxy.http1 import Fields
from interceptor.values.messages import BODILESS, LENGTHLESS, Headers, Request, Response
from interceptor.values.urls import normal_url

_FOR_THE_PROXY = frozenset({"proxy-connection", "proxy-authorization", SCOPE_HEADER})
_OF_THE_WIRE = frozenset({"content-length", "transfer-encoding"})
_OF_THE_CODING = _OF_THE_WIRE | {"content-encoding"}
_MOST_REMEMBERED = 4096
"""Bytes of a body, of requests that are made once and given again."""
_PLAIN = re.compile(rb"[!$-~]*")
_AS_SPELT = "/:?[]@!$&'()*+,;=-._~%\"<>\\^`{|}"


class Address(NamedTuple):
    """Whom a request is for."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class RequestFields:
    """The headers of a request: those of the consumer, and what the others say."""

    decoded: Headers
    """Where the content is decoded."""
    coded: Headers
    """Where it is not, as its coding is none that we know."""
    coding: str
    scope: str
    """The worker that sent the request."""


def request_of(flow: http.HTTPFlow) -> Request:
    """The request as the consumer meant it: for the provider, with the content decoded."""
    return make_request(flow.request.method, address_of(flow), *_parts(flow.request))


def address_of(flow: http.HTTPFlow) -> Address:
    request = flow.request
    return Address(request.scheme, meant_host(request.host, flow.client_conn.sni), request.port)


def meant_host(host: str, sni: str | None) -> str:
    """The host that the client means; one that tunnels to an address names it in the handshake."""
    return sni if sni is not None and _is_ip_address(host) else host


def make_request(method: str, address: Address, target: bytes, fields: Fields, content: bytes) -> Request:
    """A request from its parts on the wire.

    Args:
        method: in any capitals.
        address: whom it is for.
        target: the path and the query, as spelt.
        fields: the headers.
        content: the body, in its coding.
    """
    make = _make_request if len(content) <= _MOST_REMEMBERED else _make_request.__wrapped__
    return make(method, address, target, fields, content)


@lru_cache(maxsize=512)  # tests ask the same again and again; what a request was found to hold is kept with it
def _make_request(method: str, address: Address, target: bytes, fields: Fields, content: bytes) -> Request:
    headers = request_fields(fields)
    body = _decoded(content, headers.coding)
    path = target.decode() if _PLAIN.fullmatch(target) else quote(target.partition(b"#")[0], safe=_AS_SPELT)
    url = normal_url(*address, path)
    if body is None:
        return Request(method.upper(), url, headers.coded, content)
    return Request(method.upper(), url, headers.decoded, body)


@lru_cache(maxsize=512)  # a client's requests have much the same headers
def request_fields(fields: Fields) -> RequestFields:
    pairs = _texts(fields)
    coding = ", ".join(value for name, value in pairs if name == "content-encoding")
    scope = next((value for name, value in pairs if name == SCOPE_HEADER), "")
    return RequestFields(
        _without(pairs, _FOR_THE_PROXY | _OF_THE_CODING), _without(pairs, _FOR_THE_PROXY), coding, scope
    )


def response_of(response: http.Response) -> Response:
    """A real server's answer, with the content decoded."""
    pairs = _texts(response.headers.fields)
    content = response.raw_content or b""
    body = _decoded(content, response.headers.get("content-encoding", ""))
    if body is None:
        return Response(response.status_code, pairs, content)
    return Response(response.status_code, _without(pairs, _OF_THE_CODING), body)


def to_mitmproxy(response: Response, method: str, further: Headers = ()) -> http.Response:
    """An answer for a flow, with further headers."""
    now = time.time()
    return http.Response(
        http_version=b"HTTP/1.1",
        status_code=response.status,
        reason=reason_of(response.status),
        headers=http.Headers([*wire_fields(response.headers, further), *length_of(response, method)]),
        content=b"" if method == "HEAD" else body_of(response),
        trailers=None,
        timestamp_start=now,
        timestamp_end=now,
    )


def wire_fields(headers: Headers, further: Headers = ()) -> Fields:
    """Headers for the wire, but for those that say how long the message is."""
    return tuple(
        (name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape"))
        for name, value in (*headers, *further)
        if name not in _OF_THE_WIRE
    )


def body_of(response: Response) -> bytes:
    """The body, where HTTP has one."""
    return response.body if has_body(response.status) else b""


def length_of(response: Response, method: str) -> Fields:
    """The header that says how long the body is.

    A HEAD is answered with the headers of a GET, its length included (RFC 9110, section 9.3.2); 204 and 304 have
    neither body nor length (section 8.6).
    """
    if response.status < 200 or response.status in LENGTHLESS:
        return ()
    declared = response.header("content-length") if method == "HEAD" and not response.body else None
    return ((b"content-length", (declared or str(len(body_of(response)))).encode()),)


def has_body(status: int) -> bool:
    return status >= 200 and status not in BODILESS


def reason_of(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""


def _parts(request: http.Request) -> tuple[bytes, Fields, bytes]:
    return request.data.path, request.headers.fields, request.raw_content or b""


def _decoded(content: bytes, coding: str) -> bytes | None:
    """The body without its content encoding, or None where that is not possible."""
    if not coding:
        return content
    try:
        decoded = encoding.decode(content, coding)
    except ValueError:
        return None
    return decoded if isinstance(decoded, bytes) else None


def _texts(fields: Fields) -> Headers:
    return tuple((_text(name).lower(), _text(value)) for name, value in fields)


def _without(pairs: Headers, dropped: frozenset[str]) -> Headers:
    return tuple(pair for pair in pairs if pair[0] not in dropped)


def _text(raw: bytes) -> str:
    """Header text; what is not UTF-8 is Latin-1, as HTTP had it once (RFC 9110, section 5.5)."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@lru_cache(maxsize=512)
def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
