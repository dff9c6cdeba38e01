"""What mitmproxy's HTTP/1 client lacks: answers before the final one (RFC 9110, section 15.2), and trailers.

It takes the first 1xx for the final answer, and raises for trailers; the client would wait for ever. No addon can help,
so a subclass stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

import h11
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.net.http import http1
from mitmproxy.proxy import events, layer
from mitmproxy.proxy.layers import http as http_layers
from mitmproxy.proxy.layers.http._http1 import Http1Client

from interceptor.proxy.http1.reader import Fields

Tell: TypeAlias = Callable[[str, int, Fields], None]
"""Is given the id of the client, and status and headers of an answer before the final one."""

_INTERIM = re.compile(rb"\s*HTTP/1\.[01] 1(?!01)\d\d\b")
_LONGEST_LINE = 32


class TrailersDropped(ChunkedReader):
    """Reads a chunked body without telling of its trailers."""

    def __call__(self, buffer: ReceiveBuffer) -> h11.Data | h11.EndOfMessage | None:
        event = super().__call__(buffer)
        return h11.EndOfMessage() if isinstance(event, h11.EndOfMessage) else event


def answer_whole(tell: Tell) -> None:
    """Have mitmproxy's clients go on after an interim answer, and end where trailers come."""

    class WholeAnswers(Http1Client):
        def read_headers(self, event: events.ConnectionEvent) -> layer.CommandGenerator[None]:
            if isinstance(event, events.DataReceived) and self.request is not None:
                while _INTERIM.match(bytes(self.buf)[:_LONGEST_LINE]) and (head := self.buf.maybe_extract_lines()):
                    answer = http1.read_response_head([bytes(line) for line in head])
                    tell(self.context.client.id, answer.status_code, answer.headers.fields)
            yield from super().read_headers(event)

        def read_body(self, event: events.Event) -> layer.CommandGenerator[None]:
            if type(self.body_reader) is ChunkedReader:
                reader = TrailersDropped()
                reader.__dict__.update(self.body_reader.__dict__)
                self.body_reader = reader
            yield from super().read_body(event)

    http_layers.Http1Client = WholeAnswers  # type: ignore[attr-defined]  # the name by which its layers make clients
