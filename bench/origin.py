"""The real server of `bench/passing.py`: `python origin.py PORT` takes uploads, and gives bodies of any size."""

from __future__ import annotations

import asyncio
import gzip
import sys

_PIECE = b"x" * (1 << 16)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            await _answer(head, reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _answer(head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    path = head.split(b" ")[1]
    if path.startswith(b"/refused"):
        writer.write(b"HTTP/1.1 413 Content Too Large\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        raise ConnectionError
    if b"\r\ntransfer-encoding: chunked" in head.lower():
        while size := int(await reader.readuntil(b"\r\n"), 16):
            await _skip(reader, size + 2)
        await reader.readuntil(b"\r\n")
    else:
        _, _, told = head.lower().partition(b"\r\ncontent-length:")
        await _skip(reader, int(told.partition(b"\r\n")[0] or 0))
    if path.startswith(b"/zipped/"):
        body = _zipped(int(path.rpartition(b"/")[2]))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        return
    size = int(path.rpartition(b"/")[2]) if path.startswith(b"/down/") else 0
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
    for _ in range(size // len(_PIECE)):
        writer.write(_PIECE)
        await writer.drain()
    writer.write(_PIECE[: size % len(_PIECE)])


async def _skip(reader: asyncio.StreamReader, size: int) -> None:
    while size:
        size -= len(await reader.read(min(size, 1 << 16)))


def _zipped(size: int) -> bytes:
    """So many zeros, packed."""
    member = gzip.compress(bytes(1 << 20), 9)
    return member * (size >> 20)


async def _main(port: int) -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
