"""`interceptor init`: a new project, from nothing or from recorded traffic."""

from __future__ import annotations

import os
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import Context, say
from interceptor.scaffold.project import FIRST_HANDLER, NewProvider, consumer_name, project_files, write_files
from interceptor.scaffold.schema import write_schemas
from interceptor.values.errors import UsageError
from interceptor.values.variables import STATE_DIR

if TYPE_CHECKING:
    from interceptor.values.damage import Damage


class CiService(StrEnum):
    """Whose workflows are written."""

    GITHUB = "github"
    GITLAB = "gitlab"


_EXAMPLE = "Product API=https://api.example.com/v1"


def init(
    ctx: typer.Context,
    provider: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=URL", help=f"A provider; may be repeated. Default: {_EXAMPLE}.", show_default=False),
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
    if from_msw_adapter is not None:
        if from_har is not None or from_openapi is not None:
            raise UsageError("--from-msw-adapter goes with no other source", "import the adapter's options alone")
        _switch(context, from_msw_adapter, consumer, provider or [], force=force)
        if ci is not None:
            _write_workflows(context, ci, force=force)
        return
    providers, notes = _imported(from_openapi, from_har, provider or [], root)
    written = project_files(consumer or consumer_name(root), providers, context.config.name)
    for path in write_files(root, written, force=force):
        say(f"wrote {os.path.relpath(path)}")
    write_schemas(root / STATE_DIR)
    for note in notes:
        say(note)
    if ci is not None:
        _write_workflows(context, ci, force=force)
    say("next: interceptor run -- the command that runs your tests")


def _imported(
    from_openapi: str | None, from_har: Path | None, named: list[str], root: Path
) -> tuple[list[NewProvider], list[str]]:
    """The providers of the source that was named, and what is to be said about it."""
    if from_openapi is not None:
        if from_har is not None:
            raise UsageError("--from-openapi and --from-har do not go together", "import one, then the other")
        found = _documented(from_openapi, root, named)
        return [found], [] if found.handlers else [f"{from_openapi} describes no response"]
    if from_har is None:
        return [_new(text) for text in named or [_EXAMPLE]], []
    if named:
        raise UsageError("--provider and --from-har do not go together", "the HAR file names the providers")
    return _recorded(from_har)


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
    urls = {each.name: each.urls[0] for each in map(_new, named)}
    adapter = import_adapter(file, lambda: consumer_name(root), urls)
    if consumer is not None:
        adapter.settings["consumer"] = consumer
    for path in write_files(root, {context.config.name: adapter.text()}, force=force):
        say(f"wrote {os.path.relpath(path)}")
    write_schemas(root / STATE_DIR)
    for note in adapter.notes:
        say(note)
    say(f"next: remove the adapter's calls from {file}, then interceptor run -- the command that runs your tests")


def _new(text: str) -> NewProvider:
    name, equals, url = text.partition("=")
    if not (name.strip() and equals and url.startswith(("http://", "https://"))):
        raise UsageError(f'"{text}" is not a provider\'s name and URL', f'write --provider "{_EXAMPLE}"')
    return NewProvider(name.strip(), [url], [FIRST_HANDLER], {})


def _documented(where: str, root: Path, named: list[str]) -> NewProvider:
    """The provider of a document; `--provider` gives it another name and URL."""
    from interceptor.scaffold.documented import import_document

    if len(named) > 1:
        raise UsageError("a document describes one provider", f'name it with one --provider "{_EXAMPLE}"')
    path = where if "://" in where else os.path.relpath(Path(where).resolve(), root.resolve())
    found = import_document(path, root.resolve())
    return replace(found, name=_new(named[0]).name, urls=_new(named[0]).urls) if named else found


def _recorded(file: Path) -> tuple[list[NewProvider], list[str]]:
    """The providers of a HAR file, and what is to be said about the rest of it."""
    from interceptor.recordings.har import read_har
    from interceptor.scaffold.recorded import import_recording

    damages: list[Damage] = []
    found = import_recording(read_har(file, damages))
    if not found.providers:
        raise UsageError(f"{file} has no answered request to an API", "record one in a browser's network panel")
    notes = [str(damage.message) for damage in damages]
    if found.left_out:
        notes.append(f"left out (pages and their parts, preflights, answers from a cache): {found.left_out}")
    return found.providers, notes
