"""`interceptor publish`: the pacts to the broker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from interceptor.broker import Broker, PactFile, Publication, differences, find_broker, read_pacts
from interceptor.broker import publish as publish_pact
from interceptor.broker.revision import detect, require_clean
from interceptor.cli.context import say, show, show_json
from interceptor.cli.options import RETRIES, SECONDS, AsJson, Retries, Timeout
from interceptor.lint.origins import handlers_of_latest_run
from interceptor.lint.secrets import secrets_in
from interceptor.pact.read import read_pact
from interceptor.project.config import Project, load_project
from interceptor.report.findings import finding_line
from interceptor.report.published import (
    PublishedChange,
    PublishedPact,
    announcement,
    published_json,
    published_line,
    refusal_details,
)
from interceptor.values.errors import PactError, UsageError


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
        str | None, typer.Option(metavar="B", help="Branch of the version. Default: the one CI or git gives.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="T", help="Tag for the version; may be repeated.")] = None,
    build_url: Annotated[
        str | None, typer.Option(metavar="U", help="URL of the build. Default: the one CI gives.")
    ] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Merge with what this version has already published.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the pacts and print what would be published.")
    ] = False,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
    allow_secrets: Annotated[
        bool, typer.Option("--allow-secrets", help="Publish even if a pact contains what looks like a secret.")
    ] = False,
    no_check: Annotated[
        bool, typer.Option("--no-check", help="Publish even if a pact does not fit its provider's OpenAPI document.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish the pacts to the broker that PACT_BROKER_BASE_URL names.

    The credentials come from PACT_BROKER_TOKEN, or PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD.
    """
    project = load_project(ctx.obj.config)
    broker = find_broker(os.environ, retries=retries, seconds=timeout)
    pacts = read_pacts(*(folders or [project.pact_dir]))
    files = [pact.file for pact in pacts]
    if not allow_secrets:
        _require_no_secrets(files)
    if not no_check:
        _require_compatible(project, files)
    publication = _publication(project, consumer_app_version, branch, tag or [], build_url)
    if publication.branch is None:
        say("warning: no branch is known here; name it with --branch")
    if not as_json:
        show(announcement(broker, publication, dry_run=dry_run))
    results: list[PublishedPact] = []
    for pact in pacts:
        result = None if dry_run else publish_pact(pact, broker, publication, merge=merge)
        is_refused = result is not None and result.outcome == "refused"
        changes = _changes(project, pact, broker, publication.version) if is_refused else ()
        results.append(PublishedPact(pact, result, changes))
        if not as_json:
            show(published_line(results[-1]), refusal_details(results[-1]))
    if as_json:
        show_json(published_json(broker, publication, results))
    if any(each.is_refused for each in results):
        raise typer.Exit(1)


def _publication(
    project: Project, version: str | None, branch: str | None, tags: list[str], build_url: str | None
) -> Publication:
    """What the options say, completed by git and CI."""
    found = detect(project.root, os.environ)
    if version is None:
        require_clean(project.root, project.pact_dir, os.environ)
    number = version or found.version
    if number is None:
        raise UsageError(
            "no version to publish under: this is not a git repository with a commit",
            "name the version with --consumer-app-version",
        )
    return Publication(number, branch or found.branch, tuple(tags), build_url or found.build_url)


def _changes(project: Project, pact: PactFile, broker: Broker, version: str) -> list[PublishedChange]:
    """What differs from the version that the broker has, and the handlers of the latest run that made it."""
    handlers = handlers_of_latest_run(project)
    found = differences(pact, broker, version)
    return [PublishedChange(each.kind, each.description, handlers.get(each.description)) for each in found]


def _require_no_secrets(files: list[Path]) -> None:
    found = [finding for file in files for finding in secrets_in(read_pact(file))]
    if found:
        lines = "\n".join(f"{finding.pact}: {finding.message}" for finding in found)
        raise PactError(
            f"the pacts contain what looks like a secret:\n{lines}",
            "mask it (`redact` in the project file) and export again, or publish with --allow-secrets",
        )


def _require_compatible(project: Project, files: list[Path]) -> None:
    """Refuse pacts that do not fit the providers' documents; say what is doubtful about the others."""
    from interceptor.check import check

    if not any(provider.openapi for provider in project.providers.values()):
        return
    checked = check(files, project)
    if not checked.is_compatible:
        errors = "\n".join(finding_line(finding) for finding in checked.findings if finding.type == "error")
        raise PactError(
            f"the pacts do not fit the providers' documents:\n{errors}",
            "`interceptor check` shows the places; --no-check publishes anyway",
        )
    for finding in checked.findings:
        say(finding_line(finding))
