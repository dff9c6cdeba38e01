"""Messages of mitmproxy's flows into ours and back."""

from __future__ import annotations

import time

from mitmproxy import http

from interceptor.proxy.http1.targets import Address
from interceptor.proxy.http1.writer import body_of, length_of, reason_of, wire_fields
from interceptor.proxy.translate import make_request, make_response, meant_host
from interceptor.values.media_types import media_type
from interceptor.values.messages import Headers, Request, Response

_GRPC_TRAILERS = frozenset({"grpc-status", "grpc-message", "grpc-status-details-bin"})
"""What stands after a message; without one it may stand among the headers."""


def request_of(flow: http.HTTPFlow) -> Request:
    """The request as the consumer meant it: for the provider, with the content decoded."""
    request = flow.request
    content = request.raw_content or b""
    return make_request(request.method, address_of(flow), request.data.path, request.headers.fields, content)


def address_of(flow: http.HTTPFlow) -> Address:
    request = flow.request
    return Address(request.scheme, meant_host(request.host, flow.client_conn.sni), request.port)


def response_of(response: http.Response) -> Response:
    """A real server's answer, with the content decoded."""
    return make_response(response.status_code, response.headers.fields, response.raw_content or b"")


def to_mitmproxy(response: Response, method: str, further: Headers = ()) -> http.Response:
    """An answer for a flow, with further headers."""
    now = time.time()
    headers = response.headers
    trailers: Headers = ()
    if response.body and media_type(response.header("content-type")).is_grpc:
        trailers = tuple(each for each in headers if each[0] in _GRPC_TRAILERS)
        headers = tuple(each for each in headers if each not in trailers)
    return http.Response(
        http_version=b"HTTP/1.1",
        status_code=response.status,
        reason=reason_of(response.status),
        headers=http.Headers([*wire_fields(headers, further), *length_of(response, method)]),
        content=b"" if method == "HEAD" else body_of(response),
        trailers=http.Headers(wire_fields(trailers)) if trailers else None,
        timestamp_start=now,
        timestamp_end=now,
    )
