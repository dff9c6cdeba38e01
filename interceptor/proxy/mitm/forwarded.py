"""The answers of real servers, as mitmproxy's hooks tell of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from mitmproxy import http

from interceptor.proxy.forwarding import Heard, Interim, NoAnswerError
from interceptor.proxy.http1.reader import Fields
from interceptor.proxy.mitm.private import PrivateEnd
from interceptor.proxy.mitm.upstream import UpstreamWay

_MOST_QUEUED = 1 << 18
"""Bytes of an answer that wait for the client, before the real server is read no further."""
CONNECTION_ENDED = "the connection to it ended"


class ForwardedAnswer:
    """The answer to one request, as mitmproxy's hooks tell of it."""

    def __init__(self, interim: Interim, end: PrivateEnd) -> None:
        self.status = 0
        self.reason = b""
        self.fields: Fields = ()
        self.complete = False
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.interim = interim
        self._end = end
        self._pieces: list[bytes] = []
        self._size = 0
        self._ended = False
        self._failure: str | None = None
        self._news = asyncio.Event()
        self._heard: Heard | None = None
        self._unheard: list[tuple[bool, str | bytes]] = []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            pieces, self._pieces, self._size = self._pieces, [], 0
            self._news.clear()
            self._end.resume()
            for piece in pieces:
                yield piece
            if self._pieces:
                continue
            if self._failure is not None:
                raise NoAnswerError(self._failure)
            if self._ended:
                return
            await self._news.wait()

    def hear(self, heard: Heard) -> None:
        self._heard = heard
        for message in self._unheard:
            heard(*message)
        self._unheard.clear()

    def tell(self, content: str | bytes, *, from_client: bool) -> None:
        """A message on a WebSocket."""
        if self._heard is None:
            self._unheard.append((from_client, content))
        else:
            self._heard(from_client, content)

    def begin(self, response: http.Response) -> None:
        self.status, self.reason = response.status_code, response.data.reason
        self.fields = response.headers.fields
        if not self.begun.done():
            self.begun.set_result(None)

    def add(self, piece: bytes) -> bytes:
        """Take a piece; mitmproxy itself need not write it to anybody."""
        if piece:
            self._pieces.append(piece)
            self._size += len(piece)
            self._news.set()
            if self._size > _MOST_QUEUED:
                self._end.pause()
        return b""

    def finish(self) -> None:
        self._ended = True
        self._news.set()

    def fail(self, why: str) -> None:
        if self._ended or self._failure is not None:
            return
        self._failure = why
        self._news.set()
        if not self.begun.done():
            self.begun.set_exception(NoAnswerError(why))
            self.begun.exception()  # told to whoever waits; nobody may


class ForwardAddon:
    """Tells of the answers to those requests that our own server passes on."""

    def __init__(self, way: UpstreamWay) -> None:
        self._way = way
        self.answers: dict[str, ForwardedAnswer] = {}
        """By the id of mitmproxy's client: what its one request awaits."""

    def interim(self, client: str, status: int, fields: Fields) -> None:
        if (answer := self.answers.get(client)) is not None:
            answer.interim(status, fields)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if flow.client_conn.id in self.answers:
            self._way.choose(flow)
            flow.request.stream = True

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        answer = self.answers.get(flow.client_conn.id)
        if answer is not None and flow.response is not None and flow.response.status_code != 101:
            flow.response.stream = answer.add
            answer.begin(flow.response)

    def response(self, flow: http.HTTPFlow) -> None:
        answer = self.answers.get(flow.client_conn.id)
        if answer is None or flow.response is None:
            return
        flow.response.trailers = None
        if flow.response.status_code == 101:
            answer.begin(flow.response)
        answer.finish()

    def error(self, flow: http.HTTPFlow) -> None:
        answer = self.answers.get(flow.client_conn.id)
        if answer is not None:
            answer.fail(flow.error.msg if flow.error is not None else CONNECTION_ENDED)

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        """Tell what passes, and forget it."""
        answer = self.answers.get(flow.client_conn.id)
        if flow.websocket is None or answer is None:
            return
        for message in flow.websocket.messages:
            answer.tell(message.text if message.is_text else message.content, from_client=message.from_client)
        flow.websocket.messages.clear()
