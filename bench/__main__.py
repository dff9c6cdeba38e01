"""`python -m bench`: how fast the interceptor is, beside others that answer the same."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import check, counts, export, handlers, memory, passing, start, throughput
from bench.load import BenchError
from bench.pairs import tell
from bench.peers import known_peers
from bench.report import heading
from bench.scale import FULL, QUICK, SMOKE

PARTS = ("throughput", "handlers", "memory", "passing", "counts", "start", "export", "check")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"what to measure: {', '.join(PARTS)}; default: everything")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="scale", action="store_const", const=QUICK, default=FULL, help="a first look")
    size.add_argument("--smoke", dest="scale", action="store_const", const=SMOKE, help="only see that it works")
    parser.add_argument("--peers", metavar="NAMES", help="beside these only, with commas between them; '' for none")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the report to this file")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    # What is installed is compiled; the sources measured here are so too, from their second start on.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that whatever was started is ended

    began = time.perf_counter()
    wanted = None if options.peers is None else [name for name in options.peers.split(",") if name]
    with tempfile.TemporaryDirectory(prefix="interceptor-bench-") as name:
        folder, scale = Path(name), options.scale
        try:
            peers, left_out = known_peers(wanted)
        except BenchError as error:
            parser.error(str(error))
        parts: dict[str, Callable[[], str]] = {
            "throughput": partial(throughput.report, scale, peers, folder),
            "handlers": partial(handlers.report, scale, folder),
            "memory": partial(memory.report, scale, folder),
            "passing": partial(passing.report, scale, folder),
            "counts": partial(counts.report, scale, folder),
            "start": partial(start.report, scale, peers, folder),
            "export": partial(export.report, scale, folder, wanted),
            "check": partial(check.report, scale, folder, wanted),
        }
        sections, failed = [heading(scale, peers, left_out)], False
        for part in options.parts or PARTS:
            try:
                sections.append(parts[part]())
            except (BenchError, OSError, subprocess.CalledProcessError) as error:
                sections.append(f"## {part.capitalize()}\n\nNot measured: {error}\n")
                failed = True
    tell("")
    sections.append(f"All of this took {(time.perf_counter() - began) / 60:.0f} minutes.\n")
    text = "\n".join(sections)
    print(text)
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    sys.exit(failed)


if __name__ == "__main__":
    main()
