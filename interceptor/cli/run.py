"""`interceptor run`: a command under the proxy, then the pacts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import Context, say, say_reached, say_toned, set_up_logging, show_document, write
from interceptor.cli.live import live
from interceptor.cli.options import ProxyPort, ReportFile, Words, append_output, write_output
from interceptor.cli.progress import is_shown, progress
from interceptor.project.config import Project, load_project
from interceptor.report.summary import hit_lines, progress_line, summary_notes
from interceptor.run.reach.isolation import IsolationError
from interceptor.session import Finished, RunContext, prepared, run_command
from interceptor.values.errors import InterceptorError

if TYPE_CHECKING:
    from interceptor.conversion import Conversion
    from interceptor.report.run_result import RunResult


class Export(StrEnum):
    """When the pacts are written."""

    CLEAN = "clean"
    ALWAYS = "always"
    NEVER = "never"


def run(
    ctx: typer.Context,
    command: Words,
    port: ProxyPort = None,
    export: Annotated[
        Export,
        typer.Option(help="When to write the pacts. clean: if the command succeeds and no request is unhandled."),
    ] = Export.CLEAN,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if a handler is never used.")] = False,
    consumer: Annotated[str | None, typer.Option(help="Use this consumer name instead of the project file's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of what handlers do by chance. Default: the project's.")] = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Succeed also when no request for a provider arrived.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Write pacts also when they lose interactions that are still answered.")
    ] = False,
    isolated: Annotated[
        bool | None,
        typer.Option(
            "--isolated/--no-isolated",
            help="Run the command in its own network (Linux), so that no client bypasses the proxy. "
            "Default: the project file's.",
        ),
    ] = None,
    allow_port: Annotated[
        list[int] | None,
        typer.Option(metavar="N", min=1, max=65535, help="A loopback port that an isolated command may reach."),
    ] = None,
    report: ReportFile = None,
    junit: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write unhandled requests as failures in JUnit XML.", dir_okay=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Also print the result as JSON, as the last line of the standard output.")
    ] = False,
) -> None:
    """Run a command under the proxy, then write the pacts.

    The exit code is the command's, or 1 if the command succeeds but a request is unhandled or a response fails, no
    request for a provider arrives, or a pact would lose interactions that are still answered.
    """
    context: Context = ctx.obj
    set_up_logging(context)
    project = load_project(context.config)
    given = {"consumer": consumer, "seed": seed}
    said = {key: value for key, value in given.items() if value is not None}
    project = replace(project, settings=project.settings.model_copy(update=said))
    with prepared(project, os.environ, port=port, page=partial(live, project.settings.consumer)) as run_context:
        for warning in run_context.engine.warnings:
            say(str(warning))
        say_reached(run_context.reached, verbose=context.verbose)
        in_own_network = project.settings.reach.isolated if isolated is None else isolated
        if context.verbose and not in_own_network:
            say(f"what happens is shown at {run_context.page_url}")
        must = bool(isolated)
        finished = _run(run_context, command, in_own_network=in_own_network, must=must, allowed=allow_port or [])
    for line in (
        *(hit_lines(finished.summary) if context.verbose else ()),
        *summary_notes(finished.summary, project.providers),
    ):
        say(line)
    conversion: Conversion | None = None
    failure: InterceptorError | None = finished.failure
    if failure is None and _is_exported(export, finished):
        still_answered = None if prune else partial(run_context.still_answered, finished.summary)
        conversion, failure = _exported(project, finished.journal, still_answered)
    from interceptor.report.run_result import RunResult, run_block  # not before the command: it may be short

    result = RunResult(project, finished.summary, finished.journal, finished.exit_code, conversion)
    for parts in run_block(result):
        say_toned(parts)
    if failure is not None:
        say(failure.message)
        if failure.hint:
            say(failure.hint)
    fine = finished.summary.clean and not (strict and finished.summary.never_used)
    fine = fine and (allow_empty or finished.summary.requests > 0) and _is_whole(conversion)
    exit_code = finished.exit_code or (failure.exit_code if failure is not None else int(not fine))
    _write(result, exit_code, junit=junit, report=report, as_json=as_json)
    raise typer.Exit(exit_code)


run.context_settings = {"allow_interspersed_args": False}  # type: ignore[attr-defined]  # options after COMMAND are its


def _run(
    run_context: RunContext, command: list[str], *, in_own_network: bool, must: bool, allowed: list[int]
) -> Finished:
    """Run the command, isolated where that is asked for; where only the project asks for it, it is no must."""
    run = run_command
    if is_shown(os.environ):
        page = "" if in_own_network else run_context.page_url
        run = partial(run_command, watch=lambda summary: progress(partial(progress_line, summary, page)))
    if not in_own_network:
        return run(run_context, command)
    try:
        return run(run_context, command, run_context.isolation(allowed))
    except IsolationError as error:
        if must:
            raise
        say(f"{error}; continuing without isolation")
        return run(run_context, command)


def _is_exported(export: Export, finished: Finished) -> bool:
    """Whether the pacts are to be written."""
    return export is Export.ALWAYS or (export is Export.CLEAN and not finished.exit_code and finished.summary.clean)


def _exported(
    project: Project, journal: Path, still_answered: Callable[[str, str, str], str | None] | None
) -> tuple[Conversion | None, InterceptorError | None]:
    """Write the pacts, and say what there is to say beside their changes; the failure where that is impossible."""
    from interceptor.conversion import convert
    from interceptor.report.conversion import conversion_notes

    try:
        conversion = convert(project, [journal], still_answered=still_answered)
    except InterceptorError as error:
        return None, error
    for line in conversion_notes(project, conversion):
        say(line)
    return conversion, None


def _is_whole(conversion: Conversion | None) -> bool:
    """False where something belongs into the pacts and was not written."""
    if conversion is None:
        return True
    kept = any(pact.losses for pact in conversion.pacts)
    return not kept and not any(finding.type == "error" for finding in conversion.findings)


def _write(result: RunResult, exit_code: int, *, junit: Path | None, report: Path | None, as_json: bool) -> None:
    """The result in the forms that are asked for, or that the CI service reads."""
    from interceptor.report.run_result import run_annotations, run_json, run_junit, run_markdown

    if junit is not None:
        write_output(junit, run_junit(result))
    if report is not None:
        from interceptor.cli.report import write_report

        write_report(result.project, [result.journal], report)
    if job_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        for annotation in run_annotations(result):
            write(f"{annotation}\n", sys.stderr)
        append_output(Path(job_summary), run_markdown(result).encode("utf-8", "replace"))
    if as_json:
        show_document(f"\n{json.dumps(run_json(result, exit_code), ensure_ascii=False)}\n")
