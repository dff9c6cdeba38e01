"""mitmproxy's messages into ours and back."""

from __future__ import annotations

import time
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import quote

from mitmproxy import http

from interceptor.messages import Headers, Request, Response, normal_url

_FOR_THE_PROXY = frozenset({"proxy-connection", "proxy-authorization"})
_OF_THE_WIRE = frozenset({"content-length", "transfer-encoding"})
_OF_THE_CODING = _OF_THE_WIRE | {"content-encoding"}
_BODILESS = frozenset({204, 304})


def request_of(flow: http.HTTPFlow) -> Request:
    """The request as the consumer meant it: for the provider, with the content decoded."""
    request = flow.request
    body, decoded = _content(request)
    dropped = _FOR_THE_PROXY | (_OF_THE_CODING if decoded else frozenset())
    target = quote(request.data.path.partition(b"#")[0], safe="/:?[]@!$&'()*+,;=-._~%\"<>\\^`{|}")
    url = normal_url(request.scheme, _host(flow), request.port, target)
    return Request(request.method, url, _headers(request, dropped), body)


def response_of(response: http.Response) -> Response:
    """A real server's answer, with the content decoded."""
    body, decoded = _content(response)
    return Response(response.status_code, _headers(response, _OF_THE_CODING if decoded else frozenset()), body)


def to_mitmproxy(response: Response, method: str, further: Headers = ()) -> http.Response:
    """An answer for the wire, with further headers: the length right, and no body where HTTP has none.

    A HEAD is answered with the headers of a GET, its length included (RFC 9110, section 9.3.2); 204 and 304 have
    neither body nor length (section 8.6).
    """
    fields = [
        (name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape"))
        for name, value in (*response.headers, *further)
        if name not in _OF_THE_WIRE
    ]
    body = b"" if response.status in _BODILESS or response.status < 200 else response.body
    if response.status not in _BODILESS and response.status >= 200:
        length = response.header("content-length") if method == "HEAD" and not body else None
        fields.append((b"content-length", (length or str(len(body))).encode()))
    now = time.time()
    return http.Response(
        http_version=b"HTTP/1.1",
        status_code=response.status,
        reason=_reason(response.status),
        headers=http.Headers(fields),
        content=b"" if method == "HEAD" else body,
        trailers=None,
        timestamp_start=now,
        timestamp_end=now,
    )


def _content(message: http.Message) -> tuple[bytes, bool]:
    """The body without its content encoding, and whether that was possible."""
    try:
        return message.get_content(strict=True) or b"", True
    except ValueError:
        return message.raw_content or b"", False


def _headers(message: http.Message, dropped: frozenset[str]) -> Headers:
    pairs = ((_text(name).lower(), _text(value)) for name, value in message.headers.fields)
    return tuple((name, value) for name, value in pairs if name not in dropped)


def _text(raw: bytes) -> str:
    """Header text; what is not UTF-8 is Latin-1, as HTTP had it once (RFC 9110, section 5.5)."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _host(flow: http.HTTPFlow) -> str:
    """The host that the client means; one that tunnels to an address names it in the handshake."""
    host: str = flow.request.host
    sni = flow.client_conn.sni
    if sni is None:
        return host
    try:
        ip_address(host)
    except ValueError:
        return host
    return sni


def _reason(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
