"""A handler's request part, compiled: everything about a request but its method and its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from interceptor.handlers.request_part import GraphQLPart, RequestPart
from interceptor.matching.binaries import binary_check
from interceptor.matching.mismatches import NONE, MatcherError, Mismatch, SpecPath, Test, display
from interceptor.matching.operators import is_operator
from interceptor.matching.times import TIME_OPERATORS
from interceptor.matching.values import compile_json, compile_lines, compile_values, plain_key, unwrap_exact
from interceptor.matching.xml_documents import xml_check
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.json_text import NotJsonError
from interceptor.values.messages import Request
from interceptor.values.multipart_form import FormPart
from interceptor.values.urls import Pairs

RequestCheck: TypeAlias = Callable[[Request], Sequence[Mismatch]]
FieldValues: TypeAlias = Callable[[Request, str], list[str]]


def compile_request(part: RequestPart) -> list[RequestCheck]:
    """The checks of a request part, the cheap ones first.

    Raises:
        MatcherError: whose path leads to the culprit from the request part.
    """
    checks = [] if part.websocket is None else [_socket_check(part.protocol)]
    checks += [check for names in _NAMED for check in _named(names, getattr(part, names.key))]
    if part.multipart is not None:
        checks += [_part_check(name, spec) for name, spec in part.multipart.items()]
    if "text" in part.model_fields_set:
        checks.append(_text_check(part.text))
    if "json_" in part.model_fields_set:
        checks.append(_json_check(part.json_))
    if part.xml is not None:
        checks.append(xml_check(part.xml, ("xml",)))
    if part.binary is not None:
        checks.append(binary_check(part.binary, ("binary",)))
    if part.graphql is not None:
        checks.append(_graphql_check(part.graphql))
    return checks


def depends_on_time(part: RequestPart) -> bool:
    """True where what matches now may not match later."""
    return _holds_any(part.model_dump(exclude={"matching"}, exclude_none=True), TIME_OPERATORS)


def _holds_any(value: Any, keys: frozenset[str]) -> bool:
    if isinstance(value, dict):
        return not keys.isdisjoint(value) or any(_holds_any(each, keys) for each in value.values())
    return isinstance(value, list) and any(_holds_any(each, keys) for each in value)


@dataclass(frozen=True, slots=True)
class _Names:
    """A part of a request that has values by name."""

    what: str
    """What messages call one."""
    key: str
    """Under which a handler lists them."""
    pairs: Callable[[Request], Pairs]
    compiled: Callable[[Any, SpecPath], Test] = compile_values

    def values(self, request: Request, name: str) -> list[str]:
        return [value for key, value in self.pairs(request) if key == name]


_NAMED = (
    _Names("query", "query", lambda request: request.query),
    _Names("header", "headers", lambda request: request.headers, compile_lines),
    _Names("cookie", "cookies", lambda request: request.cookies),
    _Names("form", "form", lambda request: request.form or ()),
)


def _named(part: _Names, specs: Mapping[str, Any] | None) -> list[RequestCheck]:
    """One check for each name, and one against further names where the part is `$exact`."""
    if specs is None:
        return []
    what, values = part.what, part.values
    root: SpecPath = (part.key,)
    members, exact = unwrap_exact(specs)
    if exact:
        root = (*root, "$exact")
    if not isinstance(members, Mapping):
        raise MatcherError("$exact takes a mapping of names here", root)
    if odd := next((name for name in members if name.startswith("$") and not name.startswith("$$")), None):
        raise MatcherError(f'"{odd}" is not a name; write ${odd} where it is meant to be one', (*root, odd))
    checks: list[RequestCheck] = [_is_form] if part.key == "form" else []
    for name, spec in members.items():
        spelt = _spelt(part, name)
        checks.append(_name_check(f"{what} {spelt}", spelt, spec, values, part.compiled(spec, (*root, name))))
    if exact:
        known = {_spelt(part, name) for name in members}
        checks.append(
            lambda request: [
                Mismatch(f"{what} {name}", "nothing", display(values(request, name)[0]))
                for name in dict.fromkeys(name for name, _ in part.pairs(request))
                if name not in known
            ]
        )
    return checks


def _spelt(part: _Names, name: str) -> str:
    """A name as requests have it: those of headers in lower case."""
    return plain_key(name).lower() if part.key == "headers" else plain_key(name)


def _name_check(part: str, name: str, spec: Any, values: FieldValues, test: Test) -> RequestCheck:
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


def opens_websocket(request: Request) -> bool:
    return "websocket" in (request.header("upgrade") or "").lower()


def offered_protocols(request: Request) -> list[str]:
    """The subprotocols that a client offers for a WebSocket."""
    lines = request.header_values("sec-websocket-protocol")
    return [each.strip() for line in lines for each in line.split(",") if each.strip()]


def _socket_check(protocol: str | None) -> RequestCheck:
    def check(request: Request) -> Sequence[Mismatch]:
        if not opens_websocket(request):
            return (Mismatch("request", "a WebSocket", "a plain request"),)
        offered = offered_protocols(request)
        if protocol is None or protocol in offered:
            return NONE
        return (Mismatch("protocol", display(protocol), display(offered) if offered else "nothing"),)

    return check


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
    if isinstance(spec, list) and any(isinstance(each, Mapping) and not is_operator(each, path) for each in spec):
        return _files_check(name, spec)
    if not isinstance(spec, Mapping) or is_operator(spec, path):
        test = compile_values(spec, path)
        expected = display(spec)

        def check_text(request: Request) -> Sequence[Mismatch]:
            texts = [each.text for each in request.multipart or () if each.name == name]
            return NONE if test(texts) else (Mismatch(part, expected, display(texts) if texts else "nothing"),)

        return check_text
    file = _file_check(spec, path)

    def check_file(request: Request) -> Sequence[Mismatch]:
        """The mismatches of the part of this name that comes closest."""
        found = [file(each, part) for each in request.multipart or () if each.name == name]
        return min(found, key=len) if found else (Mismatch(part, display(spec), "nothing"),)

    return check_file


def _files_check(name: str, specs: Sequence[Any]) -> RequestCheck:
    """Several parts of one name: exactly these, in their order."""
    checks = [_file_check(spec, ("multipart", name, at)) for at, spec in enumerate(specs)]
    part = f"multipart {name}"

    def check(request: Request) -> Sequence[Mismatch]:
        found = [each for each in request.multipart or () if each.name == name]
        if len(found) != len(checks):
            return (Mismatch(part, f"{len(checks)} parts", str(len(found))),)
        pairs = enumerate(zip(checks, found, strict=True), 1)
        return [mismatch for at, (file, each) in pairs for mismatch in file(each, f"{part} {at}")]

    return check


def _file_check(spec: Any, path: tuple[str | int, ...]) -> Callable[[FormPart, str], list[Mismatch]]:
    """One part by the matchers of a file; a text, or a matcher of it, stands for `text`."""
    if not isinstance(spec, Mapping) or is_operator(spec, path):
        test = compile_json(spec, path)
        return lambda each, part: [*test(each.text, f"{part} text")]
    for key in spec:
        if key not in _FILE_KEYS:
            raise MatcherError(f'unknown key "{key}"{did_you_mean(str(key), list(_FILE_KEYS))}', (*path, key))
    checks = {key: compile_json(matcher, (*path, key)) for key, matcher in spec.items()}
    return lambda each, part: [
        mismatch for key, check in checks.items() for mismatch in check(getattr(each, key), f"{part} {key}")
    ]


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
