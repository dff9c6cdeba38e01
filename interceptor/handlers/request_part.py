"""The request part of a handler as models: they declare, they do nothing."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from interceptor.handlers.shorthands import branch
from interceptor.project.models import StrictModel

BODY_MATCHERS = ("json", "form", "multipart", "text", "xml", "binary", "graphql")
OPERATIONS = ("query", "mutation", "subscription", "operation")
OPERATORS = (
    "$regex", "$contains", "$one_of", "$any_of", "$all_of", "$not", "$type", "$lt", "$lte", "$gt", "$gte", "$any",
    "$absent", "$length", "$each", "$unordered", "$path", "$schema", "$before", "$after", "$within", "$basic",
    "$accepts",
)  # fmt: skip

TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")

_METHOD_NAME = r"[A-Za-z][-!#$%&'*+.^_`|~0-9A-Za-z]*"
"""A method (RFC 9110, section 9.1), as far as one exists: they begin with a letter."""
_CONSTRAINT = re.compile(r"\\.|\((?:\\.|[^()\\])*\)")
"""What is no sign of a path: an escaped character, an expression in parentheses."""
_BRACES = re.compile(r"\{([A-Za-z_]\w*)\}")
_METHOD_AND_PATH = re.compile(rf"({_METHOD_NAME})\s+(\S.*)\Z")


def split_request(text: str) -> tuple[str, str]:
    """`"GET /products"` -> `("GET", "/products")`.

    Raises:
        ValueError: where it is not a method and a path.
    """
    match = _METHOD_AND_PATH.match(text.strip())
    if match is None:
        raise ValueError(f'write a method and a path, for example "GET /products", not "{text}"')
    return match[1].upper(), match[2]


def _path(text: str, key: str | None = None) -> str:
    plain = _without_expressions(text)
    path, mark, query = re.sub(r":\w+\?(?=/|\Z)", "", plain).partition("?")
    if mark:
        where, pairs = re.sub(r"\?.*", "", text), _query_to_paste(query.partition("#")[0])
        key = key or ("url" if "://" in text else "path")
        raise ValueError(
            "a query string does not belong in the path; put it under the key query"
            + (f": {{{key}: {where}, query: {{{pairs}}}}}" if pairs else "")
        )
    if "#" in path:
        raise ValueError(f'a fragment never reaches a server; write "{text.partition("#")[0]}"')
    if braces := _BRACES.search(plain):
        right = _BRACES.sub(r":\1", text)
        raise ValueError(f'a parameter is written :{braces[1]}, so write "{right}"; a plain brace is written \\{{')
    return text


def _without_expressions(text: str) -> str:
    while (shorter := _CONSTRAINT.sub("", text)) != text:
        text = shorter
    return text


def _query_to_paste(query: str) -> str:
    pairs = [piece.partition("=") for piece in query.split("&") if piece]
    return ", ".join(f"{name}: '{value}'" for name, _, value in pairs if re.fullmatch(r"[\w.-]+", name))


Method: TypeAlias = Annotated[str, Field(pattern=f"^{_METHOD_NAME}$"), AfterValidator(str.upper)]
PathText: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(_path)]


def _socket_address(text: str) -> str:
    if "://" in text and not re.match(r"wss?://", text):
        raise ValueError(f'a WebSocket\'s URL begins with wss:// or ws://, so write "{_of_a_socket(text)}"')
    return _path(text, "websocket")


def _of_a_socket(text: str) -> str:
    scheme, _, rest = text.partition("://")
    return f"{'ws' if scheme == 'http' else 'wss'}://{rest}"


SocketAddress: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(_socket_address)]


def _hex(text: str) -> str:
    try:
        bytes.fromhex(text)
    except ValueError:
        raise ValueError(f'"{text}" is not hexadecimal; write for example 89 50 4e 47') from None
    return text


def _base64(text: str) -> str:
    try:
        b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise ValueError("not base64") from None
    return text


class HexBytes(StrictModel):
    """Bytes in hexadecimal digits."""

    hex: Annotated[str, AfterValidator(_hex), Field(examples=["89 50 4e 47"])]
    """Two digits for each byte; spaces do not count."""


class GraphQLPart(StrictModel):
    """A GraphQL operation by kind and name, and its variables."""

    query: Annotated[Any, Field(examples=["GetUser"])] = None
    """The name of a query, or a matcher of it; empty for an anonymous one."""
    mutation: Annotated[Any, Field(examples=["AddUser"])] = None
    """The name of a mutation, or a matcher of it."""
    subscription: Annotated[Any, Field(examples=["Ticks"])] = None
    """The name of a subscription, or a matcher of it."""
    operation: Annotated[Any, Field(examples=["GetUser", {"$any": True}])] = None
    """The name of an operation of any kind, or a matcher of it."""
    variables: Annotated[Any, Field(examples=[{"id": {"$type": "string"}}])] = None
    """The variables, a deep subset of them."""

    @model_validator(mode="after")
    def _one_operation(self) -> GraphQLPart:
        if sum(kind in self.model_fields_set for kind in OPERATIONS) != 1:
            raise ValueError(f"a GraphQL request has exactly one of {', '.join(OPERATIONS)}")
        return self

    @property
    def kind(self) -> str:
        """Which of the operation keys is used; `operation` stands for any kind."""
        return next(kind for kind in OPERATIONS if kind in self.model_fields_set)


class BinaryPart(StrictModel):
    """A body as bytes; all that is listed must match."""

    sha256: Annotated[str | None, Field(pattern="^[0-9A-Fa-f]{64}$")] = None
    """The SHA-256 of the whole body, in hexadecimal digits."""
    size: Annotated[Any, Field(examples=[1024, {"$lt": 1000000}])] = None
    """How many bytes there are, or a matcher of that."""
    starts_with: Annotated[str | HexBytes | None, Field(examples=["%PDF-", {"hex": "89 50 4e 47"}])] = None
    """The first bytes: text in UTF-8, or `{hex: ...}`."""
    base64: Annotated[str | None, AfterValidator(_base64)] = None
    """The whole body in base64."""

    @model_validator(mode="after")
    def _something(self) -> BinaryPart:
        if not self.model_fields_set:
            raise ValueError(f"binary needs one of {', '.join(self.known_keys())}")
        return self


class RequestPart(StrictModel):
    """What a request must look like; what is not listed may be anything."""

    method: Annotated[Method, Field(examples=["POST"])] = "ANY"
    """`ANY` is every method."""
    path: Annotated[PathText | None, Field(examples=["/products/:id", "/files/*"])] = None
    """Below the provider's url. Parameters: `:name`, `:name?`, `:name+`, `:name*`, `:name(\\d+)`; `*` is anything."""
    url: Annotated[PathText | None, Field(examples=["https://*.example.com/ping", "*/ping"])] = None
    """An absolute URL in the place of a path; a leading `*` is any origin."""
    websocket: Annotated[SocketAddress | None, Field(examples=["/chat/:room", "wss://api.example.com/chat"])] = None
    """A path, or an absolute URL, where a client opens a WebSocket."""
    protocol: Annotated[
        str | None, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", examples=["graphql-transport-ws"])
    ] = None
    """The subprotocol of a WebSocket: one that the client offers, and the server chooses."""
    query: Annotated[dict[str, Any] | None, Field(examples=[{"page": {"$regex": "^[0-9]+$"}, "tag": ["a", "b"]}])] = (
        None
    )
    """Query parameters by name; others may be there too. A list means exactly these repeated values."""
    headers: Annotated[dict[str, Any] | None, Field(examples=[{"content-type": {"$contains": "json"}}])] = None
    """Headers by name, in any case."""
    cookies: Annotated[dict[str, Any] | None, Field(examples=[{"session": {"$any": True}}])] = None
    """Cookies by name."""
    json_: Annotated[Any, Field(alias="json", examples=[{"name": {"$type": "string"}}])] = None
    """The JSON body: a deep subset. Objects may have more members; arrays have the same length."""
    form: Annotated[dict[str, Any] | None, Field(examples=[{"name": "Kettle"}])] = None
    """Fields of a urlencoded form by name."""
    multipart: Annotated[dict[str, Any] | None, Field(examples=[{"picture": {"content_type": "image/png"}}])] = None
    """Parts of a multipart form by name: their text, or matchers of a file."""
    text: Annotated[Any, Field(examples=["hello", {"$regex": "^hello"}])] = None
    """The body as text."""
    xml: Annotated[dict[str, Any] | None, Field(examples=[{"/order/@id": "7", "//item": {"$length": 2}}])] = None
    """The XML body: XPaths with what they lead to, or `equal` with a document; `namespaces` by prefix."""
    binary: BinaryPart | None = None
    """The body as bytes."""
    graphql: Annotated[GraphQLPart | None, Field(examples=[{"query": "GetUser"}])] = None
    """A GraphQL operation, at any path unless one is given."""
    matching: Annotated[dict[str, Any], Field(examples=[{"$.name": "not_empty"}])] = {}
    """Pact rules by place: `$...` (body), `header.<name>`, `query.<name>`, `path`. They decide nothing here.
    An empty mapping means that there are none."""

    @model_validator(mode="after")
    def _one_address_one_body(self) -> RequestPart:
        addresses = [key for key in ("path", "url", "websocket") if getattr(self, key) is not None]
        if len(addresses) > 1:
            raise ValueError(f"a request has either {' or '.join(addresses)}, not both")
        if not addresses and self.graphql is None:
            raise ValueError("a request needs a path, a url or a websocket")
        given = [name for name in BODY_MATCHERS if ("json_" if name == "json" else name) in self.model_fields_set]
        if len(given) > 1:
            raise ValueError(f"a request has one body; {' and '.join(given)} cannot be combined")
        self._check_socket(given)
        return self

    def _check_socket(self, bodies: list[str]) -> None:
        if self.websocket is None:
            if self.protocol is not None:
                raise ValueError("protocol is that of a WebSocket; it stands beside websocket")
            return
        if "method" in self.model_fields_set:
            raise ValueError("a WebSocket has no method; leave it out")
        if bodies:
            message = "match its messages under response.messages"
            raise ValueError(f"the request that opens a WebSocket has no {bodies[0]}; {message}")

    @property
    def asked_method(self) -> str:
        """The method of the requests on the wire."""
        return self.method if self.websocket is None else "GET"

    @property
    def address(self) -> str | None:
        """The path, or the URL as HTTP has it; None for any."""
        if self.websocket is not None:
            return re.sub("^ws(?=s?://)", "http", self.websocket)
        return self.url or self.path


def _request_text(text: str) -> str:
    _, path = split_request(text)
    return _path(path) and text


RequestText: TypeAlias = Annotated[str, AfterValidator(_request_text)]
RequestShape: TypeAlias = Annotated[
    Annotated[RequestText, Tag("text")] | Annotated[RequestPart, Tag("mapping")], Discriminator(branch)
]
