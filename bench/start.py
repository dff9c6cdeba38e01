"""What starting costs: a command under the proxy, the help, and the first requests of a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import copytree
from statistics import median

from bench.load import BenchError, Load, measure
from bench.pairs import interleaved, tell
from bench.peers import HERE, SCRIPTS, Peer, interceptor, running
from bench.report import spread, table
from bench.scale import Scale

_CONNECTIONS = 8
_COMMANDS = ["command", "seconds", "peer", "seconds", "more, s", "more processor time, s"]
_FIRST = ["peer", "interceptor, s", "peer, s", "difference, s"]
_RATES = ["peer", "traffic", "interceptor, requests/s", "peer, requests/s", "ratio"]


@dataclass(frozen=True, slots=True)
class _Cost:
    """Of one process and all that it started, in seconds."""

    seconds: float
    processor: float


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A process that was just started: seconds to its first answer, then requests per second, by whether over TLS."""

    ready: float
    rates: dict[bool, float]


def report(scale: Scale, peers: Sequence[Peer], folder: Path) -> str:
    project = folder / "start"
    copytree(HERE / "project", project)
    ours, python = str(SCRIPTS / "interceptor"), sys.executable
    asks = ["curl", "--silent", "--fail", "http://api.example.com/products/10"]
    nothing = ["curl of an empty file", "curl", "--silent", "file:///dev/null"]
    commands = [
        _compare(
            ["interceptor run -- true", ours, "run", "--allow-empty", "--", "true"], ["true", "true"], project, scale
        ),
        _compare(["interceptor run -- curl URL", ours, "run", "--", *asks], nothing, project, scale),
        _compare(["interceptor --help", ours, "--help"], ["python -c pass", python, "-c", "pass"], project, scale),
    ]
    text = f"{_INTRODUCTION}\n{table(_COMMANDS, commands)}\n"
    first, rates = [], []
    for peer in peers:
        if peer.name != "bare":
            pairs = _fresh_pairs(peer, folder, scale)
            first.append(_first_row(peer, pairs))
            rates += [_rate_row(peer, pairs, tls=tls) for tls in pairs[0][1].rates]
    if first:
        introduction = _FRESH.format(requests=f"{scale.first:,}", connections=_CONNECTIONS)
        text += f"\n{introduction}\n{table(_FIRST, first)}\n\n{table(_RATES, rates)}\n"
    return text


def _compare(ours: list[str], other: list[str], folder: Path, scale: Scale) -> list[str]:
    tell(ours[0])
    pairs = interleaved(partial(_cost, ours[1:], folder), partial(_cost, other[1:], folder), scale.pairs)
    left, right = (f"{median(cost.seconds for cost in side):.3f}" for side in zip(*pairs, strict=True))
    more = spread(one.seconds - two.seconds for one, two in pairs)
    processor = spread(one.processor - two.processor for one, two in pairs)
    return [f"`{ours[0]}`", left, f"`{other[0]}`", right, more, processor]


def _cost(command: list[str], folder: Path) -> _Cost:
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.stderr.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchError(f"{command} failed: {said.decode(errors='replace')}")
    return _Cost(seconds, used.ru_utime + used.ru_stime)


def _fresh_pairs(peer: Peer, folder: Path, scale: Scale) -> list[tuple[_Fresh, _Fresh]]:
    tell(f"fresh processes: {peer.name}")
    load = Load(_CONNECTIONS, requests=scale.first)
    ours = partial(_fresh, interceptor(), folder / "fresh interceptor", load)
    return interleaved(ours, partial(_fresh, peer, folder / f"fresh {peer.name}", load), scale.pairs)


def _fresh(peer: Peer, folder: Path, load: Load) -> _Fresh:
    with running(peer, folder) as side:
        kinds = (False, True) if peer.tls else (False,)
        return _Fresh(side.ready_after, {tls: measure(side.target(tls=tls), load).rate for tls in kinds})


def _first_row(peer: Peer, pairs: Sequence[tuple[_Fresh, _Fresh]]) -> list[str]:
    ours, other = (f"{median(fresh.ready for fresh in side):.2f}" for side in zip(*pairs, strict=True))
    return [peer.name, ours, other, spread(theirs.ready - mine.ready for mine, theirs in pairs)]


def _rate_row(peer: Peer, pairs: Sequence[tuple[_Fresh, _Fresh]], *, tls: bool) -> list[str]:
    ours, other = (f"{median(fresh.rates[tls] for fresh in side):,.0f}" for side in zip(*pairs, strict=True))
    ratio = spread(mine.rates[tls] / theirs.rates[tls] for mine, theirs in pairs)
    return [peer.name, "TLS" if tls else "plain", ours, other, ratio]


_INTRODUCTION = """## Start

The certificates exist already, as in every run but the first.
Processor time includes all processes that a command starts.
"""
_FRESH = """Each measurement starts a new process, as a test suite does.
The next table shows the time from the start to the first response over plain HTTP; the client tries every 2 ms \
until something listens.
The one after it shows the rate of the first {requests} requests over {connections} kept connections, and of as many \
over TLS after them.
Peers on Node or Java become much faster later.
"""
