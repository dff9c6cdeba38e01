"""What a run shows: on a terminal, to programs, to GitHub; and what `serve` prints."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from xml.etree import ElementTree as ET

import pytest

from tests.forked import INTERCEPTOR, REAL
from tests.proxy.live import clean_environment, serve, write
from tests.report.conftest import SITE, interceptor

pytestmark = pytest.mark.slow
FILES = {
    "interceptor.yaml": SITE,
    "handlers.yaml": """\
provider: API
handlers:
  - {request: GET /item, response: {json: {id: 1}}}
  - {request: GET /broken, response: {json: "{{ 1 // (request.query.n | int) }}"}}
""",
    "ask.py": """\
import os, sys, time, urllib.request, urllib.error
for path in sys.argv[2:]:
    try:
        urllib.request.urlopen(f"http://api.example.test{path}")
    except urllib.error.HTTPError:
        pass
time.sleep(float(sys.argv[1]))
""",
}


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path, FILES)


def run(folder, *options, paths, environ=()):
    words = [*INTERCEPTOR, "run", *options, "--", sys.executable, "ask.py", "0", *paths]
    return subprocess.run(
        words,
        cwd=folder,
        env=clean_environment() | dict(environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def on_a_terminal(folder, seconds, *paths, environ=()):
    """What a terminal of 24 rows is told."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        words = [*REAL, "run", "--", sys.executable, "ask.py", str(seconds), *paths]
        os.execve(sys.executable, words, clean_environment() | {"TERM": "xterm"} | dict(environ))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    told = b""
    try:
        while data := os.read(terminal, 65536):
            told += data
    except OSError:  # the other end is closed
        pass
    os.close(terminal)
    os.waitpid(process, 0)
    return told.decode()


def test_a_long_command_has_a_progress_line_in_the_last_row(folder):
    told = on_a_terminal(folder, 4, "/item", "/none")
    assert "\x1b[1;23r" in told  # what the command prints scrolls above it
    assert re.search(
        r"\x1b\[24;1H\x1b\[2K\x1b\[7minterceptor  00:0\d  2 requests · 1 missed · http://127.0.0.1:\d+/", told
    )
    progress, _, block = told.rpartition("\x1b7\x1b[r\x1b8\x1b[J")
    assert progress
    assert "\x1b[1;31m1 unhandled\x1b[0m" in block
    assert "\x1b[1mnext: \x1b[0madd the missing handlers" in block


def test_a_short_one_has_none_and_no_colour_is_respected(folder):
    told = on_a_terminal(folder, 0, "/item", environ={"NO_COLOR": "1"})
    assert "\x1b" not in told
    assert "interceptor  1 request · 1 mocked · 0 unhandled · 1 handler never used (handlers.yaml:4)\r\n" in told
    assert "interceptor  msw_generated_pacts/Site-API.json   1 interaction   +1 ~0 -0\r\n" in told
    assert "interceptor  next: look at the change (interceptor diff), then commit msw_generated_pacts\r\n" in told


def test_programs_and_ci_get_the_result(folder):
    summary = folder / "summary.md"
    summary.write_text("before\n")
    ended = run(
        folder, "--json", "--junit", "out/result.xml", "--report", "out/report.html",
        paths=["/item", "/broken?n=0", "/<b>none", "/<b>none"], environ={"GITHUB_STEP_SUMMARY": str(summary)},
    )  # fmt: skip
    assert ended.returncode == 1
    result = json.loads(ended.stdout.splitlines()[-1])
    assert (result["exit_code"], result["command"]) == (1, {"exit_code": 0})
    assert (result["requests"], result["unhandled"], result["failed"], result["contract"]) == (4, 2, 1, None)
    assert result["never_used"] == []
    assert result["next"].startswith("add the missing handlers")

    cases = ET.parse(folder / "out" / "result.xml").getroot().findall("testsuite/testcase")
    assert [case.find("failure").get("type") for case in cases] == ["unhandled", "failed"]
    assert cases[0].get("name") == "GET http://api.example.test/<b>none has no handler"

    annotations = [line for line in ended.stderr.splitlines() if line.startswith("::")]
    assert annotations[0].startswith(
        "::error file=handlers.yaml,line=3,title=unhandled request::GET http://api.example"
    )
    assert annotations[1].startswith("::error file=handlers.yaml,line=4,title=failed response::handlers.yaml:4")
    markdown = summary.read_text()
    assert markdown.startswith("before\n## interceptor\n\n4 requests · 1 mocked · 1 failed · 2 unhandled\n")
    assert (
        "<details><summary>No handler: GET http://api.example.test/&lt;b&gt;none has no handler (2 times)" in markdown
    )
    assert '"outcome":"unhandled"' in (folder / "out" / "report.html").read_text()


def test_a_clean_run_says_so_everywhere(folder):
    summary = folder / "summary.md"
    ended = run(
        folder, "--json", "--junit", "result.xml",
        paths=["/item"], environ={"GITHUB_STEP_SUMMARY": str(summary)},
    )  # fmt: skip
    assert ended.returncode == 0
    result = json.loads(ended.stdout.splitlines()[-1])
    (written,) = result["contract"]["pacts"]
    assert (written["file"], written["added"]) == ("msw_generated_pacts/Site-API.json", 1)
    (case,) = ET.parse(folder / "result.xml").getroot().findall("testsuite/testcase")
    assert (case.get("name"), list(case)) == ("1 request answered", [])
    assert "| msw_generated_pacts/Site-API.json | 1 | 1 | 0 | 0 |" in summary.read_text()
    assert "::" not in ended.stderr


def test_a_failed_command_is_what_to_mend(folder):
    ended = subprocess.run(
        [*INTERCEPTOR, "run", "--", "false"], cwd=folder, env=clean_environment(), capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "interceptor  next: mend the command, which ended with 1; no pact was written\n" in ended.stderr


def test_serve_says_what_one_needs_and_gives_its_variables_to_another_terminal(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert interceptor("serve", "--env") == 2
    assert "no proxy of this project is running" in capsys.readouterr().err
    with serve(folder, clean_environment()) as serving:
        assert interceptor("serve", "--env") in {None, 0}
        script = f"{capsys.readouterr().out}\ncurl -s http://api.example.test/item"
        done = subprocess.run(
            ["sh", "-c", script], env=clean_environment(), capture_output=True, text=True, check=False
        )
        assert done.stdout == '{"id":1}'
        said = serving.stop()
    assert f"interceptor  the proxy is at {serving.url}\n" in said
    assert f"interceptor  what happens is shown at {serving.variables['INTERCEPTOR_URL']}/report\n" in said
    assert list((folder / ".interceptor").glob("run-*")) == []
    assert interceptor("serve", "--env") == 2


def test_a_token_of_the_users_own_is_not_printed(folder):
    token = "a-token-that-nobody-sees"
    with serve(folder, clean_environment() | {"INTERCEPTOR_TOKEN": token}) as serving:
        said = serving.stop()
    assert "/TOKEN/report\n" in said
    assert token not in said
