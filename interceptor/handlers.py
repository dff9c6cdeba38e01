"""The handler language as models: they declare, they do nothing."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from interceptor.models import StrictModel

BODY_MATCHERS = ("json", "form", "text")
BODIES = ("json", "text", "html", "xml", "form", "base64", "file")

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
    if "?" in re.sub(r"\\.|\([^)]*\)|:\w+\?", "", text):
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


class DelayRange(StrictModel):
    """A delay drawn anew for each answer, in milliseconds."""

    min: Annotated[float, BeforeValidator(milliseconds)]
    max: Annotated[float, BeforeValidator(milliseconds)]

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
Path: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(_path)]
Status: TypeAlias = Annotated[int, Field(ge=100, le=599)]
TemplateText: TypeAlias = str
"""Text that may hold `{{ }}`; the compiler of responses looks into it."""


class State(StrictModel):
    """A provider state with parameters; both may be templates."""

    name: TemplateText
    params: dict[str, Any] = {}


def _states(value: Any) -> Any:
    return [{"name": each} if isinstance(each, str) else each for each in _listed(value)]


Given: TypeAlias = Annotated[list[State], BeforeValidator(_states)]


class RequestPart(StrictModel):
    """What a request must look like; what is not listed may be anything."""

    method: Method = "ANY"
    path: Path | None = None
    url: Path | None = None
    query: dict[str, Any] | None = None
    headers: dict[str, Any] | None = None
    cookies: dict[str, Any] | None = None
    json_: Annotated[Any, Field(alias="json")] = None
    form: dict[str, Any] | None = None
    text: Any = None
    matching: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one_address_one_body(self) -> RequestPart:
        if (self.path is None) == (self.url is None):
            raise ValueError("a request needs either path or url")
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


class ResponseEntry(StrictModel):
    """One answer, or one entry of a list of answers."""

    status: Status | TemplateText | None = None
    headers: dict[str, str | list[str]] = {}
    json_: Annotated[Any, Field(alias="json")] = None
    text: TemplateText | None = None
    html: TemplateText | None = None
    xml: TemplateText | None = None
    form: dict[str, Any] | None = None
    base64: TemplateText | None = None
    file: TemplateText | None = None
    delay: Delay | None = None
    times: Annotated[int, Field(ge=1)] = 1
    matching: dict[str, Any] = {}
    name: TemplateText | None = None
    given: Given | None = None
    record: bool | None = None

    @property
    def body_kind(self) -> str | None:
        """Which of the body keys is used; a `json: null` is a body."""
        return next((key for key in BODIES if ("json_" if key == "json" else key) in self.model_fields_set), None)

    @model_validator(mode="after")
    def _one_body(self) -> ResponseEntry:
        given = [key for key in BODIES if ("json_" if key == "json" else key) in self.model_fields_set]
        if len(given) > 1:
            raise ValueError(f"a response has one body; {' and '.join(given)} cannot stand together")
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

    request: RequestShape
    response: ResponseShape = 200
    name: TemplateText | None = None
    given: Given = []
    when: str | None = None
    then: dict[str, Any] = {}
    once: bool = False
    cycle: bool = False
    record: bool = True

    @property
    def request_part(self) -> RequestPart:
        """The request with its shorthand written out."""
        if isinstance(self.request, RequestPart):
            return self.request
        method, path = split_request(self.request)
        return RequestPart(method=method, path=path)

    @property
    def entries(self) -> list[ResponseEntry]:
        """The answers with their shorthand written out."""
        shapes = self.response if isinstance(self.response, list) else [self.response]
        return [shape if isinstance(shape, ResponseEntry) else ResponseEntry(status=shape) for shape in shapes]


class HandlerFileHead(StrictModel):
    """A handler file without its handlers, which are checked one by one so that no error hides another."""

    provider: str | None = None
    defaults: dict[str, Any] = {}
    data: dict[str, Any] = {}
    handlers: list[Any]
