"""The response part of a handler as models: they declare, they do nothing."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from interceptor.handlers.delay_part import Delay, as_float, milliseconds
from interceptor.handlers.shorthands import branch
from interceptor.handlers.websocket_part import Acts, MessageRule
from interceptor.project.models import StrictModel

BODIES = ("json", "text", "html", "xml", "form", "base64", "file", "sse", "stream")
_BODY_FIELDS = {"json_" if key == "json" else key: key for key in BODIES}

PIECES = ("json", "text", "base64", "file", "error")
_NO_PATCHES = ("error", "sse", "stream", "dribble", "bandwidth")
_BANDWIDTH = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|MB)?(?:/s)?\Z")
MOST_PIECES = 10_000


def _final(status: int) -> int:
    if status < 200:
        raise ValueError(f"{status} is an interim status; an answer has a final one, 200 to 599")
    return status


def bytes_per_second(value: Any) -> int:
    """A bandwidth: `20000`, `"20kB/s"`, `"1.5 MB"`.

    Raises:
        ValueError: for anything else, none at all included.
    """
    number = 0.0
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and (match := _BANDWIDTH.match(value.strip())):
        number = float(match[1]) * {"B": 1, "kB": 1000, "MB": 1_000_000}[match[2] or "B"]
    if number < 1:
        raise ValueError(f'"{value}" is not a bandwidth; write 20kB/s or 1.5MB/s')
    return int(number)


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
    return [
        {"name": each} if isinstance(each, str) else each for each in (value if isinstance(value, list) else [value])
    ]


Given: TypeAlias = Annotated[list[GivenState], BeforeValidator(_states)]


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
    comment: Annotated[TemplateText | None, Field(examples=["keep-alive"])] = None
    """What clients skip; servers send it so that the connection stays open."""
    delay: Delay | None = None
    """How long to wait before this event."""
    for_each: Annotated[str | None, Field(examples=["data.tokens"])] = None
    """An expression, without braces, that gives a list: an event for each `item` of it."""


class StreamPiece(StrictModel):
    """One piece of a body, or the end of the connection."""

    text: TemplateText | None = None
    """A text."""
    json_: Annotated[Any, Field(alias="json", examples=[{"n": 1}])] = None
    """A line of JSON."""
    base64: TemplateText | None = None
    """Bytes in base64."""
    file: TemplateText | None = None
    """A file, relative to this one."""
    error: Literal["close", "reset", "timeout"] | None = None
    """How the connection fails here."""
    delay: Delay | None = None
    """How long to wait before this piece."""
    for_each: Annotated[str | None, Field(examples=["data.tokens"])] = None
    """An expression, without braces, that gives a list: a piece for each `item` of it."""

    @property
    def kind(self) -> str:
        """Which of the keys says what is sent."""
        return next(key for key in PIECES if ("json_" if key == "json" else key) in self.model_fields_set)

    @model_validator(mode="after")
    def _one_content(self) -> StreamPiece:
        given = [key for key in PIECES if ("json_" if key == "json" else key) in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(f"a piece of a stream has exactly one of {', '.join(PIECES)}")
        return self


class Dribble(StrictModel):
    """A body that comes slowly."""

    chunks: Annotated[int, Field(ge=1, le=MOST_PIECES)]
    """In so many pieces."""
    over: Annotated[float, BeforeValidator(milliseconds)]
    """From the first to the last."""


Lines: TypeAlias = str | list[str] | dict[Literal["$absent"], Literal[True]]
"""What is sent under a name, once or several times, or `{$absent: true}`."""


class PassedRequest(StrictModel):
    """What of a request is changed on its way to the real server."""

    path: Annotated[TemplateText | None, Field(pattern=r"^(/|\{\{)", examples=["/v2/products/{{ params.id }}"])] = None
    """In the place of its path below its provider."""
    query: Annotated[dict[str, Lines], Field(examples=[{"page": "1", "debug": {"$absent": True}}])] = {}
    """Query parameters that are set; the others stay."""
    headers: Annotated[dict[str, Lines], Field(examples=[{"x-env": "test", "cookie": {"$absent": True}}])] = {}
    """Headers that are set; the others stay."""


class PassedOn(StrictModel):
    """How a request is passed on: to another server, or changed."""

    to: Annotated[TemplateText | None, Field(pattern="^https?://[^/]", examples=["http://localhost:4000"])] = None
    """A base URL, which the request's path below its provider follows; with a template in its path the whole URL."""
    request: PassedRequest | None = None
    """What of the request is changed."""

    @model_validator(mode="after")
    def _something(self) -> PassedOn:
        if self.to is None and self.request is None:
            raise ValueError("passthrough takes true, or a mapping of to and request")
        return self


def _not_false(value: Any) -> Any:
    if value is False:
        raise ValueError("passthrough takes true or {to: URL}; leave the key out if the handler itself responds")
    return value


Passing: TypeAlias = Annotated[Literal[True] | PassedOn, BeforeValidator(_not_false)]


def _bandwidth(value: Any) -> Any:
    return None if value is None else bytes_per_second(value)


def _listed(value: Any) -> Any:
    """One piece may be written without a list."""
    return [value] if isinstance(value, dict) else value


