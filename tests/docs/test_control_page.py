"""What the documentation shows runs; what it shows of JavaScript, in tests/clients/test_npm_package.py."""

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
    return "".join(re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))


def test_the_commands_shown_run(proxy):
    block = shown("sh").replace("curl ", "curl -sS --fail-with-body ")
    done = subprocess.run(
        ["sh", "-ec", block], env=os.environ | proxy.variables, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tests_shown_pass(environment, pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(shown("python"))
    pytester.runpytest_inprocess("--interceptor", "-p", "interceptor", "-p", "no:cacheprovider").assert_outcomes(
        passed=2
    )
