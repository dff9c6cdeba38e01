"""What handlers say that no request can be, or that says less than its author thinks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from interceptor.engine.compiled import CompiledHandler
from interceptor.engine.handler_sets import HandlerSet
from interceptor.handlers.provider_calls import CALL
from interceptor.handlers.request_part import RequestPart
from interceptor.project.config import Project
from interceptor.values.did_you_mean import did_you_mean
from interceptor.values.findings import Finding
from interceptor.values.json_text import Json, NotJsonError, parse_json
from interceptor.values.origins import Origin

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "ANY")
_PARAMETER = re.compile(r"\\.|/:\w+(?:\((?:\\.|[^()\\])*\))?|(?P<plain>:[A-Za-z_]\w*)|(?P<group>\([^/]*\)?)")
"""A parameter with its constraint, and what only looks like one: behind the start of a segment, or without a name."""


def unmatchable(handler: CompiledHandler, data: Collection[str]) -> Iterator[tuple[str, str]]:
    """Code and complaint for each doubt about a handler; `data` are the names that handler files declare."""
    model = handler.loaded.model
    part = model.request_part
    if part.method not in _METHODS and (close := get_close_matches(part.method, _METHODS, n=1)):
        yield "handler.method.unlikely", f'"{part.method}" is no method that clients use, did you mean "{close[0]}"?'
    yield from _literal_signs(part)
    if _is_document(part.json_):
        message = "json is a text that holds JSON, and matches a body that is such a text; write it as YAML, unquoted"
        yield "handler.json.text", message
    if any(_is_document(entry.json_) for entry in model.entries):
        message = "the response's json is a text that holds JSON, and is sent as a text; write it as YAML, unquoted"
        yield "handler.json.text", message
    for name in model.then:
        if name not in data and name != CALL:
            yield "handler.then.undeclared", f'then changes the data "{name}", which no file has{_meant(name, data)}'


def _literal_signs(part: RequestPart) -> Iterator[tuple[str, str]]:
    """Signs of a path that are parameters to MSW and plain text here."""
    path = re.sub(r"^\w+://[^/]*", "", part.address or "")
    for match in _PARAMETER.finditer(path):
        if sign := match["plain"]:
            message = (
                f'"{sign}" in "{path}" is plain text: a parameter begins after a slash. '
                f"Write \\{sign} to say so, or match the segment with :name(...) or *"
            )
            before = path[: match.start()].rpartition("/")[2]
            if not re.fullmatch(r":\w+", before):  # the custom method of :project:undelete is well known
                yield "handler.path.literal", message
        elif group := match["group"]:
            message = f'"{group}" in "{path}" is plain text: an expression needs a name before it, :name{group}'
            yield "handler.path.literal", message


def _is_document(value: Json) -> bool:
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")) or "{{" in value:
        return False
    try:
        return isinstance(parse_json(value.encode()), dict | list)
    except NotJsonError:
        return False


def _meant(name: str, data: Collection[str]) -> str:
    return did_you_mean(name, list(data)) if data else "; declare it under data"


def unreached(project: Project, handlers: HandlerSet) -> Iterator[Finding]:
    """Providers without any handler, in a project that has some and records nothing else."""
    if not len(handlers) or project.settings.record == "all":
        return
    for name, provider in project.providers.items():
        origins = [Origin.parse(url) for url in provider.url]
        if not any(_reaches(handler, name, origins) for handler in handlers):
            message = f'no handler is for the provider "{name}": write provider: {name} at the top of a handler file'
            yield Finding("provider.unreached", message)


def _reaches(handler: CompiledHandler, name: str, origins: list[Origin]) -> bool:
    address = handler.route.address
    if address.provider is not None:
        return address.provider == name
    return address.origin is None or any(address.origin == each or _meets(address.origin, each) for each in origins)


def _meets(one: Origin, other: Origin) -> bool:
    """True where an origin can be of both, as far as one of them is exact."""
    return (other.exact and one.covers(other)) or (one.exact and other.covers(one))
