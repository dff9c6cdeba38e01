"""`interceptor record-undeployment`: tells the broker what is deployed no more."""

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
    participant_or_consumer,
)


def record_undeployment(
    ctx: typer.Context,
    environment: Annotated[str, typer.Option(metavar="E", help="The environment, for example production.")],
    participant: Participant = None,
    application_instance: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which instance, if several run in one environment.")
    ] = None,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
) -> None:
    """Record at the broker that no version of a participant is deployed to an environment any more."""
    from interceptor import broker as brokers

    name = participant_or_consumer(ctx.obj, participant)
    broker = brokers.find_broker(os.environ, retries=retries, seconds=timeout)
    brokers.record_undeployment(broker, name, environment, instance=application_instance)
    show(f"{name} is no longer in {environment}")
