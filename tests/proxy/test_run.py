"""`interceptor run`: a command under the proxy, as users start it."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from interceptor.cli import main
from tests.forked import INTERCEPTOR, REAL

from .conftest import ANSWERS
from .live import PATIENCE, clean_environment, write

pytestmark = pytest.mark.slow

ASK = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())"
PRODUCT = "http://plain.example.test/products/10"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(tmp_path_factory.mktemp("run"), ANSWERS)


@pytest.fixture
def answers(tmp_path, monkeypatch):
    """The same project, in the current directory."""
    monkeypatch.chdir(write(tmp_path, ANSWERS))
    return tmp_path


@pytest.fixture
def called(answers, capfd):
    """`interceptor run` within this process, for runs that come to nothing."""

    def call(*words):
        with pytest.raises(SystemExit) as ended:
            main(["run", *words])
        return ended.value.code, *capfd.readouterr()

    return call


def run(folder, *words, **further):
    """`interceptor run` with options and a command, finished."""
    return subprocess.run(
        [*INTERCEPTOR, "run", *words],
        cwd=folder,
        env=clean_environment() | further.pop("env", {}),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        **further,
    )


def python(code, *arguments):
    return ["--", sys.executable, "-c", code, *arguments]


def journals(folder):
    return sorted((folder / ".interceptor" / "recordings").glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)


def test_a_command_is_answered_and_recorded_and_strict_fails_it_for_unused_handlers(folder):
    ended = run(folder, "--strict", "--export", "never", "--consumer", "Another Site", *python(ASK, PRODUCT))
    assert (ended.returncode, ended.stdout) == (1, '{"id":"10"}\n')
    assert ended.stderr.startswith("interceptor  1 request · 1 mocked · 0 unhandled · 8 handlers never used (")
    header, noted, end = map(json.loads, journals(folder)[-1].read_text().splitlines())
    assert (end["ended"]["exit_code"], end["ended"]["requests"]) == (0, 1)
    assert (header["consumer"], noted["request"]["url"]) == ("Another Site", PRODUCT)
    assert list((folder / ".interceptor").glob("run-*")) == []


def test_connections_that_outlive_the_command_end_quietly(folder):
    keep = (
        "import os, socket, subprocess\n"
        "host, port = os.environ['HTTP_PROXY'].removeprefix('http://').split(':')\n"
        "connection = socket.create_connection((host, int(port)))\n"
        "connection.sendall(b'GET http://plain.example.test/never HTTP/1.1')\n"
        "print(subprocess.Popen(['sleep', '60'], pass_fds=[connection.fileno()], stdout=-3, stderr=-3).pid)"
    )
    ended = run(folder, "-v", "--export", "never", "--allow-empty", *python(keep))
    os.kill(int(ended.stdout), signal.SIGKILL)
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    assert "interceptor       0  handlers/api.yaml:4\n" in ended.stderr  # with -v: how often each handler answered


def test_a_client_that_distrusts_the_certificate_is_named(folder, origin):
    words = ["curl", "-s", "--cacert", str(origin.certificate), "https://api.example.test/v1/products/1"]
    ended = run(folder, "--", *words)
    assert ended.returncode == 60
    assert "a client refused the certificate for api.example.test; " in ended.stderr


def test_the_pacts_are_written_when_all_went_well(tmp_path):
    write(tmp_path, ANSWERS)
    pact = tmp_path / "msw_generated_pacts" / "Product Site-Plain API.json"
    assert run(tmp_path, *python(ASK, "http://plain.example.test/products/10", "x")).returncode == 0
    (interaction,) = json.loads(pact.read_text())["interactions"]
    assert interaction["request"]["path"] == "/products/10"


MEET = (
    "import pathlib, sys, time, urllib.request\n"
    "mine, other, *urls = sys.argv[1:]\n"
    "for step, url in enumerate(urls):\n"
    "    pathlib.Path(f'{mine}.{step}').touch()\n"
    "    deadline = time.monotonic() + 20\n"
    "    while not pathlib.Path(f'{other}.{step}').exists() and time.monotonic() < deadline: time.sleep(0.01)\n"
    "    urllib.request.urlopen(url, timeout=20).read()\n"
)
ASKED = {"one": [f"{PRODUCT}?a={number}" for number in range(3)], "two": [PRODUCT, f"{PRODUCT}?b=1", PRODUCT]}


def run_at_once(folder, consumers, codes):
    """Two runs that ask turn by turn what `ASKED` says, each for its consumer; both exit codes, sorted, are known."""
    processes = [
        subprocess.Popen(
            [*INTERCEPTOR, "run", "--consumer", consumer, *python(MEET, mine, other, *ASKED[mine])],
            cwd=folder,
            env=clean_environment(),
        )
        for (mine, other), consumer in zip((("one", "two"), ("two", "one")), consumers, strict=True)
    ]
    assert sorted(process.wait(PATIENCE) for process in processes) == codes
    headers = [json.loads(journal.read_text().splitlines()[0]) for journal in journals(folder)]
    assert sorted(header["consumer"] for header in headers) == sorted(consumers)
    assert list((folder / ".interceptor").glob("run-*")) == []
    assert {path.name for path in (folder / "msw_generated_pacts").iterdir()} == {
        f"{consumer}-Plain API.json" for consumer in consumers
    }


def queries(folder, consumer):
    """What is asked for in a consumer's pact."""
    pact = json.loads((folder / "msw_generated_pacts" / f"{consumer}-Plain API.json").read_text())
    return sorted((each["request"].get("query", {}) for each in pact["interactions"]), key=str)


