"""A handler's request part, compiled: everything about a request but its method and its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from interceptor.handlers.request_part import GraphQLPart, RequestPart
from interceptor.matching.values import (
    NONE,
    MatcherError,
    Mismatch,
    compile_json,
    compile_values,
    display,
    is_operator,
    plain_key,
    unwrap_exact,
)
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.json_text import NotJsonError
from interceptor.values.messages import Request

RequestCheck: TypeAlias = Callable[[Request], Sequence[Mismatch]]
FieldValues: TypeAlias = Callable[[Request, str], list[str]]
Names: TypeAlias = Callable[[Request], Sequence[str]]


def compile_request(part: RequestPart) -> list[RequestCheck]:
    """The checks of a request part, the cheap ones first.

    Raises:
        MatcherError: whose path leads to the culprit from the request part.
    """
    checks: list[RequestCheck] = []
    if part.query is not None:
        checks += _named("query", part.query, _query_values, lambda request: [name for name, _ in request.query])
    if part.headers is not None:
        lowered = {name if name.startswith("$") else name.lower(): spec for name, spec in part.headers.items()}
        checks += _named(
            "header", lowered, _header_values, lambda request: [name for name, _ in request.headers], "headers"
        )
    if part.cookies is not None:
        checks += _named(
            "cookie", part.cookies, _cookie_values, lambda request: [name for name, _ in request.cookies], "cookies"
        )
    if part.form is not None:
        checks.append(_is_form)
        checks += _named("form", part.form, _form_values, lambda request: [name for name, _ in request.form or ()])
    if part.multipart is not None:
        checks += [_part_check(name, spec) for name, spec in part.multipart.items()]
    if "text" in part.model_fields_set:
        checks.append(_text_check(part.text))
    if "json_" in part.model_fields_set:
        checks.append(_json_check(part.json_))
    if part.graphql is not None:
        checks.append(_graphql_check(part.graphql))
    return checks


def _query_values(request: Request, name: str) -> list[str]:
    return [value for key, value in request.query if key == name]


def _cookie_values(request: Request, name: str) -> list[str]:
    return [value for key, value in request.cookies if key == name]


def _form_values(request: Request, name: str) -> list[str]:
    return [value for key, value in request.form or () if key == name]


def _header_values(request: Request, name: str) -> list[str]:
    """The lines of a header, and all of them joined: a list may be sent either way (RFC 9110, section 5.3)."""
    lines = request.header_values(name)
    return lines if len(lines) < 2 else [*lines, ", ".join(lines)]


def _named(
    what: str, specs: Mapping[str, Any], values: FieldValues, names: Names, key: str | None = None
) -> list[RequestCheck]:
    """One check for each name, and one against further names where the part is `$exact`."""
    root: tuple[str | int, ...] = (key or what,)
    members, exact = unwrap_exact(specs)
    if exact:
        root = (*root, "$exact")
    if not isinstance(members, Mapping):
        raise MatcherError("$exact takes a mapping of names here", root)
    if odd := next((name for name in members if name.startswith("$") and not name.startswith("$$")), None):
        raise MatcherError(f'"{odd}" is not a name; write ${odd} where it is meant to be one', (*root, odd))
    checks = [
        _name_check(f"{what} {plain_key(name)}", plain_key(name), spec, values, (*root, name))
        for name, spec in members.items()
    ]
    if exact:
        known = {plain_key(name) for name in members}
        checks.append(
            lambda request: [
                Mismatch(f"{what} {name}", "nothing", display(values(request, name)[0]))
                for name in dict.fromkeys(names(request))
                if name not in known
            ]
        )
    return checks


def _name_check(part: str, name: str, spec: Any, values: FieldValues, path: tuple[str | int, ...]) -> RequestCheck:
    test = compile_values(spec, path)
    expected = display(spec)

    def check(request: Request) -> Sequence[Mismatch]:
        got = values(request, name)
        if test(got):
            return NONE
        return (Mismatch(part, expected, display(got[0] if len(got) == 1 else got) if got else "nothing"),)

    return check


def _is_form(request: Request) -> Sequence[Mismatch]:
    if request.form is not None:
        return NONE
    return (Mismatch("body", "a form", request.header("content-type") or "no content-type"),)


def _text_check(spec: Any) -> RequestCheck:
    test = compile_values(spec, ("text",))
    expected = display(spec)
    return lambda request: NONE if test([request.text]) else (Mismatch("text", expected, display(request.text)),)


def _json_check(spec: Any) -> RequestCheck:
    check = compile_json(spec, ("json",))

    def run(request: Request) -> Sequence[Mismatch]:
        try:
            value = request.json
        except NotJsonError:
            return (Mismatch("body", "JSON", display(request.text) if request.body else "nothing"),)
        return check(value, "json $")

    return run


_FILE_KEYS = ("filename", "content_type", "size", "text")


def _part_check(name: str, spec: Any) -> RequestCheck:
    """A part by its text, or by the matchers of a file: `{filename, content_type, size, text}`."""
    path: tuple[str | int, ...] = ("multipart", name)
    part = f"multipart {name}"
    if not isinstance(spec, Mapping) or is_operator(spec, path):
        test = compile_values(spec, path)
        expected = display(spec)

        def check_text(request: Request) -> Sequence[Mismatch]:
            texts = [each.text for each in request.multipart or () if each.name == name]
            return NONE if test(texts) else (Mismatch(part, expected, display(texts) if texts else "nothing"),)

        return check_text
    for key in spec:
        if key not in _FILE_KEYS:
            raise MatcherError(f'unknown key "{key}"{did_you_mean(str(key), list(_FILE_KEYS))}', (*path, key))
    checks = {key: compile_json(matcher, (*path, key)) for key, matcher in spec.items()}

    def check_file(request: Request) -> Sequence[Mismatch]:
        """The mismatches of the part of this name that comes closest."""
        found = [
            [mismatch for key, check in checks.items() for mismatch in check(getattr(each, key), f"{part} {key}")]
            for each in request.multipart or ()
            if each.name == name
        ]
        return min(found, key=len) if found else (Mismatch(part, display(spec), "nothing"),)

    return check_file


def _graphql_check(part: GraphQLPart) -> RequestCheck:
    """The operation by kind and name, then its variables."""
    from interceptor.matching.graphql_requests import NotGraphQLError, graphql_operations  # noqa: PLC0415  # a fifth of a second

    kind = part.kind
    wanted = getattr(part, kind)
    test = compile_values(wanted, ("graphql", kind))
    variables = compile_json(part.variables, ("graphql", "variables")) if "variables" in part.model_fields_set else None
    expected = f"{kind} {display(wanted)}"

    def check(request: Request) -> Sequence[Mismatch]:
        try:
            operations = graphql_operations(request)
        except NotGraphQLError as error:
            return (Mismatch("graphql", expected, f"a request that is no GraphQL: {error}"),)
        if operations.batch:
            return (Mismatch("graphql", expected, "a batch"),)
        found = operations.each[0]
        if kind not in {"operation", found.kind or kind} or not test([found.name]):
            return (Mismatch("graphql", expected, f"{found.kind or 'operation'} {display(found.name)}"),)
        return NONE if variables is None else variables(dict(found.variables), "variables $")

    return check
