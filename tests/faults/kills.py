"""Kills runs at chance moments: what was answered a tenth of a second before is noted, repeats included.

python -m tests.faults.kills --seconds 3600
python -m tests.faults.kills --rounds 8 --seed 1
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from random import Random

from tests.faults.failing import Case, become_failing, lay_out, noted

PROMISED = 0.1
"""Seconds after an answer in which a kill may lose it."""
ASKING = """\
import os, socket, time

host, port = os.environ["HTTP_PROXY"].partition("//")[2].split(":")
answered = os.open("answered", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
with socket.create_connection((host, int(port)), timeout=40) as connection:
    for number in range(10 ** 6):
        path = f"/items/{number}" if number % 3 == 0 else "/items/same"
        connection.sendall(f"GET http://p.example.test{path} HTTP/1.1\\r\\nhost: p.example.test\\r\\n\\r\\n".encode())
        heard = b""
        while b"}" not in heard:
            data = connection.recv(65536)
            if not data:
                raise SystemExit
            heard += data
        os.write(answered, f"{time.monotonic()} {path}\\n".encode())
"""


def lost(folder: Path, after: float) -> tuple[Counter[str], int]:
    """What a run that is killed some seconds after its first answer lost, of how much."""
    case = Case("run", "open", 0, folder)
    lay_out(folder)
    (folder / "ask.py").write_text(ASKING)
    answered = folder / "answered"
    process = os.fork()
    if not process:
        try:
            become_failing(case, os.open(os.devnull, os.O_WRONLY))
        finally:
            os._exit(99)
    until = time.monotonic() + 60
    while not (answered.exists() and answered.stat().st_size):
        assert time.monotonic() < until, (folder / "stderr").read_text()
        time.sleep(0.01)
    time.sleep(after)
    moment = time.monotonic()
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)  # the client has lost its proxy
    lines = [line.split() for line in answered.read_text().splitlines()]
    told = Counter(path for at, path in lines if float(at) < moment - PROMISED)
    return told - Counter(noted(folder)), told.total()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=sys.maxsize)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int)
    options = parser.parse_args(arguments)
    import_module("interceptor.cli.run")
    import_module("interceptor.proxy.server")
    chance, until = Random(options.seed), time.monotonic() + options.seconds
    rounds = exchanges = wrong = 0
    while rounds < options.rounds and time.monotonic() < until:
        with tempfile.TemporaryDirectory(prefix="interceptor-kills-") as name:
            missing, count = lost(Path(name), chance.uniform(0, 1.5))
        rounds, exchanges = rounds + 1, exchanges + count
        if missing:
            wrong += 1
            print(f"round {rounds} lost {dict(missing)}", flush=True)  # noqa: T201  # it is a program of its own
    print(f"{rounds} kills, {exchanges} exchanges, {wrong} kills that lost some")  # noqa: T201  # as above
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
