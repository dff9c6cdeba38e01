"""What the documentation shows runs."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "control.md").read_text()


def shown(language):
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return block


@pytest.mark.parametrize(
    ("language", "command"),
    [("sh", ["sh", "-ec"]), ("js", ["node", "--input-type=module", "-e"])],
)
def test_a_snippet_runs(proxy, language, command):
    block = shown(language).replace("curl ", "curl -sS --fail-with-body ")
    done = subprocess.run(
        [*command, block], env=os.environ | proxy.variables, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tests_shown_pass(environment, pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(shown("python"))
    pytester.runpytest_inprocess("--interceptor", "-p", "interceptor", "-p", "no:cacheprovider").assert_outcomes(
        passed=2
    )
