"""What every command shares: the options before its name, and the ways to print."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interceptor.report.lines import detail, line

PROJECT_FILE = "interceptor.yaml"


@dataclass
class Context:
    """The object of typer's context (`ctx.obj`)."""

    config: Path = Path(PROJECT_FILE)
    verbose: bool = False


def say(text: str) -> None:
    """Print a line about what we do to the standard error."""
    print(line(text), file=sys.stderr, flush=True)


def show(text: str, details: Iterable[str] = ()) -> None:
    """Print a line of the result to the standard output, and the lines that belong to it."""
    print(line(text))
    for each in details:
        print(detail(each))


def show_json(document: Any) -> None:
    """Print the result as JSON."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


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
        handler.setFormatter(logging.Formatter(line("%(message)s")))
        logging.getLogger("interceptor").addHandler(handler)
        logging.getLogger().addHandler(logging.NullHandler())
    else:
        logging.getLogger().addHandler(logging.NullHandler())
