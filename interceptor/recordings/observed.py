"""What mocks inside the consumer's processes answered, as the preloads of a run noted it: a file for each process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, NotRequired
from urllib.parse import urlsplit

from pydantic import Base64Bytes, ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from interceptor.values.json_text import NotJsonError, parse_json
from interceptor.values.messages import Headers, Request, Response
from interceptor.values.urls import normal_url

_OF_THE_WIRE = frozenset({"content-length", "transfer-encoding", "connection", "keep-alive"})


@with_config(ConfigDict(extra="ignore"))
class _Body(TypedDict):
    base64: Base64Bytes


@with_config(ConfigDict(extra="ignore"))
class _Request(TypedDict):
    method: str
    url: str
    headers: Headers
    body: _Body


@with_config(ConfigDict(extra="ignore"))
class _Response(TypedDict):
    status: Annotated[int, Field(ge=100, le=599)]
    headers: Headers
    body: _Body


@with_config(ConfigDict(extra="ignore"))
class _Line(TypedDict):
    at: str
    moment: int
    library: str
    test: NotRequired[str | None]
    worker: NotRequired[str | None]
    request: _Request
    response: _Response


_LINE = TypeAdapter(_Line)


@dataclass(frozen=True, slots=True)
class Observed:
    """One request that a mock answered inside a process of the consumer's."""

    library: str
    """`msw`, `nock`, or the client that was mocked: `httpx`."""
    request: Request
    response: Response
    at: float
    """When it was answered, POSIX seconds."""
    moment: int
    """When it was asked, in nanoseconds of the clock that all processes share."""
    test: str | None
    worker: str | None


def read_observed(folder: Path) -> tuple[list[Observed], int]:
    """What all processes noted, in the order of time; and how many lines could not be read.

    A process that was killed may leave half a line, and a body beyond all measure is not noted.
    """
    found, damaged = [], 0
    for file in sorted(folder.glob("*.jsonl")):
        for line in file.read_bytes().splitlines():
            try:
                found.append(_observed(_LINE.validate_python(parse_json(line))))
            except (ValidationError, NotJsonError, ValueError):
                damaged += 1
    return sorted(found, key=lambda each: each.moment), damaged


def _observed(line: _Line) -> Observed:
    request, response = line["request"], line["response"]
    return Observed(
        line["library"],
        Request(
            request["method"].upper(), _url(request["url"]), _headers(request["headers"]), request["body"]["base64"]
        ),
        Response(response["status"], _headers(response["headers"]), response["body"]["base64"]),
        datetime.fromisoformat(line["at"]).timestamp(),
        line["moment"],
        line.get("test"),
        line.get("worker"),
    )


def _url(url: str) -> str:
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return normal_url(parts.scheme.lower(), parts.hostname or "", parts.port, target)


def _headers(headers: Headers) -> Headers:
    pairs = ((name.lower(), value) for name, value in headers)
    return tuple((name, value) for name, value in pairs if name not in _OF_THE_WIRE)