StatusShape: TypeAlias = Annotated[
    Annotated[Status, Tag("number")] | Annotated[TemplateText, Tag("text")], Discriminator(branch)
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
    sse: Annotated[list[ServerSentEvent] | None, BeforeValidator(_listed)] = None
    """Server-sent events."""
    stream: Annotated[list[StreamPiece] | None, BeforeValidator(_listed), Field(examples=[[{"json": {"n": 1}}]])] = None
    """A body in pieces."""
    dribble: Annotated[Dribble | None, Field(examples=[{"chunks": 10, "over": "2s"}])] = None
    """The body in pieces, over some time."""
    bandwidth: Annotated[int | None, BeforeValidator(_bandwidth), Field(examples=["20kB/s"])] = None
    """How many bytes of the body are sent in a second."""
    open: Annotated[Acts, Field(examples=[[{"json": {"type": "welcome"}}]])] = []
    """What the server sends when a WebSocket opens."""
    messages: Annotated[
        list[MessageRule], Field(examples=[[{"json": {"type": "ping"}, "send": {"text": "pong"}}]])
    ] = []
    """The messages that a client may send on a WebSocket; the first that matches says what the server does."""
    chance: Annotated[float | None, BeforeValidator(as_float), Field(gt=0, le=1, examples=[0.1])] = None
    """How likely this entry has the turn; otherwise the others have it as if this one were not there."""
    passthrough: Annotated[Passing | None, Field(examples=[True, {"to": "http://localhost:4000"}])] = None
    """Ask the real server, or another one; status, headers and body beside it replace those of its answer."""
    python: Annotated[
        Annotated[str, Field(pattern=r"^[^:]+\.py:[A-Za-z_]\w*$")] | None, Field(examples=["mocks/products.py:create"])
    ] = None
    """A function `create(request, params, data)` that returns a response mapping, a status or None (step aside)."""
    error: Literal["reset", "close", "timeout", "malformed", "truncated", "refused", "dns", "tls"] | None = None
    """How the connection fails instead of an answer; `truncated`: in the middle of it."""
    delay: Delay | None = None
    """How long to wait before the answer."""
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    """For how many calls this entry of a list answers."""
    matching: Annotated[dict[str, Any], Field(examples=[{"$.id": {"regex": "[0-9]+"}}])] = {}
    """Pact rules by place: `$...` (body), `header.<name>`, `status`; an empty mapping means that there are none."""
    when: Annotated[str | None, Field(examples=["params.id in data.products"])] = None
    """An expression, without braces; where it is false the next entry of the list answers."""
    name: TemplateText | None = None
    """In the place of the handler's."""
    given: Given | None = None
    """In the place of the handler's."""
    record: bool | None = None
    """In the place of the handler's."""

    @property
    def body_kind(self) -> str | None:
        """Which of the body keys is used; a `json: null` is a body."""
        return next((_BODY_FIELDS[name] for name in self.model_fields_set if name in _BODY_FIELDS), None)

    @model_validator(mode="after")
    def _one_body(self) -> ResponseEntry:
        said = self.model_fields_set
        given = [key for name, key in _BODY_FIELDS.items() if name in said]
        if len(given) > 1:
            raise ValueError(f"a response has one body; {' and '.join(given)} cannot be combined")
        others = (*given, "status", "headers", "passthrough", "error", "dribble", "bandwidth")
        beside = [key for key in others if key in given or key in said]
        if self.python is not None and beside:
            raise ValueError(f"python makes the whole response; {beside[0]} cannot be combined with it")
        if odd := next((key for key in _NO_PATCHES if self.passthrough is not None and getattr(self, key)), None):
            raise ValueError(f"passthrough can be patched with status, headers and a body, not with {odd}")
        _check_socket(self, beside)
        _check_pace(self)
        return self


def _check_socket(entry: ResponseEntry, beside: list[str]) -> None:
    """An entry that opens a WebSocket has nothing of a plain response but headers and a delay."""
    others = [*beside, *(["python"] if entry.python is not None else [])]
    odd = next((key for key in others if key != "headers"), None)
    if odd is not None and (entry.open or entry.messages):
        raise ValueError(f"a WebSocket that is open has no {odd}; leave it out, or open and messages")


def _check_pace(entry: ResponseEntry) -> None:
    paces = [key for key in ("dribble", "bandwidth") if getattr(entry, key) is not None]
    if len(paces) > 1:
        raise ValueError("dribble and bandwidth cannot be combined: each says when the whole body has come")
    if paces and (entry.sse is not None or entry.stream is not None):
        raise ValueError(f"{paces[0]} cuts a whole body; the pieces of a stream have delays of their own")
    if entry.chance is not None and entry.times != 1:
        raise ValueError("an entry with a chance has no times: it is drawn anew for each call")


ResponseShape: TypeAlias = Annotated[
    Annotated[Status, Tag("number")]
    | Annotated[ResponseEntry, Tag("mapping")]
    | Annotated[
        list[
            Annotated[
                Annotated[Status, Tag("number")] | Annotated[ResponseEntry, Tag("mapping")], Discriminator(branch)
            ]
        ],
        Field(min_length=1),
        Tag("list"),
    ],
    Discriminator(branch),
]
