"""`interceptor matrix`: which versions were verified against each other."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from interceptor.cli.context import show, show_json, show_line
from interceptor.cli.options import (
    RETRIES,
    SECONDS,
    AsJson,
    Branch,
    MainBranch,
    Participant,
    Retries,
    Tag,
    Timeout,
    participant_or_consumer,
    version_choice,
)
from interceptor.report.verdict import row_lines, verdict_json


def matrix(
    ctx: typer.Context,
    version: Annotated[str | None, typer.Option(metavar="V", help="The version. Default: the latest one.")] = None,
    branch: Branch = None,
    main_branch: MainBranch = False,
    tag: Tag = None,
    environment: Annotated[
        str | None, typer.Option(metavar="E", help="Only with what is in an environment, for example production.")
    ] = None,
    participant: Participant = None,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
    as_json: AsJson = False,
) -> None:
    """Show the versions that a version was verified against."""
    from interceptor import broker as brokers

    name = participant_or_consumer(ctx.obj, participant)
    broker = brokers.find_broker(os.environ, retries=retries, seconds=timeout)
    chosen = version_choice(version, branch, tag, main_branch=main_branch) or brokers.VersionChoice()
    verdict = brokers.matrix(broker, name, chosen, environment)
    if as_json:
        show_json(verdict_json(verdict))
        return
    if not verdict.rows:
        show(f"the broker has no pact of {name}{f', {chosen}' if chosen.is_given else ''}")
    for row in row_lines(verdict.rows):
        show_line(row)
