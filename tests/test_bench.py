"""`make bench`, with next to nothing to measure."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_it_measures_both_and_prints_a_table(tmp_path):
    report = tmp_path / "performance.md"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--pairs=1", "--requests=8", "--connections=2", f"--write={report}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert report.read_text() == done.stdout.removesuffix("\n")
    rows = [line.split(" | ")[0] for line in done.stdout.splitlines() if line.startswith("| ")]
    assert rows == [
        "| traffic",
        "| plain http, a constant answer",
        "| plain http, a template",
        "| TLS, a constant answer",
    ]
