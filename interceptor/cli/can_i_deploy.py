"""`interceptor can-i-deploy`: does this version work with what is in an environment?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import say, show, show_json, show_line
from interceptor.cli.options import (
    RETRIES,
    SECONDS,
    AsJson,
    Branch,
    Environment,
    MainBranch,
    Participant,
    Retries,
    Tag,
    Timeout,
    Version,
    participant_or_consumer,
    version_choice,
    version_or_commit,
)
from interceptor.report.lines import detail
from interceptor.report.verdict import advice, answer_line, awaited, row_lines, verdict_json

if TYPE_CHECKING:
    from interceptor.broker import Verdict


def can_i_deploy(
    ctx: typer.Context,
    to_environment: Environment,
    version: Version = None,
    branch: Branch = None,
    main_branch: MainBranch = False,
    tag: Tag = None,
    participant: Participant = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A participant whose results do not count; may be repeated."),
    ] = None,
    retry_while_unknown: Annotated[
        int, typer.Option(metavar="N", min=0, help="How often to ask again while results are missing.")
    ] = 6,
    retry_interval: Annotated[float, typer.Option(metavar="S", min=0, help="Seconds between two attempts.")] = 5,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
    as_json: AsJson = False,
) -> None:
    """Ask the broker whether a version can be deployed; the exit code is 1 if not.

    While results are missing, it asks again for 30 seconds, since the provider's verification may be running.
    """
    from interceptor import broker as brokers

    name = participant_or_consumer(ctx.obj, participant)
    chosen = version_choice(version, branch, tag, main_branch=main_branch)
    chosen = chosen or brokers.VersionChoice(version_or_commit(ctx.obj, None))
    verdict = brokers.can_i_deploy(
        brokers.find_broker(os.environ, retries=retries, seconds=timeout),
        name,
        chosen,
        to_environment,
        ignored=ignore or [],
        times=retry_while_unknown,
        interval=retry_interval,
        waiting=lambda verdict: say(
            f"{awaited(verdict)} has not verified it yet; asking again in {retry_interval:g} s"
        ),
    )
    if as_json:
        show_json({"deployable": verdict.deployable is True, **verdict_json(verdict)})
    else:
        _print(verdict, f"{name} {chosen} to {to_environment}")
    if not verdict.deployable:
        raise typer.Exit(1)


def _print(verdict: Verdict, deployment: str) -> None:
    show(answer_line(verdict, deployment), verdict.reasons)
    for row in row_lines(verdict.rows):
        show_line(row)
    if not verdict.deployable:
        for line in advice(verdict):
            show_line(detail(line))
