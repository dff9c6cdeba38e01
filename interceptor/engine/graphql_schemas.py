"""Providers with a GraphQL schema: an operation that it does not allow is refused, as the server refuses it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from interceptor.engine.compiled import CompiledHandler
from interceptor.engine.select import MatchContext
from interceptor.matching.negotiation import prefers
from interceptor.project.config import Project
from interceptor.values.decisions import Failed
from interceptor.values.errors import ConfigurationError, Problem
from interceptor.values.json_text import Json
from interceptor.values.media_types import JSON_MEDIA_TYPE
from interceptor.values.messages import Request, Response

if TYPE_CHECKING:
    from interceptor.matching.graphql_schemas import ProviderSchema

_RESPONSE_MEDIA_TYPE = "application/graphql-response+json"


def load_schemas(project: Project) -> dict[str, ProviderSchema]:
    """The schemas of a project's providers, by the names of these.

    Raises:
        ConfigurationError: with all that are none.
    """
    files = {name: each.graphql for name, each in project.providers.items() if each.graphql is not None}
    if not files:
        return {}
    from interceptor.matching.graphql_schemas import ProviderSchema  # noqa: PLC0415  # slow

    schemas: dict[str, ProviderSchema] = {}
    problems: list[Problem] = []
    for name, file in files.items():
        try:
            schemas[name] = ProviderSchema(project.root / file, file)
        except ValueError as error:
            problems.append(project.node.at("providers", name, "graphql").problem(str(error)))
    if problems:
        raise ConfigurationError(problems)
    return schemas


def refused(schema: ProviderSchema, handler: CompiledHandler, context: MatchContext) -> Failed | None:
    """The server's refusal of an operation that a handler would have answered; None if the schema allows it."""
    errors = schema.faults(context.request)
    if not errors:
        return None
    said = "; ".join(str(error["message"]) for error in errors)
    place = handler.loaded.place
    explanation = f"{place}: {schema.name} does not allow the operation: {said}"
    metadata = replace(context.metadata, handler=place)
    return Failed(_refusal(context.request, {"errors": errors}), metadata, explanation)


def _refusal(request: Request, document: Json) -> Response:
    """As GraphQL over HTTP has it: 400, but to clients that know only `application/json` 200."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    modern = wants_response_type(request)
    kind = _RESPONSE_MEDIA_TYPE if modern else JSON_MEDIA_TYPE
    return Response(400 if modern else 200, (("content-type", kind), ("cache-control", "no-store")), body)


def wants_response_type(request: Request) -> bool:
    """True if a client asks for the media type that GraphQL's responses have of their own."""
    return prefers(
        [value for name, value in request.headers if name == "accept"], _RESPONSE_MEDIA_TYPE, JSON_MEDIA_TYPE
    )


def as_accepted(response: Response, request: Request) -> Response:
    """A handler's answer with the media type that the client asks for, where it is JSON without a type of its own."""
    if not wants_response_type(request) or dict(response.headers).get("content-type") != JSON_MEDIA_TYPE:
        return response
    headers = tuple((name, _RESPONSE_MEDIA_TYPE if name == "content-type" else text) for name, text in response.headers)
    return replace(response, headers=headers)
