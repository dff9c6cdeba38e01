"""The handler language as models: they declare, they do nothing."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from interceptor.project.models import StrictModel

BODY_MATCHERS = ("json", "form", "multipart", "text", "graphql")
BODIES = ("json", "text", "html", "xml", "form", "base64", "file", "sse")
OPERATIONS = ("query", "mutation", "subscription", "operation")

_METHOD_AND_PATH = re.compile(r"([A-Za-z]+)\s+(\S.*)\Z")
_DELAY = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s)?\Z")


def _kind(value: Any) -> str:
    """Which branch of a shorthand a value is; the tags appear in error locations (see models.UNION_TAGS)."""
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, list):
        return "list"
    return "text" if isinstance(value, str) else "mapping"


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def split_request(text: str) -> tuple[str, str]:
    """`"GET /products"` -> `("GET", "/products")`.

    Raises:
        ValueError: where it is not a method and a path.
    """
    match = _METHOD_AND_PATH.match(text.strip())
    if match is None:
        raise ValueError(f'write a method and a path, for example "GET /products", not "{text}"')
    return match[1].upper(), match[2]


def _path(text: str) -> str:
    if "?" in re.sub(r"\\.|:\w+(\([^)]*\))?\?|\([^)]*\)", "", text):
        raise ValueError("a query string does not belong in the path; put it under the key query")
    return text


def milliseconds(value: Any) -> float:
    """A delay in milliseconds: `200`, `"200ms"`, `"1.5s"`.

    Raises:
        ValueError: for anything else, negative numbers included.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not 0 <= value < float("inf"):
            raise ValueError("a delay cannot be negative")
        return float(value)
    if isinstance(value, str) and (match := _DELAY.match(value.strip())):
        return float(match[1]) * (1000 if match[2] == "s" else 1)
    raise ValueError(f'"{value}" is not a delay; write 200, 200ms or 1.5s')


def _final(status: int) -> int:
    if status < 200:
        raise ValueError(f"{status} is an interim status; an answer has a final one, 200 to 599")
    return status


class DelayRange(StrictModel):
    """A delay drawn anew for each answer, in milliseconds."""

    min: Annotated[float, BeforeValidator(milliseconds)]
    """At least this long."""
    max: Annotated[float, BeforeValidator(milliseconds)]
    """At most this long."""

    @model_validator(mode="after")
    def _ordered(self) -> DelayRange:
        if self.min > self.max:
            raise ValueError("min is greater than max")
        return self


def _delay(value: Any) -> Any:
    if value == "infinite" or isinstance(value, dict):
        return value
    return {"min": milliseconds(value), "max": milliseconds(value)}


Delay: TypeAlias = Annotated[DelayRange | Literal["infinite"], BeforeValidator(_delay)]
Method: TypeAlias = Annotated[str, Field(pattern="^[A-Za-z]+$"), AfterValidator(str.upper)]
PathText: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(_path)]
Status: TypeAlias = Annotated[int, Field(ge=100, le=599), AfterValidator(_final)]
TemplateText: TypeAlias = str
"""Text that may hold `{{ }}`; the compiler of responses looks into it."""


class GivenState(StrictModel):
    """A provider state with parameters; both may be templates."""

    name: Annotated[TemplateText, Field(examples=["product 10 exists"])]
    """The name under which the provider sets the state up."""
    params: Annotated[dict[str, Any], Field(examples=[{"id": "10"}])] = {}
    """Values for the provider."""


def _states(value: Any) -> Any:
    return [{"name": each} if isinstance(each, str) else each for each in _listed(value)]


Given: TypeAlias = Annotated[list[GivenState], BeforeValidator(_states)]


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


