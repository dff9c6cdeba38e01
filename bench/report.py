"""Figures as Markdown: tables, medians with their spread, and what machine they were taken on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.load import Sample
from bench.peers import Peer
from bench.scale import Scale


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column is text, all others are numbers."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def spread(values: Iterable[float], form: str = ".2f") -> str:
    """`1.40 - **1.71** - 2.49`: the smallest, the median, the largest."""
    ordered = sorted(values)
    return f"{ordered[0]:{form}} - **{median(ordered):{form}}** - {ordered[-1]:{form}}"


def rate_cells(samples: Sequence[Sample]) -> list[str]:
    """Requests per second, and the latencies at the median and at the 99th percentile."""
    p50, p99 = median(sample.p50 for sample in samples), median(sample.p99 for sample in samples)
    return [f"{median(sample.rate for sample in samples):,.0f}", f"{p50:.2f} / {p99:.2f}"]


def heading(scale: Scale, peers: Sequence[Peer], left_out: Sequence[str]) -> str:
    """What was measured, where, and how to read it."""
    sizes = "" if scale.name == "full" else f" ARGS=--{scale.name}"
    missing = "".join(f"\n- left out: {line}" for line in left_out)
    others = "".join(f", {peer.name} {peer.version}" for peer in peers if peer.name not in {"bare", "mitmdump"})
    return f"""# Performance

Measured by `make bench{sizes}`, in one run on one machine, which also runs the clients.
A comparison measures both sides in {scale.pairs} pairs, and the side that goes first alternates.
Ratios and differences are calculated for each pair, and shown as smallest - **median** - largest.
All other figures are medians.
A measurement of throughput takes {scale.seconds} s.
The whole takes about half an hour on a quiet machine; the last line of the report says how long it was.

- {_processor()}, {os.cpu_count()} cores, {platform.system()}; load before the run: {os.getloadavg()[0]:.1f}
- Python {platform.python_version()}{_runtime("node", "--version")}{_runtime("java", "-version")}
- interceptor {version("pact-interceptor")}, mitmproxy {version("mitmproxy")}{others}{missing}
"""


def _runtime(program: str, option: str) -> str:
    if not shutil.which(program):
        return ""
    done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    number = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return f", {program} {number[0]}" if number else ""


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
