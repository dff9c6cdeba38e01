"""`interceptor can-i-deploy`: does this version work with what is in an environment?"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import say, show, show_json
from interceptor.cli.options import (
    RETRIES,
    SECONDS,
    AsJson,
    Participant,
    Retries,
    Timeout,
    Version,
    participant_or_consumer,
    version_or_commit,
)
from interceptor.report.lines import detail
from interceptor.report.verdict import advice, answer_line, awaited, row_lines, verdict_json

if TYPE_CHECKING:
    from interceptor.broker import Verdict


def can_i_deploy(
    ctx: typer.Context,
    to_environment: Annotated[str, typer.Option(metavar="E", help="The environment, for example production.")],
    version: Version = None,
    participant: Participant = None,
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

    name, number = participant_or_consumer(ctx.obj, participant), version_or_commit(ctx.obj, version)
    verdict = brokers.can_i_deploy(
        brokers.find_broker(os.environ, retries=retries, seconds=timeout),
        name,
        number,
        to_environment,
        times=retry_while_unknown,
        interval=retry_interval,
        waiting=lambda verdict: say(
            f"{awaited(verdict)} has not verified it yet; asking again in {retry_interval:g} s"
        ),
    )
    if as_json:
        show_json({"deployable": verdict.deployable is True, **verdict_json(verdict)})
    else:
        _print(verdict, f"{name} {number} to {to_environment}")
    if not verdict.deployable:
        raise typer.Exit(1)


def _print(verdict: Verdict, deployment: str) -> None:
    show(answer_line(verdict, deployment), verdict.reasons)
    for row in row_lines(verdict.rows):
        print(row)
    if not verdict.deployable:
        for line in advice(verdict):
            print(detail(line))
