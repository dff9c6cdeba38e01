"""The pacts of a project against the documents of its providers, offline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from interceptor.compare.comparison import Comparison
from interceptor.compare.coverage import DocumentUse, document_coverage, use_of
from interceptor.engine.handler_sets import load_project_handlers
from interceptor.lint.origins import Origins
from interceptor.openapi.document import OpenApiDocument, open_document
from interceptor.openapi.operations import METHODS
from interceptor.pact.read import Pact, read_pact
from interceptor.project.config import Project
from interceptor.values.coverage import DocumentCoverage
from interceptor.values.errors import ConfigurationError, UsageError
from interceptor.values.findings import Finding

_PARAMETER = re.compile(r"(?<!\\)(?::\w+(?:\([^()]*\))?[*+?]?|\*)", re.ASCII)
_ESCAPE = re.compile(r"\\")
"""In the pattern of a handler's path."""


@dataclass(slots=True)
class CheckedPact:
    """What a check found."""

    findings: list[Finding] = field(default_factory=list)
    """In the order of the pacts and their interactions, then what is wrong with the documents."""
    pacts: dict[str, Pact] = field(default_factory=dict)
    """The pacts that were compared, by the name that findings give them."""
    without_document: list[str] = field(default_factory=list)
    """Providers whose pacts were not compared, since nothing says where their document is."""
    documents: dict[str, OpenApiDocument] = field(default_factory=dict)
    """The documents that pacts were compared with, by provider."""

    @property
    def is_compatible(self) -> bool:
        return all(finding.type != "error" for finding in self.findings)


def check(
    files: Iterable[Path],
    project: Project | None = None,
    *,
    openapi: str | None = None,
    servers: bool = False,
    refs: Sequence[Path] = (),
) -> CheckedPact:
    """Compare pacts with the documents of their providers.

    Args:
        files: the pacts.
        project: says where the documents are, and which handlers the interactions come from.
        openapi: the document of the one provider that all pacts are of, in place of the project's; a path from here.
        servers: whether the pacts' paths are below those of OpenAPI 3's `servers`.
        refs: folders that references of the documents may lead into, beside their own.

    Raises:
        DocumentError: where a document is missing, broken or not supported.
        PactError: where a pact cannot be read.
        UsageError: where `openapi` is meant to describe several providers.
    """
    checked = CheckedPact(pacts={file.name: read_pact(file) for file in files})
    documents = _documents({pact.provider for pact in checked.pacts.values()}, project, openapi)
    comparisons: dict[str, Comparison] = {}
    for name, pact in list(checked.pacts.items()):
        if pact.provider not in documents:
            checked.without_document.append(pact.provider)
            del checked.pacts[name]
            continue
        where, folder = documents[pact.provider]
        if where not in comparisons:
            checked.documents[pact.provider] = open_document(where, folder, refs)
            comparisons[where] = Comparison(checked.documents[pact.provider], servers=servers)
        checked.findings += (replace(finding, pact=name) for finding in comparisons[where].findings(pact))
    if project is not None and checked.findings:
        checked.findings = _with_handlers(checked, project)
    for comparison in comparisons.values():
        checked.findings += comparison.about_document()
    return checked


def coverage(checked: CheckedPact, project: Project | None, *, servers: bool = False) -> list[DocumentCoverage]:
    """What of each document the pacts use, and what only the handlers of the project answer."""
    contract = [(pact.provider, use_of(each)) for pact in checked.pacts.values() for each in pact.interactions]
    handlers = [] if project is None else list(_of_handlers(project))
    return [
        document_coverage(
            provider,
            document,
            [use for owner, use in contract if owner == provider],
            [use for owner, use in handlers if owner == provider],
            servers=servers,
        )
        for provider, document in checked.documents.items()
    ]


def _of_handlers(project: Project) -> Iterator[tuple[str, DocumentUse]]:
    """What the handlers answer, by provider, as far as they say so without being asked."""
    handlers, _, _ = load_project_handlers(project)
    for handler in handlers:
        provider, part = handler.route.address.provider, handler.loaded.model.request_part
        path = _ESCAPE.sub("", _PARAMETER.sub("x", handler.route.address.pattern.source))
        asked = (tuple(part.query or ()), tuple(part.headers or ()), tuple(part.cookies or ()), part.json_)
        if provider is not None:
            for method in filter(handler.route.allows, map(str.upper, METHODS)):
                for entry in handler.loaded.model.entries:
                    status = entry.status if isinstance(entry.status, int) else 200
                    yield provider, DocumentUse(method, path, status, *asked, entry.json_)


def _documents(providers: set[str], project: Project | None, openapi: str | None) -> dict[str, tuple[str, Path]]:
    """Where the document of each provider is, and the folder that its path starts from."""
    if openapi is not None:
        if len(providers) > 1:
            raise UsageError(
                f"one document cannot describe {', '.join(sorted(providers))}",
                "name the pacts of its provider: interceptor check PACT --openapi FILE",
            )
        return dict.fromkeys(providers, (openapi, Path.cwd()))
    known = {} if project is None else project.providers
    return {name: (provider.openapi, project.root) for name, provider in known.items() if project and provider.openapi}


def _with_handlers(checked: CheckedPact, project: Project) -> list[Finding]:
    """The findings with the handlers that their interactions come from, as far as the project still has them."""
    try:
        handlers, _, _ = load_project_handlers(project)
    except ConfigurationError:
        return checked.findings
    origins = Origins(project, handlers)
    found: dict[tuple[str, int], str | None] = {}
    for name, pact in checked.pacts.items():
        wanted = {finding.interaction for finding in checked.findings if finding.pact == name}
        for interaction in pact.interactions:
            if interaction.index in wanted:
                found[name, interaction.index] = origins.of(pact, interaction)
    return [
        replace(finding, handler=found[finding.pact, finding.interaction])
        if finding.pact is not None and finding.interaction is not None
        else finding
        for finding in checked.findings
    ]
