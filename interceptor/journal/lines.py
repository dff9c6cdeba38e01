"""The lines of the journal: the header, and Exchange -> JSON -> Exchange.

Decoding is strict about the shape, so that nothing odd travels further; unknown keys are passed over, so that an
older reader can read what a newer writer of the same version adds.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NotRequired, TypeAlias, final

import orjson
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from interceptor.values.exchange import Exchange, LargeBody, Outcome, ProviderState
from interceptor.values.json_text import Json
from interceptor.values.messages import Headers, Request, Response
from interceptor.values.nesting import TOO_DEEP, is_deeper

VERSION = 1


class DamagedError(ValueError):
    """A line is not what the form of the journal asks for; the text says where."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: which run this was; all empty where the run was killed while writing it."""

    version: int = 1
    run: str = ""
    consumer: str | None = None
    started: str = ""
    tool: str = ""


_strict = with_config(ConfigDict(strict=True, extra="ignore"))


@_strict
class _Header(TypedDict):
    interceptor: Literal["journal"]
    version: int
    run: NotRequired[str]
    consumer: NotRequired[str]
    started: NotRequired[str]
    tool: NotRequired[str]


@final
@_strict
class _Text(TypedDict):
    text: str


@final
@_strict
class _Base64(TypedDict):
    base64: str


@final
@_strict
class _Large(TypedDict):
    size: int
    sha256: str


_Body: TypeAlias = _Text | _Base64 | _Large | None


@_strict
class _Request(TypedDict):
    method: str
    url: str
    path: NotRequired[str | None]
    headers: Headers
    body: NotRequired[_Body]


@_strict
class _Response(TypedDict):
    status: int
    headers: Headers
    body: NotRequired[_Body]


@_strict
class _State(TypedDict):
    name: str
    params: NotRequired[dict[str, Json]]


@_strict
class _Exchange(TypedDict):
    at: str
    ms: float
    provider: NotRequired[str | None]
    outcome: Outcome
    handler: NotRequired[str | None]
    entry: NotRequired[int | None]
    name: NotRequired[str | None]
    states: NotRequired[list[_State]]
    test: NotRequired[str | None]
    scope: NotRequired[str | None]
    request: _Request
    response: _Response | None
    rules: NotRequired[dict[str, dict[str, Json]]]
    named: NotRequired[tuple[str, ...]]
    made: NotRequired[tuple[str, ...]]
    literal: NotRequired[tuple[str, ...]]
    masked: NotRequired[tuple[str, ...]]
    record: NotRequired[bool]


class _Repeats(TypedDict):
    repeats: list[tuple[int, Annotated[int, Field(ge=1)]]]


_EXCHANGE = TypeAdapter(_Exchange)
_HEADER = TypeAdapter(_Header)
_TIME_FIRST, _REQUEST = b'{"at":', b',"request":{"method":'
_REPEATS = TypeAdapter(_Repeats)


def dumps(value: Any) -> bytes:
    """Compact JSON; what UTF-8 cannot hold becomes a question mark."""
    try:
        return orjson.dumps(value, default=dict)
    except TypeError:
        # Lone surrogates and integers beyond 64 bits, which JSON may hold and orjson does not.
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict)
        return text.encode("utf-8", "replace")


def encoded(exchange: Exchange) -> dict[str, Any]:
    """The line of an exchange without `at` and `ms`, which differ between repeats; optional keys only where set."""
    line: dict[str, Any] = {"provider": exchange.provider, "outcome": exchange.outcome.value}
    for key in ("handler", "entry", "name"):
        if (value := getattr(exchange, key)) is not None:
            line[key] = value
    if exchange.states:
        line["states"] = [
            {"name": state.name, "params": state.params} if state.params else {"name": state.name}
            for state in exchange.states
        ]
    for key in ("test", "scope"):
        if (value := getattr(exchange, key)) is not None:
            line[key] = value
    request, response = exchange.request, exchange.response
    line["request"] = {
        "method": request.method,
        "url": request.url,
        "path": exchange.path,
        "headers": request.headers,
        "body": _encoded_body(request.body, exchange.large.get("request")),
    }
    line["response"] = None
    if response is not None:
        body = _encoded_body(response.body, exchange.large.get("response"))
        line["response"] = {"status": response.status, "headers": response.headers, "body": body}
    lists = {
        "rules": exchange.rules,
        "named": exchange.named,
        "made": exchange.generated,
        "literal": exchange.literal,
        "masked": exchange.masked,
    }
    line |= {key: value for key, value in lists.items() if value}
    if not exchange.record:
        line["record"] = False
    return line


