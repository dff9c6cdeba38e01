"""A broker that our own handlers play, and our command line called in this process."""

import contextlib
import io
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from interceptor.cli import main
from interceptor.journal import read_journal
from tests.forked import INTERCEPTOR

FOLDER = Path(__file__).parent / "broker"
OURS = ("PACT_", "GIT_", "CI", "GITHUB_", "GITLAB_", "MAKE")


def clean_environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "GIT_CONFIG_GLOBAL": "/dev/null", **more}


@dataclass(frozen=True)
class Served:
    """A running broker: its address, and what it was asked."""

    url: str
    folder: Path

    def asked(self, path, *, method="POST"):
        """The JSON of the requests for a path, from the journal of the broker's interceptor."""
        time.sleep(0.3)  # the journal may be a tenth of a second behind
        journals = self.folder.glob(".interceptor/recordings/*.jsonl")  # none, before the first request
        requests = [exchange.request for journal in journals for exchange in read_journal(journal)]
        return [each.json for each in requests if each.method == method and path in each.url]


@contextlib.contextmanager
def serving(folder):
    """A broker with its files in a folder."""
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    project = folder / "interceptor.yaml"
    project.write_text(project.read_text().replace("env: PACT_BROKER_BASE_URL", f"listen: {port}"))
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [*INTERCEPTOR, "serve"], cwd=folder, env=clean_environment(), stdout=log, stderr=log
        ) as server,
    ):
        try:
            wait_for(port, server, folder / "log")
            yield Served(f"http://localhost:{port}", folder)
        finally:
            server.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def answering(status, content_type, body, *, certificate=None):
    """The address of a server that gives one answer to every GET, by TLS where it is given certificate and key."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"{'https' if certificate else 'http'}://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def wait_for(port, server, log):
    """Until something listens."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def interceptor(*arguments):
    """Our command line, in this process; what it prints and how it ends."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(list(arguments))
        except SystemExit as end:
            code = end.code or 0
    return Done(code, out.getvalue(), err.getvalue())
