"""Memory and the journal's size after very many requests."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.load import Load, measure
from bench.pairs import tell
from bench.peers import Running, interceptor, running
from bench.report import table
from bench.scale import Scale

_CONNECTIONS = 8
_KINDS = {"one request, repeated": "/products/10", "every request different": "/numbered/%d"}
_COLUMNS = [
    "traffic",
    "requests",
    "requests/s",
    "at the start, MB",
    "after a tenth, MB",
    "at the end, MB",
    "growth, MB",
    "journal, MB",
]
_MB = 1_000_000


def report(scale: Scale, folder: Path) -> str:
    rows = [
        _row(kind, path, scale.requests, folder / f"memory {number}")
        for number, (kind, path) in enumerate(_KINDS.items())
    ]
    return f"{_INTRODUCTION}\n{table(_COLUMNS, rows)}\n"


def _row(kind: str, path: str, requests: int, folder: Path) -> list[str]:
    with running(interceptor(), folder) as ours:
        start = resident(ours)
        tell(f"{kind}: {requests:,} requests")
        target, tenth = ours.target(path=path), requests // 10
        measure(target, Load(_CONNECTIONS, float("inf"), tenth))
        early = resident(ours)
        sample = measure(target, Load(_CONNECTIONS, float("inf"), requests - tenth))
        end = resident(ours)
    journal = sum(file.stat().st_size for file in (folder / "project/.interceptor/recordings").glob("*.jsonl"))
    megabytes = (f"{size / _MB:.1f}" for size in (start, early, end, end - start, journal))
    return [kind, f"{requests:,}", f"{sample.rate:,.0f}", *megabytes]


def resident(ours: Running) -> int:
    """The process's memory in bytes."""
    said = subprocess.run(["ps", "-o", "rss=", "-p", str(ours.process)], capture_output=True, text=True, check=True)
    return int(said.stdout) * 1024


_INTRODUCTION = f"""## Memory

The resident memory of `interceptor serve` after its first response, after a tenth of the requests, and after all of \
them, over {_CONNECTIONS} plain connections.
The last column is the size of the journal on disk.
"""
