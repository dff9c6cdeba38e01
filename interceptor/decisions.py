"""What the engine decides about a request: a closed union that every door matches exhaustively."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from interceptor.messages import Headers, Json, ProviderState, Response


@dataclass(frozen=True, slots=True)
class Note:
    """What is known about an exchange before it is answered; the fields are those of `Exchange`."""

    provider: str | None = None
    path: str | None = None
    handler: str | None = None
    entry: int | None = None
    name: str | None = None
    states: tuple[ProviderState, ...] = ()
    test: str | None = None
    scope: str | None = None
    rules: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    named: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    record: bool = True


@dataclass(frozen=True, slots=True)
class Mocked:
    """A handler answers. The caller waits `delay` milliseconds first; infinity means that no answer ever comes."""

    response: Response
    note: Note
    delay: float = 0.0
    cors: Headers = ()
    """What a browser needs beside the answer; sent, but never noted."""


@dataclass(frozen=True, slots=True)
class Passthrough:
    """The real server answers.

    `why` is "unhandled" (owned, and the project says warn or bypass), "others" (owned by nobody), "excluded", or
    "loopback" (owned by nobody, and local); `reported` says whether the user asked to be told (warn).
    """

    why: Literal["unhandled", "others", "excluded", "loopback"]
    note: Note
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Unhandled:
    """Nobody may answer: the client gets a 501 that says so, and the run fails."""

    response: Response
    note: Note
    explanation: str
    """The nearest handlers and what differs, for the log and the summary."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A handler applied, but its answer could not be made: the client gets a 500 that says why, and the run fails."""

    response: Response
    note: Note
    explanation: str
    """`handlers/products.yaml:12: response.json.name: "reqest" is not known here`."""


Decision: TypeAlias = Mocked | Passthrough | Unhandled | Failed
