"""Requests per second and latencies, beside each peer in turn: plain and TLS, connections kept and not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.load import BenchError, Load, measure
from bench.pairs import interleaved, tell
from bench.peers import Peer, Running, interceptor, running
from bench.report import rate_cells, spread, table
from bench.scale import Scale


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is asked, and how."""

    name: str
    tls: bool = False
    kept: bool = True
    path: str = "/products/10"


_KINDS = (
    _Kind("Plain HTTP, connections kept"),
    _Kind("Plain HTTP, connections kept, every request different", path="/products/10?number=%d"),
    _Kind("TLS, connections kept", tls=True),
    _Kind("Plain HTTP, a new connection for each request", kept=False),
    _Kind("TLS, a new connection for each request", tls=True, kept=False),
)
_COLUMNS = [
    "peer",
    "connections",
    "interceptor, requests/s",
    "p50 / p99 ms",
    "peer, requests/s",
    "p50 / p99 ms",
    "ratio",
]


def report(scale: Scale, peers: Sequence[Peer], folder: Path) -> str:
    rows: dict[str, list[list[str]]] = {kind.name: [] for kind in _KINDS}
    with running(interceptor(), folder / "interceptor") as ours:
        for peer in peers:
            with running(peer, folder / peer.name) as other:
                for tls in (False, peer.tls):
                    _warm_up(ours, other, scale.warm_up, tls=tls)
                for kind in _KINDS:
                    if (peer.tls or not kind.tls) and (peer.any_query or "?" not in kind.path):
                        rows[kind.name] += _rows(kind, ours, other, scale)
    tables = (f"### {kind}\n\n{table(_COLUMNS, lines)}\n" for kind, lines in rows.items() if lines)
    return _INTRODUCTION + "\n" + "\n".join(tables)


def _rows(kind: _Kind, ours: Running, other: Running, scale: Scale) -> list[list[str]]:
    rows = []
    for connections in scale.connections:
        tell(f"{other.peer.name}: {kind.name}, {connections}")
        load = Load(connections, scale.seconds, keep_alive=kind.kept)
        first, second = (partial(measure, side.target(tls=kind.tls, path=kind.path), load) for side in (ours, other))
        row = [other.peer.name, str(connections)]
        try:
            pairs = interleaved(first, second, scale.pairs)
        except (BenchError, OSError) as error:
            rows.append([*row, "", "", f"failed: {error}"[:100].replace("|", ""), "", ""])
        else:
            left, right = zip(*pairs, strict=True)
            ratios = spread(mine.rate / theirs.rate for mine, theirs in pairs)
            rows.append([*row, *rate_cells(left), *rate_cells(right), ratios])
    return rows


def _warm_up(ours: Running, other: Running, seconds: float, *, tls: bool) -> None:
    for side in (ours, other):
        measure(side.target(tls=tls), Load(8, seconds))


_INTRODUCTION = """## Throughput and latency

Each connection sends `GET /products/10`, reads the whole response, and sends the next request.
The client is one process on the same machine.
Every peer responds with the same 40 bytes of JSON.
The interceptor matches, renders, and writes its journal.
It answers a repeated request from its cache, so one table has only requests that differ.
mitmdump (`bench/plain.py`, three lines) and mockttp are proxies.
Like the interceptor, they get requests with the whole URL, or through a CONNECT tunnel.
WireMock, `pact stub` (which has no TLS) and msw (MSW's handlers behind its own http-middleware) are servers, and \
get the requests directly.
They run with their defaults, except for the stub's log level.
*bare* is asyncio and httptools with nothing behind them, and shows how fast the client can be.
"""
