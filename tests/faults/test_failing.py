"""Whatever the system refuses, a command ends clearly, and what was promised is kept; `make torture` tries it all."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def program(name, *arguments):
    """A program of its own: it forks, which a process with threads better does not."""
    words = [sys.executable, "-m", f"tests.faults.{name}", *arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)


@pytest.mark.parametrize("story", ["run", "export"])
def test_a_call_that_fails_loses_nothing_that_was_promised(story):
    done = program("failing", "--story", story, "--sample", "3")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_kill_loses_nothing_older_than_a_tenth_of_a_second():
    done = program("kills", "--rounds", "5", "--seed", "1")
    assert done.returncode == 0, done.stdout + done.stderr
