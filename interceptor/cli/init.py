"""`interceptor init`: a new project, from nothing or from recorded traffic."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from interceptor.cli.context import Context, say
from interceptor.cli.sources import EXAMPLE, HandlerSource, imported, named_provider
from interceptor.scaffold.project import consumer_name, project_files, write_files
from interceptor.scaffold.schema import write_schemas
from interceptor.values.errors import UsageError
from interceptor.values.variables import STATE_DIR


class CiService(StrEnum):
    """Whose workflows are written."""

    GITHUB = "github"
    GITLAB = "gitlab"


def init(
    ctx: typer.Context,
    journal: Annotated[
        Path | None, typer.Argument(metavar="[JOURNAL]", help="For --from-journal. Default: the latest.")
    ] = None,
    provider: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=URL", help=f"A provider; may be repeated. Default: {EXAMPLE}.", show_default=False),
    ] = None,
    from_har: Annotated[
        Path | None,
        typer.Option("--from-har", metavar="FILE", help="Write handlers that give the responses of a HAR file."),
    ] = None,
    from_openapi: Annotated[
        str | None,
        typer.Option(
            "--from-openapi",
            metavar="FILE",
            help="Write a handler for each operation and response of an OpenAPI document (a file or a URL).",
        ),
    ] = None,
    from_vcr: Annotated[
        Path | None,
        typer.Option("--from-vcr", metavar="DIR", help="Write handlers from cassettes of vcrpy, betamax or VCR."),
    ] = None,
    from_wiremock: Annotated[
        Path | None,
        typer.Option("--from-wiremock", metavar="DIR", help="Write handlers from WireMock's mappings and __files."),
    ] = None,
    from_hoverfly: Annotated[
        Path | None,
        typer.Option("--from-hoverfly", metavar="FILE", help="Write handlers from a simulation of Hoverfly."),
    ] = None,
    from_postman: Annotated[
        Path | None,
        typer.Option("--from-postman", metavar="FILE", help="Write handlers from the saved examples of a collection."),
    ] = None,
    from_journal: Annotated[
        bool, typer.Option("--from-journal", help="Write handlers that give the responses of a recorded run.")
    ] = False,
    from_msw_adapter: Annotated[
        Path | None,
        typer.Option(
            "--from-msw-adapter",
            metavar="FILE",
            help="Take the options of the setupPactMswAdapter call in FILE; the mocks stay as they are.",
        ),
    ] = None,
    consumer: Annotated[
        str | None, typer.Option(help="The consumer's name. Default: the name of the package in this folder.")
    ] = None,
    ci: Annotated[
        CiService | None,
        typer.Option(
            help="Write CI workflows for the consumer and its providers. In an existing project, write nothing else."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
) -> None:
    """Write interceptor.yaml and the first handlers.

    Existing files are kept unless --force is given. Secrets in recorded traffic are masked.
    """
    context: Context = ctx.obj
    root = context.config.parent
    if ci is not None and context.config.exists():
        _write_workflows(context, ci, force=force)
        return
    files = {
        HandlerSource.HAR: from_har,
        HandlerSource.VCR: from_vcr,
        HandlerSource.WIREMOCK: from_wiremock,
        HandlerSource.HOVERFLY: from_hoverfly,
        HandlerSource.POSTMAN: from_postman,
        HandlerSource.JOURNAL: (journal or Path()) if from_journal else None,
        HandlerSource.OPENAPI: from_openapi,
        HandlerSource.MSW_ADAPTER: from_msw_adapter,
    }
    given = {source: file for source, file in files.items() if file is not None}
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} do not go together", "import one, then the other")
    if journal is not None and not from_journal:
        raise UsageError(f"what is {journal} for?", f"to import a journal, write --from-journal {journal}")
    if from_msw_adapter is not None:
        _switch(context, from_msw_adapter, consumer, provider or [], force=force)
        if ci is not None:
            _write_workflows(context, ci, force=force)
        return
    source, file = next(iter(given.items()), (None, None))
    providers, notes = imported(context, source, file, provider or [])
    written = project_files(consumer or consumer_name(root), providers, context.config.name)
    if from_journal and context.config.exists():
        del written[context.config.name]  # it is that project's journal
    for path in write_files(root, written, force=force):
        say(f"wrote {os.path.relpath(path)}")
    write_schemas(root / STATE_DIR)
    for note in notes:
        say(note)
    if ci is not None:
        _write_workflows(context, ci, force=force)
    say("next: interceptor run -- the command that runs your tests")


def _write_workflows(context: Context, ci: CiService, *, force: bool) -> None:
    from interceptor.project.config import load_project
    from interceptor.scaffold.ci import workflow_files

    project = load_project(context.config)
    documented = {name: provider.openapi is not None for name, provider in project.providers.items()}
    written = workflow_files(ci.value, project.settings.consumer, documented)
    for path in write_files(project.root, written, force=force):
        say(f"wrote {os.path.relpath(path)}")


def _switch(context: Context, file: Path, consumer: str | None, named: list[str], *, force: bool) -> None:
    """A project for a suite that has had pact-msw-adapter."""
    from interceptor.scaffold.msw_adapter import import_adapter

    root = context.config.parent
    urls = {each.name: each.urls[0] for each in map(named_provider, named)}
    adapter = import_adapter(file, lambda: consumer_name(root), urls)
    if consumer is not None:
        adapter.settings["consumer"] = consumer
    for path in write_files(root, {context.config.name: adapter.text()}, force=force):
        say(f"wrote {os.path.relpath(path)}")
    write_schemas(root / STATE_DIR)
    for note in adapter.notes:
        say(note)
    say(f"next: remove the adapter's calls from {file}, then interceptor run -- the command that runs your tests")
