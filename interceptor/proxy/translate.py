"""Translates messages from the wire into ours, both for our own server and for mitmproxy's flows."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from urllib.parse import quote

from interceptor.engine import SCOPE_HEADER
from interceptor.proxy.http1.reader import Fields, weight
from interceptor.proxy.http1.targets import Address, is_ip_address
from interceptor.values.content_codings import NotDecodedError, decoded
from interceptor.values.messages import Headers, Request, Response
from interceptor.values.remember import remembered_by_weight
from interceptor.values.urls import normal_url

MOST_DECODED = 64 << 20
"""Bytes of a decoded body; a larger one is left in its coding."""

_FOR_THE_PROXY = frozenset({"proxy-connection", "proxy-authorization", SCOPE_HEADER})
_OF_THE_WIRE = frozenset({"content-length", "transfer-encoding"})
_OF_THE_CODING = _OF_THE_WIRE | {"content-encoding"}
_PLAIN = re.compile(rb"[!$-~]*")
_AS_SPELT = "/:?[]@!$&'()*+,;=-._~%\"<>\\^`{|}"


@dataclass(frozen=True, slots=True)
class RequestFields:
    """The headers of a request: the consumer's own, and what the others tell."""

    decoded: Headers
    """The consumer's headers if the content was decoded."""
    coded: Headers
    """The consumer's headers if it was not, since its coding is unknown."""
    coding: str
    scope: str
    """The worker that sent the request, by our header or by the user name for the proxy."""


def meant_host(host: str, sni: str | None) -> str:
    """The host that the client means; if it tunnels to an IP address, the one in the handshake."""
    return sni if sni is not None and is_ip_address(host) else host


@remembered_by_weight(512, lambda _, __, target, fields, content: len(target) + weight(fields) + len(content))
def make_request(method: str, address: Address, target: bytes, fields: Fields, content: bytes) -> Request:
    """Make a request from its parts on the wire.

    Tests ask the same again and again: what a request was found to hold is kept with it.

    Args:
        method: in any case.
        address: the origin that it is for.
        target: the path and the query, as spelled.
        fields: the headers.
        content: the body, in its coding.
    """
    headers = request_fields(fields)
    body = _decoded(content, headers.coding)
    path = target.decode() if _PLAIN.fullmatch(target) else quote(target.partition(b"#")[0], safe=_AS_SPELT)
    url = normal_url(*address, path)
    if body is None:
        return Request(method.upper(), url, headers.coded, content)
    return Request(method.upper(), url, headers.decoded, body)


@remembered_by_weight(512, weight)  # a client's requests have much the same headers
def request_fields(fields: Fields) -> RequestFields:
    pairs = _texts(fields)
    scope = next((value for name, value in pairs if name == SCOPE_HEADER), "") or _proxy_user(pairs)
    return RequestFields(
        _without(pairs, _FOR_THE_PROXY | _OF_THE_CODING), _without(pairs, _FOR_THE_PROXY), _coding(pairs), scope
    )


def make_response(status: int, fields: Fields, content: bytes) -> Response:
    """A real server's response, with the content decoded."""
    pairs = _texts(fields)
    body = _decoded(content, _coding(pairs))
    if body is None:
        return Response(status, pairs, content)
    return Response(status, _without(pairs, _OF_THE_CODING), body)


def _proxy_user(pairs: Headers) -> str:
    """The user of the credentials for the proxy: `http://gw0:x@127.0.0.1:41873` in a worker's proxy variable."""
    said = next((value for name, value in pairs if name == "proxy-authorization"), "")
    scheme, _, credentials = said.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(credentials, validate=True).partition(b":")[0].decode()
    except ValueError:
        return ""


def user_agent(fields: Fields) -> str:
    """A client's User-Agent: `"curl/8.5.0"`."""
    return next((_text(value) for name, value in fields if name.lower() == b"user-agent"), "")


def coding_of(fields: Fields) -> str:
    """The content codings of a message, the last one applied last: `"gzip"`."""
    return _coding(_texts(fields))


def _decoded(content: bytes, coding: str) -> bytes | None:
    """The body without its content encoding, or None if that is not possible."""
    if not coding:
        return content
    try:
        return decoded(content, coding, MOST_DECODED)
    except NotDecodedError:
        return None


def _coding(pairs: Headers) -> str:
    return ", ".join(value for name, value in pairs if name == "content-encoding")


def _texts(fields: Fields) -> Headers:
    return tuple((_text(name).lower(), _text(value)) for name, value in fields)


def _without(pairs: Headers, dropped: frozenset[str]) -> Headers:
    return tuple(pair for pair in pairs if pair[0] not in dropped)


def _text(raw: bytes) -> str:
    """The text of a header: UTF-8, else Latin-1, as HTTP had it once (RFC 9110, section 5.5)."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
