"""Writes responses in HTTP/1.1 (RFC 9112)."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from interceptor.proxy.http1.reader import Fields
from interceptor.values.messages import BODILESS, LENGTHLESS, Headers, Response
from interceptor.values.remember import remembered_by_weight

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
TUNNEL_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"

_OF_THE_WIRE = frozenset({"content-length", "transfer-encoding"})
_OF_ONE_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"}
)
"""Headers that end at the next hop (RFC 9110, section 7.6.1)."""


def answer(
    response: Response, method: str, further: Headers = (), *, minor: int = 1, closes: bool = False
) -> tuple[bytes, bool]:
    """A whole response, and whether the connection closes after it.

    Args:
        response: the response.
        method: the request's method; a HEAD gets no body.
        further: headers in addition to those of the response.
        minor: 1 for HTTP/1.1, 0 for HTTP/1.0.
        closes: the client wants the connection to close.
    """
    head, closes = answer_head(response.status, response.headers, further, minor, closes=closes)
    length = b"".join(b"%b: %b\r\n" % field for field in length_of(response, method))
    body = b"" if method == "HEAD" else body_of(response)
    return b"%b%b\r\n%b" % (head, length, body), closes


def _weight(_status: int, headers: Headers, further: Headers, *_: int, **__: bool) -> int:
    return sum([len(name) + len(value) for name, value in (*headers, *further)])


@remembered_by_weight(512, _weight)  # most responses have the headers of an earlier one
def answer_head(status: int, headers: Headers, further: Headers, minor: int, *, closes: bool) -> tuple[bytes, bool]:
    """The head of a response without the header for its length, and whether the connection closes after it."""
    fields = wire_fields(headers, further)
    declared = [value.lower() for name, value in fields if name == b"connection"]
    final = status >= 200  # only closing the connection keeps a client from waiting for another response
    closes = closes or not final or any(b"close" in value for value in declared)
    lines = [b"HTTP/1.1 %d %b\r\n" % (status, reason_of(status))]
    lines += [b"%b: %b\r\n" % field for field in fields]
    if not declared and (closes or not minor):
        lines.append(b"connection: close\r\n" if closes else b"connection: keep-alive\r\n")
    return b"".join(lines), closes


def truncated(response: Response, further: Headers) -> bytes:
    """A response that breaks off in the middle."""
    body = body_of(response)
    head, _ = answer_head(response.status, response.headers, further, 1, closes=True)
    return b"%bcontent-length: %d\r\n\r\n%b" % (head, max(len(body), 1), body[: len(body) // 2])


def chunk(data: bytes) -> bytes:
    """A chunk of a body; empty for no bytes, since an empty chunk would end it."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def head_of(first_line: bytes, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The first line and the headers, with the blank line after them."""
    return b"".join((first_line, b"\r\n", *(b"%b: %b\r\n" % field for field in fields), b"\r\n"))


def end_to_end(fields: Fields) -> Fields:
    """The headers for the other end, without those for the next hop."""
    named = {
        token.strip().lower() for name, value in fields if name.lower() == b"connection" for token in value.split(b",")
    }
    return tuple(
        field for field in fields if (name := field[0].lower()) not in _OF_ONE_CONNECTION and name not in named
    )


def wire_fields(headers: Headers, further: Headers = ()) -> Fields:
    """Headers for the wire, without those for the length of the message."""
    return tuple(
        (name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape"))
        for name, value in (*headers, *further)
        if name not in _OF_THE_WIRE
    )


def body_of(response: Response) -> bytes:
    """The body, if HTTP allows one."""
    return response.body if has_body(response.status) else b""


def length_of(response: Response, method: str) -> Fields:
    """The header for the length of the body.

    The response to a HEAD has the headers of a GET, including its length (RFC 9110, section 9.3.2); 204 and 304 have
    neither body nor length (section 8.6).
    """
    if response.status < 200 or response.status in LENGTHLESS:
        return ()
    declared = response.header("content-length") if method == "HEAD" and not response.body else None
    return ((b"content-length", (declared or str(len(response.body))).encode()),)


def has_body(status: int) -> bool:
    return status >= 200 and status not in BODILESS


def reason_of(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
