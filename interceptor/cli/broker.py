"""`interceptor broker -- ...`: any other command of the `pact` client, for the project's broker."""

from __future__ import annotations

import os
import subprocess
from typing import Annotated

import typer

from interceptor.cli.options import RETRIES, SECONDS, Retries, Timeout
from interceptor.values.errors import BrokerError


def broker(
    words: Annotated[list[str], typer.Argument(metavar="ARGUMENT...", help="Arguments of `pact broker`.")],
    retries: Retries = RETRIES,
    timeout: Timeout = SECONDS,
) -> None:
    """Run `pact broker` with the broker and the credentials of the environment.

    For example: interceptor broker -- list-environments
    """
    from interceptor.broker import find_broker
    from interceptor.broker.client import client, environment

    settings = environment(find_broker(os.environ, retries=retries, seconds=timeout))
    with subprocess.Popen([client(), "broker", *words], env=settings) as process:  # noqa: S603  # the user's own words
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise BrokerError(
                f"the client did not end within {timeout:g} s", "try again, or raise --timeout"
            ) from error
    raise typer.Exit(code if code >= 0 else 1)


broker.context_settings = {"allow_interspersed_args": False}  # type: ignore[attr-defined]  # options are the client's
