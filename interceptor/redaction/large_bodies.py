"""Bodies too large for a contract: a size and a digest are recorded in their place."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from interceptor.values.exchange import Exchange, LargeBody
from interceptor.values.messages import Request, Response


def without_large_bodies(exchange: Exchange, most: int) -> Exchange:
    """The exchange without bodies of more than `most` bytes; the same object if there are none."""
    request, response = exchange.request, exchange.response
    large = dict(exchange.large)
    if len(request.body) > most:
        large["request"] = _told(request.body)
        request = Request(request.method, request.url, request.headers)
    if response is not None and len(response.body) > most:
        large["response"] = _told(response.body)
        response = Response(response.status, response.headers)
    return replace(exchange, request=request, response=response, large=large) if large != exchange.large else exchange


def _told(body: bytes) -> LargeBody:
    return LargeBody(len(body), sha256(body).hexdigest())
