"""Fails one call of one kind for a whole command, and does so for every call: what the system can refuse, it refuses.

Everything that Python's own libraries do with files goes through `os` here (`_pyio` is `io` in Python), so that a patch
of a few functions meets every call. Each case is a fork of this process, which has imported the product already.

    python -m tests.faults.failing             every call of every kind
    python -m tests.faults.failing --sample 7  about seven calls of each kind
"""

from __future__ import annotations

import _pyio
import argparse
import builtins
import contextlib
import errno
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

from tests.forked.server import become
from tests.proxy.live import clean_environment

SECONDS = 60
"""In which a command has to end."""
CODE = 3
"""The exit code of the command that is run."""
FILES = {
    "interceptor.yaml": "consumer: Site\nproviders:\n  P:\n    url: [http://p.example.test, https://p.example.test]\n",
    "handlers/p.yaml": """\
provider: P
handlers:
  - {request: GET /items/:id, response: {json: {id: "{{ params.id }}"}}}
  - {request: POST /items, response: {status: 201}}
  - {request: GET /file, response: {file: file.txt}}
  - {request: GET /resolved, response: {python: r.py:resolved}}
  - {request: GET /later, response: {delay: 5, text: later}}
""",
    "handlers/file.txt": "the file",
    "handlers/r.py": "def resolved(request, params, data):\n    return {'json': {'resolved': True}}\n",
    "ask.py": """\
import os, socket, ssl, sys

host, port = os.environ["HTTP_PROXY"].partition("//")[2].split(":")

def ask(method, path, connection):
    connection.sendall(f"{method} {path} HTTP/1.1\\r\\nhost: p.example.test\\r\\nconnection: close\\r\\n"
                       "content-length: 0\\r\\n\\r\\n".encode())
    heard = b""
    while data := connection.recv(65536):
        heard += data
    head, _, body = heard.partition(b"\\r\\n\\r\\n")
    if head[9:11] == b"20":
        length = int(head.lower().partition(b"content-length: ")[2].split()[0])
        return len(body) == length
    return False

def connected():
    return socket.create_connection((host, int(port)), timeout=40)

with open("answered", "a") as answered:
    for method, path in (("GET", "/items/1"), ("POST", "/items"), ("GET", "/items/1"), ("GET", "/file"),
                         ("GET", "/resolved"), ("GET", "/later"), ("GET", "/items/2")):
        try:
            with connected() as connection:
                if ask(method, "http://p.example.test" + path, connection):
                    answered.write(path + "\\n")
        except OSError:
            pass
    try:
        with connected() as connection:
            connection.sendall(b"CONNECT p.example.test:443 HTTP/1.1\\r\\nhost: p.example.test:443\\r\\n\\r\\n")
            if b" 200 " in connection.recv(1000):
                context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
                with context.wrap_socket(connection, server_hostname="p.example.test") as encrypted:
                    if ask("GET", "/items/3", encrypted):
                        answered.write("/items/3\\n")
    except OSError:
        pass
    answered.write("ended\\n")
sys.exit(int(sys.argv[1]))
""",
}
OLD_PACT = '{"old": true}\n'


class Fault:
    """Counts the calls of a kind, and fails one of them.

    Args:
        number: of the call to fail, from 1; 0 for none.
        error: makes what it raises.
    """

    def __init__(self, number: int, error: Callable[[], Exception]) -> None:
        self.calls = 0
        self._number = number
        self._error = error
        self._lock = threading.Lock()

    def meet(self) -> None:
        with self._lock:
            self.calls += 1
            fails = self.calls == self._number
        if fails:
            raise self._error()


def system(number: int) -> Callable[[], OSError]:
    return lambda: OSError(number, os.strerror(number))


def failing(owner: object, names: str, when: Callable[..., bool] = lambda *_, **__: True) -> Callable[[Fault], None]:
    """Patches functions of a module or a class, so that they meet the fault first."""

    def patch(fault: Fault) -> None:
        for name in names.split():
            real = getattr(owner, name)

            def replaced(*arguments, _real=real, **options):
                if when(*arguments, **options):
                    fault.meet()
                return _real(*arguments, **options)

            setattr(owner, name, replaced)

    return patch


def importing(fault: Fault) -> None:
    """Fails the import of a module that is not there yet, once the product serves."""

    def find_spec(*_: object) -> None:
        if "interceptor.proxy.server" in sys.modules and any(each.name == "wait" for each in threading.enumerate()):
            fault.meet()

    sys.meta_path.insert(0, SimpleNamespace(find_spec=find_spec))  # type: ignore[arg-type]  # as much as is asked for


def goes_out(connection: socket.socket, *_: object) -> bool:
    """False for the pair of sockets by which asyncio wakes itself: it never fails."""
    return connection.family != socket.AF_UNIX