def asked(*runs):
    urls = {url for run in runs for url in ASKED[run]}
    return sorted((dict(parse_qs(urlsplit(url).query)) for url in urls), key=str)


def test_two_runs_at_once_leave_each_other_alone(tmp_path):
    run_at_once(write(tmp_path, ANSWERS), ["Shop", "Till"], [0, 0])
    assert (queries(tmp_path, "Shop"), queries(tmp_path, "Till")) == (asked("one"), asked("two"))


def test_two_runs_at_once_of_one_consumer_leave_the_pact_of_one_and_the_recordings_of_both(tmp_path):
    run_at_once(write(tmp_path, ANSWERS), ["Shop", "Shop"], [0, 1])  # the later one would lose what the first one has
    assert queries(tmp_path, "Shop") in (asked("one"), asked("two"))
    subprocess.run([*INTERCEPTOR, "export", *journals(tmp_path)], cwd=tmp_path, check=True, capture_output=True)
    assert queries(tmp_path, "Shop") == asked("one", "two")


def test_no_pact_is_written_when_the_command_failed_unless_asked(tmp_path):
    write(tmp_path, ANSWERS)
    failing = python(f"{ASK}; raise SystemExit(3)", PRODUCT)
    assert run(tmp_path, *failing).returncode == 3
    assert not (tmp_path / "msw_generated_pacts").exists()
    assert run(tmp_path, "--export", "always", *failing).returncode == 3
    assert (tmp_path / "msw_generated_pacts").exists()


def test_the_command_keeps_its_streams_and_its_options(folder):
    code = "import sys; print(sys.stdin.read().upper(), sys.argv[1:])"
    ended = run(folder, sys.executable, "-c", code, "-v", "--port", input="spoken")
    assert ended.stdout == "SPOKEN ['-v', '--port']\n"


def test_a_command_that_a_signal_ended_and_that_asked_nothing(folder):
    ended = run(folder, *python("import os; os.kill(os.getpid(), 9)"))
    assert ended.returncode == 137
    assert "no request for a provider arrived: the command asks nothing, or its clients go around" in ended.stderr


@pytest.mark.parametrize(
    ("command", "expected", "message"),
    [
        ("no-such-program", 127, 'interceptor  cannot run "no-such-program": there is no such program\n'),
        (
            "no-such-program --quiet",
            127,
            """interceptor  cannot run "no-such-program --quiet": there is no such program
interceptor  leave out the quotes: the program and its arguments are words of their own
""",
        ),
        ("./interceptor.yaml", 126, 'interceptor  cannot run "./interceptor.yaml": Permission denied\n'),
        ("./interceptor.yaml/x", 127, 'interceptor  cannot run "./interceptor.yaml/x": there is no such program\n'),
        ("x" * 5000, 126, f'interceptor  cannot run "{"x" * 5000}": File name too long\n'),
    ],
)
def test_a_command_that_cannot_start(answers, called, command, expected, message):
    assert called("--", command) == (expected, "", message)
    assert journals(answers) == []


