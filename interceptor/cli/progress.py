"""The progress of a long command, in the last row of the terminal that it writes to.

The command has the same terminal, and what it prints is none of our business: the rows above the last one scroll as
ever, by the margins that terminals know since the VT100 (apt shows its progress in this way).
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread

from interceptor.cli.context import write
from interceptor.report.lines import line

_SECONDS_BEFORE = 2.0
"""A command that ends sooner needs no progress."""
_SECONDS_BETWEEN = 0.25
_FEWEST_ROWS = 10
_SAVE, _RESTORE, _CLEAR_ROW, _CLEAR_BELOW = "\x1b7", "\x1b8", "\x1b[2K", "\x1b[J"


def is_shown(environ: Mapping[str, str]) -> bool:
    """Whether somebody looks at the terminal that the command writes to."""
    streams = (sys.stdout, sys.stderr)
    return all(each is not None and each.isatty() for each in streams) and environ.get("TERM", "dumb") != "dumb"


@contextmanager
def progress(tell: Callable[[float], str]) -> Iterator[None]:
    """Show how far a command is, until it ends.

    Args:
        tell: gives the line, from the seconds since the begin.
    """
    over = Event()
    thread = Thread(target=_follow, args=(tell, over), name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _follow(tell: Callable[[float], str], over: Event) -> None:
    began = time.monotonic()
    if over.wait(_SECONDS_BEFORE):
        return
    rows, shown = 0, ""
    while not over.is_set():
        width, height = shutil.get_terminal_size()
        if height >= _FEWEST_ROWS:
            if height != rows:
                rows = height
                _put(f"\n{_SAVE}\x1b[1;{rows - 1}r{_RESTORE}\x1b[1A")
                shown = ""
            text = line(tell(time.monotonic() - began))[: width - 1]
            if text != shown:
                shown = text
                colour, end = ("", "") if os.environ.get("NO_COLOR") else ("\x1b[7m", "\x1b[0m")
                _put(f"{_SAVE}\x1b[{rows};1H{_CLEAR_ROW}{colour}{text}{end}{_RESTORE}")
        over.wait(_SECONDS_BETWEEN)
    if rows:
        _put(f"{_SAVE}\x1b[r{_RESTORE}{_CLEAR_BELOW}")


def _put(text: str) -> None:
    write(text, sys.stderr)
