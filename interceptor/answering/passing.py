"""A request on its way to a real server, as a handler changes it: where it goes, its path, query and headers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote, quote_plus, unquote_plus

from interceptor.answering.rendering import Compiler, Render, RenderFault, TemplateValues
from interceptor.handlers.response_part import PassedOn, PassedRequest
from interceptor.project.yaml_nodes import Node
from interceptor.values.generated import GeneratedMarks
from interceptor.values.messages import Request

HeaderChanges: TypeAlias = tuple[tuple[str, str | None], ...]
"""Headers by name; None takes one away."""
_Text: TypeAlias = str | Render
_Named: TypeAlias = Sequence[tuple[str, Sequence[tuple[_Text, Node]] | None]]

_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")
_BREAKS_HEADER = re.compile(r"[\r\n\0]")
_OF_A_PATH = "/%:@!$&'()*+,;=~-._"
_OF_THE_WIRE = frozenset({"connection", "content-length", "transfer-encoding", "upgrade"})


@dataclass(frozen=True, slots=True)
class CompiledPassing:
    """Where a request goes, and what of it is changed."""

    node: Node
    authority: _Text | None
    """Scheme, host and port of another server."""
    base: _Text
    """The path there: the whole one, where it is a template, else what comes before the request's own."""
    is_whole: bool
    path: _Text | None
    """In the place of the request's own."""
    query: _Named
    headers: _Named

    @property
    def varies(self) -> bool:
        named = [text for _, lines in (*self.query, *self.headers) for text, _ in lines or ()]
        return any(callable(text) for text in (self.authority, self.base, self.path, *named))

    def url(self, values: TemplateValues, request: Request, owned: str) -> str | None:
        """The URL to ask, or None for the request's own.

        Args:
            values: of the templates.
            request: as the client sent it.
            owned: its path below its provider.

        Raises:
            RenderFault: where a template fails, or makes no URL.
        """
        if self.authority is None and self.path is None and not self.query:
            return None
        origin, prefix = request.origin, request.path.removesuffix(owned)
        if self.authority is not None:
            origin = _rendered(self.authority, values)
            if not _AUTHORITY.fullmatch(origin.partition("://")[2]):
                raise RenderFault(self.node.at("to"), f'"{origin}" is not the origin of a server')
            prefix = _encoded(_rendered(self.base, values))
        path = owned if self.path is None else quote(_rendered(self.path, values), safe=_OF_A_PATH)
        prefix, _, more = prefix.partition("?")
        target = prefix if self.is_whole else f"{prefix.rstrip('/')}{path}"
        query = "&".join(piece for piece in (more, self._query(values, request.query_string)) if piece)
        return f"{origin}{target}{'?' if query else ''}{query}"

    def changes(self, values: TemplateValues) -> HeaderChanges:
        """The headers that are not as the client sent them.

        Raises:
            RenderFault: where a template fails, or makes no header.
        """
        found: list[tuple[str, str | None]] = []
        for name, lines in self.headers:
            for text, node in lines or ():
                value = _rendered(text, values)
                if _BREAKS_HEADER.search(value):
                    raise RenderFault(node, f'the value of "{name}" holds a line break')
                found.append((name, value))
            if lines is None:
                found.append((name, None))
        return tuple(found)

    def _query(self, values: TemplateValues, spelt: str) -> str:
        """The request's own query, as it is spelt, with what is set in the place of what it has of that name."""
        names = {name for name, _ in self.query}
        pieces = [each for each in spelt.split("&") if each and unquote_plus(each.partition("=")[0]) not in names]
        for name, lines in self.query:
            pieces += [f"{quote_plus(name)}={quote_plus(_rendered(text, values))}" for text, _ in lines or ()]
        return "&".join(pieces)


def compile_passing(model: PassedOn, node: Node, compiler: Compiler) -> CompiledPassing:
    """Compile `passthrough`; what is wrong with it is added to the compiler's problems."""
    authority: _Text | None = None
    base: _Text = ""
    is_whole = False
    if model.to is not None:
        scheme, _, rest = model.to.partition("://")
        host, path = _host_and_path(rest)
        authority = compiler.text(f"{scheme}://{host}", node.at("to"), "request.url")
        base = compiler.text(path, node.at("to"), "request.url")
        is_whole = callable(base)
    changed = model.request or PassedRequest()
    where = node.at("request")
    path_text = None if changed.path is None else compiler.text(changed.path, where.at("path"), "request.path")
    if is_whole and path_text is not None:
        compiler.problems.append(where.at("path").problem("`to` has a template in its path, and is the whole URL then"))
    for name in changed.headers:
        if name.lower() in _OF_THE_WIRE:
            compiler.problems.append(where.at("headers", name).problem(f'"{name}" is written by the proxy itself'))
    headers = {name.lower(): (value, where.at("headers", name)) for name, value in changed.headers.items()}
    query = {name: (value, where.at("query", name)) for name, value in changed.query.items()}
    return CompiledPassing(
        node, authority, base, is_whole, path_text, _compiled(query, compiler), _compiled(headers, compiler)
    )


def _host_and_path(rest: str) -> tuple[str, str]:
    """`{{ params.a }}.test/b` -> `("{{ params.a }}.test", "/b")`; a slash within braces parts nothing."""
    depth = 0
    for at, char in enumerate(rest):
        depth += (char == "{") - (char == "}")
        if char in "/?" and depth == 0:
            return rest[:at], rest[at:] if char == "/" else f"/{rest[at:]}"
    return rest, ""


def _compiled(named: Mapping[str, tuple[Any, Node]], compiler: Compiler) -> _Named:
    found: list[tuple[str, Sequence[tuple[_Text, Node]] | None]] = []
    for name, (value, node) in named.items():
        if isinstance(value, dict):
            found.append((name, None))
            continue
        lines = [(each, node.at(index)) for index, each in enumerate(value if isinstance(value, list) else [value])]
        found.append((name, [(compiler.text(text, at, "request"), at) for text, at in lines]))
    return found


def _rendered(text: _Text, values: TemplateValues) -> str:
    return text if isinstance(text, str) else str(text(values, GeneratedMarks()))


def _encoded(path: str) -> str:
    """A path as a URL has it, its query kept."""
    start, mark, query = path.partition("?")
    return quote(start, safe=_OF_A_PATH) + mark + quote(query, safe=_OF_A_PATH + "?")
