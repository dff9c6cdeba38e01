"""Which operation answers for a method and a path: a tree of segments, fixed text before templates.

OpenAPI says which of two templates comes first, and lets one stand for part of a segment; the routers of web frameworks
take the first one declared, or whole segments only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from interceptor.openapi.document import DocumentNode, OpenApiDocument
from interceptor.openapi.operations import METHODS, Operation, operation, paths
from interceptor.values.patterns import Pattern, SlowPatternError

_TEMPLATE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Found:
    """An operation, and the text of each of its path parameters as the consumer sent it, decoded."""

    operation: Operation
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class _End:
    template: str
    item: DocumentNode
    names: tuple[str, ...]
    """Of the path's parameters, from left to right."""


@dataclass(slots=True)
class _Branch:
    fixed: dict[str, _Branch] = field(default_factory=dict)
    templates: dict[Pattern, _Branch] = field(default_factory=dict)
    """Those with more fixed text first. However parameters are named, `/{id}/a` and `/{key}/b` share a branch."""
    ends: dict[str, _End] = field(default_factory=dict)
    """By method."""


@dataclass(frozen=True, slots=True)
class _Spelling:
    """How strictly the paths of a document are taken; extensions that PactFlow reads make it less strict."""

    case_insensitive: bool
    ignores_trailing_slash: bool
    ignores_duplicate_slashes: bool

    @classmethod
    def of(cls, document: OpenApiDocument) -> _Spelling:
        info = document.root.get("info")
        names = ("case-insensitive", "ignore-trailing-slash", "ignore-duplicate-slashes")
        return cls(*(info.get(f"x-opc-config-{name}").value is True for name in names))

    @property
    def flag(self) -> re.RegexFlag:
        return re.IGNORECASE if self.case_insensitive else re.NOFLAG

    def split(self, path: str) -> list[str]:
        """The segments of a path, as it is written."""
        path = re.sub("/+", "/", path) if self.ignores_duplicate_slashes else path
        path = path.removesuffix("/") if self.ignores_trailing_slash and len(path) > 1 else path
        return path.removeprefix("/").split("/")

    def segments(self, path: str) -> list[tuple[str, str]]:
        """The segments of a requested path, decoded, each also as fixed ones are looked up."""
        decoded = map(unquote, self.split(path))
        return [(segment, self.fixed(segment)) for segment in decoded]

    def fixed(self, segment: str) -> str:
        return segment.lower() if self.case_insensitive else segment


class Routes:
    """The operations of a document by method and path.

    Args:
        document: the provider's document.
        servers: prefix the paths with those of OpenAPI 3's `servers`, as an API gateway would.
    """

    def __init__(self, document: OpenApiDocument, *, servers: bool = False) -> None:
        self._root = _Branch()
        self._spelling = _Spelling.of(document)
        self._operations: dict[tuple[str, str], Operation] = {}
        self.base_paths = _base_paths(document, servers=servers)
        self._templates: list[str] = []
        for path, method, item in paths(document):
            for base in self.base_paths:
                self._add(f"{base}{path}", method.upper(), path, item)

    def find(self, method: str, path: str) -> Found | None:
        """The operation for a request; among several templates the one with more fixed text."""
        for end, values in _walk(self._root, self._spelling.segments(path), method):
            known = self._operations.get((end.template, method))
            if known is None:
                known = self._operations[end.template, method] = operation(end.template, method.lower(), end.item)
            return Found(known, dict(zip(end.names, values, strict=True)))
        return None

    def near(self, method: str, path: str) -> str:
        """What in the document is close to a request that no operation answers for, to end a sentence; or nothing."""
        for variant, said in ((path.rstrip("/"), "without the trailing slash"), (f"{path}/", "with a trailing slash")):
            if variant != path and self.find(method, variant):
                return f"; the document has it {said}"
        for base in self.base_paths:
            if base and self.find(method, f"{base}{path}"):
                return f'; the document has it below its base path "{base}"'
        others = [other.upper() for other in METHODS if self.find(other.upper(), path)]
        if others:
            return f"; the document has this path with {', '.join(others)}"
        same = [template for template in self._templates if _in_time(_pattern(template), path)]
        return f'; the document spells it "{same[0]}"' if same else ""

    def _add(self, path: str, method: str, template: str, item: DocumentNode) -> None:
        branch, names = self._root, list[str]()
        for segment in self._spelling.split(path):
            in_it = _TEMPLATE.findall(segment)
            if not in_it:
                branch = branch.fixed.setdefault(self._spelling.fixed(unquote(segment)), _Branch())
                continue
            names += map(_name, in_it)
            pieces = [re.escape(unquote(piece)) for piece in _TEMPLATE.split(segment)[::2]]
            pattern = Pattern("(.+)".join(pieces), re.DOTALL | self._spelling.flag)
            if pattern not in branch.templates:
                branch.templates[pattern] = _Branch()
                branch.templates = dict(sorted(branch.templates.items(), key=lambda each: -len(each[0].source)))
            branch = branch.templates[pattern]
        branch.ends.setdefault(method, _End(template, item, tuple(names)))
        self._templates.append(path)


def _walk(branch: _Branch, segments: list[tuple[str, str]], method: str) -> Iterator[tuple[_End, list[str]]]:
    if not segments:
        if method in branch.ends:
            yield branch.ends[method], []
        return
    (head, fixed), rest = segments[0], segments[1:]
    if fixed in branch.fixed:
        yield from _walk(branch.fixed[fixed], rest, method)
    for pattern, below in branch.templates.items():
        if match := _in_time(pattern, head):
            for end, values in _walk(below, rest, method):
                yield end, [*match.groups(), *values]


def _in_time(pattern: Pattern, text: str) -> re.Match[str] | None:
    """The match; none where a template of very many pieces does not come to an end."""
    try:
        return pattern.fullmatch(text)
    except SlowPatternError:
        return None


def _pattern(template: str) -> Pattern:
    return Pattern("[^/]+".join(map(re.escape, _TEMPLATE.split(template)[::2])), re.IGNORECASE)


def _name(written: str) -> str:
    """`.id*`, as label and matrix parameters are sometimes written, is `id`."""
    return written.strip(".;*+?")


def _base_paths(document: OpenApiDocument, *, servers: bool) -> list[str]:
    """The prefixes of all paths: Swagger 2's `basePath`, the extension that PactFlow reads, or those of `servers`."""
    root = document.root
    configured = root.get("info", "x-opc-config-base-path").value or root.get("basePath").value
    if isinstance(configured, str) and configured:
        return list(dict.fromkeys((configured.rstrip("/"), configured)))  # the broker's comparison takes it as it is
    if not servers:
        return [""]
    bases = []
    for server in root.get("servers").items():
        url = str(server.get("url").value or "")
        for name, variable in server.get("variables").members():
            url = url.replace(f"{{{name}}}", str(variable.get("default").value))
        with suppress(ValueError):  # what is no URL has no path
            bases.append(urlsplit(url).path.rstrip("/"))
    return list(dict.fromkeys(bases)) or [""]
