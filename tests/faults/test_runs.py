"""The command itself under faults: the act is done, and its exit code kept, whatever becomes of what is said."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
import requests

from tests.forked import INTERCEPTOR, REAL
from tests.proxy.live import clean_environment, serve, served

pytestmark = pytest.mark.slow

PROGRAM = " ".join(INTERCEPTOR)
ASK = f"{sys.executable} ask.py"
"""A command that asks for a path, and ends with a code."""
ASKING = """\
import sys
import urllib.error
import urllib.request

try:
    urllib.request.urlopen(f"http://p.example.test/{sys.argv[1]}").read()
except urllib.error.HTTPError:
    pass
sys.exit(int(sys.argv[2]))
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "handlers").mkdir()
    (tmp_path / "interceptor.yaml").write_text(
        "consumer: Site\nproviders:\n  P:\n    url: http://p.example.test\n", encoding="utf-8"
    )
    (tmp_path / "ask.py").write_text(ASKING, encoding="utf-8")
    answer(tmp_path, "{request: GET /items/:id, response: {json: {ok: true}}}")
    return tmp_path


def answer(project, handler):
    (project / "handlers" / "p.yaml").write_text(f"provider: P\nhandlers:\n  - {handler}\n", encoding="utf-8")


def shell(project, line, **options):
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],  # any bash will do
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def pacts(project):
    return [path.name for path in (project / "msw_generated_pacts").glob("*.json")]


@pytest.mark.parametrize("unheard", ["2>/dev/full", "2>&-", "2>&1 | true", ">&- 2>&-"])
def test_the_pact_is_written_though_nobody_hears_of_it(project, unheard):
    done = shell(project, f"{PROGRAM} run -- {ASK} items/1 0 {unheard}")
    assert (done.returncode, done.stdout, pacts(project)) == (0, "", ["Site-P.json"])


@pytest.mark.parametrize("unheard", ["2>/dev/full", "2>&-", "2>&1 | true", ">/dev/full"])
def test_the_exit_code_is_the_commands_though_nobody_hears_of_it(project, unheard):
    done = shell(project, f"{PROGRAM} run -- sh -c 'sleep .2; exit 3' {unheard}")
    assert (done.returncode, done.stdout) == (3, "")
    assert "Traceback" not in done.stderr


def test_a_result_that_cannot_be_written_is_no_bug(project):
    shell(project, f"{PROGRAM} run --export never -- {ASK} items/1 0")
    done = shell(project, f"{PROGRAM} export --json >/dev/full")
    assert (done.returncode, pacts(project)) == (0, ["Site-P.json"])
    assert done.stderr == "interceptor  cannot write the result to the standard output: No space left on device\n"


def test_a_pact_that_cannot_be_written_leaves_the_commands_exit_code(project):
    (project / "msw_generated_pacts").write_text("in the way")
    line = f"{PROGRAM} run --export always -- {ASK} items/1"
    failed, succeeded = shell(project, f"{line} 3"), shell(project, f"{line} 0")
    assert (failed.returncode, succeeded.returncode) == (3, 1)
    assert "cannot write the pact" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_full_disk_is_told_once_and_leaves_the_commands_exit_code(project):
    ask_often = (
        "import sys, urllib.request as u\n"
        "for n in range(250): u.urlopen(f'http://p.example.test/items/{n}?q=' + 'ab' * 3000).read()\n"
        "sys.exit(3)\n"
    )
    (project / "often.py").write_text(ask_often)
    done = shell(project, f"ulimit -f 800; trap '' XFSZ; {' '.join(REAL)} run -- {sys.executable} often.py")
    assert done.returncode == 3
    assert done.stderr.count("cannot write the journal") == 1
    assert "Traceback" not in done.stderr


