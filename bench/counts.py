"""Whether the journal holds as many exchanges as clients got answers, however many there are at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.load import BenchError, Load, measure
from bench.pairs import tell
from bench.peers import interceptor, running
from bench.report import table
from bench.scale import Scale
from interceptor.journal.reader import read_journal

_WARM_UP = 1
"""The answer that shows that the process has started."""
_COLUMNS = ["clients", "seconds", "answers", "requests/s", "p50 / p99 ms", "exchanges in the journal"]


@dataclass(frozen=True, slots=True)
class _Crowd:
    connections: int
    seconds: float
    tls: bool

    def __str__(self) -> str:
        return f"{self.connections:,}, {'TLS' if self.tls else 'plain'}"


def report(scale: Scale, folder: Path) -> str:
    crowds = [
        _Crowd(connections, seconds, tls)
        for connections, seconds in ((scale.crowd, scale.steady / 6), (64, scale.steady))
        for tls in (False, True)
    ]
    rows = [_row(crowd, folder / f"counts {number}") for number, crowd in enumerate(crowds)]
    return f"{_INTRODUCTION}\n{table(_COLUMNS, rows)}\n"


def _row(crowd: _Crowd, folder: Path) -> list[str]:
    """Each crowd has a process of its own, whose journal is read when it has ended.

    Raises:
        BenchError: where the two counts differ.
    """
    tell(f"counts on both sides: {crowd}")
    with running(interceptor(), folder) as ours:
        target = ours.target(tls=crowd.tls, path="/numbered/%d")
        sample = measure(target, Load(crowd.connections, crowd.seconds))
    (journal,) = (folder / "project" / ".interceptor" / "recordings").glob("*.jsonl")
    noted = sum(exchange.count for exchange in read_journal(journal)) - _WARM_UP
    if noted != sample.answers:
        raise BenchError(f"{crowd}: {sample.answers:,} answers, but {noted:,} exchanges in the journal")
    cells = [f"{sample.answers:,}", f"{sample.rate:,.0f}", f"{sample.p50:.2f} / {sample.p99:.2f}", f"{noted:,}"]
    return [str(crowd), f"{crowd.seconds:g}", *cells]


_INTRODUCTION = """## Counts on both sides

Every request is different, and every connection is kept.
The exchanges are counted in the journal when `interceptor serve` has ended; a difference would end the measurement.
"""
