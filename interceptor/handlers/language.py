"""The handler language as models: a handler, and a file of them."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any

from pydantic import Field

from interceptor.handlers.request_part import RequestPart, RequestShape, split_request
from interceptor.handlers.response_part import Given, ResponseEntry, ResponseShape, TemplateText
from interceptor.project.models import StrictModel


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
