"""Every command of docs/workflow.md says what the page shows: both sides, in order, with the real client."""

import contextlib
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests import brokers, forked

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
PAGE = Path(__file__).parents[2] / "docs" / "workflow.md"
PROMPT = re.compile(r"(?P<side>site|api)\$ (?P<command>.*)")
SHOWN = {"site": "2c4b58555dc1d1f4331df89d197a49326e1fe934", "api": "9d0f61e1c3b74cd0bd6b5c0a2b8b0a7a4f1f3c55"}
"""The commits on the page, which stand for those that git makes here."""
SUITE = "#!/bin/sh\nexec curl --silent --output /dev/null -H 'authorization: Bearer s3cret' $API_URL/products/10\n"
"""What `npm test` does here."""
PROJECT = """
consumer: Product Site
providers: {Product API: {url: http://api.example.com/v1, env: API_URL}}
handlers: handlers.yaml
"""


def steps(text):
    """`(side, command, what is shown)` of every command in the console blocks."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if prompt := PROMPT.fullmatch(line):
                found.append((prompt["side"], prompt["command"], []))
            elif found[-1][1].endswith("\\"):
                side, command, shown = found.pop()
                found.append((side, f"{command}\n{line}", shown))
            else:
                found[-1][2].append(line)
    return found


@contextlib.contextmanager
def the_api(folder):
    """The provider, and its port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    log = folder.parent / "api.log"
    with (
        log.open("w") as output,
        subprocess.Popen([sys.executable, "api.py", str(port)], cwd=folder, stdout=output, stderr=output) as process,
    ):
        try:
            brokers.wait_for(port, process, log)
            yield port
        finally:
            process.kill()


@pytest.fixture
def walk(tmp_path):
    """Runs a command of the page on its side, and says what it printed in the page's own terms."""
    page = PAGE.read_text("utf-8")
    (handlers,) = re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    for side, files in (
        ("site", {"interceptor.yaml": PROJECT, "handlers.yaml": handlers}),
        ("api", {"api.py": (HERE / "api.py").read_text()}),
    ):
        (tmp_path / side).mkdir()
        for name, text in {**files, ".gitignore": ".interceptor\nmsw_generated_pacts\n__pycache__\n*.xml\n"}.items():
            (tmp_path / side / name).write_text(text)
        git(tmp_path / side, "init", "-q", "-b", "main")
        git(tmp_path / side, "add", ".")
        git(tmp_path / side, "commit", "-q", "-m", "first")
    commands = forked.program(tmp_path / "bin")
    (commands / "npm").write_text(SUITE)
    (commands / "npm").chmod(stat.S_IRWXU)
    broker = tmp_path / "broker"
    shutil.copytree(brokers.FOLDER, broker)
    shutil.copy(HERE / "broker.yaml", broker / "handlers" / "a_walk.yaml")
    with brokers.serving(broker) as served, the_api(tmp_path / "api") as port:
        path = os.pathsep.join((str(commands), sysconfig.get_path("scripts"), os.environ["PATH"]))
        environment = brokers.clean_environment(PATH=path, PACT_BROKER_BASE_URL=served.url, TOKEN="the-real-token")

        def call(side, command):
            done = subprocess.run(
                ["bash", "-c", command.replace("localhost:8000", f"localhost:{port}")],
                cwd=tmp_path / side,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            said = done.stdout.replace(served.url, "https://broker.example.com")
            said = said.replace("http://broker.example.com", "https://broker.example.com")
            for each, shown in SHOWN.items():
                said = said.replace(git(tmp_path / each, "rev-parse", "HEAD"), shown)
            return said.splitlines()

        yield call


def git(folder, *arguments):
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        env=brokers.clean_environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_every_command_says_what_the_page_shows(walk, tmp_path):
    found = steps(PAGE.read_text("utf-8"))
    assert len(found) > 10
    shown = [(side, command, lines) for side, command, lines in found]
    really = []
    for side, command, _ in found:
        if command.startswith("git commit"):
            (tmp_path / side / "weight").touch()
            git(tmp_path / side, "add", ".")
            git(tmp_path / side, "commit", "-q", "-m", "second")
            really.append((side, command, []))
        else:
            really.append((side, command, walk(side, command)))
    assert really == shown
