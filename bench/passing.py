"""Memory, and what others have to wait, while large bodies pass to and from a real server."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load import HOST, BenchError
from bench.memory import resident
from bench.pairs import tell
from bench.peers import HERE, Running, free_port, interceptor, running
from bench.report import table
from bench.scale import Scale

_MB = 1_000_000
_PIECE = b"y" * (1 << 16)
_PATIENCE = 120.0
_PIPELINED = 80_000
_ASK = f"GET http://{HOST}/products/10 HTTP/1.1\r\nhost: {HOST}\r\n\r\n".encode()
_STATUS = b"HTTP/1.1 200"
_COLUMNS = ["what passes", "MB", "seconds", "memory above idle, MB", "longest wait of another client, ms"]
_PROJECT = """\
consumer: Bench
providers:
  Product API: {{url: https://api.example.com}}
  Plain API: {{url: http://api.example.com}}
  Real API: {{url: http://localhost:{port}}}
unhandled: bypass
record: all
"""
_HANDLERS = """\
provider: Plain API
handlers:
  - request: GET /products/10
    response: {json: {id: "10", name: Kettle, price: 39.5}}
"""


def report(scale: Scale, folder: Path) -> str:
    port, size = free_port(), scale.passing
    project = folder / "passing"
    project.mkdir()
    (project / "interceptor.yaml").write_text(_PROJECT.format(port=port), encoding="utf-8")
    (project / "handlers").mkdir()
    (project / "handlers" / "all.yaml").write_text(_HANDLERS, encoding="utf-8")
    origin = subprocess.Popen([sys.executable, str(HERE / "origin.py"), str(port)])
    try:
        with running(interceptor(project), folder / "passing run") as ours:
            _download(ours, port, 1)  # mitmproxy is there
            kinds: dict[str, Callable[[], None]] = {
                "an answer": lambda: _download(ours, port, size),
                "an answer, to a client that reads slowly": lambda: _download(ours, port, size, pause=0.001),
                "an upload": lambda: _upload(ours, port, size),
                "a chunked upload": lambda: _upload(ours, port, size, chunked=True),
                "ten answers that unpack to as much": lambda: _zipped(ours, port, size),
                "an upload in a tunnel to a foreign host": lambda: _tunnelled(ours, port, size),
            }
            rows = [_row(kind, size, move, ours) for kind, move in kinds.items()]
            crowd = f"{_PIPELINED:,} requests of one client at once, mocked"
            rows.append(_row(crowd, len(_ASK) * _PIPELINED, lambda: _pipelined(ours), ours))
            early = min(_refused(ours, port) for _ in range(5))
    finally:
        origin.kill()
        origin.wait()
    wait = f"{early * 1000:.1f} ms"
    said = f"If the real server refuses an upload of 10 MB at once (413), the client has the response after {wait}."
    return f"{_INTRODUCTION}\n{table(_COLUMNS, rows)}\n\n{said}\n"


def _row(kind: str, size: int, move: Callable[[], None], ours: Running) -> list[str]:
    tell(kind)
    idle = resident(ours)
    with _watched(ours) as (peaks, waits):
        started = time.perf_counter()
        move()
        seconds = time.perf_counter() - started
    figures = (f"{size / _MB:,.0f}", f"{seconds:.1f}", f"{(max(peaks) - idle) / _MB:.0f}", f"{max(waits) * 1000:.0f}")
    return [kind, *figures]


@contextmanager
def _watched(ours: Running) -> Iterator[tuple[list[int], list[float]]]:
    """The process's memory, and what another client waits for its answers, over and over."""
    peaks, waits, over = [resident(ours)], [0.0], threading.Event()

    def measure() -> None:
        while not over.wait(0.02):
            peaks.append(resident(ours))

    def ask() -> None:
        with _connected(ours.port) as connection:
            while not over.wait(0.005):
                started = time.perf_counter()
                connection.sendall(_ASK)
                connection.recv(65536)
                waits.append(time.perf_counter() - started)

    threads = [threading.Thread(target=each) for each in (measure, ask)]
    for thread in threads:
        thread.start()
    try:
        yield peaks, waits
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)


def _download(ours: Running, port: int, size: int, pause: float = 0.0) -> None:
    _get(ours, port, f"/down/{size}", at_least=size, pause=pause)


def _zipped(ours: Running, port: int, size: int) -> None:
    for _ in range(10):  # one alone is over before anybody looks
        _get(ours, port, f"/zipped/{size}", at_least=size >> 11)


def _get(ours: Running, port: int, path: str, *, at_least: int, pause: float = 0.0) -> None:
    received = 0
    with _connected(ours.port) as connection:
        connection.sendall(f"GET http://localhost:{port}{path} HTTP/1.1\r\nconnection: close\r\n\r\n".encode())
        while data := connection.recv(1 << 16):
            received += len(data)
            if pause:
                time.sleep(pause)
    if received < at_least:
        raise BenchError(f"{received} bytes are no answer")


def _upload(ours: Running, port: int, size: int, *, chunked: bool = False) -> None:
    framing = "transfer-encoding: chunked" if chunked else f"content-length: {size}"
    with _connected(ours.port) as connection:
        head = f"POST http://localhost:{port}/up HTTP/1.1\r\nconnection: close\r\n{framing}\r\n\r\n"
        connection.sendall(head.encode())
        _send(connection, size, chunked=chunked)


def _tunnelled(ours: Running, port: int, size: int) -> None:
    with _connected(ours.port) as connection:
        connection.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n".encode())
        connection.recv(65536)
        connection.sendall(f"POST /up HTTP/1.1\r\ncontent-length: {size}\r\n\r\n".encode())
        _send(connection, size, chunked=False)


def _pipelined(ours: Running) -> None:
    with _connected(ours.port) as connection:
        sender = threading.Thread(target=connection.sendall, args=(_ASK * _PIPELINED,))
        sender.start()
        received, tail = 0, b""
        while received < _PIPELINED:
            data = tail + connection.recv(1 << 16)
            received += data.count(_STATUS)
            tail = data[-len(_STATUS) + 1 :]
        sender.join()


def _send(connection: socket.socket, size: int, *, chunked: bool) -> None:
    while size:
        piece = _PIECE[:size]
        connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        size -= len(piece)
    if chunked:
        connection.sendall(b"0\r\n\r\n")
    if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
        raise BenchError("the upload was not taken")


def _refused(ours: Running, port: int) -> float:
    """Seconds until an early answer is there."""
    with _connected(ours.port) as connection:
        started = time.perf_counter()
        head = f"POST http://localhost:{port}/refused HTTP/1.1\r\ncontent-length: 10000000\r\n\r\n"
        connection.sendall(head.encode())
        answer = connection.recv(65536)
        seconds = time.perf_counter() - started
    if not answer.startswith(b"HTTP/1.1 413"):
        raise BenchError(f"not the early answer: {answer[:200]!r}")
    return seconds


_INTRODUCTION = """## Requests that pass through

Large bodies are sent to and received from a real server on the same machine, with `record: all`, so that each is \
recorded.
The table shows how much the memory of `interceptor serve` grows.
Meanwhile another client sends a request for a mocked response every 5 ms.
"""
