"""The response part of a handler as models: they declare, they do nothing."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from interceptor.handlers.shorthands import branch
from interceptor.project.models import StrictModel

BODIES = ("json", "text", "html", "xml", "form", "base64", "file", "sse")

_DELAY = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s)?\Z")


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
    delay: Delay | None = None
    """How long to wait before this event."""


class Elsewhere(StrictModel):
    """Another server to ask: its base URL."""

    to: Annotated[str, Field(pattern="^https?://", examples=["http://localhost:4000"])]
    """A base URL; the request's path below its provider follows."""


def _elsewhere(value: Any) -> Any:
    if value is False:
        raise ValueError("passthrough takes true or {to: URL}; leave the key out if the handler itself responds")
    return value


Passing: TypeAlias = Annotated[Literal[True] | Elsewhere, BeforeValidator(_elsewhere)]


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
        return next((key for key in BODIES if ("json_" if key == "json" else key) in self.model_fields_set), None)

    @model_validator(mode="after")
    def _one_body(self) -> ResponseEntry:
        given = [key for key in BODIES if ("json_" if key == "json" else key) in self.model_fields_set]
        if len(given) > 1:
            raise ValueError(f"a response has one body; {' and '.join(given)} cannot be combined")
        beside = [key for key in (*given, "status", "headers", "passthrough", "error") if key in self.model_fields_set]
        if self.python is not None and beside:
            raise ValueError(f"python makes the whole response; {beside[0]} cannot be combined with it")
        if self.passthrough is not None and (self.error is not None or self.sse is not None):
            raise ValueError("passthrough can be patched with status, headers and a body, not with error or sse")
        return self


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
