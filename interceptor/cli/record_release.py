"""`interceptor record-release`: a version that is supported beside those before, as of an app or a library."""

from __future__ import annotations

import os

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


def record_release(
    ctx: typer.Context,
    environment: Environment,
    version: Version = None,
    participant: Participant = None,
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
) -> None:
    """Record at the broker that a version was released to an environment; those before stay supported there."""
    from interceptor import broker as brokers

    name, number = participant_and_version(ctx.obj, participant, version)
    broker = brokers.find_broker(os.environ, retries=retries, seconds=timeout)
    brokers.record_release(broker, name, number, environment)
    show(f"{name} {number} is released to {environment}")
