"""What the engine decides about a request: a closed union, matched exhaustively by whoever answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from interceptor.values.exchange import Metadata
from interceptor.values.lean import lean
from interceptor.values.messages import Headers, Request, Response

Fault: TypeAlias = Literal["reset", "close", "timeout", "malformed", "truncated", "refused", "dns", "tls"]
"""How a connection fails: reset (RST), close (FIN, no answer), timeout (silence), malformed (not HTTP), truncated;
as if the server could not be reached (refused, dns), or its TLS not be understood (tls)."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a streamed body, sent `delay` milliseconds after the one before."""

    data: bytes
    delay: float = 0.0
    fault: Literal["reset", "close", "timeout"] | None = None
    """What becomes of the connection then."""


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """A request that the provider sends `delay` milliseconds after its response."""

    request: Request
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class ServerAct:
    """What we do on a WebSocket, `delay` milliseconds after the act before: send a message, a ping, or close it."""

    message: str | bytes | None = None
    delay: float = 0.0
    ping: bytes | None = None
    close: tuple[int, str] | None = None
    """Code and reason."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What follows from the opening of a WebSocket or from a message, and what became of that."""

    acts: tuple[ServerAct, ...]
    decision: Mocked | Unhandled | Failed | None = None
    """None for what is the protocol's business alone."""


@dataclass(frozen=True, slots=True)
class PendingReaction:
    """A resolver of the project's own says what follows; see `Resolving`."""

    call: Callable[[], Any]
    finish: Callable[[Any], Reaction | PendingReaction]
    fail: Callable[[BaseException], Reaction]


class Dialogue(Protocol):
    """What a handler says on one WebSocket."""

    @property
    def protocol(self) -> str | None:
        """The subprotocol that the handler chooses."""

    def opened(self) -> Reaction: ...

    def received(self, message: str | bytes) -> Reaction | PendingReaction: ...


@lean(frozen=True, slots=True)
class Mocked:
    """A handler answers. The caller waits `delay` milliseconds first; infinity means that no answer ever comes."""

    response: Response
    """The whole answer, also where it is streamed."""
    metadata: Metadata
    delay: float = 0.0
    cors: Headers = ()
    """What a browser needs beside the answer; sent, but never noted."""
    stream: tuple[Chunk, ...] = ()
    """The body in the pieces in which it is sent, where it is streamed."""
    fault: Fault | None = None
    """How the connection fails instead of an answer; with `truncated`, in the middle of it."""
    cacheable: bool = False
    """True where this very object is the decision about every request that is equal to this one, of its scope."""
    calls: tuple[ProviderCall, ...] = ()
    """What the provider sends afterwards."""
    dialogue: Dialogue | None = None
    """What is said on the WebSocket that this opens, where it opens one."""


@dataclass(frozen=True, slots=True)
class Passthrough:
    """The real server answers.

    `why` is "unhandled" (owned, and the project says warn or bypass), "others" (owned by nobody), "excluded",
    "loopback" (owned by nobody, and local), or "handler" (a handler says so); `reported` says whether the user asked
    to be told (warn).
    """

    why: Literal["unhandled", "others", "excluded", "loopback", "handler"]
    metadata: Metadata
    reported: bool = False
    to: str | None = None
    """The URL to ask in the place of the request's own."""
    headers: tuple[tuple[str, str | None], ...] = ()
    """Headers of the request that the real server gets in the place of the client's; None takes one away."""
    patch: Callable[[Response], Mocked | Failed] | None = None
    """Makes the client's answer of the real one, where a handler changes it."""


@dataclass(frozen=True, slots=True)
class Unhandled:
    """Nobody may answer: the client gets a 501 that says so, and the run fails."""

    response: Response
    metadata: Metadata
    explanation: str
    """The nearest handlers and what differs, for the log and the summary."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A handler applied, but its answer could not be made: the client gets a 500 that says why, and the run fails."""

    response: Response
    metadata: Metadata
    explanation: str
    """`handlers/products.yaml:12: response.json.name: "reqest" is not known here`."""


@dataclass(frozen=True, slots=True)
class Resolving:
    """A resolver of the project's own has to be called before the decision is known.

    The caller runs `call` where it cannot hold up other requests; it may return an awaitable. Then it goes on with
    the decision of `finish`, or of `fail` where an exception came. Where the run ends before that, `left` is noted.
    """

    call: Callable[[], Any]
    finish: Callable[[Any], Decision]
    fail: Callable[[BaseException], Decision]
    left: Callable[[], Settled]


Settled: TypeAlias = Mocked | Passthrough | Unhandled | Failed
"""What is to be done, and can be noted."""
Decision: TypeAlias = Settled | Resolving