class RequestPart(StrictModel):
    """What a request must look like; what is not listed may be anything."""

    method: Annotated[Method, Field(examples=["POST"])] = "ANY"
    """`ANY` is every method."""
    path: Annotated[PathText | None, Field(examples=["/products/:id", "/files/*"])] = None
    """Below the provider's url. Parameters: `:name`, `:name?`, `:name+`, `:name*`, `:name(\\d+)`; `*` is anything."""
    url: Annotated[PathText | None, Field(examples=["https://*.example.com/ping", "*/ping"])] = None
    """An absolute URL in the place of a path; a leading `*` is any origin."""
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
    graphql: Annotated[GraphQLPart | None, Field(examples=[{"query": "GetUser"}])] = None
    """A GraphQL operation, at any path unless one is given."""
    matching: Annotated[dict[str, Any], Field(examples=[{"$.name": "not_empty"}])] = {}
    """Pact rules by place: `$...` (body), `header.<name>`, `query.<name>`, `path`. They decide nothing here."""

    @model_validator(mode="after")
    def _one_address_one_body(self) -> RequestPart:
        if self.path is not None and self.url is not None:
            raise ValueError("a request has either path or url, not both")
        if self.path is None and self.url is None and self.graphql is None:
            raise ValueError("a request needs a path or a url")
        given = [name for name in BODY_MATCHERS if ("json_" if name == "json" else name) in self.model_fields_set]
        if len(given) > 1:
            raise ValueError(f"a request has one body; {' and '.join(given)} cannot stand together")
        return self


def _request_text(text: str) -> str:
    _, path = split_request(text)
    return _path(path) and text


RequestText: TypeAlias = Annotated[str, AfterValidator(_request_text)]
RequestShape: TypeAlias = Annotated[
    Annotated[RequestText, Tag("text")] | Annotated[RequestPart, Tag("mapping")], Discriminator(_kind)
]


class ServerSentEvent(StrictModel):
    """One event of a stream; data that is not text is written as JSON."""

    event: Annotated[TemplateText | None, Field(examples=["tick"])] = None
    """The type of the event."""
    data: Annotated[Any, Field(examples=[{"count": 1}])] = None
    """Text, or any value, which is written as JSON."""
    id: TemplateText | None = None
    """The id of the event."""
    retry: Annotated[int, Field(ge=0)] | None = None
    """Milliseconds that a client waits before it connects again."""
    delay: Delay | None = None
    """How long to wait before this event."""


class Elsewhere(StrictModel):
    """Another server to ask: its base URL."""

    to: Annotated[str, Field(pattern="^https?://", examples=["http://localhost:4000"])]
    """A base URL; the request's path below its provider follows."""


def _elsewhere(value: Any) -> Any:
    if value is False:
        raise ValueError("passthrough takes true or {to: URL}; leave the key out for an answer of the handler's own")
    return value


Passing: TypeAlias = Annotated[Literal[True] | Elsewhere, BeforeValidator(_elsewhere)]


StatusShape: TypeAlias = Annotated[
    Annotated[Status, Tag("number")] | Annotated[TemplateText, Tag("text")], Discriminator(_kind)
]


class ResponseEntry(StrictModel):
    """One answer, or one entry of a list of answers."""

    status: Annotated[StatusShape | None, Field(examples=[404, "{{ params.code | int }}"])] = None
    """200 if absent; a template may make it."""
    headers: Annotated[
        dict[str, str | list[str]], Field(examples=[{"location": "/products/12", "set-cookie": ["a=1", "b=2"]}])
    ] = {}
    """By name; a list sends the header several times."""
    json_: Annotated[Any, Field(alias="json", examples=[{"id": "{{ params.id }}"}])] = None
    """Any value; text in it may hold templates."""
    text: TemplateText | None = None
    """A body of text/plain."""
    html: TemplateText | None = None
    """A body of text/html."""
    xml: TemplateText | None = None
    """A body of text/xml."""
    form: dict[str, Any] | None = None
    """A urlencoded form by fields."""
    base64: TemplateText | None = None
    """Bytes in base64."""
    file: Annotated[TemplateText | None, Field(examples=["fixtures/products.json"])] = None
    """A file, relative to this one; its content type goes by the extension, and a `.j2` file is rendered."""
    sse: list[ServerSentEvent] | None = None
    """Server-sent events."""
    passthrough: Annotated[Passing | None, Field(examples=[True, {"to": "http://localhost:4000"}])] = None
    """Ask the real server, or another one; status, headers and body beside it replace those of its answer."""
    python: Annotated[
        Annotated[str, Field(pattern=r"^[^:]+\.py:[A-Za-z_]\w*$")] | None, Field(examples=["mocks/products.py:create"])
    ] = None
    """A function `create(request, params, data)` that returns a response mapping, a status or None (step aside)."""
    error: Literal["reset", "close", "timeout", "malformed", "truncated"] | None = None
    """How the connection fails instead of an answer; `truncated`: in the middle of it."""
    delay: Delay | None = None
    """How long to wait before the answer."""
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    """For how many calls this entry of a list answers."""
    matching: Annotated[dict[str, Any], Field(examples=[{"$.id": {"regex": "[0-9]+"}}])] = {}
    """Pact rules by place: `$...` (body), `header.<name>`, `status`."""
    name: TemplateText | None = None
    """In the place of the handler's."""
    given: Given | None = None
    """In the place of the handler's."""
    record: bool | None = None
    """In the place of the handler's."""

    @property
    def body_kind(self) -> str | None:
        """Which of the body keys is used; a `json: null` is a body."""
        return next((key for key in BODIES if ("json_" if key == "json" else key) in self.model_fields_set), None)

    @model_validator(mode="after")
    def _one_body(self) -> ResponseEntry:
        given = [key for key in BODIES if ("json_" if key == "json" else key) in self.model_fields_set]
        if len(given) > 1:
            raise ValueError(f"a response has one body; {' and '.join(given)} cannot stand together")
        beside = [key for key in (*given, "status", "headers", "passthrough", "error") if key in self.model_fields_set]
        if self.python is not None and beside:
            raise ValueError(f"python makes the whole response; {beside[0]} cannot stand beside it")
        if self.passthrough is not None and (self.error is not None or self.sse is not None):
            raise ValueError("passthrough can be patched with status, headers and a body, not with error or sse")
        return self


