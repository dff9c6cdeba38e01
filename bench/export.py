"""How fast journals become pacts, that the memory for it does not grow with them, and pact-msw-adapter beside it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from bench.pairs import interleaved, tell
from bench.peers import ADAPTER, NODE, MissingPeerError, node_version
from bench.report import spread, table
from bench.scale import Scale

_PROJECT = "consumer: Product Site\nproviders:\n  Product API: {url: https://api.example.com/v1}\n"
_DISTINCT = 500
_MOST_INTERACTIONS = 100_000
"""Of a pact; more would say nothing of how journals grow."""
_KINDS = {
    "repeats": f"{_DISTINCT} requests, repeated in different tests",
    "ids": "the same, with a random id and a time in each response",
    "different": "every exchange different",
}
_COLUMNS = ["journal", "exchanges", "seconds", "exchanges/s", "memory, MB", "interactions"]
_BESIDE = ["exchanges, all different", "interceptor, s", "pact-msw-adapter, s", "ratio"]
_MEASURE = """
import re, resource, sys, time
from pathlib import Path
from interceptor.project.config import load_project
from interceptor.conversion import convert
project = load_project(Path(sys.argv[1]))
began = time.perf_counter()
written = convert(project, [Path(sys.argv[2])]).pacts
seconds, status = time.perf_counter() - began, Path("/proc/self/status")
if status.exists():  # what rusage says counts what started us too, until it was replaced
    kilobytes = int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1])
else:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(seconds, kilobytes, written[0].interactions)
"""


@dataclass(frozen=True, slots=True)
class _Export:
    seconds: float
    memory: float
    interactions: float


def report(scale: Scale, folder: Path, wanted: Sequence[str] | None) -> str:
    place = folder / "export"
    place.mkdir()
    (place / "interceptor.yaml").write_text(_PROJECT, encoding="utf-8")
    rows = [
        _row(kind, size, place)
        for kind in _KINDS
        for size in scale.exports
        if kind != "different" or size <= _MOST_INTERACTIONS
    ]
    text = f"{_INTRODUCTION}\n{table(_COLUMNS, rows)}\n"
    if wanted is not None and ADAPTER not in wanted:
        return text
    try:
        release = node_version("@pactflow/pact-msw-adapter")
    except MissingPeerError as missing:
        return f"{text}\npact-msw-adapter was left out: {missing}.\n"
    beside = table(_BESIDE, [_beside(size, scale.pairs, place) for size in scale.conversions])
    return f"{text}\n{_ADAPTER.format(release=release)}\n{beside}\n"


def _row(kind: str, size: int, folder: Path) -> list[str]:
    tell(f"export: {kind}, {size:,} exchanges")
    journal = _journal(kind, size, folder)
    done = _exported(journal, folder)
    journal.unlink()
    cells = [f"{done.seconds:.2f}", f"{size / done.seconds:,.0f}", f"{done.memory:.0f}", f"{done.interactions:,.0f}"]
    return [_KINDS[kind], f"{size:,}", *cells]


def _beside(size: int, pairs: int, folder: Path) -> list[str]:
    tell(f"export beside pact-msw-adapter: {size:,} exchanges")
    journal = _journal("different", size, folder)
    results = interleaved(
        lambda: _exported(journal, folder).seconds, partial(_adapted, size, folder / "adapter.json"), pairs
    )
    ours, others = (f"{median(side):.3f}" for side in zip(*results, strict=True))
    return [f"{size:,}", ours, others, spread(other / one for one, other in results)]


def _exported(journal: Path, folder: Path) -> _Export:
    command = [sys.executable, "-c", _MEASURE, str(folder / "interceptor.yaml"), str(journal)]
    seconds, memory, interactions = map(float, subprocess.check_output(command, text=True).split())
    return _Export(seconds, memory / 1024, interactions)


def _adapted(size: int, file: Path) -> float:
    return float(subprocess.check_output(["node", str(NODE / "adapter.js"), str(size), str(file)], text=True))


def _journal(kind: str, size: int, folder: Path) -> Path:
    journal = folder / "run.jsonl"
    with journal.open("w", encoding="utf-8") as file:
        file.writelines(_lines(kind, size))
    return journal


def _lines(kind: str, size: int) -> Iterator[str]:
    """A journal as the proxy writes it."""
    rng = random.Random(size)
    yield json.dumps({"interceptor": "journal", "version": 1, "consumer": "Product Site"}) + "\n"
    began = datetime(2026, 11, 21, 20, 46, 3, tzinfo=UTC)
    for number in range(size):
        at = (began + timedelta(milliseconds=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        of_all = number if kind == "different" else number % _DISTINCT
        line = _exchange(kind, of_all, at, rng, test=f"test {number // 100}")
        yield json.dumps(line, separators=(",", ":")) + "\n"


def _exchange(kind: str, number: int, at: str, rng: random.Random, *, test: str) -> dict[str, object]:
    path = f"/orders/{number}"
    answer = {"number": number, "name": f"order {number}", "lines": [{"sku": f"K-{n}", "price": 9.5} for n in range(4)]}
    made = []
    if kind == "ids":
        answer |= {"id": str(uuid.UUID(int=rng.getrandbits(128), version=4)), "created": at}
        made = ["response.$.id", "response.$.created"]
    return {
        "at": at,
        "ms": 0.4,
        "provider": "Product API",
        "outcome": "mocked",
        "handler": "handlers/orders.yaml:3",
        "entry": 0,
        "test": test,
        "request": {
            "method": "GET",
            "url": f"https://api.example.com/v1{path}",
            "path": path,
            "headers": [["accept", "application/json"], ["user-agent", "python-requests/2.32"]],
            "body": None,
        },
        "response": {
            "status": 200,
            "headers": [["content-type", "application/json"]],
            "body": {"text": json.dumps(answer)},
        },
    } | ({"made": made} if made else {})


_INTRODUCTION = """## Export

The time from a journal on disk to a pact on disk, without the start of the interpreter, and the peak resident memory.
Each line of the journal is one exchange.
"""
_ADAPTER = """The peer is pact-msw-adapter {release}: its `convertMswMatchToPact`, called with matches in memory, and \
its way of writing the file.
Its pacts have specification 2, random request ids as descriptions, and no matching rules.
"""
