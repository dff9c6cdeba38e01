"""`interceptor record-deployment`: tells the broker what is deployed where."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from interceptor.cli.context import show
from interceptor.cli.options import (
    RETRIES,
    SECONDS,
    Participant,
    Retries,
    Timeout,
    Version,
    participant_or_consumer,
    version_or_commit,
)


def record_deployment(
    ctx: typer.Context,
    environment: Annotated[str, typer.Option(metavar="E", help="The environment, for example production.")],
    version: Version = None,
    participant: Participant = None,
    application_instance: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which instance, if several run in one environment.")
    ] = None,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
) -> None:
    """Record at the broker that a version was deployed to an environment."""
    from interceptor import broker as brokers

    name, number = participant_or_consumer(ctx.obj, participant), version_or_commit(ctx.obj, version)
    brokers.record_deployment(
        brokers.find_broker(os.environ, retries=retries, seconds=timeout),
        name,
        number,
        environment,
        instance=application_instance,
    )
    show(f"{name} {number} is in {environment}")
