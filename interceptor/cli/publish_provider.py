"""`interceptor publish-provider`: the OpenAPI document as PactFlow's provider contract."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from interceptor.cli.context import Context, say, show, show_json
from interceptor.cli.options import (
    RETRIES,
    SECONDS,
    AsJson,
    BranchOfVersion,
    Retries,
    Tags,
    Timeout,
    root,
    version_or_commit,
)
from interceptor.values.errors import UsageError


def publish_provider(
    ctx: typer.Context,
    provider: Annotated[str, typer.Option(metavar="NAME", help="The provider's name at the broker.")],
    document: Annotated[
        Path | None,
        typer.Argument(metavar="OPENAPI", help="The OpenAPI document. Default: the project's for this provider."),
    ] = None,
    success: Annotated[
        bool, typer.Option("--success/--no-success", help="Whether the provider passed its own tests.")
    ] = True,
    results: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The report of those tests: text, JSON or JUnit.")
    ] = None,
    verifier: Annotated[str | None, typer.Option(metavar="TOOL", help="The tool that ran them.")] = None,
    verifier_version: Annotated[str | None, typer.Option(metavar="V", help="The version of that tool.")] = None,
    version: Annotated[
        str | None, typer.Option(metavar="V", help="The provider's version. Default: the git commit.")
    ] = None,
    branch: BranchOfVersion = None,
    tag: Tags = None,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
    as_json: AsJson = False,
) -> None:
    """Publish an OpenAPI document to PactFlow, with the result of testing the provider against it."""
    from interceptor import broker as brokers
    from interceptor.broker.revision import detect

    context: Context = ctx.obj
    file = document or _of_project(context, provider)
    for path in filter(None, (file, results)):
        if not path.is_file():
            raise UsageError(f"there is no file {path}")
    found = detect(root(context), os.environ)
    contract = brokers.ProviderContract(
        document=file,
        provider=provider,
        success=success,
        results=results,
        verifier=verifier,
        verifier_version=verifier_version,
    )
    publication = brokers.Publication(
        version_or_commit(context, version), branch or found.branch, tuple(tag or ()), found.build_url
    )
    if publication.branch is None:
        say("warning: no branch is known here; name it with --branch")
    broker = brokers.find_broker(os.environ, retries=retries, seconds=timeout)
    notices = brokers.publish_provider_contract(broker, contract, publication)
    if as_json:
        show_json({"broker": broker.url, "provider": provider, **asdict(publication), "notices": notices})
        return
    show(f"published {file} as the contract of {provider} {publication.version} at {broker.url}", notices)


def _of_project(context: Context, provider: str) -> Path:
    from interceptor.project.config import load_project

    project = load_project(context.config)
    known = project.providers.get(provider)
    if known is None or known.openapi is None:
        raise UsageError(f"{context.config} names no OpenAPI document of {provider}", "give the file as an argument")
    if "://" in known.openapi:
        raise UsageError(f"the OpenAPI document of {provider} is not a file: {known.openapi}", "give the file")
    return project.root / known.openapi
