"""`interceptor publish`: the pacts to the broker."""

from __future__ import annotations

import json
import os
from typing import Annotated

import typer

from interceptor.broker import Broker, PactFile, Publication, Published, find_broker, read_pacts
from interceptor.broker import publish as publish_pact
from interceptor.cli.context import say
from interceptor.config import load_project
from interceptor.errors import UsageError
from interceptor.revision import detect, require_clean


def publish(
    ctx: typer.Context,
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
    retries: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, envvar="PACT_BROKER_HTTP_RETRIES", help="Further attempts when the broker fails."
        ),
    ] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Publish the pacts to the broker that PACT_BROKER_BASE_URL names.

    The credentials come from PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD.
    """
    project = load_project(ctx.obj.config)
    broker = find_broker(os.environ)
    pacts = read_pacts(project.pact_dir)
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
        merge=merge,
        retries=retries,
    )
    if publication.branch is None:
        say("warning: no branch is known here; name it with --branch")
    if not as_json:
        _announce(broker, publication, dry_run=dry_run)
    results = []
    for pact in pacts:
        result = None if dry_run else publish_pact(pact, broker, publication)
        results.append((pact, result))
        if not as_json:
            _print(pact, result)
    if as_json:
        typer.echo(json.dumps(_document(broker, publication, results), indent=2, ensure_ascii=False))
    if any(result and result.outcome == "refused" for _, result in results):
        raise typer.Exit(1)


def _announce(broker: Broker, publication: Publication, *, dry_run: bool) -> None:
    branch = f" on branch {publication.branch}" if publication.branch else ""
    what = "would publish" if dry_run else "publishing"
    typer.echo(f"interceptor  {what} to {broker.url} as version {publication.version}{branch}")


def _print(pact: PactFile, result: Published | None) -> None:
    outcome = "checked" if result is None else result.outcome
    where = f"  {result.url}" if result and result.url else ""
    typer.echo(f"interceptor  {outcome:9}  {pact.file.name}{where}")
    if result and result.reason:
        for line in result.reason.splitlines():
            typer.echo(f"             {line}")


def _document(
    broker: Broker, publication: Publication, results: list[tuple[PactFile, Published | None]]
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
            }
            for pact, result in results
        ],
    }
