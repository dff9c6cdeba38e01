"""The lines of the journal: the header, and Exchange -> JSON -> Exchange.

What is known of an exchange is written as `Metadata` defines it. Decoding is strict about the shape, so that nothing
odd travels further; unknown keys are passed over, so that an older reader can read what a newer writer of the same
version adds.

orjson encodes, msgspec decodes: each is the faster one at it, and msgspec spells large floats otherwise.
"""

from __future__ import annotations

import base64
import json
from dataclasses import MISSING, Field, fields
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, get_type_hints

import msgspec
import orjson

from interceptor.values.exchange import Exchange, LargeBody, Metadata, Outcome, ProviderState
from interceptor.values.json_text import Json
from interceptor.values.messages import Headers, Request, Response
from interceptor.values.nesting import TOO_DEEP, is_deeper

VERSION = 1
T = TypeVar("T")


class DamagedError(ValueError):
    """A line is not what the form of the journal asks for; the text says where."""


class Header(msgspec.Struct, frozen=True):
    """The first line: which run this was."""

    interceptor: Literal["journal"]
    version: int
    run: str = ""
    consumer: str | None = None
    started: str = ""
    tool: str = ""


class _Body(msgspec.Struct):
    """One of text, base64, or size and sha256."""

    text: str | None = None
    base64: str | None = None
    size: int | None = None
    sha256: str | None = None


class _Request(msgspec.Struct):
    method: str
    url: str
    headers: Headers
    path: str | None = None
    body: _Body | None = None


class _Response(msgspec.Struct):
    status: int
    headers: Headers
    body: _Body | None = None


class _Repeats(msgspec.Struct):
    repeats: list[tuple[int, Annotated[int, msgspec.Meta(ge=1)]]]


class _Ended(msgspec.Struct):
    ended: dict[str, Any]


_RENAMED = {"generated": "made"}
"""Facts whose key is not their name."""
_ELSEWHERE = {"path", "further_handlers"}
"""Facts that are no key of the line: the path is one of its request; a batch is written as its first handler's."""
_BEFORE_REQUEST = {"handler", "entry", "name", "states", "test", "scope"}
"""The facts whose keys stand before the request's; `essence` relies on it for what differs between repeats."""
_WRITTEN_APART = {"provider", "record"}
"""Facts with a place of their own: the provider is written even where it is null, `record` last."""

_Fact: TypeAlias = tuple[str, str, Any]
"""Its name, its key, and the value with which it is left out."""


def _fact(fact: Field[Any]) -> _Fact:
    default = fact.default if fact.default_factory is MISSING else fact.default_factory()
    return fact.name, _RENAMED.get(fact.name, fact.name), default


_FACTS = [_fact(each) for each in fields(Metadata) if each.name not in _ELSEWHERE]
_NAMES = [name for name, *_ in _FACTS]
_facts_of = attrgetter(*_NAMES)
_BEFORE = [fact for fact in _FACTS if fact[0] in _BEFORE_REQUEST]
_AFTER = [fact for fact in _FACTS if fact[0] not in _BEFORE_REQUEST | _WRITTEN_APART]


def _form() -> Any:
    """The form of a line: what an exchange has of its own, and each fact of its metadata."""
    types = get_type_hints(Metadata)
    own: list[Any] = [
        ("at", str),
        ("ms", float),
        ("outcome", Outcome),
        ("request", _Request),
        ("response", _Response | None),
        ("masked", tuple[str, ...], ()),
    ]
    facts = [(name, types[name], default) for name, _, default in _FACTS]
    return msgspec.defstruct("Line", [*own, *facts], rename=_RENAMED, kw_only=True)


_LINE = msgspec.json.Decoder(_form())
_HEADER = msgspec.json.Decoder(Header)
_COUNTS = msgspec.json.Decoder(_Repeats)
_END = msgspec.json.Decoder(_Ended)
_TIME_FIRST, _REQUEST_KEY = b'{"at":', b',"request":{"method":'


