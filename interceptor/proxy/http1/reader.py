"""Reads HTTP/1.1 requests (RFC 9112), and is strict where leniency would allow request smuggling.

`RequestReader` is fed bytes as they arrive, split anywhere, and returns whole requests. It refuses whatever is
ambiguous, since a real server may read the request again. No library: h11 takes ten times as long, and every response
waits for this. The tests compare it with h11, llhttp and mitmproxy.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

Fields: TypeAlias = tuple[tuple[bytes, bytes], ...]

MOST_HEAD = 64 * 1024
"""Bytes of a request line with its headers, and of trailers."""
_MOST_CACHED = 2048

_CR, _LF = b"\r\n"
_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_VALUE = rb"[^\x00-\x08\x0a-\x1f\x7f]*"
_LINE = re.compile(rb"(%b) ([^\x00-\x20\x7f]+) HTTP/([0-9]\.[0-9])\Z" % _NAME)
_SOUND = re.compile(rb"(?:%b:%b\n)*" % (_NAME, _VALUE))
_FIELD = re.compile(rb"(%b):(%b)\n" % (_NAME, _VALUE))
_FOLD = re.compile(rb"[ \t]*\n[ \t]+")
_LENGTH = re.compile(rb"0|[1-9][0-9]{0,17}")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_END = object()
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;%b)?\Z" % _VALUE)


class NotHttpError(Exception):
    """The bytes are no valid request: the status to answer with, and why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Http2Error(NotHttpError):
    """The first line of HTTP/2."""

    def __init__(self) -> None:
        super().__init__(505, "HTTP/2 is not offered")


@dataclass(frozen=True, slots=True)
class WireHeaders:
    """The header section of a request, and what it tells about the message."""

    fields: Fields
    """Names as spelled, without what is already handled by reading it (Expect: 100-continue)."""
    host: bytes | None
    length: int
    chunked: bool
    expects: bool
    """The client waits for a 100 before it sends the body."""
    close: bool
    keep_alive: bool
    websocket: bool


def weight(fields: Fields) -> int:
    """Bytes of names and values."""
    return sum([len(name) + len(value) for name, value in fields])


class WireRequest(NamedTuple):
    """One whole request."""

    method: str
    target: bytes
    headers: WireHeaders
    minor: int
    """1 for HTTP/1.1, 0 for HTTP/1.0."""
    body: bytes = b""

    @property
    def persistent(self) -> bool:
        """True if the connection stays open after the response (RFC 9112, section 9.3)."""
        return not self.headers.close if self.minor else self.headers.keep_alive and not self.headers.close


class RequestReader:
    """Reads one request after the other; a body can also be taken in pieces as it arrives."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self._head: WireRequest | None = None
        self._pieces: list[bytes] = []
        self._missing = 0
        self._chunks: Generator[None, None, None] | None = None

    def feed(self, data: bytes) -> None:
        self._buffer += data

    @property
    def waiting(self) -> int:
        """Bytes that belong to no request yet."""
        return len(self._buffer)

    @property
    def awaited(self) -> WireRequest | None:
        """The request whose body has not arrived as a whole."""
        return self._head

    def rest(self) -> bytes:
        """The unread bytes, for another reader."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def next(self) -> WireRequest | None:
        """The next request, or None until more has arrived.

        Raises:
            NotHttpError: the bytes are no valid request; nothing can be read after that.
        """
        if self._head is None:
            head = self._read_head() if self._buffer else None
            if head is None or not (head.headers.chunked or head.headers.length):
                return head
            self._begin_body(head)
        head = self._head
        assert head is not None
        if not self._read_body():
            return None
        return head._replace(body=self._taken())

    def take(self) -> tuple[bytes, bool]:
        """The part of the body that arrived since the last call, and whether that was the last one.

        Raises:
            NotHttpError: the body is not valid.
        """
        done = self._read_body()
        return self._taken(), done

    def _taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _read_head(self) -> WireRequest | None:
        buffer = self._buffer
        while not self._searched and len(buffer) > 1 and buffer[0] in b"\r\n":  # RFC 9112, section 2.2
            if buffer[0] == _CR and buffer[1] != _LF:
                raise NotHttpError(400, "the first line is not that of an HTTP request")
            del buffer[: 1 + (buffer[0] == _CR)]
        blank = _BLANK_LINE.search(buffer, self._searched)
        length = len(buffer) if blank is None else blank.start() + 1
        if length > MOST_HEAD:
            raise NotHttpError(431, f"the request line and headers are longer than {MOST_HEAD} bytes")
        if blank is None:
            self._searched = max(0, len(buffer) - 2)
            return None
        self._searched = 0
        head = bytes(buffer[:length])
        del buffer[: blank.end()]
        return read_head(head) if len(head) <= _MOST_CACHED else read_head.__wrapped__(head)

    def _begin_body(self, head: WireRequest) -> None:
        self._head = head
        self._missing = head.headers.length
        self._chunks = self._chunked() if head.headers.chunked else None

    def _read_body(self) -> bool:
        """Move what has arrived of the body to its pieces; True if that was the end."""
        if self._chunks is None:
            self._take_piece()
            done = not self._missing
        else:
            done = next(self._chunks, _END) is _END
        if done:
            self._head = self._chunks = None
        return done

    def _take_piece(self) -> None:
        if piece := self._take(min(self._missing, len(self._buffer))):
            self._missing -= len(piece)
            self._pieces.append(piece)

    def _chunked(self) -> Generator[None, None, None]:
        """Read a chunked body (RFC 9112, section 7.1); trailers are dropped. Yields while bytes are missing."""
        while size := _chunk_size((yield from self._line())):
            self._missing = size
            self._take_piece()
            while self._missing:
                yield
                self._take_piece()
            while len(self._buffer) < 2:
                yield
            if self._take(2) != b"\r\n":
                raise NotHttpError(400, "a chunk is longer than it says")
        length = 0
        while trailer := (yield from self._line()):
            length += len(trailer)
            if length > MOST_HEAD or _SOUND.fullmatch(trailer + b"\n") is None:
                raise NotHttpError(400, "the trailers are not sound")

    def _line(self) -> Generator[None, None, bytes]:
        while (end := self._buffer.find(b"\r\n", 0, MOST_HEAD + 2)) < 0:
            if len(self._buffer) > MOST_HEAD:
                raise NotHttpError(400, "the body is not chunked, as transfer-encoding says")
            yield
        line = self._take(end)
        del self._buffer[:2]
        return line

    def _take(self, length: int) -> bytes:
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken


