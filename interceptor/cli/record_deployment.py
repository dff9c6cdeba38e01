"""`interceptor record-deployment`: tells the broker what is deployed where."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from interceptor.cli.context import show
from interceptor.cli.options import (
    RETRIES,
    SECONDS,
    Environment,
    Participant,
    Retries,
    Timeout,
    Version,
    participant_and_version,
)


def record_deployment(
    ctx: typer.Context,
    environment: Environment,
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

    name, number = participant_and_version(ctx.obj, participant, version)
    brokers.record_deployment(
        brokers.find_broker(os.environ, retries=retries, seconds=timeout),
        name,
        number,
        environment,
        instance=application_instance,
    )
    show(f"{name} {number} is in {environment}")
