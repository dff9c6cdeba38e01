"""A closed loop of keep-alive connections through a proxy: each sends a request, reads the answer, sends the next."""

from __future__ import annotations

import asyncio
import itertools
import ssl
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Load:
    """How much one measurement asks."""

    connections: int
    requests: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement: requests per second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def measure(port: int, url: str, load: Load) -> Sample:
    """Ask for `url` through the proxy at a loopback port."""
    return asyncio.run(_measure(port, url, load))


async def _measure(port: int, url: str, load: Load) -> Sample:
    clients = [await _connect(port, url) for _ in range(load.connections)]
    share = load.requests // load.connections
    started = time.perf_counter()
    loops = await asyncio.gather(*(_loop(*client, url, share) for client in clients))
    latencies = sorted(itertools.chain.from_iterable(loops))
    seconds = time.perf_counter() - started
    for _, writer in clients:
        writer.close()
    return Sample(len(latencies) / seconds, _quantile(latencies, 0.50), _quantile(latencies, 0.99))


async def _connect(port: int, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    parts = urlsplit(url)
    if parts.scheme == "https":
        authority = f"{parts.hostname}:{parts.port or 443}"
        writer.write(f"CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise SystemExit(f"the proxy refused the tunnel: {head.decode()}")
        trusting = ssl.create_default_context()
        trusting.check_hostname = False
        trusting.verify_mode = ssl.CERT_NONE
        await writer.start_tls(trusting, server_hostname=parts.hostname)
    return reader, writer


async def _loop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str, times: int) -> list[float]:
    parts = urlsplit(url)
    target = parts.path if parts.scheme == "https" else url
    request = f"GET {target} HTTP/1.1\r\nhost: {parts.netloc}\r\naccept: application/json\r\n\r\n".encode()
    latencies = []
    for _ in range(times):
        started = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        latencies.append((time.perf_counter() - started) * 1000)
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise SystemExit(f"the proxy answered: {head.decode()}{body.decode()}")
    return latencies


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
