"""`interceptor publish`: the pacts to the broker."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from interceptor.broker import Broker, PactFile, Publication, Published, differences, find_broker, read_pacts
from interceptor.broker import publish as publish_pact
from interceptor.broker.revision import detect, require_clean
from interceptor.cli.context import say
from interceptor.cli.options import RETRIES, SECONDS, AsJson, Retries, Timeout
from interceptor.contract.normalise import HeaderPolicy, default_description, normalise
from interceptor.journal import latest_recording, read_journal
from interceptor.lint.secrets import require_no_secrets
from interceptor.project.config import Project, load_project
from interceptor.values.errors import UsageError
from interceptor.values.findings import in_words


@dataclass(frozen=True, slots=True)
class Change:
    """An interaction that is new, changed or gone since, and the `file:line` of the handler that made it."""

    kind: str
    description: str
    handler: str | None


def publish(
    ctx: typer.Context,
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR", help="Folders of pacts. Default: the project's.", show_default=False),
    ] = None,
    consumer_app_version: Annotated[
        str | None,
        typer.Option(
            "--consumer-app-version", "-a", metavar="V", help="Version of the consumer. Default: the git commit."
        ),
    ] = None,
    branch: Annotated[
        str | None, typer.Option(metavar="B", help="Branch of the version. Default: what CI or git says.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="T", help="Tag for the version; may be repeated.")] = None,
    build_url: Annotated[
        str | None, typer.Option(metavar="U", help="Address of the build. Default: what CI says.")
    ] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Add to what this version has published already.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and show everything, publish nothing.")] = False,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
    allow_secrets: Annotated[
        bool, typer.Option("--allow-secrets", help="Publish also what looks like a secret.")
    ] = False,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Publish also what does not fit the providers' OpenAPI documents.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish the pacts to the broker that PACT_BROKER_BASE_URL names.

    The credentials come from PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD.
    """
    project = load_project(ctx.obj.config)
    broker = find_broker(os.environ, retries=retries, seconds=timeout)
    pacts = read_pacts(*(folders or [project.pact_dir]))
    _require_fit(project, [pact.file for pact in pacts], secrets=not allow_secrets, documents=not no_check)
    found = detect(project.root, os.environ)
    if consumer_app_version is None:
        require_clean(project.root, project.pact_dir, os.environ)
    version = consumer_app_version or found.version
    if version is None:
        raise UsageError(
            "no version to publish under: this is no git repository with a commit",
            "name the version with --consumer-app-version",
        )
    publication = Publication(
        version=version,
        branch=branch or found.branch,
        tags=tuple(tag or ()),
        build_url=build_url or found.build_url,
    )
    if publication.branch is None:
        say("warning: no branch is known here; name it with --branch")
    if not as_json:
        _announce(broker, publication, dry_run=dry_run)
    results = []
    for pact in pacts:
        result = None if dry_run else publish_pact(pact, broker, publication, merge=merge)
        changes = _changes(project, pact, broker, version) if result and result.outcome == "refused" else []
        results.append((pact, result, changes))
        if not as_json:
            _print(pact, result, changes)
    if as_json:
        typer.echo(json.dumps(_document(broker, publication, results), indent=2, ensure_ascii=False))
    if any(result and result.outcome == "refused" for _, result, _ in results):
        raise typer.Exit(1)


def _changes(project: Project, pact: PactFile, broker: Broker, version: str) -> list[Change]:
    """What differs from what the broker holds, and which handlers of the latest run made it."""
    handlers = {}
    if recording := latest_recording(project):
        for exchange in read_journal(recording):
            if exchange.handler and exchange.response:
                asked = normalise(exchange, HeaderPolicy()).interaction
                handlers[exchange.name or default_description(asked)] = exchange.handler
    found = differences(pact, broker, version)
    return [Change(each.kind, each.description, handlers.get(each.description)) for each in found]


def _require_fit(project: Project, files: list[Path], *, secrets: bool, documents: bool) -> None:
    """Refuse pacts with secrets in them, and those that do not fit the providers' documents."""
    if secrets:
        require_no_secrets(files)
    if documents:
        from interceptor.check import require_compatible

        for finding in require_compatible(project, files):
            say(in_words(finding))


def _announce(broker: Broker, publication: Publication, *, dry_run: bool) -> None:
    branch = f" on branch {publication.branch}" if publication.branch else ""
    what = "would publish" if dry_run else "publishing"
    typer.echo(f"interceptor  {what} to {broker.url} as version {publication.version}{branch}")


def _print(pact: PactFile, result: Published | None, changes: Sequence[Change]) -> None:
    outcome = "checked" if result is None else result.outcome
    where = f"  {result.url}" if result and result.url else ""
    typer.echo(f"interceptor  {outcome:9}  {pact.file.name}{where}")
    if result and result.reason:
        for line in result.reason.splitlines():
            typer.echo(f"             {line}")
    for change in changes:
        handler = f" ({change.handler})" if change.handler else ""
        typer.echo(f"             {change.kind}: {change.description}{handler}")
    if changes:
        typer.echo("             what a version has published stays: commit, and publish the new version")


def _document(
    broker: Broker, publication: Publication, results: list[tuple[PactFile, Published | None, list[Change]]]
) -> dict[str, object]:
    return {
        "broker": broker.url,
        "version": publication.version,
        "branch": publication.branch,
        "tags": list(publication.tags),
        "build_url": publication.build_url,
        "pacts": [
            {
                "file": pact.file.name,
                "consumer": pact.consumer,
                "provider": pact.provider,
                "outcome": result.outcome if result else None,
                "url": result.url if result else None,
                "reason": result.reason if result else None,
                "changes": [asdict(change) for change in changes],
            }
            for pact, result, changes in results
        ],
    }