def test_a_real_server_that_gives_no_answer_is_named(tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        real = f"{{passthrough: {{to: 'http://127.0.0.1:{nobody.getsockname()[1]}'}}}}"
        (tmp_path / "handlers.yaml").write_text(f"handlers: [{{request: GET {PRODUCT}, response: {real}}}]")
        providers = "providers: {Plain API: {url: http://plain.example.test}}"
        (tmp_path / "interceptor.yaml").write_text(f"consumer: Product Site\n{providers}\nhandlers: handlers.yaml\n")
        ended = run(tmp_path, "--", "curl", "-s", f"{PRODUCT}?token=s3cret")
    assert f"interceptor  the real server gave no answer: GET {PRODUCT}: " in ended.stderr
    assert "s3cret" not in ended.stderr


def test_unhandled_requests_fail_the_run(folder):
    tolerant = "import sys, urllib.request as u\ntry: u.urlopen(sys.argv[1])\nexcept OSError as error: print(error)"
    ended = run(folder, *python(tolerant, "http://plain.example.test/nothing"))
    assert (ended.returncode, ended.stdout) == (1, "HTTP Error 501: Not Implemented\n")
    assert "interceptor  GET http://plain.example.test/nothing has no handler\n" in ended.stderr
    assert "interceptor  1 request · 0 mocked · 1 unhandled" in ended.stderr


def test_a_busy_port_is_named(called):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, out, err = called("--port", str(port), "echo", "ran")
    assert (code, out) == (2, "")
    assert f"cannot listen on port {port}: another program already does" in err


def test_a_faulty_project_runs_nothing(answers, called):
    write(answers, {"interceptor.yaml": "consumer: Site\nprovider: {}\n"})
    code, out, err = called("echo", "ran")
    assert (code, out) == (2, "")
    assert 'interceptor.yaml:2:1: unknown key "provider", did you mean "providers"?' in err


def test_a_faulty_proxy_variable_is_named(called, monkeypatch):
    monkeypatch.setenv("https_proxy", "socks5://user:secret@127.0.0.1:1")
    code, out, err = called("echo", "ran")
    assert (code, out) == (2, "")
    assert "HTTPS_PROXY" in err
    assert "secret" not in err


def test_runs_that_start_at_once_agree_on_one_authority(tmp_path):
    write(tmp_path, ANSWERS)
    words = [*INTERCEPTOR, "run", "--export", "never", *python(ASK, "https://api.example.test/v1/products/1")]
    runs = [
        subprocess.Popen(words, cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    outputs = [each.communicate(timeout=60)[0] for each in runs]
    assert outputs == [b'{"id":"1"}\n'] * 2
    assert len(journals(tmp_path)) == 2


COUNT = """
import signal, sys, time
seen = []
signal.signal(getattr(signal, sys.argv[1]), lambda *_: seen.append(1))
print("ready", flush=True)
deadline = time.monotonic() + 20
while not seen and time.monotonic() < deadline: time.sleep(0.02)
time.sleep(0.3)
sys.exit(40 + len(seen))
"""


PLAIN = {
    "interceptor.yaml": "consumer: C\nproviders: {P: {url: 'http://p.example.test'}}\nhandlers: handlers.yaml\n",
    "handlers.yaml": "provider: P\nhandlers: [{request: GET /products, response: {json: []}}]\n",
}


def test_a_command_that_asks_nothing_waits_for_nothing_slow(tmp_path):
    write(tmp_path, PLAIN)
    assert run(tmp_path, "--allow-empty", "--", "true").returncode == 0  # makes the certificates
    code = (
        "import sys\nfrom interceptor.cli import main\n"
        "try: main(['run', '--', 'true'])\n"
        "except SystemExit: print(sorted({'mitmproxy', 'jinja2', 'cryptography'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert ended.stdout == "[]\n"


def test_the_proxy_imports_none_of_the_addons_that_it_does_without():
    code = (
        "import sys, interceptor.proxy.mitm.master as master\n"
        "print('mitmproxy.addons.onboarding' in sys.modules)\n"
        "import mitmproxy.addons\n"
        "print(any(type(each) is master.NextLayer for each in mitmproxy.addons.default_addons()))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\nTrue\n"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signals_reach_the_command(folder, name):
    with subprocess.Popen(
        [*REAL, "run", *python(COUNT, name)],
        cwd=folder,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # Where the tests themselves run in the background of a shell, SIGINT is ignored, by all that they start too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(getattr(signal, name))
        assert process.wait(PATIENCE) == 41


def test_the_terminal_interrupts_the_command_once(folder):
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [*REAL, "run", *python(COUNT, "SIGINT")],
            cwd=folder,
            env=clean_environment(),
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  # a terminal of its own
        ) as process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(0.1)
            os.write(ours, b"\x03")
            assert process.wait(PATIENCE) == 41
    finally:
        os.close(ours)
        os.close(theirs)
