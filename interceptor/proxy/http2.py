"""The little of HTTP/2 that we speak ourselves: how it begins, and how it is refused (RFC 9113).

What is to be answered is mitmproxy's to understand, which a refusal need not wait for.
"""

from __future__ import annotations

import asyncio

PREFACE = b"PRI * HTTP/2.0\r\n"
"""The first line of a client that begins with HTTP/2 (section 3.4)."""
_REST_OF_PREFACE = len(b"SM\r\n\r\n")
_HEAD = 9
_HEADERS, _SETTINGS, _PING = 1, 4, 6
_ACK = 0x1
_END_STREAM_AND_HEADERS = 0x5
_WORDS = b"interceptor speaks HTTP/2 to providers and handlers, with http2: true in the project file"


def refuse_http2(transport: asyncio.Transport, data: bytes) -> None:
    """Refuse a client whose first line has been read; `data` is what came after it."""
    refused = _Refused(transport)
    transport.set_protocol(refused)
    refused.data_received(data)


class _Refused(asyncio.Protocol):
    """A client to whom HTTP/2 is not offered: each of its requests is answered with 505 and the reason.

    One of gRPC shows the status and the message that are meant for it; of a connection that is closed it would say
    nothing, and try again until its deadline.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._received = b""
        self._to_skip = _REST_OF_PREFACE
        transport.write(_frame(_SETTINGS, 0, 0, b""))

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._to_skip <= len(self._received) - _HEAD:
            frame = self._received[self._to_skip :]
            kind, flags, stream = frame[3], frame[4], int.from_bytes(frame[5:_HEAD])
            length = _HEAD + int.from_bytes(frame[:3])
            if kind == _PING and len(frame) < length:
                return
            if kind == _HEADERS:
                self._transport.write(_frame(_HEADERS, _END_STREAM_AND_HEADERS, stream, _ANSWER))
            elif kind in {_SETTINGS, _PING} and not flags & _ACK:
                self._transport.write(_frame(kind, _ACK, 0, frame[_HEAD:length] if kind == _PING else b""))
            self._received = frame
            self._to_skip = length
        skipped = min(self._to_skip, len(self._received))
        self._received, self._to_skip = self._received[skipped:], self._to_skip - skipped


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame (section 4.1)."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def _literal(name: bytes, value: bytes) -> bytes:
    """A header that is not to be remembered (RFC 7541, section 6.2.2); both texts are shorter than 127 bytes."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


_ANSWER = _literal(b":status", b"505") + _literal(b"grpc-status", b"12") + _literal(b"grpc-message", _WORDS)
