"""Looks for inputs that are dealt with badly, with atheris, which follows what the product does with each.

    python -m tests.faults.search handlers 3600    one target, for an hour
    python -m tests.faults.search all 3600         every target, in an hour

What is found is written to `corpus/TARGET/`, where the gate tries it from then on.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["interceptor"]):
    from tests.faults.fuzzing import HERE, MEGABYTES, SECONDS, TARGETS, corpus, tried

SLOWER = 10
"""Times that the machinery makes everything slower, about."""


def search(target: str, seconds: int) -> None:
    """Search a target; it ends the process, with a code other than 0 where something was found."""
    found = HERE / "corpus" / target
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="interceptor-search-") as name:
        for number, data in enumerate([*TARGETS[target][1](), *corpus(target)]):
            (Path(name) / str(number)).write_bytes(data)
        options = [
            f"-max_total_time={seconds}",
            f"-timeout={SECONDS * SLOWER}",
            f"-artifact_prefix={found}/",
            f"-malloc_limit_mb={MEGABYTES}",
            "-rss_limit_mb=2048",
            "-max_len=20000",
        ]
        atheris.Setup([sys.argv[0], *options, name], lambda data: tried(target, data))
        atheris.Fuzz()


def main() -> int:
    target, seconds = sys.argv[1], int(sys.argv[2])
    if target != "all":
        search(target, seconds)
        return 0
    share = max(1, seconds // len(TARGETS))
    codes = [subprocess.call([sys.executable, "-m", __spec__.name, each, str(share)]) for each in TARGETS]
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
