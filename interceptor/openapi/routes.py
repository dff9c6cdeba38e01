"""Which operation answers for a method and a path: a tree of segments, fixed text before templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from interceptor.openapi.document import Document, Node
from interceptor.openapi.operations import METHODS, Operation, operation, paths

_TEMPLATE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Found:
    """An operation, and the text of each of its path parameters as the consumer sent it, decoded."""

    operation: Operation
    parameters: dict[str, str]


@dataclass(slots=True)
class _Branch:
    fixed: dict[str, _Branch] = field(default_factory=dict)
    templates: list[tuple[re.Pattern[str], tuple[str, ...], _Branch]] = field(default_factory=list)
    ends: dict[str, tuple[str, Node]] = field(default_factory=dict)
    """By method, the path template and the path item."""


class Routes:
    """The operations of a document by method and path.

    Args:
        document: the provider's document.
        servers: prefix the paths with those of OpenAPI 3's `servers`, as an API gateway would.
    """

    def __init__(self, document: Document, *, servers: bool = False) -> None:
        self._root = _Branch()
        self._operations: dict[tuple[str, str], Operation] = {}
        self.base_paths = _base_paths(document, servers=servers)
        self._templates: list[str] = []
        for path, method, item in paths(document):
            for base in self.base_paths:
                self._add(f"{base}{path}", method.upper(), path, item)

    def find(self, method: str, path: str) -> Found | None:
        """The operation for a request; among several templates the one with more fixed text."""
        segments = [unquote(segment) for segment in path.removeprefix("/").split("/")]
        for end, values in _walk(self._root, segments, method):
            template, item = end
            known = self._operations.get((template, method))
            if known is None:
                known = self._operations[template, method] = operation(template, method.lower(), item)
            return Found(known, values)
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
        same = [template for template in self._templates if _pattern(template).fullmatch(path)]
        return f'; the document spells it "{same[0]}"' if same else ""

    def _add(self, path: str, method: str, template: str, item: Node) -> None:
        branch = self._root
        for segment in path.removeprefix("/").split("/"):
            names = tuple(_name(each) for each in _TEMPLATE.findall(segment))
            if not names:
                branch = branch.fixed.setdefault(unquote(segment), _Branch())
                continue
            pieces = [re.escape(unquote(piece)) for piece in _TEMPLATE.split(segment)[::2]]
            pattern = re.compile("(.+)".join(pieces), re.DOTALL)
            known = [below for each, its, below in branch.templates if (each, its) == (pattern, names)]
            below = known[0] if known else _Branch()
            if not known:
                branch.templates.append((pattern, names, below))
                branch.templates.sort(key=lambda each: -len(each[0].pattern))
            branch = below
        branch.ends[method] = (template, item)
        self._templates.append(path)


def _walk(branch: _Branch, segments: list[str], method: str) -> Iterator[tuple[tuple[str, Node], dict[str, str]]]:
    if not segments:
        if method in branch.ends:
            yield branch.ends[method], {}
        return
    head, rest = segments[0], segments[1:]
    if head in branch.fixed:
        yield from _walk(branch.fixed[head], rest, method)
    for pattern, names, below in branch.templates:
        if match := pattern.fullmatch(head):
            for end, values in _walk(below, rest, method):
                yield end, {**dict(zip(names, match.groups(), strict=True)), **values}


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(map(re.escape, _TEMPLATE.split(template)[::2])), re.IGNORECASE)


def _name(written: str) -> str:
    """`.id*`, as label and matrix parameters are sometimes written, is `id`."""
    return written.strip(".;*+?")


def _base_paths(document: Document, *, servers: bool) -> list[str]:
    """The prefixes of all paths: Swagger 2's `basePath`, the extension that PactFlow reads, or those of `servers`."""
    root = document.root
    configured = root.get("info", "x-opc-config-base-path").value or root.get("basePath").value
    if isinstance(configured, str) and configured:
        return [configured.rstrip("/")]
    if not servers:
        return [""]
    bases = []
    for server in root.get("servers").items():
        url = str(server.get("url").value or "")
        for name, variable in server.get("variables").members():
            url = url.replace(f"{{{name}}}", str(variable.get("default").value))
        bases.append(urlsplit(url).path.rstrip("/"))
    return list(dict.fromkeys(bases)) or [""]
