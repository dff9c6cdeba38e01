"""`interceptor can-i-deploy`: does this version work with what is in an environment?"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from interceptor.cli.context import say
from interceptor.cli.matrix import document, print_rows
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

if TYPE_CHECKING:
    from interceptor.broker import Verdict

_NOT_PUBLISHED = "No pacts or verifications have been published"
"""What the broker says of a version that it does not know."""
_NOT_RECORDED = "no version is currently recorded"
"""What it says of an environment that the other side has never been deployed to."""


def can_i_deploy(
    ctx: typer.Context,
    to_environment: Annotated[str, typer.Option(metavar="E", help="Where it is to go, for example production.")],
    version: Version = None,
    participant: Participant = None,
    retry_while_unknown: Annotated[
        int, typer.Option(metavar="N", min=0, help="Ask again so many times while results are missing.")
    ] = 6,
    retry_interval: Annotated[float, typer.Option(metavar="S", min=0, help="Seconds between two questions.")] = 5,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
    as_json: AsJson = False,
) -> None:
    """Ask the broker whether a version may be deployed; exit code 1 where it may not.

    While results are missing it asks again for 30 seconds: the provider's verification may be running.
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
            f"{_missing(verdict)} has not verified it yet; asking again in {retry_interval:g} s"
        ),
    )
    if as_json:
        print(json.dumps({"deployable": verdict.deployable is True, **document(verdict)}, indent=2, ensure_ascii=False))
    else:
        _print(verdict, f"{name} {number} to {to_environment}")
    if not verdict.deployable:
        raise typer.Exit(1)


def _print(verdict: Verdict, deployment: str) -> None:
    answer = {True: "yes", False: "no", None: "not yet known"}[verdict.deployable]
    print(f"interceptor  {answer}: {deployment}")
    for reason in verdict.reasons:
        print(f"             {reason}")
    print_rows(verdict.rows)
    if not verdict.deployable:
        for line in _advice(verdict):
            print(f"             {line}")


def _advice(verdict: Verdict) -> Iterator[str]:
    reasons = "\n".join(verdict.reasons)
    failed = sorted({row.provider for row in verdict.rows if row.success is False})
    if failed:
        yield f"{' and '.join(failed)} has to give what the pact asks for, or the pact has to ask for less"
    elif _NOT_PUBLISHED in reasons:
        yield "publish it first: interceptor publish, at a provider interceptor verify --publish"
    elif _NOT_RECORDED in reasons:
        yield f"{_missing(verdict)} is not there, or nobody said so: interceptor record-deployment"
    elif verdict.deployable is None:
        yield f"{_missing(verdict)} has to verify it: interceptor verify --from-broker --publish there,"
        yield "or a webhook that starts it (interceptor webhook); then ask again"


def _missing(verdict: Verdict) -> str:
    """Whose results the broker waits for."""
    names = sorted({row.provider for row in verdict.rows if row.success is None})
    return " and ".join(names) or "the provider"
