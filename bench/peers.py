"""What is measured: how each contestant is started, on loopback, and ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from bench.certificate import certificate
from bench.load import ANSWER, BenchError, Target, wait_for_answer

HERE = Path(__file__).parent
NODE = HERE / "node"
MODULES = NODE / "node_modules"
SCRIPTS = Path(sysconfig.get_path("scripts"))
ADAPTER = "adapter"
"""pact-msw-adapter, which answers nothing: only its conversion is measured."""
COMPARATOR = "comparator"
"""openapi-pact-comparator, which answers nothing either: it checks pacts."""


class MissingPeerError(Exception):
    """It cannot be measured here; the text says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a peer is given: a folder of its own, and ports; a proxy uses the first for both kinds of traffic."""

    folder: Path
    port: int
    tls_port: int


@dataclass(frozen=True, slots=True)
class Peer:
    """Something that gives the one answer."""

    name: str
    version: str
    proxy: bool
    """False: a server, asked without a proxy."""
    command: Callable[[Place], list[str]]
    tls: bool = True
    any_query: bool = True
    """False: a query that it does not know makes it another request."""

    @property
    def role(self) -> str:
        return "proxy" if self.proxy else "server"


@dataclass(frozen=True, slots=True)
class Running:
    """A peer that has given its first answer."""

    peer: Peer
    process: int
    ready_after: float
    """Seconds from its start to the first answer."""
    port: int
    tls_port: int

    def target(self, *, tls: bool = False, path: str = "/products/10", body: bytes = b"") -> Target:
        port = self.tls_port if tls and not self.peer.proxy else self.port
        return Target(port, self.peer.proxy, tls, path, body)


@contextmanager
def running(peer: Peer, folder: Path, first: str = "/products/10", body: bytes = b"") -> Iterator[Running]:
    """A peer while the block runs, from its first answer on.

    Args:
        peer: what to start.
        folder: its own; what is there is used again.
        first: the path of the request that it has to answer before it counts as started.
        body: what is posted with it.

    Raises:
        BenchError: where it does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = Place(folder, free_port(), free_port())
    command, log = peer.command(place), folder / "log"
    with log.open("wb") as output:
        started = time.perf_counter()
        # A group of its own, so that nothing that it starts in turn outlives it.
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, start_new_session=True)
        try:
            target = Target(place.port, peer.proxy, path=first, body=body)
            try:
                wait_for_answer(target, lambda: process.poll() is None)
            except BenchError as error:
                raise BenchError(f"{peer.name}: {error}\n{log.read_text(errors='replace')[-2000:]}") from error
            yield Running(peer, process.pid, time.perf_counter() - started, place.port, place.tls_port)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
            return


def interceptor(project: Path = HERE / "project") -> Peer:
    """The project file is copied, so that recordings and certificates stay out of the sources."""

    def command(place: Place) -> list[str]:
        shutil.copytree(project, place.folder / "project", dirs_exist_ok=True)
        config = place.folder / "project" / "interceptor.yaml"
        return [str(SCRIPTS / "interceptor"), "--config", str(config), "serve", f"--port={place.port}"]

    return Peer("interceptor", version("pact-interceptor"), proxy=True, command=command)


def known_peers(wanted: Sequence[str] | None) -> tuple[list[Peer], list[str]]:
    """The peers that were asked for, or all, and a line about each that cannot be measured here.

    Raises:
        BenchError: there is no peer of that name.
    """
    makers: dict[str, Callable[[], Peer]] = {
        "bare": _bare,
        "mitmdump": _mitmdump,
        "mockttp": _mockttp,
        "wiremock": _wiremock,
        "pact stub": _pact_stub,
        "msw": _msw,
    }
    if unknown := set(wanted or ()) - {*makers, ADAPTER, COMPARATOR}:
        known = ", ".join([*makers, ADAPTER, COMPARATOR])
        raise BenchError(f"no such peer: {', '.join(sorted(unknown))}; there are {known}")
    peers, left_out = [], []
    for name, make in makers.items():
        if wanted is None or name in wanted:
            try:
                peers.append(make())
            except MissingPeerError as missing:
                left_out.append(f"{name}: {missing}")
    return peers, left_out


