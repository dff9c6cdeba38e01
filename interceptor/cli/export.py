"""`interceptor export`: recordings into pact files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import Context, say, show_json
from interceptor.cli.options import AsJson, Recordings
from interceptor.project.config import load_project
from interceptor.values.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interceptor.values.damage import Damage
    from interceptor.values.exchange import ImportedExchange


def export(
    ctx: typer.Context,
    recordings: Recordings = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Keep the interactions that the pact files already have.")
    ] = False,
    specification: Annotated[
        int | None, typer.Option(metavar="V", min=2, max=4, help="Pact specification. Default: the project file's.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="The folder for the pacts. Default: the project file's."),
    ] = None,
    consumer: Annotated[str | None, typer.Option(help="Use this consumer name instead of the recorded one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Turn recordings into pact files, one per consumer and provider."""
    from interceptor.conversion import convert
    from interceptor.journal import latest_recording
    from interceptor.report.conversion import conversion_json, conversion_lines

    context: Context = ctx.obj
    project = load_project(context.config)
    if not recordings:
        latest = latest_recording(project.recordings)
        if latest is None:
            raise UsageError("there is no recording to export", "record one: interceptor run -- COMMAND")
        recordings = [latest]
    conversion = convert(
        project,
        recordings,
        consumer=consumer,
        specification=specification,
        output=output,
        merge=merge,
        read_flows=read_flows,
    )
    if as_json:
        show_json(conversion_json(project, conversion))
    else:
        for line in conversion_lines(project, conversion):
            say(line)
    if any(finding.type == "error" for finding in conversion.findings):
        raise typer.Exit(1)


def read_flows(path: Path, damages: list[Damage]) -> Iterator[ImportedExchange]:
    """Read flow files of mitmproxy, whose reader takes half a second to import."""
    from interceptor.proxy.mitm import flow_files

    return flow_files.read_flows(path, damages)
