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
    if from_openapi is not None:
        if from_har is not None:
            raise UsageError("--from-openapi and --from-har do not go together", "import one, then the other")
        found = _documented(from_openapi, root, provider or [])
        providers, notes = [found], [] if found.handlers else [f"{from_openapi} describes no response"]
    elif from_har is None:
        providers, notes = [_new(text) for text in provider or [_EXAMPLE]], list[str]()
    elif provider:
        raise UsageError("--provider and --from-har do not go together", "the HAR file names the providers")
    else:
        providers, notes = _recorded(from_har)
    written = project_files(consumer or consumer_name(root), providers, context.config.name)
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
