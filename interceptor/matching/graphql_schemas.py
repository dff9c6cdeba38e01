"""A provider's GraphQL schema: what of an operation, and of a handler's answer, it does not allow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLUnionType,
    OperationDefinitionNode,
    build_client_schema,
    build_schema,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from interceptor.matching.graphql_requests import MOST_TOKENS, NotGraphQLError, graphql_operations
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.json_text import Json
from interceptor.values.messages import Request
from interceptor.values.place import below

_MOST_ERRORS = 10
_STANDARD: Mapping[str, tuple[type, ...]] = {
    "Int": (int,),
    "Float": (int, float),
    "String": (str,),
    "Boolean": (bool,),
    "ID": (str, int),
}
_TYPENAME = "__typename"


class ProviderSchema:
    """The schema of one file, in the language of schemas or as the result of an introspection in JSON.

    Raises:
        ValueError: the file cannot be read, or holds no schema.
    """

    def __init__(self, file: Path, name: str) -> None:
        self.name = name
        self.file = file
        try:
            text = file.read_text(encoding="utf-8")
            if file.suffix == ".json":
                document = json.loads(text)
                self._schema = build_client_schema(document.get("data", document))
            else:
                self._schema = build_schema(text, assume_valid_sdl=True)  # directives of federations are not declared
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f'cannot read the file "{name}": {error}') from error
        except (GraphQLError, TypeError, AttributeError, RecursionError, ValueError) as error:
            raise ValueError(f'"{name}" is no GraphQL schema: {_first_lines(error)}') from error

    def faults(self, request: Request) -> list[dict[str, Any]]:
        """What the server would say of a request's operation, as members of `errors`; nothing for a persisted query."""
        try:
            operation = graphql_operations(request).each[0]
        except NotGraphQLError:
            return []
        if not operation.document:
            return []
        document = parse(operation.document, max_tokens=MOST_TOKENS)
        errors: Sequence[GraphQLError] = validate(self._schema, document, max_errors=_MOST_ERRORS)
        if not errors:
            (chosen,) = (
                each
                for each in document.definitions
                if isinstance(each, OperationDefinitionNode)
                and (each.name.value if each.name else "") == operation.name
            )
            values = get_variable_values(self._schema, chosen.variable_definitions or (), dict(operation.variables))
            errors = values if isinstance(values, list) else []
        return [dict(error.formatted) for error in errors]

    def answer_faults(self, kind: str, body: Json) -> Iterator[tuple[str, str]]:
        """Place and complaint for whatever no operation of a kind is answered with; templates are passed over."""
        if _is_template(body):
            return
        if not isinstance(body, dict) or body.keys().isdisjoint(("data", "errors")):
            yield "$", "a GraphQL response has data or errors"
            return
        data, schema = body.get("data"), self._schema
        roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
        types = [each for name, each in roots.items() if each is not None and kind in {name, "operation"}]
        if isinstance(data, dict):
            yield from self._members(types, data, "$.data", nulls="errors" in body)
        elif data is not None and not _is_template(data):
            yield "$.data", "data must be an object"

    def _members(
        self, types: Sequence[GraphQLObjectType], value: Mapping[str, Json], place: str, *, nulls: bool
    ) -> Iterator[tuple[str, str]]:
        """Complaints about an object that is of one of these types."""
        if isinstance(named := value.get(_TYPENAME), str) and not _is_template(named):
            known = [each.name for each in types]
            if named not in known:
                yield below(place, _TYPENAME), f'there is no type "{named}" here{did_you_mean(named, known)}'
                return
            types = [each for each in types if each.name == named]
        for name, member in value.items():
            fields = [each.fields[name].type for each in types if name in each.fields]
            if name == _TYPENAME:
                continue
            if not fields:
                known = list(dict.fromkeys(field for each in types for field in each.fields))
                owner = " or ".join(each.name for each in types) or "the schema"
                yield below(place, name), f'{owner} has no field "{name}"{did_you_mean(name, known)}'
                continue
            complaints = [list(self._value(each, member, below(place, name), nulls=nulls)) for each in fields]
            yield from min(complaints, key=len)

    def _value(self, kind: GraphQLOutputType, value: Json, place: str, *, nulls: bool) -> Iterator[tuple[str, str]]:
        if _is_template(value):
            return
        if isinstance(kind, GraphQLNonNull):
            if value is None and not nulls:
                yield place, f"it is null, where {kind} cannot be"
                return
            kind = kind.of_type
        if value is not None:
            yield from self._present(kind, value, place, nulls=nulls)

    def _present(self, kind: GraphQLOutputType, value: Json, place: str, *, nulls: bool) -> Iterator[tuple[str, str]]:
        """Complaints about a value that is not null."""
        match kind, value:
            case GraphQLList(), list():
                for index, element in enumerate(value):
                    yield from self._value(kind.of_type, element, below(place, index), nulls=nulls)
            case GraphQLObjectType(), dict():
                yield from self._members([kind], value, place, nulls=nulls)
            case GraphQLInterfaceType() | GraphQLUnionType(), dict():
                yield from self._members(self._schema.get_possible_types(kind), value, place, nulls=nulls)
            case GraphQLEnumType(), str():
                if value not in kind.values:
                    yield place, f'{kind.name} has no value "{value}"{did_you_mean(value, list(kind.values))}'
            case GraphQLScalarType(), _ if _is_scalar(kind, value):
                return
            case _:
                yield place, f"it is {json.dumps(value, ensure_ascii=False)[:40]}, where {kind} is wanted"


def _is_scalar(kind: GraphQLScalarType, value: Json) -> bool:
    """Scalars of a schema's own may be anything."""
    types = _STANDARD.get(kind.name)
    return types is None or (isinstance(value, types) and (bool in types or not isinstance(value, bool)))


def _is_template(value: Json) -> bool:
    return isinstance(value, str) and "{{" in value


def _first_lines(error: Exception) -> str:
    if isinstance(error, GraphQLError) and error.locations:
        return f"{error.message} (line {error.locations[0].line})"
    return str(error).splitlines()[0] if str(error) else type(error).__name__
