"""What every command is given: the options that all of them share."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT_FILE = "interceptor.yaml"


@dataclass
class Context:
    """The object of typer's context (`ctx.obj`)."""

    config: Path = Path(PROJECT_FILE)
    verbose: bool = False


def say(text: str) -> None:
    """One line about the run, on the standard error: the standard output belongs to the command under the proxy."""
    print(f"interceptor  {text}", file=sys.stderr, flush=True)


def set_up_logging(context: Context, *, warnings: bool = False) -> None:
    """Let the proxy tell what it does with `-v`, and be quiet otherwise: what matters is in the summary.

    Args:
        context: says whether `-v` was given.
        warnings: tell of unhandled requests and the like when they happen, as where there is no other output.
    """
    if context.verbose:
        logging.basicConfig(level=logging.INFO, format="%(name)s  %(message)s", stream=sys.stderr)
    elif warnings:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("interceptor  %(message)s"))
        logging.getLogger("interceptor").addHandler(handler)
        logging.getLogger().addHandler(logging.NullHandler())
    else:
        logging.getLogger().addHandler(logging.NullHandler())
