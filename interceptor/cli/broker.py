"""`interceptor broker -- ...`: any other command of the `pact` client, for the project's broker."""

from __future__ import annotations

import os
import subprocess
from typing import Annotated

import typer

from interceptor.cli.options import RETRIES, SECONDS, Retries


def broker(
    words: Annotated[list[str], typer.Argument(metavar="ARGUMENT...", help="Arguments of `pact broker`.")],
    retries: Retries = RETRIES,
) -> None:
    """Run `pact broker` with the broker and the credentials of the environment.

    For example: interceptor broker -- list-environments
    """
    from interceptor.broker import find_broker
    from interceptor.broker.client import client, environment

    settings = environment(find_broker(os.environ, retries=retries, seconds=SECONDS))
    done = subprocess.run([client(), "broker", *words], env=settings, check=False)  # noqa: S603  # the user's own words
    raise typer.Exit(done.returncode if done.returncode >= 0 else 1)


broker.context_settings = {"allow_interspersed_args": False}  # type: ignore[attr-defined]  # options are the client's
