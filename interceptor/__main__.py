"""The program: `interceptor`, and `python -m interceptor`."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 128 + signal.SIGINT
_SOON = 0.01


def main() -> None:
    """Run the command line; Ctrl-C ends it without a traceback, from the first imports on."""
    own = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else a shell has us ignore it
    if own:
        signal.signal(signal.SIGINT, _end)
    from interceptor import cli  # noqa: PLC0415  # it takes a while, in which a user may press Ctrl-C

    try:
        if own:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.unraisablehook = _interrupted_again
        cli.main()
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    finally:
        if own:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # what was done is done, and its exit code known


def _end(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)  # nothing has begun that wants clearing up


def _interrupted_again(lost: sys.UnraisableHookArgs) -> None:
    """Where Python calls us back and drops what we raise, Ctrl-C would be a traceback, and the command would go on."""
    if isinstance(lost.exc_value, KeyboardInterrupt):
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, _SOON)
    else:
        sys.__unraisablehook__(lost)


if __name__ == "__main__":
    main()
