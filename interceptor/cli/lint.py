"""`interceptor lint`: checks handlers and pacts against conventions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from interceptor.cli.context import show, show_json, show_line
from interceptor.cli.options import AsJson, PactFiles, say_passed_over
from interceptor.project.config import load_project
from interceptor.report.findings import finding_line, lint_total


def lint(
    ctx: typer.Context,
    pacts: PactFiles = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check handlers and pacts: names, states, rules, secrets, and responses that contradict each other."""
    from interceptor.lint import lint as findings_of

    project = load_project(ctx.obj.config)
    findings = findings_of(project, pacts or sorted(project.pact_dir.glob("*.json")), say_passed_over)
    if as_json:
        show_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            show_line(finding_line(finding))
        show(lint_total(findings))
    if any(strict or finding.type == "error" for finding in findings):
        raise typer.Exit(1)
