"""`interceptor lint`: handlers and pacts against the conventions."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from interceptor.project.config import load_project
from interceptor.values.findings import Finding, in_words


def lint(
    ctx: typer.Context,
    pacts: Annotated[
        list[Path] | None,
        typer.Argument(help="Pact files. Default: those of the project.", metavar="PACT", show_default=False),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail at warnings too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Look at handlers and pacts: names, states, rules, secrets, answers that no provider can give both of."""
    from interceptor.lint import lint as findings_of

    project = load_project(ctx.obj.config)
    findings = findings_of(project, pacts or sorted(project.pact_dir.glob("*.json")))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(in_words(finding))
        typer.echo(f"interceptor  {_total(findings)}")
    if any(strict or finding.type == "error" for finding in findings):
        raise typer.Exit(1)


def _total(findings: list[Finding]) -> str:
    counts = [sum(finding.type == kind for finding in findings) for kind in ("error", "warning")]
    words = [
        f"{count} {kind}{'' if count == 1 else 's'}" for count, kind in zip(counts, ("error", "warning"), strict=True)
    ]
    return " · ".join(words) if findings else "nothing to complain about"
