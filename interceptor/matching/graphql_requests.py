"""The GraphQL operations of a request, read by a real parser.

Over HTTP they come as a JSON object or a list of them (a batch), as query parameters, as the document itself
(`application/graphql`), or as the `operations` part of a multipart upload
(https://github.com/graphql/graphql-over-http, https://github.com/jaydenseric/graphql-multipart-request-spec).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, parse

from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.media_types import media_type
from interceptor.values.messages import Request


@dataclass(frozen=True)
class GraphQLOperation:
    """One operation that a request asks for.

    `kind` is query, mutation or subscription, or None where only a name is known (a persisted query); `name` is
    empty for an anonymous operation.
    """

    kind: str | None
    name: str
    variables: Mapping[str, Json] = field(default_factory=dict)
    document: str = ""


@dataclass(frozen=True)
class Operations:
    """What a request asks for: one operation, or a batch of them."""

    each: tuple[GraphQLOperation, ...]
    batch: bool


_DOCUMENT_MEDIA_TYPE = "application/graphql"
_PARAMETERS = frozenset({"query", "operationName", "variables", "extensions"})
_LARGEST_KEPT = 262_144
"""Characters of a document."""
MOST_TOKENS = 20_000
"""Of a document; one with a hundred thousand aliases would take seconds."""


class NotGraphQLError(ValueError):
    """The request is no GraphQL; the text says why."""


def graphql_operations(request: Request) -> Operations:
    """The operations of a request.

    Raises:
        NotGraphQLError: where it holds none that can be read.
    """
    envelope = _envelope(request)
    if isinstance(envelope, list):
        return Operations(tuple(map(_operation, envelope)), batch=True)
    return Operations((_operation(envelope),), batch=False)


def _envelope(request: Request) -> Json:
    """`{"query": ..., "operationName": ..., "variables": ...}`, or a list of these."""
    if request.method == "GET":
        return _in_url(request)
    if media_type(request.header("content-type") or "").essence == _DOCUMENT_MEDIA_TYPE:
        return {**_in_url(request), "query": request.body.decode("utf-8", "replace")}
    parts = request.multipart
    if parts is not None:
        operations = next((part for part in parts if part.name == "operations"), None)
        return _json(operations.body) if operations else None
    in_url = _in_url(request)
    if "query" not in in_url:
        return _json(request.body)
    in_body = _json(request.body) if request.body else {}
    return {**in_body, **in_url} if isinstance(in_body, dict) else in_body


def _in_url(request: Request) -> dict[str, Any]:
    """What the query of a URL says, which servers prefer to what the body says."""
    said: dict[str, Any] = {name: value for name, value in request.query if name in _PARAMETERS}
    for name in ("variables", "extensions"):
        if name in said:
            said[name] = _json(said[name].encode())
    return said


def _json(body: bytes) -> Json:
    try:
        return parse_json(body)
    except NotJsonError as error:
        raise NotGraphQLError("it is not JSON") from error


def _operation(envelope: Json) -> GraphQLOperation:
    if not isinstance(envelope, dict):
        raise NotGraphQLError("it is not an object with a query")
    text, name, variables = envelope.get("query"), envelope.get("operationName"), envelope.get("variables")
    if not isinstance(variables, dict):
        variables = {}
    if not isinstance(text, str):
        if isinstance(name, str) and "extensions" in envelope:
            return GraphQLOperation(None, name, variables)
        raise NotGraphQLError("it has no query")
    chosen = [each for each in _definitions_of(text) if not name or each[1] == name]
    if len(chosen) != 1:
        raise NotGraphQLError(f'it has {len(chosen)} operations to choose from; operationName is "{name or ""}"')
    return GraphQLOperation(*chosen[0], variables, text)


def _definitions_of(text: str) -> tuple[tuple[str, str], ...]:
    """Those of `_definitions`, which clients ask for again and again; a huge document is not kept in memory."""
    return _definitions(text) if len(text) <= _LARGEST_KEPT else _definitions.__wrapped__(text)


@lru_cache(maxsize=64)  # 16 million characters at most
def _definitions(text: str) -> tuple[tuple[str, str], ...]:
    """Kind and name of each operation of a document."""
    try:
        document = parse(text, no_location=True, max_tokens=MOST_TOKENS)
    except RecursionError as error:  # of the parser, which has no limit of its own
        raise NotGraphQLError("it is nested too deep") from error
    except GraphQLError as error:
        raise NotGraphQLError(f"it cannot be parsed: {error}") from error
    return tuple(
        (definition.operation.value, definition.name.value if definition.name else "")
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    )
