"""The request part of a handler as models: they declare, they do nothing."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from interceptor.handlers.shorthands import branch
from interceptor.project.models import StrictModel

BODY_MATCHERS = ("json", "form", "multipart", "text", "graphql")
OPERATIONS = ("query", "mutation", "subscription", "operation")
OPERATORS = (
    "$regex", "$contains", "$one_of", "$any_of", "$not", "$type", "$lt", "$lte", "$gt", "$gte", "$any", "$absent",
)  # fmt: skip

TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")

_METHOD_AND_PATH = re.compile(r"([A-Za-z]+)\s+(\S.*)\Z")


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


Method: TypeAlias = Annotated[str, Field(pattern="^[A-Za-z]+$"), AfterValidator(str.upper)]
PathText: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(_path)]


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
    """Pact rules by place: `$...` (body), `header.<name>`, `query.<name>`, `path`. They decide nothing here.
    An empty mapping means that there are none."""

    @model_validator(mode="after")
    def _one_address_one_body(self) -> RequestPart:
        if self.path is not None and self.url is not None:
            raise ValueError("a request has either path or url, not both")
        if self.path is None and self.url is None and self.graphql is None:
            raise ValueError("a request needs a path or a url")
        given = [name for name in BODY_MATCHERS if ("json_" if name == "json" else name) in self.model_fields_set]
        if len(given) > 1:
            raise ValueError(f"a request has one body; {' and '.join(given)} cannot be combined")
        return self


def _request_text(text: str) -> str:
    _, path = split_request(text)
    return _path(path) and text


RequestText: TypeAlias = Annotated[str, AfterValidator(_request_text)]
RequestShape: TypeAlias = Annotated[
    Annotated[RequestText, Tag("text")] | Annotated[RequestPart, Tag("mapping")], Discriminator(branch)
]
