"""Notes what mocks inside a Python process answer: respx, responses, requests-mock, pytest-httpx, vcrpy, aioresponses.

Imported by the `sitecustomize` of a run, in the consumer's own interpreter, of any version: the standard library
only, and no fault of this module ever reaches a test. Where a client library hands over request and answer, whichever
mock made it, the exchange becomes a line of JSON in a file of this process, in the folder that INTERCEPTOR_OBSERVED
names. What went to a real server is not noted here: the transports of the libraries say that they were asked.
"""

from __future__ import annotations

import base64
import contextvars
import inspect
import json
import os
import sys
import threading
from contextlib import suppress
from datetime import datetime, timezone

_FOLDER = os.environ.get("INTERCEPTOR_OBSERVED", "")
_MOST_BYTES = 16 << 20
"""An endless body must not fill the memory."""
_wire = contextvars.ContextVar("interceptor_wire", default=None)
"""What the call in hand has asked of a real transport; None outside of a call."""
_lock = threading.Lock()


def _body(content):
    if isinstance(content, str):
        content = content.encode()
    if not isinstance(content, (bytes, bytearray)):
        content = b""
    if len(content) > _MOST_BYTES:
        return {"size": len(content)}
    return {"base64": base64.b64encode(content).decode()}


def _text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _pairs(headers):
    items = getattr(headers, "multi_items", headers.items)()
    return [[_text(name), _text(value)] for name, value in items]


def _write(library, request, response):
    line = {
        "at": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "library": library,
        "test": (os.environ.get("PYTEST_CURRENT_TEST") or "").rpartition(" (")[0] or None,
        "worker": os.environ.get("PYTEST_XDIST_WORKER"),
        "request": request,
        "response": response,
    }
    with _lock, open(os.path.join(_FOLDER, f"{os.getpid()}.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _message(method, url, headers, content):
    return {"method": _text(method), "url": str(url), "headers": _pairs(headers), "body": _body(content)}


def _answer(status, headers, content):
    return {"status": status, "headers": _pairs(headers), "body": _body(content)}


# The client libraries ------------------------------------------------------------------------------------------------


def _note_httpx(_, response, content=None):
    request = response.request
    sent = getattr(request, "_content", b"")
    _write(
        "httpx",
        _message(request.method, request.url, request.headers, sent),
        _answer(response.status_code, response.headers, response.read() if content is None else content),
    )


async def _note_httpx_async(options, response):
    _note_httpx(options, response, await response.aread())


def _note_requests(_, response):
    # A session follows redirects inside: the first answer is the one of this call, the others have calls of their own.
    response = response.history[0] if response.history else response
    request = response.request
    _write(
        "requests",
        _message(request.method, request.url, request.headers, request.body),
        _answer(response.status_code, response.headers, response.content),
    )


def _note_aiohttp(options, response):
    headers = dict(options.get("headers") or {})
    content = options.get("data")
    if options.get("json") is not None:
        content = json.dumps(options["json"])
        headers.setdefault("content-type", "application/json")
    received = response._body  # noqa: SLF001  # a look: nothing is taken from the consumer
    if received is None:
        received = b"".join(response.content._buffer)  # noqa: SLF001  # as above
    _write(
        "aiohttp",
        _message(response.method, response.url, headers, content),
        _answer(response.status, response.headers, received),
    )


def _observe(cls, name, note, *, asynchronous=False):
    """Have every call of a method noted, whatever a mock has put in the method's place by then."""
    get = cls.__getattribute__

    def observed(method):
        def begin():
            asked = []
            return asked, _wire.set(asked)

        def end(asked, options, response):
            if asked:
                return None
            with suppress(Exception):
                return note(options, response)

        async def send_async(*args, **options):
            asked, token = begin()
            try:
                response = await method(*args, **options)
                more = end(asked, options, response)
                if more is not None:
                    with suppress(Exception):
                        await more
                return response
            finally:
                _wire.reset(token)

        def send(*args, **options):
            asked, token = begin()
            try:
                response = method(*args, **options)
                end(asked, options, response)
                return response
            finally:
                _wire.reset(token)

        return send_async if asynchronous or inspect.iscoroutinefunction(method) else send

    def getattribute(self, attribute):
        value = get(self, attribute)
        return observed(value) if attribute == name else value

    cls.__getattribute__ = getattribute


def _is_real(cls, name):
    """Have a real transport say that it was asked."""
    method = getattr(cls, name)

    def send(*args, **options):
        asked = _wire.get()
        if asked is not None:
            asked.append(True)
        return method(*args, **options)

    setattr(cls, name, send)


def _httpx(module):
    _observe(module.Client, "_send_single_request", _note_httpx)
    _observe(module.AsyncClient, "_send_single_request", _note_httpx_async, asynchronous=True)


def _asgi(module):
    _is_real(module.ASGITransport, "handle_async_request")


def _wsgi(module):
    _is_real(module.WSGITransport, "handle_request")


_HOOKS = {
    "httpx._client": _httpx,
    # An application in the process is the provider's side, and no mock.
    "httpx._transports.asgi": _asgi,
    "httpx._transports.wsgi": _wsgi,
    "requests.sessions": lambda module: _observe(module.Session, "send", _note_requests),
    "aiohttp.client": lambda module: _observe(module.ClientSession, "_request", _note_aiohttp, asynchronous=True),
    "http.client": lambda module: _is_real(module.HTTPConnection, "send"),
    # The urllib3 that niquests brings for all, requests among them, has left http.client behind.
    "urllib3.connection": lambda module: _is_real(module.HTTPConnection, "request"),
    "aiohttp.client_reqrep": lambda module: _is_real(module.ClientRequest, "send"),
    # Where requests end in a connection that is kept, and in a proxy's tunnel too.
    "httpcore._sync.http11": lambda module: _is_real(module.HTTP11Connection, "handle_request"),
    "httpcore._sync.http2": lambda module: _is_real(module.HTTP2Connection, "handle_request"),
    "httpcore._async.http11": lambda module: _is_real(module.AsyncHTTP11Connection, "handle_async_request"),
    "httpcore._async.http2": lambda module: _is_real(module.AsyncHTTP2Connection, "handle_async_request"),
}


def _careful(name, hook):
    def change(module):
        try:
            hook(module)
        except Exception as error:  # noqa: BLE001  # another version of the library must not break the user's program
            sys.stderr.write(f"interceptor  cannot note what mocks of {name} answer: {error}\n")

    return change


def changes():
    """What to do to which module when it is imported; nothing where the run does not observe Python."""
    if "python" not in os.environ.get("INTERCEPTOR_OBSERVED_LIBRARIES", "").split():
        return {}
    os.makedirs(_FOLDER, mode=0o700, exist_ok=True)
    return {name: _careful(name, hook) for name, hook in _HOOKS.items()}
