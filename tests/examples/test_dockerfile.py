"""The lines of the Dockerfile, as processes: the image cannot be built where the tests run."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.proxy.live import PATIENCE, clean_environment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-the-tests"


@pytest.fixture(scope="module")
def lines():
    """Instruction -> its words."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    return dict(line.split(" ", 1) for line in text.splitlines() if line and not line.startswith("#"))


def test_what_it_installs_serves_and_is_healthy(tmp_path, lines):
    source, python = tmp_path / "source", tmp_path / "image" / "bin" / "python"
    _copy_context(source)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "image"], check=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(tmp_path / "image")}))
    shutil.copytree(Path(sysconfig.get_path("purelib")), tmp_path / "installed", ignore=_our_own)
    (packages / "installed.pth").write_text(f"{tmp_path / 'installed'}\n")

    install, remove = (shlex.split(part) for part in lines["RUN"].replace("/source", str(source)).split(" && "))
    assert install[:2] == ["pip", "install"]
    offline = ["--no-deps", "--no-build-isolation", "--quiet"]  # what it needs is beside it already
    subprocess.run([sys.executable, "-m", "pip", "--python", python, *install[1:], *offline], check=True)
    subprocess.run(remove, check=True)
    assert not source.exists()

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    project = shutil.copytree(ROOT / "examples" / "product-site", tmp_path / "project")
    started = [*json.loads(lines["ENTRYPOINT"]), *json.loads(lines["CMD"])]
    assert lines["EXPOSE"] in started
    words = [{"0.0.0.0": "127.0.0.1", lines["EXPOSE"]: port}.get(word, word) for word in started]
    check = json.loads(lines["HEALTHCHECK"].partition("CMD ")[2].replace(lines["EXPOSE"], port))
    environ = clean_environment() | {"INTERCEPTOR_TOKEN": TOKEN, "PATH": f"{python.parent}:/usr/bin:/bin"}
    with subprocess.Popen(
        [python.parent / words[0], *words[1:]], cwd=project, env=environ, stderr=subprocess.PIPE
    ) as served:
        try:
            assert b"the proxy is at" in served.stderr.readline()
            assert subprocess.run([python, *check[1:]], env=environ, check=False, timeout=PATIENCE).returncode == 0
            with urlopen(f"http://127.0.0.1:{port}/health") as answer:
                assert answer.status == 200
        finally:
            served.terminate()
    refused = subprocess.run([python, *check[1:]], env=environ, capture_output=True, check=False, timeout=PATIENCE)
    assert refused.returncode != 0


def _copy_context(folder: Path) -> None:
    """What the builder is given: .dockerignore leaves everything out but what it names after a `!`."""
    patterns = (ROOT / ".dockerignore").read_text().split()
    assert patterns[0] == "**"
    folder.mkdir()
    for kept in (each[1:] for each in patterns if each.startswith("!")):
        if kept.endswith("/"):
            shutil.copytree(ROOT / kept, folder / kept, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / kept, folder)


def _our_own(_: str, names: list[str]) -> list[str]:
    return [name for name in names if "interceptor" in name]
