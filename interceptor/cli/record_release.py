"""`interceptor record-release`: a version that is supported beside those before, as of an app or a library."""

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


def record_release(
    ctx: typer.Context,
    environment: Annotated[str, typer.Option(metavar="E", help="The environment, for example production.")],
    version: Version = None,
    participant: Participant = None,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
) -> None:
    """Record at the broker that a version was released to an environment; those before stay supported there."""
    from interceptor import broker as brokers

    name, number = participant_or_consumer(ctx.obj, participant), version_or_commit(ctx.obj, version)
    broker = brokers.find_broker(os.environ, retries=retries, seconds=timeout)
    brokers.record_release(broker, name, number, environment)
    show(f"{name} {number} is released to {environment}")