@cache
def install_node_peers() -> str | None:
    """What npm had to say against it, or None. No lock file is written: it would hold a registry's address."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "there is no node or no npm here"
    manifest, done = NODE / "package.json", MODULES / ".installed.json"
    if done.exists() and done.read_bytes() == manifest.read_bytes():
        return None
    options = ["--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
    print("installing the peers that run on Node ...", file=sys.stderr)
    install = subprocess.run(["npm", "install", *options], cwd=NODE, capture_output=True, text=True, check=False)
    if install.returncode:
        return "npm could not install it"
    shutil.copyfile(manifest, done)
    return None


def node_version(package: str) -> str:
    """The version of a package, which is installed if need be.

    Raises:
        MissingPeerError: where it cannot be.
    """
    if reason := install_node_peers():
        raise MissingPeerError(reason)
    text = (MODULES / package / "package.json").read_text(encoding="utf-8")
    return str(json.loads(text)["version"])


def _bare() -> Peer:
    def command(place: Place) -> list[str]:
        ports = [str(place.port), str(place.tls_port)]
        return [sys.executable, str(HERE / "bare.py"), *ports, str(certificate(place.folder)), ANSWER.decode()]

    return Peer("bare", version("httptools"), proxy=False, command=command)


def _mitmdump() -> Peer:
    def command(place: Place) -> list[str]:
        listen = ["--listen-host=127.0.0.1", f"--listen-port={place.port}"]
        settings = [f"--set=confdir={place.folder / 'mitmproxy'}", "--set=connection_strategy=lazy"]
        return [str(SCRIPTS / "mitmdump"), "--quiet", f"--scripts={HERE / 'plain.py'}", *listen, *settings]

    return Peer("mitmdump", version("mitmproxy"), proxy=True, command=command)


def _mockttp() -> Peer:
    def command(place: Place) -> list[str]:
        return ["node", str(NODE / "mockttp.js"), str(place.port), ANSWER.decode()]

    return Peer("mockttp", node_version("mockttp"), proxy=True, command=command)


def _msw() -> Peer:
    def command(place: Place) -> list[str]:
        ports = [str(place.port), str(place.tls_port)]
        return ["node", str(NODE / "msw.js"), *ports, str(certificate(place.folder)), ANSWER.decode()]

    return Peer("msw", node_version("@mswjs/http-middleware"), proxy=False, command=command)


def _wiremock() -> Peer:
    def command(place: Place) -> list[str]:
        mappings = place.folder / "mappings"
        mappings.mkdir(exist_ok=True)
        response = {"status": 200, "headers": {"content-type": "application/json"}, "body": ANSWER.decode()}
        stub = {"request": {"method": "GET", "urlPath": "/products/10"}, "response": response}
        (mappings / "products.json").write_text(json.dumps(stub), encoding="utf-8")
        (jar,) = (MODULES / "wiremock" / "build").glob("*.jar")
        listen = [f"--port={place.port}", f"--https-port={place.tls_port}", "--bind-address=127.0.0.1"]
        return ["java", "-jar", str(jar), *listen, f"--root-dir={place.folder}", "--disable-banner"]

    if not shutil.which("java"):
        raise MissingPeerError("there is no java here")
    return Peer("wiremock", node_version("wiremock"), proxy=False, command=command)


def _pact_stub() -> Peer:
    def command(place: Place) -> list[str]:
        headers = {"content-type": "application/json"}
        interaction = {
            "description": "a request for product 10",
            "request": {"method": "GET", "path": "/products/10"},
            "response": {"status": 200, "headers": headers, "body": json.loads(ANSWER)},
        }
        pact = {"consumer": {"name": "Bench"}, "provider": {"name": "Product API"}, "interactions": [interaction]}
        file = place.folder / "pact.json"
        file.write_text(json.dumps(pact | {"metadata": {"pactSpecification": {"version": "3.0.0"}}}), encoding="utf-8")
        return [str(SCRIPTS / "pact"), "stub", f"--file={file}", f"--port={place.port}", "--loglevel=none"]

    return Peer(
        "pact stub",
        version("pact-python-cli").rpartition("!")[2],
        proxy=False,
        command=command,
        tls=False,
        any_query=False,
    )


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
