"""The example as a user runs it: its own tests under the interceptor, and the pacts that come of it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.forked import INTERCEPTOR

pytestmark = pytest.mark.slow

INSTALLED = [str(Path(sysconfig.get_path("scripts")) / "interceptor")]
EXAMPLE = Path(__file__).parents[2] / "examples" / "product-site"
PACTS = "msw_generated_pacts"


@pytest.fixture
def example(tmp_path):
    """A copy of the example without its pacts."""
    copy = tmp_path / "product-site"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns(PACTS, ".interceptor", "__pycache__"))
    return copy


def run(example, *arguments, program=INTERCEPTOR):
    return subprocess.run(
        [*program, "run", "--", sys.executable, "-B", "-m", "pytest", *arguments],
        cwd=example,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )


def pacts(folder):
    return {file.name: file.read_text() for file in (folder / PACTS).iterdir()}


def test_its_tests_pass_and_give_the_committed_pacts(example):
    done = run(example, program=INSTALLED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 passed" in done.stdout
    assert "11 requests · 11 mocked · 0 unhandled" in done.stderr
    assert pacts(example) == pacts(EXAMPLE)


def test_the_order_of_the_tests_does_not_matter(example):
    done = run(example, "tests/test_stock.py", "tests/test_catalogue.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert pacts(example) == pacts(EXAMPLE)


def test_a_request_that_no_handler_knows_fails_the_run(example):
    (example / "handlers" / "stock.yaml").write_text("provider: Stock API\nhandlers: []\n")
    done = run(example, "tests/test_stock.py")
    assert done.returncode == 1
    assert "unhandled" in done.stderr
    assert "http://stock.example.com/stock/10" in done.stderr
    assert not (example / PACTS).exists()


def test_the_miss_that_the_readme_shows(example):
    readme = (EXAMPLE.parents[1] / "README.md").read_text()
    shown = readme.partition("$ interceptor run -- curl ")[2].partition("```")[0]
    words, _, said = shown.partition("\n")
    done = subprocess.run(
        [*INTERCEPTOR, "run", "--", "curl", *words.split()], cwd=example, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, said)
