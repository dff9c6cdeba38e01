"""Sends the calls that follow responses: to loopback, and to the hosts that the project file allows."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from fnmatch import fnmatchcase
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from interceptor.recorder.recorder import Recorder
from interceptor.values.decisions import ProviderCall
from interceptor.values.exchange import Metadata
from interceptor.values.messages import Request, Response
from interceptor.values.origins import is_loopback
from interceptor.values.urls import DEFAULT_PORTS

_SECONDS = 10.0
"""For a consumer to answer a call."""
_LARGEST_ANSWER = 1_000_000


class Calling:
    """The calls that are on their way.

    Args:
        recorder: notes them.
        allowed: hosts beyond loopback, `*` for any part.
    """

    def __init__(self, recorder: Recorder, allowed: Sequence[str]) -> None:
        self._recorder = recorder
        self._allowed = [each.lower() for each in allowed]
        self._pending: set[asyncio.Task[None]] = set()

    def start(self, calls: Sequence[ProviderCall], metadata: Metadata) -> None:
        """Send the calls of a response, each after its delay."""
        for call in calls:
            host = (urlsplit(call.request.url).hostname or "").lower()
            if not is_loopback(host) and not any(fnmatchcase(host, pattern) for pattern in self._allowed):
                self._recorder.note_failure(
                    f'{metadata.handler}: then.call may not go to "{host}"; '
                    "it is no loopback address, and calls in the project file does not allow it"
                )
                continue
            task = asyncio.get_running_loop().create_task(self._call(call, metadata))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)

    async def stop(self) -> None:
        """Give up what is on its way; each is noted as unanswered."""
        pending = list(self._pending)
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending)

    async def _call(self, call: ProviderCall, metadata: Metadata) -> None:
        at, began, response, why = time.time(), time.perf_counter(), None, "the run ended before"
        try:
            await asyncio.sleep(call.delay / 1000)
            at, began = time.time(), time.perf_counter()
            async with asyncio.timeout(_SECONDS):
                response = await _answer_to(call.request)
        except TimeoutError:
            why = f"no answer within {_SECONDS:g} s"
        except (OSError, HTTPException, ValueError) as error:
            why = str(error) or type(error).__name__
        finally:
            ms = round((time.perf_counter() - began) * 1000, 1)
            self._recorder.note_call(call.request, response, metadata, why, at=at, ms=ms)


class _Received:
    """What `http.client` reads a response from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any, **__: Any) -> BytesIO:
        return BytesIO(self._data)


async def _answer_to(request: Request) -> Response:
    parts = urlsplit(request.url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    secured = ssl.create_default_context() if parts.scheme == "https" else None
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=secured)
    try:
        writer.write(_head(request, parts.netloc) + request.body)
        data = bytearray()
        while piece := await reader.read(65536):
            data += piece
            if len(data) > _LARGEST_ANSWER:
                raise ValueError("the answer is too large")
    finally:
        writer.close()
    answer = HTTPResponse(_Received(bytes(data)), method=request.method)  # type: ignore[arg-type]  # it only reads
    answer.begin()
    body = answer.read()
    return Response(answer.status, tuple((name.lower(), value) for name, value in answer.getheaders()), body)


def _head(request: Request, authority: str) -> bytes:
    target = request.url[len(request.origin) :] or "/"
    target = target if target.startswith("/") else f"/{target}"
    own = {"host": authority, "content-length": str(len(request.body)), "connection": "close"}
    said = dict(request.headers)
    lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in (own | said | own).items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