def _encoded_body(body: bytes, large: LargeBody | None) -> dict[str, str | int] | None:
    if large is not None:
        return {"size": large.size, "sha256": large.sha256}
    if not body:
        return None
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def decoded(line: bytes, count: int = 1) -> Exchange:
    """The exchange of a line.

    Raises:
        DamagedError: where it is not JSON or not of the journal's form.
    """
    read = _read(_EXCHANGE, line)
    request, response = read["request"], read["response"]
    get = read.get
    return Exchange(
        request=Request(request["method"], request["url"], request["headers"], _body(request.get("body"))),
        response=response and Response(response["status"], response["headers"], _body(response.get("body"))),
        outcome=read["outcome"],
        at=read["at"],
        ms=read["ms"],
        provider=get("provider"),
        handler=get("handler"),
        entry=get("entry"),
        name=get("name"),
        states=tuple(ProviderState(state["name"], state.get("params", {})) for state in get("states", ())),
        test=get("test"),
        scope=get("scope"),
        path=request.get("path"),
        rules=get("rules", {}),
        named=get("named", ()),
        generated=get("made", ()),
        literal=get("literal", ()),
        masked=get("masked", ()),
        record=get("record", True),
        large=dict(_large(read)),
        count=count,
    )


def _large(read: _Exchange) -> Iterator[tuple[str, LargeBody]]:
    for side, message in (("request", read["request"]), ("response", read["response"])):
        if message is not None and (body := message.get("body")) is not None and "size" in body:
            yield side, LargeBody(body["size"], body["sha256"])


def essence(line: bytes, *, by_test: bool) -> tuple[bytes, str]:
    """What lines share that differ only in time, scope and, unless `by_test`, test; and the time."""
    # As our writer writes it, what is left out stands before the request: so what follows need not be read for this.
    end = line.find(_REQUEST) if line.startswith(_TIME_FIRST) else -1
    head, rest = (line[:end] + b"}", line[end:]) if end >= 0 else (line, b"")
    try:
        value = orjson.loads(head)
        at = str(value.pop("at", ""))
        for key in ("ms", "scope") if by_test else ("ms", "scope", "test"):
            value.pop(key, None)
        return orjson.dumps(value) + rest, at
    except (ValueError, AttributeError, TypeError):
        return line, ""  # `decoded` will say what is wrong with it.


def decoded_header(line: bytes) -> Header:
    """The header of a journal, of whatever version.

    Raises:
        DamagedError: where the line is no header.
    """
    read = _read(_HEADER, line)
    return Header(**{key: value for key, value in read.items() if key != "interceptor"})


def decoded_repeats(line: bytes) -> list[tuple[int, int]]:
    """Numbers of exchanges with how often each happened.

    Raises:
        DamagedError: where the line does not say that.
    """
    pairs: list[tuple[int, int]] = _read(_REPEATS, line)["repeats"]
    return pairs


def _read(form: TypeAdapter[Any], line: bytes) -> Any:
    if is_deeper(line):
        raise DamagedError(TOO_DEEP)
    try:
        return form.validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise DamagedError(f"{where}: {first['msg']}" if where else first["msg"]) from error


def _body(body: _Body) -> bytes:
    if body is None or "size" in body:
        return b""
    if "text" in body:
        return body["text"].encode()
    try:
        return base64.b64decode(body["base64"], validate=True)
    except ValueError as error:
        raise DamagedError(f"body: not base64: {error}") from error
