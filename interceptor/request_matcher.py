"""A handler's request part, compiled: everything about a request but its method and its path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from interceptor.handlers import RequestPart
from interceptor.matching import (
    NONE,
    Mismatch,
    compile_json,
    compile_values,
    plain_key,
    shown,
    unwrap_exact,
)
from interceptor.messages import NotJsonError, Request

RequestCheck: TypeAlias = Callable[[Request], Sequence[Mismatch]]
Values: TypeAlias = Callable[[Request, str], list[str]]
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
    if "text" in part.model_fields_set:
        checks.append(_text_check(part.text))
    if "json_" in part.model_fields_set:
        checks.append(_json_check(part.json_))
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
    what: str, specs: Mapping[str, Any], values: Values, names: Names, key: str | None = None
) -> list[RequestCheck]:
    """One check for each name, and one against further names where the part is `$exact`."""
    root: tuple[str | int, ...] = (key or what,)
    members, exact = unwrap_exact(specs)
    if exact:
        root = (*root, "$exact")
    checks = [
        _name_check(f"{what} {plain_key(name)}", plain_key(name), spec, values, (*root, name))
        for name, spec in members.items()
    ]
    if exact:
        known = {plain_key(name) for name in members}
        checks.append(
            lambda request: [
                Mismatch(f"{what} {name}", "nothing", shown(values(request, name)[0]))
                for name in dict.fromkeys(names(request))
                if name not in known
            ]
        )
    return checks


def _name_check(part: str, name: str, spec: Any, values: Values, path: tuple[str | int, ...]) -> RequestCheck:
    test = compile_values(spec, path)
    expected = shown(spec)

    def check(request: Request) -> Sequence[Mismatch]:
        got = values(request, name)
        if test(got):
            return NONE
        return (Mismatch(part, expected, shown(got[0] if len(got) == 1 else got) if got else "nothing"),)

    return check


def _is_form(request: Request) -> Sequence[Mismatch]:
    if request.form is not None:
        return NONE
    return (Mismatch("body", "a form", request.header("content-type") or "no content-type"),)


def _text_check(spec: Any) -> RequestCheck:
    test = compile_values(spec, ("text",))
    expected = shown(spec)
    return lambda request: NONE if test([request.text]) else (Mismatch("text", expected, shown(request.text)),)


def _json_check(spec: Any) -> RequestCheck:
    check = compile_json(spec, ("json",))

    def run(request: Request) -> Sequence[Mismatch]:
        try:
            value = request.json
        except NotJsonError:
            return (Mismatch("body", "JSON", shown(request.text) if request.body else "nothing"),)
        return check(value, "json $")

    return run