def dumps(value: Any) -> bytes:
    """Compact JSON; what UTF-8 cannot hold becomes a question mark."""
    try:
        return orjson.dumps(value, _plain, orjson.OPT_PASSTHROUGH_DATACLASS)
    except TypeError:
        # Lone surrogates and integers beyond 64 bits, which JSON may hold and orjson does not.
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)
        return text.encode("utf-8", "replace")


def _plain(value: Any) -> dict[str, Json]:
    if isinstance(value, ProviderState):
        return {"name": value.name, "params": value.params} if value.params else {"name": value.name}
    return dict(value)


def encoded(exchange: Exchange) -> dict[str, Any]:
    """The line of an exchange without `at` and `ms`, which differ between repeats; optional keys only where set."""
    metadata, request, response = exchange.metadata, exchange.request, exchange.response
    line: dict[str, Any] = {"provider": metadata.provider, "outcome": exchange.outcome.value}
    _add_facts(line, metadata, _BEFORE)
    line["request"] = {
        "method": request.method,
        "url": request.url,
        "path": metadata.path,
        "headers": request.headers,
        "body": _encoded_body(request.body, exchange.large.get("request")),
    }
    line["response"] = None
    if response is not None:
        body = _encoded_body(response.body, exchange.large.get("response"))
        line["response"] = {"status": response.status, "headers": response.headers, "body": body}
    _add_facts(line, metadata, _AFTER)
    if exchange.masked:
        line["masked"] = exchange.masked
    if not metadata.record:
        line["record"] = False
    return line


def _add_facts(line: dict[str, Any], metadata: Metadata, facts: list[_Fact]) -> None:
    for name, key, default in facts:
        if (value := getattr(metadata, name)) != default:
            line[key] = value


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
    read = _read(_LINE, line)
    request, response = read.request, read.response
    large: dict[str, LargeBody] = {}
    return Exchange(
        Request(request.method, request.url, request.headers, _body("request", request.body, large)),
        response and Response(response.status, response.headers, _body("response", response.body, large)),
        read.outcome,
        read.at,
        read.ms,
        Metadata(path=request.path, **dict(zip(_NAMES, _facts_of(read), strict=True))),
        read.masked,
        large,
        count,
    )


def _body(side: str, body: _Body | None, large: dict[str, LargeBody]) -> bytes:
    """The body of a message; of one that was too large, what is noted of it goes into `large`."""
    if body is None:
        return b""
    if body.text is not None:
        return body.text.encode()
    if body.size is not None and body.sha256 is not None:
        large[side] = LargeBody(body.size, body.sha256)
        return b""
    if body.base64 is None:
        raise DamagedError(f"{side}.body: neither text nor base64 nor size and sha256")
    try:
        return base64.b64decode(body.base64, validate=True)
    except ValueError as error:
        raise DamagedError(f"{side}.body: not base64: {error}") from error


def essence(line: bytes, *, by_test: bool) -> tuple[bytes, str]:
    """What lines share that differ only in time, scope and, unless `by_test`, test; and the time."""
    # As our writer writes it, what is left out stands before the request: so what follows need not be read for this.
    end = line.find(_REQUEST_KEY) if line.startswith(_TIME_FIRST) else -1
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
    return _read(_HEADER, line)


def decoded_repeats(line: bytes) -> list[tuple[int, int]]:
    """Numbers of exchanges with how often each happened.

    Raises:
        DamagedError: where the line does not say that.
    """
    return _read(_COUNTS, line).repeats


def decoded_end(line: bytes) -> dict[str, Json]:
    """What a run saw beside its exchanges.

    Raises:
        DamagedError: where the line does not say that.
    """
    return _read(_END, line).ended


def _read(form: msgspec.json.Decoder[T], line: bytes) -> T:
    if is_deeper(line):
        raise DamagedError(TOO_DEEP)
    try:
        return form.decode(line)
    except ValueError as error:
        raise DamagedError(str(error)) from error
