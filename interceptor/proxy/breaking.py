"""Connections, broken so that the client sees how."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from contextlib import suppress

_NO_RECORD = b"\x17\x03\x03\x00\x04no\r\n"
"""Bytes of a record of TLS 1.2 and 1.3 that nobody has encrypted."""


def reset(transport: asyncio.Transport) -> None:
    """A socket that does not linger sends no FIN."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def break_tls(transport: asyncio.Transport) -> None:
    """The handshake is over; what comes next on the socket itself, below TLS, can be no record of it."""
    if transport.get_extra_info("ssl_object") is None:
        reset(transport)
        return
    with suppress(OSError):
        os.write(transport.get_extra_info("socket").fileno(), _NO_RECORD)
    transport.abort()