KINDS: dict[str, tuple[Callable[[], Exception], Callable[[Fault], None]]] = {
    "open": (system(errno.EMFILE), failing(os, "open")),
    "write": (system(errno.ENOSPC), failing(os, "write", lambda descriptor, _: descriptor > 2)),
    "print": (system(errno.EIO), failing(os, "write", lambda descriptor, _: descriptor in {1, 2})),
    "fsync": (system(errno.EIO), failing(os, "fsync")),
    "rename": (system(errno.ENOSPC), failing(os, "rename replace link")),
    "mkdir": (system(errno.ENOSPC), failing(os, "mkdir")),
    "unlink": (system(errno.EIO), failing(os, "unlink rmdir")),
    "list": (system(errno.EACCES), failing(os, "scandir listdir")),
    "chmod": (system(errno.EPERM), failing(os, "chmod fchmod")),
    "accept": (system(errno.EMFILE), failing(socket.socket, "accept")),
    "lost": (system(errno.ECONNABORTED), failing(socket.socket, "accept")),
    "send": (system(errno.ECONNRESET), failing(socket.socket, "send", goes_out)),
    "receive": (
        system(errno.ECONNRESET),
        failing(socket.socket, "recv", goes_out),
    ),
    "bind": (system(errno.ENOBUFS), failing(socket.socket, "bind listen")),
    "fork": (system(errno.EAGAIN), failing(subprocess, "_fork_exec")),
    "pipe": (system(errno.EMFILE), failing(os, "pipe dup")),
    "thread": (lambda: RuntimeError("can't start new thread"), failing(threading, "_start_new_thread")),
    "import": (system(errno.EMFILE), importing),
}


@dataclass
class Case:
    """A command, one call of which fails."""

    story: str
    kind: str
    number: int
    folder: Path

    @property
    def code(self) -> int:
        """The exit code of the command that is run: in every other case it succeeds."""
        return CODE if self.number % 2 else 0

    @property
    def words(self) -> list[str]:
        if self.story == "export":
            return ["export"]
        return ["run", "--export", "always", "--", sys.executable, "-I", "-S", "ask.py", str(self.code)]


def become_failing(case: Case, counts: int) -> None:
    """Be the product, in this process; tell how many calls of the kind there were."""
    os.setsid()
    os.chdir(case.folder)
    for number, name in ((0, os.devnull), (1, "stdout"), (2, "stderr")):
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(clean_environment())
    builtins.open = io.open = _pyio.open
    make_error, patch = KINDS[case.kind]
    real_write, exit_now = os.write, os._exit
    fault = Fault(case.number, make_error)
    patch(fault)
    code: object = 0
    try:
        become(case.words)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001  # what Python would do with it
        real_write(2, traceback.format_exc().encode())
        code = 1
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    real_write(counts, str(fault.calls).encode())
    exit_now(code if isinstance(code, int) else 0)


def performed(case: Case) -> tuple[int | None, int]:
    """The exit code, None where the command did not end, and how many calls of the kind there were."""
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        try:
            become_failing(case, writing)
        finally:
            os._exit(99)
    os.close(writing)
    until = time.monotonic() + SECONDS
    ended, status = 0, 0
    while not ended and time.monotonic() < until:
        ended, status = os.waitpid(process, os.WNOHANG)
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
    if not ended:
        os.waitpid(process, 0)
    with os.fdopen(reading, "rb") as told:
        calls = int(told.read() or b"0")
    return (os.waitstatus_to_exitcode(status) if ended else None), calls


def faults(case: Case, code: int | None) -> Iterator[str]:
    """What is wrong with how a command ended."""
    if code is None:
        yield "it did not end"
        return
    said = "".join((case.folder / name).read_text(errors="replace") for name in ("stdout", "stderr"))
    for word in ("Traceback", "this is a bug", "Exception ignored", "never retrieved"):
        if word in said:
            yield f"it says {word!r}"
    yield from _run_faults(case, code, said) if case.story == "run" else _export_faults(case, code, said)
    for pattern in (".interceptor/run-*", "msw_generated_pacts/.interceptor-*"):
        if case.kind not in {"unlink", "list", "open"} and list(case.folder.glob(pattern)):
            yield f"{pattern} stays"