ResponseShape: TypeAlias = Annotated[
    Annotated[Status, Tag("number")]
    | Annotated[ResponseEntry, Tag("mapping")]
    | Annotated[
        list[
            Annotated[Annotated[Status, Tag("number")] | Annotated[ResponseEntry, Tag("mapping")], Discriminator(_kind)]
        ],
        Field(min_length=1),
        Tag("list"),
    ],
    Discriminator(_kind),
]


class Handler(StrictModel):
    """One handler: a request it answers and the answers it gives."""

    request: Annotated[RequestShape, Field(examples=["GET /products/:id"])]
    """What it answers: a method and a path, or a mapping. `ANY` is every method."""
    response: Annotated[ResponseShape, Field(examples=[404, {"json": {"id": "{{ params.id }}"}}])] = 200
    """What it answers with: a status, a mapping, or a list with one entry per call, the last of which repeats."""
    name: Annotated[TemplateText | None, Field(examples=["a request for product {{ params.id }}"])] = None
    """The description of the interaction in the pact."""
    given: Annotated[Given, Field(examples=["product {{ params.id }} exists"])] = []
    """The provider state or states: text, `{name, params}`, or a list of them."""
    when: Annotated[str | None, Field(examples=["params.id in data.products"])] = None
    """An expression, without braces; where it is false the handler steps aside."""
    then: Annotated[dict[str, Any], Field(examples=[{"products": "{{ data.products + [response.json] }}"}])] = {}
    """Values of `data` to change after the answer; `response` is the one just given."""
    once: bool = False
    """Step aside when the list of answers is used up."""
    cycle: bool = False
    """Start over when the list of answers is used up."""
    record: bool = True
    """`false`: answer, but keep it out of the pact."""

    @cached_property
    def request_part(self) -> RequestPart:
        """The request with its shorthand written out."""
        if isinstance(self.request, RequestPart):
            return self.request
        method, path = split_request(self.request)
        return RequestPart(method=method, path=path)

    @cached_property
    def entries(self) -> list[ResponseEntry]:
        """The answers with their shorthand written out."""
        shapes = self.response if isinstance(self.response, list) else [self.response]
        return [shape if isinstance(shape, ResponseEntry) else ResponseEntry(status=shape) for shape in shapes]


class HandlerFileHead(StrictModel):
    """A handler file without its handlers, which are checked one by one so that no error hides another."""

    provider: Annotated[str | None, Field(examples=["Product API"])] = None
    """The provider below whose url the paths are. Without it, write absolute URLs."""
    defaults: Annotated[dict[str, Any], Field(examples=[{"response": {"delay": "20ms"}}])] = {}
    """Keys for every handler of this file that does not say otherwise."""
    data: Annotated[dict[str, Any], Field(examples=[{"products": {"file": "fixtures/products.json"}}])] = {}
    """Values for templates, shared by all files; `{file: ...}` reads JSON, YAML or CSV."""
    handlers: list[Any]
    """The handlers, in the order in which they are asked."""


OPERATORS = (
    "$regex", "$contains", "$one_of", "$any_of", "$not", "$type", "$lt", "$lte", "$gt", "$gte", "$any", "$absent",
)  # fmt: skip

TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
