"""Notes what mocks inside a Python process answer: respx, responses, requests-mock, pytest-httpx, vcrpy, aioresponses.

Imported by the `sitecustomize` of a run, in the consumer's own interpreter: the standard library only, and no fault of
this module ever reaches a test. Where a client library hands over request and answer, whichever mock made it, the
exchange becomes a line of JSON in a file of this process, in the folder that INTERCEPTOR_OBSERVED names. What went to
a real server is not noted here: the transports of the libraries say that they were asked.
"""

from __future__ import annotations

import base64
import contextvars
import importlib.util
import inspect
import json
import os
import sys
import threading
from datetime import UTC, datetime

_FOLDER = os.environ.get("INTERCEPTOR_OBSERVED", "")
_MOST_BYTES = int(os.environ.get("INTERCEPTOR_OBSERVED_BYTES") or 1 << 20)
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
        "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
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
    received = response._body  # a look: nothing is taken from the consumer
    if received is None:
        received = b"".join(response.content._buffer)
    _write(
        "aiohttp",
        _message(response.method, response.url, headers, content),
        _answer(response.status, response.headers, received),
    )


def _observe(cls, name, note, asynchronous=False):
    """Have every call of a method noted, whatever a mock has put in the method's place by then."""
    get = cls.__getattribute__

    def observed(method):
        def begin():
            asked = []
            return asked, _wire.set(asked)

        def end(asked, options, response):
            if asked:
                return None
            try:
                return note(options, response)
            except Exception:
                return None

        async def send_async(*args, **options):
            asked, token = begin()
            try:
                response = await method(*args, **options)
                more = end(asked, options, response)
                if more is not None:
                    try:
                        await more
                    except Exception:
                        pass
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
    "aiohttp.client_reqrep": lambda module: _is_real(module.ClientRequest, "send"),
    "httpcore._sync.connection": lambda module: _is_real(module.HTTPConnection, "handle_request"),
    "httpcore._async.connection": lambda module: _is_real(module.AsyncHTTPConnection, "handle_async_request"),
}


class _Finder:
    """Hooks into a library when it is imported, so that those that are not cost nothing."""

    def find_spec(self, name, path=None, target=None):
        if name not in _HOOKS:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            _hook(name, module)

        spec.loader.exec_module = exec_module
        return spec


def _hook(name, module):
    try:
        _HOOKS[name](module)
    except Exception as error:
        sys.stderr.write(f"interceptor  cannot note what mocks of {name} answer: {error}\n")


def install():
    """Begin to note; does nothing outside of a run."""
    if not _FOLDER:
        return
    os.makedirs(_FOLDER, exist_ok=True)
    sys.meta_path.insert(0, _Finder())
    for name in set(_HOOKS) & set(sys.modules):
        _hook(name, sys.modules[name])
