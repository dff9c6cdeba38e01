"""What every command shares: the options before its name, and the ways to print."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from interceptor.report.lines import detail, line, printable
from interceptor.report.toned import TonedLine, painted

if TYPE_CHECKING:
    from interceptor.run.reach.combined import Reached

PROJECT_FILE = "interceptor.yaml"


@dataclass
class Context:
    """The object of typer's context (`ctx.obj`)."""

    config: Path = Path(PROJECT_FILE)
    verbose: bool = False


def say(text: str) -> None:
    """Print a line about what we do to the standard error."""
    write(f"{printable(line(text))}\n", sys.stderr)


def say_toned(parts: TonedLine) -> None:
    """Print a line about what we do, in colours where the standard error is a terminal and nobody forbids them.

    https://no-color.org
    """
    stream = sys.stderr
    is_terminal = stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    write(f"{line(painted(parts, colours=is_terminal and not os.environ.get('NO_COLOR')))}\n", stream)


def say_reached(reached: Reached, *, verbose: bool = False) -> None:
    """Say which settings could not be laid out for clients, and with `-v` which were."""
    for problem in reached.problems:
        say(problem)
    if verbose:
        say(f"clients reach the proxy by the proxy variables and by settings for {reached.names}")


def show(text: str, details: Iterable[str] = ()) -> None:
    """Print a line of the result to the standard output, and the lines that belong to it."""
    for each in (line(text), *map(detail, details)):
        show_line(each)


def show_line(text: str) -> None:
    """Print a line of the result as it is, but for what a terminal or a CI system would obey."""
    write(f"{printable(text)}\n", sys.stdout)


def show_document(text: str) -> None:
    """Print a result that other programs read, unchanged."""
    write(text, sys.stdout)


def show_json(document: Any) -> None:
    """Print the result as JSON."""
    show_document(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def write(text: str, stream: TextIO | None) -> None:
    """Write to a standard stream; what was done stays done where nobody can read of it.

    A stream that cannot be written is led to nowhere, or Python would fail once more as it flushes it at the end.

    Args:
        text: with its line breaks.
        stream: None where we were started without it.
    """
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            say(f"cannot write the result to the standard output: {error.strerror}")


def occupy_closed_streams() -> None:
    """Open what was closed of descriptors 0 to 2, or the next file or socket would take its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


class _Saying(logging.Handler):
    """Writes log records where `say` does, and as harmlessly."""

    def emit(self, record: logging.LogRecord) -> None:
        write(f"{printable(self.format(record))}\n", sys.stderr)


def set_up_logging(context: Context, *, warnings: bool = False) -> None:
    """Let the proxy tell what it does with `-v`, and be quiet otherwise: what matters is in the summary.

    Args:
        context: says whether `-v` was given.
        warnings: tell of unhandled requests and the like when they happen, as where there is no other output.
    """
    if context.verbose:
        handler = _Saying()
        handler.setFormatter(logging.Formatter("%(name)s  %(message)s"))
        logging.basicConfig(level=logging.INFO, handlers=[handler])
    elif warnings:
        handler = _Saying()
        handler.setFormatter(logging.Formatter(line("%(message)s")))
        logging.getLogger("interceptor").addHandler(handler)
        logging.getLogger().addHandler(logging.NullHandler())
    else:
        logging.getLogger().addHandler(logging.NullHandler())
