"""A provider whose answers depend on the provider states it was told, and on the token it was given."""

import contextlib
import json
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

TOKEN = "Bearer the-real-token"


class Provider(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answers)
        self.products = {}
        self.asked = []
        """Method, path, and authorization of each request."""
        self.hangs = 0.0
        """Seconds before a GET is answered with nothing."""
        self.states = []
        """The bodies of the state changes."""
        self.fails = False
        """With 500, at every state change."""
        self.processes = ""
        """The command lines of all processes during the last state change."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._note()
        if self.server.hangs:
            time.sleep(self.server.hangs)
        elif self.path == "/v1/old":
            self._answer(302, None, location="/v1/login")
        elif self.headers.get("authorization") != TOKEN:
            self._answer(401, {"error": "no token"})
        elif product := self.server.products.get(self.path.removeprefix("/v1/products/")):
            self._answer(200, product)
        else:
            self._answer(404, {"error": "no product"})

    def do_HEAD(self):
        self._note()
        self.send_response(200)
        self.send_header("content-length", "12")
        self.end_headers()

    def do_DELETE(self):
        self._note()
        self.send_response(204)
        self.end_headers()

    def do_POST(self):
        self._note()
        content = self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/states":
            is_form = self.headers["content-type"] == "application/x-www-form-urlencoded"
            self._answer(201, dict(parse_qsl(content.decode())) if is_form else json.loads(content))
            return
        said = json.loads(content)
        self.server.states.append(said)
        self.server.processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        if self.server.fails:
            self._answer(500, {"error": "no such table"})
            return
        self.server.products.clear()
        if said["state"] == "product 10 exists":
            self.server.products["10"] = {"id": "10", "name": "Kettle"}
        self._answer(200, {})

    def log_message(self, *arguments):
        pass

    def _note(self):
        self.server.asked.append((self.command, self.path, self.headers.get("authorization")))

    def _answer(self, status, body, **headers):
        content = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        for name, value in {**headers, "content-type": "application/json"}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def running():
    with Provider() as provider:
        thread = threading.Thread(target=provider.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield provider
        finally:
            provider.shutdown()
            thread.join()


def interaction(description, path, status, body, *, method="GET", states=(), authorization=None, sent=None):
    """One interaction of a V4 pact."""
    headers = {} if authorization is None else {"authorization": [authorization]}
    request = {"method": method, "path": path, "headers": headers}
    if sent is not None:
        headers["content-type"] = ["application/json"]
        request["body"] = {"content": sent, "contentType": "application/json", "encoded": False}
    response = {"status": status}
    if body is not None:
        response["headers"] = {"content-type": ["application/json"]}
        response["body"] = {"content": body, "contentType": "application/json", "encoded": False}
    return {
        "type": "Synchronous/HTTP",
        "description": description,
        "providerStates": [{"name": name, "params": params} for name, params in states],
        "request": request,
        "response": response,
    }


def pact(*interactions, consumer="Product Site", provider="Product API"):
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "interactions": list(interactions),
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }
