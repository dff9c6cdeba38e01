"""`interceptor check`: pacts against the providers' OpenAPI documents."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import Context, say, show, show_document, show_json, show_line
from interceptor.cli.options import AsJson, PactFiles, ReportFile, say_passed_over, write_output
from interceptor.cli.report import write_report
from interceptor.project.config import load_project
from interceptor.values.errors import UsageError

if TYPE_CHECKING:
    from interceptor.checking import CheckedPact
    from interceptor.values.coverage import DocumentCoverage


def check(
    ctx: typer.Context,
    pacts: PactFiles = None,
    openapi: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The provider's OpenAPI document or its URL. Default: the project file's."),
    ] = None,
    servers: Annotated[
        bool, typer.Option("--servers", help="Prefix the document's paths with those of `servers`.")
    ] = False,
    refs: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="References of the documents may lead into this folder too; may be repeated.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    github: Annotated[bool, typer.Option("--github", help="Print annotations for GitHub Actions.")] = False,
    with_coverage: Annotated[
        bool,
        typer.Option("--coverage", help="Also print what of the documents the contract uses, and what it does not."),
    ] = False,
    at_least: Annotated[
        float | None,
        typer.Option(metavar="PERCENT", min=0, max=100, help="Fail if the coverage of a document is less."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the result as JUnit XML.", dir_okay=False)
    ] = None,
    report: ReportFile = None,
) -> None:
    """Compare pacts with the providers' OpenAPI documents, offline, as PactFlow does.

    Each finding names the interaction, the places in the pact and the document, and the handler.
    The exit code is 1 if there are errors, or if less of a document is used than --at-least says.
    """
    from interceptor.checking import check as check_pacts
    from interceptor.checking import coverage
    from interceptor.report.checked import check_junit

    context: Context = ctx.obj
    alone = pacts and openapi and not context.config.exists()
    project = None if alone else load_project(context.config)
    files = pacts or (sorted(project.pact_dir.glob("*.json")) if project else [])
    if not files:
        raise UsageError("there is no pact to check", "write one: interceptor run -- COMMAND")
    checked = check_pacts(files, project, openapi=openapi, servers=servers, refs=refs or [])
    say_passed_over(checked.pacts.values())
    for provider in checked.without_document:
        say(f"no OpenAPI document for {provider}: its pact is not checked")
    if not checked.pacts:
        raise UsageError(
            "there is no OpenAPI document to check against",
            "name it in interceptor.yaml (providers: NAME: openapi: FILE), or with --openapi",
        )
    covered = coverage(checked, project, servers=servers) if with_coverage or at_least is not None else []
    _show(checked, covered, as_json=as_json, github=github)
    if junit is not None:
        write_output(junit, check_junit(checked))
    if report is not None:
        if project is None:
            raise UsageError("--report needs a project", "write interceptor.yaml: interceptor init")
        write_report(project, None, report, checked=checked)
    if not checked.is_compatible or any(each.percent < (at_least or 0) for each in covered):
        raise typer.Exit(1)


def _show(checked: CheckedPact, covered: list[DocumentCoverage], *, as_json: bool, github: bool) -> None:
    from interceptor.report.checked import check_total, finding_paragraph, github_annotation
    from interceptor.report.coverage import coverage_document, coverage_lines

    if as_json:
        findings = [asdict(finding) for finding in checked.findings]
        show_json({"findings": findings, "coverage": coverage_document(covered)} if covered else findings)
    elif github:
        for finding in checked.findings:
            show_document(f"{github_annotation(finding, checked)}\n")
    else:
        for finding in checked.findings:
            show_line(finding_paragraph(finding, checked))
        show(check_total(checked))
        for each in covered:
            *details, total = coverage_lines(each)
            show(total, details)
