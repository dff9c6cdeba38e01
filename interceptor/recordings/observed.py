"""What mocks inside the consumer's processes answered, as the preloads of a run noted it: a file for each process."""

from __future__ import annotations

from contextlib import suppress
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
class _Request(TypedDict):
    method: str
    url: str
    headers: Headers
    body: Base64Bytes


@with_config(ConfigDict(extra="ignore"))
class _Response(TypedDict):
    status: Annotated[int, Field(ge=100, le=599)]
    headers: Headers
    body: Base64Bytes


@with_config(ConfigDict(extra="ignore"))
class _Noted(TypedDict):
    id: int
    at: str
    moment: int
    library: str
    test: NotRequired[str | None]
    worker: NotRequired[str | None]
    request: _Request
    response: _Response


@with_config(ConfigDict(extra="ignore"))
class _Announced(TypedDict):
    id: int
    method: str
    url: str


@with_config(ConfigDict(extra="ignore"))
class _NotNoted(TypedDict):
    id: int
    lost: str


_NOTED = TypeAdapter(_Noted)
_ANNOUNCED = TypeAdapter(_Announced)
_NOT_NOTED = TypeAdapter(_NotNoted)
_CUT_SHORT = "its process was killed before the bodies were copied, or a body never ended"


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


@dataclass(frozen=True, slots=True)
class Lost:
    """A request that a mock answered, and whose exchange could not be noted."""

    request: Request
    why: str


def read_observed(folder: Path) -> tuple[list[Observed], list[Lost]]:
    """What all processes noted, in the order in which it was asked; and what they could not note."""
    found: list[Observed] = []
    lost: list[Lost] = []
    for file in sorted(folder.glob("*.jsonl")):
        _read_file(file, found, lost)
    return sorted(found, key=lambda each: each.moment), lost


def _read_file(file: Path, found: list[Observed], lost: list[Lost]) -> None:
    """Each exchange is announced first; what is not noted afterwards is lost."""
    announced: dict[int, tuple[_Announced, str]] = {}
    for content in file.read_bytes().splitlines():
        # The last line of a process that was killed may be torn; it was announced before.
        with suppress(ValidationError, NotJsonError, ValueError, KeyError):
            line = parse_json(content)
            if isinstance(line, dict) and "library" in line:
                noted = _NOTED.validate_python(line)
                found.append(_observed(noted))
                announced.pop(noted["id"], None)
            elif isinstance(line, dict) and "lost" in line:
                missing = _NOT_NOTED.validate_python(line)
                announced[missing["id"]] = (announced[missing["id"]][0], missing["lost"])
            else:
                begun = _ANNOUNCED.validate_python(line)
                announced[begun["id"]] = (begun, _CUT_SHORT)
    lost += (Lost(Request(each["method"].upper(), _url(each["url"])), why) for each, why in announced.values())


def _observed(line: _Noted) -> Observed:
    request, response = line["request"], line["response"]
    return Observed(
        line["library"],
        Request(request["method"].upper(), _url(request["url"]), _headers(request["headers"]), request["body"]),
        Response(response["status"], _headers(response["headers"]), response["body"]),
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
