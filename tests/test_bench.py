"""`make bench`, with next to nothing to measure."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def bench(*arguments):
    command = [sys.executable, "-m", "bench", "--smoke", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_measures_what_was_asked_for_and_writes_the_report(tmp_path):
    report = tmp_path / "performance.md"
    done = bench("throughput", "handlers", "passing", "counts", "start", "export", "--peers=bare", f"--write={report}")
    assert done.returncode == 0, done.stderr
    assert report.read_text() == done.stdout.removesuffix("\n")
    assert re.findall("^##? (.*)", done.stdout, re.MULTILINE) == [
        "Performance",
        "Throughput and latency",
        "Many handlers",
        "Requests that pass through",
        "Counts on both sides",
        "Start",
        "Export",
    ]
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len([row for row in rows if row[0] == "| bare"]) == 5
    assert [row[5].rstrip(" |") for row in rows if row[1] == "20"] == ["20", "20", "20"]  # interactions of an export


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["throughputs"],
            "unknown: throughputs; there are throughput, handlers, memory, passing, counts, start, export, check",
        ),
        (["--peers=wire"], "no such peer: wire; there are bare, mitmdump"),
    ],
)
def test_what_it_does_not_know_it_says(arguments, said):
    done = bench(*arguments)
    assert done.returncode
    assert said in done.stderr
