"""`interceptor report`: the contract, what made it and what is wrong with it, as one page."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import Context, say
from interceptor.cli.export import read_flows
from interceptor.cli.options import Recordings, write_output
from interceptor.project.config import Project, load_project

if TYPE_CHECKING:
    from interceptor.checking import CheckedPact


def report(
    ctx: typer.Context,
    recordings: Recordings = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The page. Default: .interceptor/report.html."),
    ] = None,
    against: Annotated[
        str, typer.Option(metavar="REVISION", help="Show what has changed in the pacts since a revision in git.")
    ] = "HEAD",
    open_it: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Write the contract, what made it and what is wrong with it into one HTML page, which needs no network."""
    context: Context = ctx.obj
    project = load_project(context.config)
    file = output or project.state_dir / "report.html"
    write_report(project, recordings, file, against=against)
    if open_it:
        webbrowser.open(file.resolve().as_uri())


def write_report(
    project: Project,
    recordings: list[Path] | None,
    file: Path,
    *,
    against: str = "HEAD",
    checked: CheckedPact | None = None,
) -> None:
    """Write the page, and say where it is.

    Args:
        project: whose contract it shows.
        recordings: the latest one where none are named.
        file: the page.
        against: the revision in git with which the pacts are compared.
        checked: the comparison with the documents, where it has been made.

    Raises:
        RecordingError: a recording cannot be read.
        UsageError: the file cannot be written.
    """
    from interceptor.cli.reported import gathered
    from interceptor.journal import latest_recording
    from interceptor.report.page import report_page

    if not recordings:
        latest = latest_recording(project.recordings)
        recordings = [] if latest is None else [latest]
    contents = gathered(project, recordings, read_flows, against=against, checked=checked)
    write_output(file, report_page(contents))
    say(f"the report is in {project.display(file.resolve())}")