def _chunk_size(line: bytes) -> int:
    match = _CHUNK.match(line)
    if match is None:
        raise NotHttpError(400, "the body is not chunked, as transfer-encoding says")
    return int(match[1], 16)


@lru_cache(maxsize=512)  # tests send the same requests again and again; 1 MB at most
def read_head(head: bytes) -> WireRequest:
    """Parse the request line and the header section, with their line breaks, as a request without its body.

    Raises:
        NotHttpError: they are not valid.
    """
    line, _, block = head.partition(b"\n")
    match = _LINE.match(line.removesuffix(b"\r"))
    if match is None:
        raise NotHttpError(400, "the first line is not that of an HTTP request")
    method, target, version = match.groups()
    if line.startswith(b"PRI * HTTP/2.0"):
        raise Http2Error
    if version not in {b"1.0", b"1.1"}:
        raise NotHttpError(505, "this proxy speaks HTTP/1.0 and HTTP/1.1")
    headers = read_headers(block) if len(block) <= _MOST_CACHED else read_headers.__wrapped__(block)
    if headers.chunked and version == b"1.0":
        raise NotHttpError(400, "HTTP/1.0 knows no transfer-encoding")
    return WireRequest(method.decode(), target, headers, int(version == b"1.1"))


@lru_cache(maxsize=512)  # a client's requests have mostly the same headers; 1 MB at most
def read_headers(block: bytes) -> WireHeaders:
    """Parse the header section, with its line breaks.

    Raises:
        NotHttpError: it is not valid, or the end of the message is ambiguous (RFC 9112, section 6.3).
    """
    block = _FOLD.sub(b" ", block.replace(b"\r\n", b"\n"))
    if _SOUND.fullmatch(block) is None:
        raise NotHttpError(400, "a header is not sound")
    fields = [(name, value.strip(b" \t")) for name, value in _FIELD.findall(block)]
    values: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value)
    lengths, codings, hosts = (values.get(name, []) for name in (b"content-length", b"transfer-encoding", b"host"))
    if len(hosts) > 1:
        raise NotHttpError(400, "there is more than one host")
    if len(lengths) + len(codings) > 1:
        raise NotHttpError(400, "the length of the body is in doubt")
    if lengths and _LENGTH.fullmatch(lengths[0]) is None:
        raise NotHttpError(400, "content-length is not a number")
    if codings and codings[0].lower() != b"chunked":
        raise NotHttpError(501, "the only transfer-encoding here is chunked")
    expects = any(value.lower() == b"100-continue" for value in values.get(b"expect", []))
    connection = {token.strip().lower() for value in values.get(b"connection", []) for token in value.split(b",")}
    return WireHeaders(
        tuple(field for field in fields if not (expects and field[0].lower() == b"expect")),
        host=hosts[0] if hosts else None,
        length=int(lengths[0]) if lengths else 0,
        chunked=bool(codings),
        expects=expects,
        close=b"close" in connection,
        keep_alive=b"keep-alive" in connection,
        websocket=any(value.lower() == b"websocket" for value in values.get(b"upgrade", [])),
    )
