"""`interceptor doctor`: how the clients of a command reach the proxy."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from interceptor.cli.context import Context, say, say_reached, set_up_logging
from interceptor.cli.options import Words
from interceptor.project.config import load_project
from interceptor.report.doctor import diagnoses, doctor_json, doctor_lines
from interceptor.session import prepared, run_command


def doctor(
    ctx: typer.Context,
    command: Words,
    isolated: Annotated[
        bool,
        typer.Option("--isolated", help="Run the command in its own network (Linux), so that no client is overlooked."),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, as the last line of the standard output.")
    ] = False,
) -> None:
    """Run a command under the proxy, and say how its clients reached the proxy.

    It writes no pacts. A connection that goes around the proxy is seen with --isolated only.
    The exit code is the command's.
    """
    context: Context = ctx.obj
    set_up_logging(context)
    project = load_project(context.config)
    with prepared(project, os.environ) as run_context:
        say_reached(run_context.reached)
        finished = run_command(run_context, command, run_context.isolation(()) if isolated else None, observed=True)
    found = diagnoses(finished.summary, project.providers)
    if as_json:
        print()  # the command may have left its last line open
        print(json.dumps(doctor_json(found, finished.exit_code), ensure_ascii=False))
    else:
        for line in doctor_lines(found):
            say(line)
    raise typer.Exit(finished.exit_code)


doctor.context_settings = {"allow_interspersed_args": False}  # type: ignore[attr-defined]  # options after COMMAND are its
