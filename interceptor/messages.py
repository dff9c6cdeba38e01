"""The frozen values that pass between the stages: Request, Response, Exchange.

Header names are lower-case, bodies are decoded (no content-encoding left), URLs are absolute and normalised:
`https://api.example.com/v1/products/10?full=1` (host in lower case, default port and fragment dropped, the path
as the client spelt it).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, Self, TypeAlias, TypeVar, overload
from urllib.parse import unquote_plus

from interceptor.lean import lean
from interceptor.nesting import TOO_DEEP, is_deeper

Json: TypeAlias = Any
Headers: TypeAlias = tuple[tuple[str, str], ...]
Pairs: TypeAlias = tuple[tuple[str, str], ...]

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
JSON_MEDIA_TYPE = "application/json"
FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
BODILESS = frozenset({204, 304})
"""Final statuses that never have a body (RFC 9110, section 6.4.1)."""
_CHARSET = re.compile(r""";\s*charset\s*=\s*"?([^\s;"]+)"?""", re.IGNORECASE)


T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801  # reads like property
    """A property computed once; `functools.cached_property` takes a lock each time on Python 3.11."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: object, kind: type) -> T: ...
    def __get__(self, owner: object | None, kind: type) -> Self | T:
        if owner is None:
            return self
        value = owner.__dict__[self._name] = self._compute(owner)
        return value


class NotJsonError(ValueError):
    """The body is not JSON; the text says where it stops being so."""


def normal_url(scheme: str, host: str, port: int | None, target: str) -> str:
    """An absolute URL from its parts: `("http", "API.test", 80, "/a?b=1")` -> `"http://api.test/a?b=1"`."""
    host = host.lower()
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    authority = host if port is None or port == DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
    return f"{scheme}://{authority}{target if target.startswith('/') else '/' + target}"


def media_type(content_type: str | None) -> str:
    """The bare type of a content-type header: `"Application/JSON; charset=utf-8"` -> `"application/json"`."""
    return (content_type or "").partition(";")[0].strip().lower()


def charset(content_type: str | None) -> str:
    """The charset of a content-type header: `"text/html; charset=iso-8859-1"` -> `"iso-8859-1"`, else `"utf-8"`."""
    match = _CHARSET.search(content_type or "")
    return match[1] if match else "utf-8"


def is_json(content_type: str | None) -> bool:
    """True for JSON and every `+json` type, whatever the capitals and parameters."""
    bare = media_type(content_type)
    return bare == JSON_MEDIA_TYPE or bare.endswith("+json")


def parse_query(query: str) -> Pairs:
    """The decoded pairs of a query string, blanks kept, a bare `flag` read as `flag=`."""
    pieces = (piece.partition("=") for piece in query.split("&") if piece)
    if "%" not in query and "+" not in query:
        return tuple((name, value) for name, _, value in pieces)
    return tuple((unquote_plus(name), unquote_plus(value)) for name, _, value in pieces)


def _refuse(constant: str) -> None:
    raise NotJsonError(f"{constant} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_refuse)


def parse_json(body: bytes) -> Json:
    """The value of a JSON text.

    Raises:
        NotJsonError: for anything that RFC 8259 does not call JSON, NaN and a wrong encoding included, and for what
            is nested too deep.
    """
    if is_deeper(body):
        raise NotJsonError(TOO_DEEP)
    try:
        return _JSON.decode(body.decode("utf-8-sig"))
    except ValueError as error:
        raise NotJsonError(str(error)) from error


@lean(frozen=True)
class Request:
    """One request, as the consumer meant it."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def __hash__(self) -> int:
        return self._hash

    @lazy
    def _hash(self) -> int:
        return hash((self.method, self.url, self.headers, self.body))

    @lazy
    def origin(self) -> str:
        """`https://api.example.com`, `http://[::1]:8080`."""
        return self.url[: self._path_start]

    @lazy
    def path(self) -> str:
        """The path as spelt, percent-encoding kept."""
        return self.url[self._path_start :].partition("?")[0]

    @lazy
    def query_string(self) -> str:
        """The query as spelt, without its question mark."""
        return self.url.partition("?")[2]

    @lazy
    def query(self) -> Pairs:
        return parse_query(self.query_string) if self.query_string else ()

    @lazy
    def _path_start(self) -> int:
        start = self.url.find("/", self.url.find("://") + 3)
        return start if start >= 0 else len(self.url)

    @lazy
    def _first_headers(self) -> Mapping[str, str]:
        first: dict[str, str] = {}
        for name, value in self.headers:
            first.setdefault(name, value)
        return first

    def header(self, name: str) -> str | None:
        """The first value of a header (`name` in lower case), or None."""
        return self._first_headers.get(name)

    def header_values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @lazy
    def cookies(self) -> Pairs:
        pairs = []
        for line in self.header_values("cookie"):
            for piece in line.split(";"):
                name, equals, value = piece.strip().partition("=")
                if equals:
                    pairs.append((name, value.strip('"')))
        return tuple(pairs)

    @lazy
    def form(self) -> Pairs | None:
        """The fields of a urlencoded body, or None where the content type says otherwise."""
        if media_type(self.header("content-type")) != FORM_MEDIA_TYPE:
            return None
        return parse_query(self.text)

    @lazy
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @lazy
    def json(self) -> Json:
        """The body as JSON, whatever its content type.

        Raises:
            NotJsonError: where it is not.
        """
        return parse_json(self.body)


@lean(frozen=True)
class Response:
    """One answer, a handler's or a real provider's."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first value of a header (`name` in lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)


class Outcome(StrEnum):
    """What became of a request."""

    MOCKED = "mocked"
    PASSED = "passed"
    UNHANDLED = "unhandled"
    FAILED = "failed"


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


@lean(frozen=True)
class Exchange:
    """One request and what was answered: a line of the journal.

    Places are written `request.headers.<name>`, `request.query.<name>`, `request.form.<name>`, `request.path`,
    `request.$.<json path>`, and the same below `response`.
    """

    request: Request
    response: Response | None
    outcome: Outcome
    at: str = ""
    """When the request was complete: ISO 8601, UTC, milliseconds."""
    ms: float = 0.0
    """From the complete request to the answer, in milliseconds."""
    provider: str | None = None
    handler: str | None = None
    """`file:line` of the handler that answered."""
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
    made: tuple[str, ...] = ()
    """Places whose value a template, a resolver or the client's run made up, as far as the proxy knows."""
    masked: tuple[str, ...] = ()
    """Places whose value is masked."""
    literal: tuple[str, ...] = ()
    """Texts of the handler's request part that may hold a UUID, a time or the like: what they say is no accident."""
    large: Mapping[str, LargeBody] = field(default_factory=dict)
    """By side, what is noted of a body that was too large to be kept; the body is empty then."""
    record: bool = True
    """False for what a handler keeps out of the contract (`record: false`)."""
    count: int = 1
    """How often exactly this exchange happened in its test."""
