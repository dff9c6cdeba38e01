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
import io
import itertools
import json
import os
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime, timezone

_FOLDER = os.environ.get("INTERCEPTOR_OBSERVED", "")
_MOST_BYTES = 16 << 20
"""An endless body must not fill the memory."""
_wire = contextvars.ContextVar("interceptor_wire", default=None)
"""What the call in hand has asked of a real transport; None outside of a call."""
_begun = contextvars.ContextVar("interceptor_begun", default=(0, None))
"""When the call in hand began, and in which test."""
_lock = threading.Lock()
_CLOCK = time.CLOCK_MONOTONIC_RAW if sys.platform == "darwin" else time.CLOCK_MONOTONIC
"""The clock of the proxy's own notes, so that what a test declared can be told apart from what it declared later."""
_clock = time.clock_gettime_ns  # held before a suite can put a fake in its place


def _body(content):
    if content is None:
        return ""
    if isinstance(content, str):
        content = content.encode()
    if not isinstance(content, (bytes, bytearray)):
        raise TypeError("its body was read before it could be copied")
    if len(content) > _MOST_BYTES:
        raise ValueError(f"its body has {len(content)} bytes")
    return base64.b64encode(content).decode()


def _text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _pairs(headers):
    items = getattr(headers, "multi_items", headers.items)()
    return [[_text(name), _text(value)] for name, value in items]


def _line(content):
    with _lock, open(os.path.join(_FOLDER, f"{os.getpid()}.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps(content) + "\n")


_ids = itertools.count()


class _Note:
    """An exchange, announced as soon as it is answered: a process that is killed has said then what is missing."""

    def __init__(self, library, method, url):
        self._library, self._method, self._url = library, _text(method), str(url)
        self._moment, self._test = _begun.get()
        self._id = next(_ids)
        _line({"id": self._id, "method": self._method, "url": self._url})

    def fail(self, error):
        _line({"id": self._id, "lost": str(error) or type(error).__name__})

    def finish(self, sent_headers, sent, status, headers, received):
        try:
            request = {"method": self._method, "url": self._url, "headers": _pairs(sent_headers), "body": _body(sent)}
            response = {"status": status, "headers": _pairs(headers), "body": _body(received)}
        except Exception as error:  # noqa: BLE001  # whatever it is, the run says that the exchange is missing
            self.fail(error)
            return
        at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        _line(
            {
                "id": self._id,
                "at": at,
                "moment": self._moment,
                "library": self._library,
                "test": self._test,
                "worker": os.environ.get("PYTEST_XDIST_WORKER"),
                "request": request,
                "response": response,
            }
        )


# The client libraries ------------------------------------------------------------------------------------------------


def _note_httpx(_, response):
    request = response.request
    note = _Note("httpx", request.method, request.url)
    try:
        sent = request.read()  # the mock has answered: what it has not read, nobody will
    except Exception:  # noqa: BLE001  # a stream that the mock has read, or one for asynchronous clients
        sent = getattr(request, "_content", ...)
    _note_httpx_response(note, sent, response)


async def _note_httpx_async(_, response):
    request = response.request
    note = _Note("httpx", request.method, request.url)
    try:
        sent = await request.aread()
    except Exception:  # noqa: BLE001  # as above
        sent = getattr(request, "_content", ...)
    _note_httpx_response(note, sent, response)


def _note_httpx_response(note, sent, response):
    """At once where the body is there, else when the consumer has read it."""
    headers = response.headers.copy()
    received = getattr(response, "_content", None)
    if received is not None:
        note.finish(response.request.headers, sent, response.status_code, headers, received)
        return

    def done(raw):
        module = sys.modules["httpx"]
        with suppress(Exception):
            raw = module.Response(response.status_code, headers=headers, content=raw).content  # decoded
        note.finish(response.request.headers, sent, response.status_code, headers, raw)

    stream = response.stream
    if hasattr(stream, "__aiter__") and not isinstance(response.stream, sys.modules["httpx"].SyncByteStream):
        response.stream = _async_tee(stream, done)
    else:
        response.stream = _tee(stream, done)


def _tee(stream, done):
    class Tee(sys.modules["httpx"].SyncByteStream):
        def __iter__(self):
            chunks = []
            for chunk in stream:
                chunks.append(chunk)
                yield chunk
            done(b"".join(chunks))

        def close(self):
            stream.close()

    return Tee()


def _async_tee(stream, done):
    class Tee(sys.modules["httpx"].AsyncByteStream):
        async def __aiter__(self):
            chunks = []
            async for chunk in stream:
                chunks.append(chunk)
                yield chunk
            done(b"".join(chunks))

        async def aclose(self):
            await stream.aclose()

    return Tee()


def _note_requests(options, response):
    # A session follows redirects inside: the first answer is the one of this call, the others have calls of their own.
    response = response.history[0] if response.history else response
    request = response.request
    note = _Note("requests", request.method, request.url)
    content = response.content
    if options.get("stream"):
        _rewind(response, content)
    note.finish(request.headers, request.body, response.status_code, response.headers, content)


def _rewind(response, content):
    """A consumer that asked for a stream reads it from its begin, `response.raw` included."""
    raw = response.raw
    headers = {name: value for name, value in raw.headers.items() if name.lower() != "content-encoding"}
    with suppress(Exception):
        response.raw = type(raw)(
            body=io.BytesIO(content), headers=headers, status=raw.status, reason=raw.reason, preload_content=False
        )
        response._content = False  # noqa: SLF001  # what `content` has changed is put back
        response._content_consumed = False  # noqa: SLF001  # as above


def _note_aiohttp(options, response):
    note = _Note("aiohttp", response.method, response.url)
    headers = dict(options.get("headers") or {})
    content = options.get("data")
    if options.get("json") is not None:
        content = json.dumps(options["json"])
        headers.setdefault("content-type", "application/json")
    elif isinstance(content, (dict, list, tuple)):
        from urllib.parse import urlencode  # noqa: PLC0415  # every program of the user would wait for it

        content = urlencode(content)
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
    received = response._body  # noqa: SLF001  # a look: nothing is taken from the consumer
    if received is None:
        received = b"".join(response.content._buffer)  # noqa: SLF001  # as above
    note.finish(headers, content, response.status, response.headers, received)


def _observe(cls, name, note, *, asynchronous=False):
    """Have every call of a method noted, whatever a mock has put in the method's place by then."""
    get = cls.__getattribute__

    def observed(method):
        def begin():
            asked = []
            test = (os.environ.get("PYTEST_CURRENT_TEST") or "").rpartition(" (")[0] or None
            return asked, _wire.set(asked), _begun.set((_clock(_CLOCK), test))

        def leave(wire, begun):
            _wire.reset(wire)
            _begun.reset(begun)

        def end(asked, options, response):
            if asked:
                return None
            with suppress(Exception):
                return note(options, response)

        async def send_async(*args, **options):
            asked, *tokens = begin()
            try:
                response = await method(*args, **options)
                more = end(asked, options, response)
                if more is not None:
                    with suppress(Exception):
                        await more
                return response
            finally:
                leave(*tokens)

        def send(*args, **options):
            asked, *tokens = begin()
            try:
                response = method(*args, **options)
                end(asked, options, response)
                return response
            finally:
                leave(*tokens)

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
