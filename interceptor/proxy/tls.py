"""Our side of TLS: a certificate for each host, and the host in a client's first message."""

from __future__ import annotations

import ssl
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from interceptor.run.authority import Issuer

HANDSHAKE = 0x16
"""The first byte of every TLS connection."""
_CLIENT_HELLO = 1
_SERVER_NAME, _HOST_NAME = 0, b"\0"
_PROTOCOLS = 16
_HTTP2 = b"\x02h2"
_HTTP1 = b"\x08http/1.1"
_LONGEST_HELLO = 1 << 16
_MOST_CONTEXTS = 500
"""Hosts whose certificate is remembered."""


class NotTlsError(Exception):
    """The bytes begin like a handshake, but are none."""


class Certificates:
    """The TLS contexts of the hosts that we impersonate, made when they are needed.

    Args:
        authority: the key and the certificate that clients trust, as PEM.
        folder: for files that last a moment.
        http2: offered to clients beside HTTP/1.1.
    """

    def __init__(self, authority: bytes, folder: Path, *, http2: bool) -> None:
        self._authority = authority
        self._folder = folder
        self._protocols = ["h2", "http/1.1"] if http2 else ["http/1.1"]
        self._contexts: OrderedDict[str, ssl.SSLContext] = OrderedDict()

    @cached_property
    def _issuer(self) -> Issuer:
        from interceptor.run.authority import Issuer  # noqa: PLC0415  # cryptography takes long to import

        return Issuer(self._authority)

    def context(self, host: str) -> ssl.SSLContext:
        """The context of a host; the same one each time, so that sessions can be resumed."""
        known = self._contexts.get(host)
        if known is not None:
            self._contexts.move_to_end(host)
            return known
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(self._protocols)
        chain = self._folder / f"host-{len(self._contexts)}.pem"  # the library loads from files alone
        chain.touch(0o600)
        try:
            chain.write_bytes(self._issuer.issue(host))
            context.load_cert_chain(chain)
        finally:
            chain.unlink()
        self._contexts[host] = context
        if len(self._contexts) > _MOST_CONTEXTS:
            self._contexts.popitem(last=False)
        return context


class ClientHello(NamedTuple):
    """What a client's first message says, as far as it matters here."""

    name: str
    """The host that it names (RFC 6066, section 3), or nothing."""
    only_http2: bool
    """It offers HTTP/2, but not HTTP/1.1 (RFC 7301, section 3.1)."""


def client_hello(data: bytes) -> ClientHello | None:
    """What a ClientHello says; None until it is complete.


    No library: those that parse it without answering need a connection, or are mitmproxy's.

    Raises:
        NotTlsError: it is not one.
    """
    try:
        extensions = _extensions(data)
    except IndexError:
        raise NotTlsError("a handshake that does not add up") from None
    if extensions is None:
        return None
    named, offered = extensions.get(_SERVER_NAME, b""), extensions.get(_PROTOCOLS, b"")
    name = named[5:].decode("ascii", "replace").lower() if named[2:3] == _HOST_NAME else ""
    return ClientHello(name, _HTTP2 in offered and _HTTP1 not in offered)


def _extensions(data: bytes) -> dict[int, bytes] | None:
    """The extensions of a ClientHello by their kind; None until it is whole."""
    message = _handshake(data)
    if message is None:
        return None
    if message[0] != _CLIENT_HELLO:
        raise NotTlsError("a handshake that does not begin with a ClientHello")
    length = int.from_bytes(message[1:4])
    if len(message) < 4 + length:
        return None
    position = 4 + 2 + 32  # the message's header, version and random
    position += 1 + message[position]  # session
    position += 2 + int.from_bytes(message[position : position + 2])  # ciphers
    position += 1 + message[position]  # compressions
    end = position + 2 + int.from_bytes(message[position : position + 2])
    position += 2
    extensions: dict[int, bytes] = {}
    while position + 4 <= end:
        kind, size = (int.from_bytes(message[position + at : position + at + 2]) for at in (0, 2))
        extensions.setdefault(kind, message[position + 4 : position + 4 + size])
        position += 4 + size
    return extensions


def _handshake(data: bytes) -> bytes | None:
    """The handshake messages in the records, as far as they have arrived; None if not even the first has begun."""
    message, position = b"", 0
    while position + 5 <= len(data):
        if data[position] != HANDSHAKE or data[position + 1] != 3:
            raise NotTlsError("no record of a handshake")
        size = int.from_bytes(data[position + 3 : position + 5])
        message += data[position + 5 : position + 5 + size]
        position += 5 + size
    if len(message) > _LONGEST_HELLO:
        raise NotTlsError("a handshake that is far too long")
    return message if len(message) >= 4 else None
