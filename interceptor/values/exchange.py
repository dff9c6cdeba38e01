"""One request, what was answered and what is known about it: what a line of the journal says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from interceptor.values.json_text import Json
from interceptor.values.lean import lean
from interceptor.values.messages import Request, Response

GeneratedSpan: TypeAlias = tuple[int, int, Json, Json, bool]
"""Where in the text of a place a generated value starts and ends, what it is if the sources of templates are the lower
and the higher of two stand-ins, which are the same in every run, and whether chance is among its sources: of values
that come from the clock alone two may be equal by accident."""


class Outcome(StrEnum):
    """What became of a request."""

    MOCKED = "mocked"
    PASSED = "passed"
    UNHANDLED = "unhandled"
    FAILED = "failed"
    CALLED = "called"
    """It is the provider's, sent to the consumer after a response."""


@dataclass(frozen=True)
class ProviderState:
    """A provider state: the condition under which a provider gives this answer."""

    name: str
    params: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LargeBody:
    """What is noted of a body that is too large for a contract."""

    size: int
    """Bytes."""
    sha256: str


@lean(frozen=True, slots=True)
class Metadata:
    """What is known of an exchange beside its messages: whose it is, what answered, what a contract has to know.

    Decisions bear it before there is an exchange. The journal writes every fact under its name, where it is not the
    default: so this is the one place where a new fact is defined.

    Places are texts here, as `interceptor.values.place` spells them.
    """

    provider: str | None = None
    handler: str | None = None
    """`file:line` of the handler that answered."""
    further_handlers: tuple[str, ...] = ()
    """Those that answered the other operations of a batch."""
    entry: int | None = None
    """Which entry of the handler's list of responses answered, from 0."""
    name: str | None = None
    states: tuple[ProviderState, ...] = ()
    test: str | None = None
    scope: str | None = None
    path: str | None = None
    """The path below the provider's url, without the query."""
    rules: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """The rules that the handler declares: `{"response": {"$.id": {"regex": "\\\\d+"}}, "request": {...}}`."""
    named: tuple[str, ...] = ()
    """Places of headers that the handler names, and so wants in the contract."""
    cookies: tuple[str, ...] = ()
    """The cookies that the handler asks for or reads."""
    generated: tuple[str, ...] = ()
    """Places whose value a template, a resolver or the client's run made up, as far as the proxy knows."""
    spans: Mapping[str, tuple[GeneratedSpan, ...]] = field(default_factory=dict)
    """By place, the parts of a text, or the number, for which a template asked the clock or chance."""
    constants: Mapping[str, Json] = field(default_factory=dict)
    """By place, what a contract says in the place of a generated value that has no form of its own."""
    literal: tuple[str, ...] = ()
    """Texts of the handler's request part that may hold a UUID, a time or the like: what they say is no accident."""
    websocket: Literal["opened", "message", "sent", "closed"] | None = None
    """Which part of a WebSocket's life this is: its opening; a message with its first answer; a further answer, or
    what the server sends by itself; its end. The bodies are the messages."""
    record: bool = True
    """False for what a handler keeps out of the contract (`record: false`)."""


@lean(frozen=True)
class Exchange:
    """One request and what was answered: a line of the journal."""

    request: Request
    response: Response | None
    outcome: Outcome
    at: str = ""
    """When the request was complete: ISO 8601, UTC, milliseconds."""
    ms: float = 0.0
    """From the complete request to the answer, in milliseconds."""
    metadata: Metadata = field(default_factory=Metadata)
    masked: tuple[str, ...] = ()
    """Places whose value is masked."""
    large: Mapping[str, LargeBody] = field(default_factory=dict)
    """By side, what is noted of a body that was too large to be kept; the body is empty then."""
    count: int = 1
    """How often exactly this exchange happened in its test."""


@dataclass(frozen=True, slots=True)
class ImportedExchange:
    """One request with the real answer to it."""

    request: Request
    response: Response
    at: str
    """When the request was sent: ISO 8601, UTC."""
    metadata: Metadata = field(default_factory=Metadata)
    """What the recording itself says beside the messages."""
    masked: tuple[str, ...] = ()
    """Places whose value is masked already."""
    lacks_body: bool = False
    """True where the response had a body that the recording does not hold."""
