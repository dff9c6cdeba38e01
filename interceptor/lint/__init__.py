"""Check handlers and pacts: naming conventions, secrets, and rules that no verifier could enforce."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from interceptor.engine.descriptions import load_descriptions
from interceptor.engine.handler_sets import HandlerSet, load_project_handlers
from interceptor.lint.handlers import lint_descriptions, lint_handlers
from interceptor.lint.names import StateName, lint_states
from interceptor.lint.origins import Origins
from interceptor.lint.pacts import lint_pact
from interceptor.pact.read import Pact, read_pact
from interceptor.project.config import Project
from interceptor.values.errors import ConfigurationError, PactError, Problem
from interceptor.values.findings import Finding
from interceptor.values.json_text import Json

__all__ = ["lint"]


def lint(
    project: Project, pacts: Sequence[Path], on_read: Callable[[list[Pact]], None] = lambda _: None
) -> list[Finding]:
    """All findings: errors first, then by file.

    Args:
        project: its handlers are checked, and tell where the interactions come from.
        pacts: files.
        on_read: called with each pact, alone in a list.
    """
    findings: list[Finding] = []
    states: list[StateName] = []
    handlers, data = HandlerSet(project, []), dict[str, Json]()
    try:
        handlers, data, warnings = load_project_handlers(project)
        findings += (_of_problem("handler", each) for each in warnings)
    except ConfigurationError as error:
        findings += (_of_problem("handler", each) for each in error.problems)
    findings += lint_handlers(project, handlers, states, data)
    try:
        descriptions = load_descriptions(project)
        findings += (_of_problem("contract", each) for each in descriptions.warnings)
        findings += lint_descriptions(project, descriptions, states)
    except ConfigurationError as error:
        findings += (_of_problem("contract", each) for each in error.problems)
    said = {(each.code, each.message, each.handler) for each in findings}
    origins = Origins(project, handlers)
    for file in pacts:
        try:
            pact = read_pact(file)
        except PactError as error:
            findings.append(Finding("pact.unreadable", error.message, file.name))
        else:
            on_read([pact])
            found = lint_pact(pact, project, origins, states)
            findings += (each for each in found if (each.code, each.message, each.handler) not in said)
    findings += lint_states(states)
    return sorted(dict.fromkeys(findings), key=_rank)


def _of_problem(kind: str, problem: Problem) -> Finding:
    place = f"{problem.file}:{problem.line}"
    return Finding(f"{kind}.{problem.severity}", problem.message, handler=place)


def _rank(finding: Finding) -> tuple[object, ...]:
    file, _, line = (finding.handler or "").rpartition(":")
    number = int(line) if line.isdecimal() else 0
    pact, interaction = finding.pact or "", -1 if finding.interaction is None else finding.interaction
    return (finding.type, pact, interaction, file, number, finding.code, finding.message)
