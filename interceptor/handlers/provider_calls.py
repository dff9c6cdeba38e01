"""`then: {call: ...}`: a request of the provider's own, sent to the consumer after a response."""

from __future__ import annotations

import os
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from interceptor.handlers.delay_part import Delay
from interceptor.handlers.request_part import Method
from interceptor.handlers.response_part import TemplateText
from interceptor.project.models import StrictModel, validate
from interceptor.project.yaml_nodes import Node
from interceptor.values.errors import Problem

CALL = "call"
"""The member of `then` that is not the name of data."""
_VARIABLE = "$"


def _secret(text: str) -> str:
    if text.startswith(_VARIABLE) and not os.environ.get(text[1:]):
        raise ValueError(f"the variable {text[1:]} is not set")
    return text


Secret: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(_secret)]


class Signature(StrictModel):
    """An HMAC over the body, in a header."""

    header: Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", examples=["x-signature"])]
    """The name of the header."""
    hmac: Literal["sha1", "sha256", "sha512"] = "sha256"
    """The hash."""
    secret: Annotated[Secret, Field(examples=["$WEBHOOK_SECRET"])]
    """The key, or after a dollar sign the environment variable that holds it."""
    encoding: Literal["hex", "base64"] = "hex"
    """How the signature is written."""
    prefix: Annotated[str, Field(examples=["sha256="])] = ""
    """A text before the signature."""

    @property
    def key(self) -> bytes:
        text = os.environ[self.secret[1:]] if self.secret.startswith(_VARIABLE) else self.secret
        return text.encode()


class Call(StrictModel):
    """One request to send."""

    method: Annotated[Method, Field(examples=["POST"])] = "POST"
    """Its method."""
    url: Annotated[TemplateText, Field(pattern=r"^(https?://[^/]|\{\{)", examples=["{{ request.json.callback }}"])]
    """Where it goes: a loopback address, or a host that `calls` in the project file allows."""
    headers: Annotated[dict[str, TemplateText], Field(examples=[{"x-event": "paid"}])] = {}
    """Its headers."""
    json_: Annotated[Any, Field(alias="json", examples=[{"state": "paid"}])] = None
    """A body of JSON."""
    text: Annotated[TemplateText | None, Field(examples=["paid"])] = None
    """A body of text."""
    delay: Delay | None = None
    """How long to wait after the response."""
    sign: Signature | None = None
    """Sign the body."""

    @model_validator(mode="after")
    def _one_body(self) -> Call:
        if {"json_", "text"} <= self.model_fields_set:
            raise ValueError("a call has one body: json or text")
        if self.delay == "infinite":
            raise ValueError("a call that never comes can be left out")
        return self


def calls_of(handler: Node) -> tuple[list[tuple[Call, Node]], list[Problem]]:
    """The calls of a handler, each with its place, and what is wrong with them."""
    said = handler.at("then").get(CALL) if "then" in handler.members else None
    calls: list[tuple[Call, Node]] = []
    problems: list[Problem] = []
    for node in () if said is None else said.items if said.kind == "list" else (said,):
        call, found = validate(Call, node)
        problems += found
        if call is not None:
            calls.append((call, node))
    return calls, problems
