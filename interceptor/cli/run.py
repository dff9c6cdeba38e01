"""`interceptor run`: a command under the proxy, then the pacts."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from interceptor.cli.context import Context, say, say_reached, set_up_logging
from interceptor.cli.options import ProxyPort, Words
from interceptor.project.config import Project, load_project
from interceptor.report.summary import hit_lines, summary_lines
from interceptor.run.reach.isolation import IsolationError
from interceptor.session import Finished, RunContext, prepared, run_command
from interceptor.values.errors import InterceptorError


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
        bool,
        typer.Option(
            "--isolated", help="Run the command in its own network (Linux), so that no client bypasses the proxy."
        ),
    ] = False,
    allow_port: Annotated[
        list[int] | None,
        typer.Option(metavar="N", min=1, max=65535, help="A loopback port that an isolated command may reach."),
    ] = None,
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
    with prepared(project, os.environ, port=port) as run_context:
        for warning in run_context.engine.warnings:
            say(str(warning))
        say_reached(run_context.reached, verbose=context.verbose)
        finished = _run(run_context, command, isolated=isolated, allowed=allow_port or [])
    for line in (
        *(hit_lines(finished.summary) if context.verbose else ()),
        *summary_lines(finished.summary, project.providers),
    ):
        say(line)
    if finished.failure is not None:
        raise typer.Exit(_failed(finished, finished.failure))
    fine = finished.summary.clean and not (strict and finished.summary.never_used)
    fine = fine and (allow_empty or finished.summary.requests > 0)
    if export is Export.ALWAYS or (export is Export.CLEAN and not finished.exit_code and finished.summary.clean):
        still_answered = None if prune else partial(run_context.still_answered, finished.summary)
        try:
            fine = _export(project, finished.journal, still_answered) and fine
        except InterceptorError as error:
            raise typer.Exit(_failed(finished, error)) from error
    raise typer.Exit(finished.exit_code or int(not fine))


run.context_settings = {"allow_interspersed_args": False}  # type: ignore[attr-defined]  # options after COMMAND are its


def _run(run_context: RunContext, command: list[str], *, isolated: bool, allowed: list[int]) -> Finished:
    """Run the command, isolated where that is asked for; where only the project asks for it, it is no must."""
    if not isolated and not run_context.project.settings.reach.isolated:
        return run_command(run_context, command)
    try:
        return run_command(run_context, command, run_context.isolation(allowed))
    except IsolationError as error:
        if isolated:
            raise
        say(f"{error}; continuing without isolation")
        return run_command(run_context, command)


def _failed(finished: Finished, error: InterceptorError) -> int:
    """Say what failed after the command ended; its own exit code stays, unless that was 0."""
    say(error.message)
    if error.hint:
        say(error.hint)
    return finished.exit_code or error.exit_code


def _export(project: Project, journal: Path, still_answered: Callable[[str, str, str], str | None] | None) -> bool:
    """Write the pacts; False where something belongs into them and was not written."""
    from interceptor.convert import convert
    from interceptor.report.conversion import conversion_lines

    conversion = convert(project, [journal], still_answered=still_answered)
    for line in conversion_lines(project, conversion):
        say(line)
    kept = any(pact.losses for pact in conversion.pacts)
    return not kept and not any(finding.type == "error" for finding in conversion.findings)