def test_a_hangup_ends_serving_and_leaves_no_key_behind(project):
    process = subprocess.Popen([*INTERCEPTOR, "serve"], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert "HTTP_PROXY" in served(project, process)
    assert list((project / ".interceptor").glob("run-*"))
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert list((project / ".interceptor").glob("run-*")) == []


def test_what_a_killed_export_left_is_swept(project):
    (project / "msw_generated_pacts").mkdir()
    (project / "msw_generated_pacts" / ".interceptor-killed.tmp").write_text("{")
    shell(project, f"{PROGRAM} run -- {ASK} items/1 0")
    assert [path.name for path in (project / "msw_generated_pacts").iterdir() if path.suffix in {".tmp", ".json"}] == [
        "Site-P.json"
    ]


@pytest.mark.parametrize("expression", ["7 ** (10 ** 8)", "'x' * 10 ** 9", "[1] * 10 ** 9", "10 ** 4000 * 10 ** 4000"])
def test_an_expression_that_computes_for_ever_is_refused(project, expression):
    answer(project, f'{{request: GET /items/:id, response: {{json: {{n: "{{{{ {expression} }}}}"}}}}}}')
    assert "Traceback" not in shell(project, f"{PROGRAM} lint").stderr
    done = shell(project, f"{PROGRAM} run -- {ASK} items/1 0")
    assert done.returncode == 1
    assert "would be too large" in done.stderr


def test_a_path_gives_no_orders_to_terminals_and_ci(project):
    for command in (f"{PROGRAM} run", f"{PROGRAM} -v run"):
        done = shell(project, f"{command} -- {ASK} 'zz%0a::error::x%1b%5d0;t%07' 0 2>&1")
        assert "error::x" in done.stdout
        ours = done.stdout
        assert not re.search(r"^\s*::error::", ours, re.MULTILINE)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", ours)


HOLDING = """\
import re


def held(request, params, data):
    re.match("^(a|a)*$", "a" * 80 + "!")
"""


def test_a_signal_ends_a_run_whose_interpreter_a_resolver_holds_and_what_was_answered_is_noted(project):
    """`re` gives the interpreter back to nobody, and would do so in years."""
    (project / "handlers" / "r.py").write_text(HOLDING, encoding="utf-8")
    answer(
        project,
        "{request: GET /items/:id, response: {json: {ok: true}}}\n"
        "  - {request: GET /held, response: {python: r.py:held}}",
    )
    ask = "curl -s --noproxy '' -m {} -x $HTTP_PROXY http://p.example.test/{} >/dev/null"
    line = f"{ask.format(30, 'items/1')}; {ask.format(3, 'held')}; touch ended"
    with subprocess.Popen([*REAL, "run", "--", "sh", "-c", line], cwd=project, stderr=subprocess.DEVNULL) as run:
        try:
            for _ in range(600):
                if (project / "ended").exists():
                    break
                time.sleep(0.1)
            run.send_signal(signal.SIGTERM)
            assert run.wait(60) == -signal.SIGKILL
        finally:
            run.kill()
    (journal,) = (project / ".interceptor" / "recordings").glob("*.jsonl")
    assert '"path":"/items/1"' in journal.read_text(encoding="utf-8").replace(" ", "")


SLOW = """\
import time


def slow(request, params, data):
    time.sleep(30)
"""


def test_a_request_that_a_resolver_has_when_the_command_ends_is_noted(project):
    (project / "handlers" / "r.py").write_text(SLOW, encoding="utf-8")
    answer(project, "{request: GET /slow, response: {python: r.py:slow}}")
    ask = "curl -s --noproxy '' -m {} -x $HTTP_PROXY http://p.example.test/slow"
    for seconds in (1, 30):  # the client leaves first; it is there still
        line = f"{ask.format(seconds)} & sleep 2; true"
        done = shell(project, f"{PROGRAM} run -- sh -c '{line}'")
        assert done.returncode == 0, done.stderr
        assert "1 request · 1 mocked" in done.stderr


KEPT = """\
import os
import socket
import sys

connections = []
host, port = os.environ["HTTP_PROXY"].partition("//")[2].split(":")
for _ in range(300):
    connections.append(socket.create_connection((host, int(port)), timeout=60))
for number in range(5):
    for at, each in enumerate(connections):
        head = b"GET http://p.example.test/items/%d HTTP/1.1\\r\\nhost: p.example.test\\r\\n" % at
        each.sendall(head + b"connection: close\\r\\n" * (number == 4) + b"\\r\\n")
answered = 0
for each in connections:
    heard = b""
    while data := each.recv(65536):
        heard += data
    answered += heard.count(b" 200 OK")
sys.exit(answered != 1500)
"""


@pytest.mark.parametrize("limit", ["-Sn", "-n"])
def test_clients_wait_where_descriptors_are_short(project, limit):
    """With `-Sn` we may raise the limit; with `-n` nobody may, and the command has no more than we have."""
    (project / "kept.py").write_text(KEPT, encoding="utf-8")
    words = f"{' '.join(REAL)} run --export never -- bash -c"
    raised = "ulimit -Sn 1000; " if limit == "-Sn" else ""
    program = f"{sys.executable} kept.py"
    if limit == "-n":
        (project / "kept.py").write_text(KEPT.replace("300", "150").replace("1500", "750"), encoding="utf-8")
        program = f"{program} & {program} & wait -n && wait -n"
    done = shell(project, f"ulimit {limit} 256; {words} '{raised}{program}'")
    assert done.returncode == 0, done.stderr
    assert "1500 requests · 1500 mocked" in done.stderr


ODD = """\
class Odd(dict):
    def items(self):
        raise OSError("no")

    __iter__ = keys = values = items


def cyclic(request, params, data):
    held = {}
    held["json"] = {"a": [held]}
    return held


def value(request, params, data):
    return {"json": {"a": object(), 1: {2, 3}}}


def odd(request, params, data):
    return {"json": Odd(a=1), "headers": Odd(a=1)}


def raising(request, params, data):
    raise OSError(28, "No space left on device")
"""


def test_a_fault_of_a_resolver_is_no_traceback(project):
    (project / "handlers" / "r.py").write_text(ODD, encoding="utf-8")
    names = ("cyclic", "value", "odd", "raising")
    answer(
        project,
        "\n  - ".join(f"{{request: GET /{name}, response: {{python: r.py:{name}}}}}" for name in names),
    )
    with serve(project, clean_environment()) as proxy:
        for name in names:
            answered = requests.get(f"http://p.example.test/{name}", proxies={"http": proxy.url}, timeout=60)
            assert answered.status_code == 500
            assert re.search(r"r\.py|handlers/p\.yaml", answered.json()["detail"])
        said = proxy.stop()
    assert "Traceback" not in said
    assert "returned no response: it holds itself, or is nested too deep" in said


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a file system of a megabyte")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_serving_goes_on_where_the_disk_is_full(project, small_disk):
    shutil.copytree(project / "handlers", small_disk / "handlers")
    shutil.copy(project / "interceptor.yaml", small_disk)
    with serve(small_disk, clean_environment()) as proxy:
        for number in range(250):
            url = f"http://p.example.test/items/{number}?q={'ab' * 3000}"
            assert requests.get(url, proxies={"http": proxy.url}, timeout=60).json() == {"ok": True}
        said = proxy.stop()
    assert said.count("cannot write the journal") == 1
    assert "Traceback" not in said
    assert proxy.process.returncode == 2
