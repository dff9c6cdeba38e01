"""The least that a server in Python does: `python bare.py PORT TLS_PORT CERTIFICATE ANSWER`.

What the client gets out of it is more than it gets out of anything else, or the client would be what is measured.
"""

from __future__ import annotations

import asyncio
import ssl
import sys

import httptools


class Bare(asyncio.Protocol):
    """Parses requests, and gives all of them the same answer."""

    answer = b""
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.transport.write(self.answer)


async def _serve(port: int, tls_port: int, certificate: str) -> None:
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    await loop.create_server(Bare, "127.0.0.1", tls_port, ssl=context)
    server = await loop.create_server(Bare, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    body = sys.argv[4].encode()
    Bare.answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
