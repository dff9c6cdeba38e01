"""The tutorial, followed to the letter in an empty folder, with the package as pip installs it."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest

from tests.installed import ROOT, build_wheel, install_wheel
from tests.proxy.live import PATIENCE, clean_environment

pytestmark = pytest.mark.slow

TUTORIAL = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r'^```(?P<kind>\w+)(?: title="(?P<file>[^"]+)")?\n(?P<text>.*?)^```', re.DOTALL | re.MULTILINE)


def steps():
    """Each block: a file to write, or commands with what they print."""
    for block in BLOCK.finditer(TUTORIAL.read_text()):
        if block["file"]:
            yield block["file"], block["text"]
        elif block["kind"] == "console":
            for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block["text"], re.MULTILINE):
                yield None, (command, printed)


def test_every_step_does_what_it_says(tmp_path):
    programs = install_wheel(build_wheel(tmp_path / "source"), tmp_path / "installed")
    shop = tmp_path / "shop"
    shop.mkdir()
    environ = clean_environment() | {"PYTHONDONTWRITEBYTECODE": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    environ["PATH"] = f"{programs}:{environ['PATH']}"
    done = []
    for file, step in steps():
        if file:
            (shop / file).write_text(step)
            continue
        command, shown = step
        ended = subprocess.run(
            ["sh", "-c", f"{command} 2>&1"],
            cwd=shop,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert re.fullmatch(pattern(shown), ended.stdout), f"{command}\n{ended.stdout}"
        done.append(command.split()[0:2])
    assert ["interceptor", "run"] in done
    assert ["interceptor", "diff"] in done


def pattern(shown: str) -> str:
    """What prints as the tutorial shows it, but for times, and for a line of three dots, which stands for any lines."""
    lines = (r"(?:.*\n)*" if line == "..." else re.escape(line) + r"\n" for line in shown.splitlines())
    return re.sub(r"in\\ \d+\\\.\d+s", r"in [0-9.]+s", "".join(lines))


def test_the_installation_names_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"pip install {project['name']} " in TUTORIAL.read_text()


def test_no_block_is_passed_over():
    text = TUTORIAL.read_text()
    assert len(re.findall(r"^```\w", text, re.MULTILINE)) == len(BLOCK.findall(text))