def _run_faults(case: Case, code: int, said: str) -> Iterator[str]:
    answered = (case.folder / "answered").read_text().split() if (case.folder / "answered").exists() else []
    if answered[-1:] == ["ended"]:
        answered.pop()
        if case.code and code != case.code:
            yield f"the exit code is {code}, the command's {case.code}"
    elif code in {0, 3}:
        yield f"the exit code is {code}, and the command did not end"
    if code not in {0, case.code} and case.kind != "print" and "interceptor  " not in said:
        yield "nothing is said"
    lost = Counter(answered) - Counter(noted(case.folder))
    if lost and not ("cannot write the journal" in said and code != 0):
        yield f"not noted: {dict(lost)}"
    yield from _pact_faults(case, complete=code == 0 and not case.code)


def _export_faults(case: Case, code: int, said: str) -> Iterator[str]:
    if code not in {0, 1, 2}:
        yield f"the exit code is {code}"
    if code and "interceptor  " not in said:
        yield "nothing is said"
    yield from _pact_faults(case, complete=code == 0)


def _pact_faults(case: Case, *, complete: bool) -> Iterator[str]:
    text = (case.folder / "msw_generated_pacts" / "Site-P.json").read_text()
    if text == OLD_PACT:
        if complete:
            yield "success, and the pact is the old one"
        return
    try:
        count = len(json.loads(text)["interactions"])
    except (ValueError, KeyError):
        yield "the pact is no pact"
        return
    if complete and count < 2:
        yield f"success, and the pact has {count} interactions"


def noted(folder: Path) -> Iterator[str]:
    """The paths of a folder's journals, each as often as it was asked for."""
    for journal in (folder / ".interceptor" / "recordings").glob("*.jsonl"):
        paths: list[str] = []
        repeats: dict[int, int] = {}
        for line in journal.read_text().splitlines():
            read = json.loads(line) if line.endswith("}") else {}
            repeats.update(map(tuple, read.get("repeats", [])))
            if "outcome" in read:
                paths.append(read["request"]["path"])
        for number, path in enumerate(paths):
            yield from [path] * repeats.get(number, 1)


def lay_out(folder: Path) -> None:
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (folder / "msw_generated_pacts").mkdir()
    (folder / "msw_generated_pacts" / "Site-P.json").write_text(OLD_PACT)


def prepared(case: Case, journal: str) -> None:
    """The folder for a case, as it is after `interceptor init`, or, for an export, after a run."""
    lay_out(case.folder)
    if case.story == "export":
        (case.folder / ".interceptor" / "recordings").mkdir(parents=True)
        (case.folder / ".interceptor" / "recordings" / "2026-11-21T20-46-03Z-ffff.jsonl").write_text(journal)


def tried(story: str, kind: str, numbers: Callable[[int], range], room: Path, journal: str) -> Iterator[str]:
    """Fail calls of a kind, one in each run of a story; what was wrong."""
    tries = iter([0])
    known = False
    while (number := next(tries, None)) is not None:
        case = Case(story, kind, number, room / f"{story}-{kind}-{number}")
        case.folder.mkdir()
        prepared(case, journal)
        code, seen = performed(case)
        found = list(faults(case, code))
        for each in found:
            said = (case.folder / "stderr").read_text(errors="replace")[-1500:]
            yield f"{story}, call {number} of {kind}: {each}\n{said}"
        if not known:
            known, tries = True, iter(numbers(seen))
            print(f"{story}: {len(numbers(seen))} of {seen} calls of {kind}", flush=True)  # noqa: T201  # it is a program
        shutil.rmtree(case.folder, ignore_errors=True)


def a_journal(room: Path) -> str:
    """What a run notes where nothing fails."""
    case = Case("run", "open", 0, room / "whole")
    case.folder.mkdir()
    prepared(case, "")
    code, _ = performed(case)
    if code != 0:
        raise AssertionError(f"a run without a fault ends with {code}: {(case.folder / 'stderr').read_text()}")
    (journal,) = (case.folder / ".interceptor" / "recordings").glob("*.jsonl")
    return journal.read_text()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, metavar="N", help="about so many calls of each kind")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only this kind of call")
    parser.add_argument("--story", action="append", choices=("run", "export"), help="only this command")
    options = parser.parse_args(arguments)
    for name in ("run", "export"):
        import_module(f"interceptor.cli.{name}")
    for name in ("interceptor.conversion", "interceptor.proxy.server", "interceptor.report.run_result"):
        import_module(name)

    def numbers(calls: int) -> range:
        step = 1 if options.sample is None else max(1, calls // options.sample)
        return range(1, calls + 1, step | 1)  # odd, so that the command fails and succeeds by turns

    wrong = 0
    with tempfile.TemporaryDirectory(prefix="interceptor-faults-") as name:
        room = Path(name)
        journal = a_journal(room)
        for story in options.story or ("run", "export"):
            for kind in options.kind or KINDS:
                for fault in tried(story, kind, numbers, room, journal):
                    wrong += 1
                    print(fault, flush=True)  # noqa: T201  # it is a program of its own
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
