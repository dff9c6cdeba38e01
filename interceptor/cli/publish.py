"""`interceptor publish`: the pacts to the broker."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from interceptor.broker import (
    Broker,
    PactFile,
    Publication,
    find_broker,
    read_pacts,
)
from interceptor.broker import publish as publish_pact
from interceptor.broker.revision import detect, is_commit, require_clean
from interceptor.cli.context import say, show, show_json
from interceptor.cli.earlier import pact_at_broker, pact_in_git
from interceptor.cli.options import RETRIES, SECONDS, AsJson, BranchOfVersion, PactPaths, Retries, Tags, Timeout, root
from interceptor.lint.origins import handlers_of_latest_run
from interceptor.lint.secrets import secrets_in
from interceptor.pact.changes import changes
from interceptor.pact.read import read_pact
from interceptor.project.config import Project, load_project
from interceptor.report.findings import finding_line
from interceptor.report.published import (
    PublishedPact,
    announcement,
    published_details,
    published_json,
    published_line,
)
from interceptor.values.errors import BrokerError, PactError, UsageError


def publish(
    ctx: typer.Context,
    paths: PactPaths = None,
    consumer_app_version: Annotated[
        str | None,
        typer.Option(
            "--consumer-app-version", "-a", metavar="V", help="Version of the consumer. Default: the git commit."
        ),
    ] = None,
    branch: BranchOfVersion = None,
    tag: Tags = None,
    build_url: Annotated[
        str | None, typer.Option(metavar="U", help="URL of the build. Default: the one CI gives.")
    ] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Merge with what this version has already published.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the pacts and print what would be published and what it changes.")
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
    project = None if paths and not ctx.obj.config.exists() else load_project(ctx.obj.config)
    has_broker = any(map(os.environ.get, ("PACT_BROKER_BASE_URL", "PACT_BROKER_HOST")))
    broker = find_broker(os.environ, retries=retries, seconds=timeout) if has_broker or not dry_run else None
    pacts = read_pacts(*(paths or [project.pact_dir if project else Path.cwd()]))
    files = [pact.file for pact in pacts]
    if not allow_secrets:
        _require_no_secrets(files)
    if project and not no_check:
        _require_compatible(project, files)
    folder = project.pact_dir if project else files[0].resolve().parent
    publication = _publication(root(ctx.obj), folder, consumer_app_version, branch, tag or [], build_url)
    if publication.branch is None:
        say("warning: no branch is known here; name it with --branch")
    if not as_json:
        show(announcement(broker, publication, dry_run=dry_run))
    results: list[PublishedPact] = []
    for pact in pacts:
        if broker is None or dry_run:
            results.append(_not_published(pact, broker, project))
        else:
            results.append(_published(pact, broker, project, publication, merge=merge))
        if not as_json:
            show(published_line(results[-1]), published_details(results[-1]))
    if as_json:
        show_json(published_json(broker, publication, results))
    if any(each.is_refused for each in results):
        raise typer.Exit(1)


def _published(
    pact: PactFile, broker: Broker, project: Project | None, publication: Publication, *, merge: bool
) -> PublishedPact:
    """Hand a pact over; where it is refused, with what differs from the same version at the broker."""
    result = publish_pact(pact, broker, publication, merge=merge)
    if result.outcome != "refused":
        return PublishedPact(pact, result)
    ours = read_pact(pact.file)
    earlier = None
    with suppress(BrokerError, PactError):  # the refusal is what matters
        earlier = pact_at_broker(ours, broker, publication.version)
    return PublishedPact(pact, result, changes(earlier, ours) if earlier else (), handlers=_handlers(project))


def _not_published(pact: PactFile, broker: Broker | None, project: Project | None) -> PublishedPact:
    """What would change: against the broker's latest pact, or where that cannot be had against the commit."""
    ours = read_pact(pact.file)
    if broker is not None:
        try:
            earlier = pact_at_broker(ours, broker)
            return PublishedPact(pact, None, changes(earlier, ours), "the broker's latest pact", _handlers(project))
        except BrokerError as error:  # nothing is published: that needs no broker
            say(f"warning: the pact is not compared with the broker's: {error.message}")
    if is_commit(pact.file.resolve().parent, "HEAD"):
        return PublishedPact(pact, None, changes(pact_in_git(ours, "HEAD"), ours), "git:HEAD", _handlers(project))
    return PublishedPact(pact, None)


def _handlers(project: Project | None) -> dict[str, str]:
    return handlers_of_latest_run(project) if project else {}


def _publication(
    root: Path, pact_dir: Path, version: str | None, branch: str | None, tags: list[str], build_url: str | None
) -> Publication:
    """What the options say, completed by git and CI."""
    found = detect(root, os.environ)
    if version is None:
        require_clean(root, pact_dir, os.environ)
    number = version or found.version
    if number is None:
        raise UsageError(
            "no version to publish under: this is not a git repository with a commit",
            "name the version with --consumer-app-version",
        )
    return Publication(number, branch or found.branch, tuple(tags), build_url or found.build_url)


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
    from interceptor.checking import check

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
