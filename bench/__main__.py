"""`python -m bench`: interleaved pairs of measurements, and a table of them."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.load import Load, Sample, measure

HERE = Path(__file__).parent
SCRIPTS = Path(sysconfig.get_path("scripts"))
TRAFFIC = {
    "plain http, a constant answer": "http://api.example.com/products/10",
    "plain http, a template": "http://api.example.com/templated/10",
    "TLS, a constant answer": "https://api.example.com/products/10",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=7, help="pairs of measurements for each kind of traffic")
    parser.add_argument("--requests", type=int, default=2000, help="requests of one measurement")
    parser.add_argument("--connections", type=int, default=8, help="keep-alive connections at a time")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the report to this file")
    options = parser.parse_args()
    load = Load(options.connections, options.requests)

    with (
        tempfile.TemporaryDirectory() as folder,
        _interceptor(Path(folder)) as ours,
        _mitmdump(Path(folder)) as plain,
    ):
        rows = [_row(name, _compare(url, ours, plain, load, options.pairs)) for name, url in TRAFFIC.items()]
    report = _report(rows, load, options.pairs)
    print(report)
    if options.write:
        options.write.write_text(report, encoding="utf-8")


def _compare(url: str, ours: int, plain: int, load: Load, pairs: int) -> list[tuple[Sample, Sample]]:
    """Ours and plain take turns at going first, so that whatever else the machine does meets both."""
    samples = []
    for number in range(pairs + 1):
        print(f"\r{url}: {number} of {pairs} ", end="", file=sys.stderr, flush=True)
        if number % 2:
            samples.append((measure(ours, url, load), measure(plain, url, load)))
        else:
            second = measure(plain, url, load)
            samples.append((measure(ours, url, load), second))
    print("\r\033[K", end="", file=sys.stderr)
    return samples[1:]  # the first pair warms both up


def _row(name: str, samples: list[tuple[Sample, Sample]]) -> str:
    ratios = sorted(ours.rate / plain.rate for ours, plain in samples)
    cells = [name]
    for side in zip(*samples, strict=True):
        cells.append(f"{median(sample.rate for sample in side):,.0f}")
        cells.append(f"{median(sample.p50 for sample in side):.1f} / {median(sample.p99 for sample in side):.1f}")
    cells.append(f"{ratios[0]:.2f} - **{median(ratios):.2f}** - {ratios[-1]:.2f}")
    return f"| {' | '.join(cells)} |"


def _report(rows: list[str], load: Load, pairs: int) -> str:
    table = "\n".join(rows)
    return f"""# Performance

The proxy, with recording, beside a plain `mitmdump` that gives the same answer from three lines of Python
(`bench/plain.py`). Medians of {pairs} interleaved pairs of {load.requests:,} requests over {load.connections}
keep-alive connections; the ratio of requests per second is taken pair by pair. Measured by `make bench`.

{_processor()}, {os.cpu_count()} cores, {platform.system()}; Python {platform.python_version()}, mitmproxy \
{version("mitmproxy")}, interceptor {version("pact-interceptor")}; {datetime.now(UTC):%Y-%m-%d}.

| traffic | interceptor, requests/s | p50 / p99 ms | mitmdump, requests/s | p50 / p99 ms | ratio: min - median - max |
|---|---:|---:|---:|---:|---:|
{table}
"""


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@contextmanager
def _interceptor(folder: Path) -> Iterator[int]:
    project = folder / "project"
    shutil.copytree(HERE / "project", project)
    port = _free_port()
    with _running([str(SCRIPTS / "interceptor"), "serve", f"--port={port}"], project, port):
        yield port


@contextmanager
def _mitmdump(folder: Path) -> Iterator[int]:
    port = _free_port()
    options = ["--quiet", f"--scripts={HERE / 'plain.py'}", "--listen-host=127.0.0.1", f"--listen-port={port}"]
    settings = [f"--set=confdir={folder / 'mitmproxy'}", "--set=connection_strategy=lazy"]
    with _running([str(SCRIPTS / "mitmdump"), *options, *settings], folder, port):
        yield port


@contextmanager
def _running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """The command while the block runs, from the moment that its port answers."""
    log = folder / "log"
    with log.open("wb") as output, subprocess.Popen(command, cwd=folder, stdout=output, stderr=output) as process:
        try:
            deadline = time.monotonic() + 30
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{command[0]} does not listen: {log.read_text(encoding='utf-8')}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
