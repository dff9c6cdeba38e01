"""One command as a child process: started, told of our signals, waited for."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import TypeVar

from interceptor.run.held import watched
from interceptor.values.errors import CommandNotFoundError, CommandNotRunnableError

_FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGINT, signal.SIGQUIT)
_FROM_THE_KEYBOARD = {signal.SIGINT, signal.SIGQUIT}
_SECONDS_TO_END = 5.0

C = TypeVar("C", bound="Command")


class Command:
    """A running command, with our standard streams and in our process group, so that a terminal works as ever."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self) -> int:
        """The exit code as a shell has it: 128 and the signal's number for a command that a signal ended."""
        status = self._process.wait()
        return status if status >= 0 else 128 - status

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def stop(self) -> None:
        """End a command that is still there, first politely."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def start(words: Sequence[str], environ: Mapping[str, str]) -> Command:
    """Start a command.

    Raises:
        CommandNotFoundError: there is no such program.
        CommandNotRunnableError: there is, but the system will not run it.
    """
    try:
        return Command(subprocess.Popen(list(words), env=dict(environ)))  # noqa: S603  # it is the user's own
    except OSError as error:
        raise not_started(words[0], error) from error


@contextmanager
def running(begin: Callable[[], C], *, may_be_held: bool = False) -> Iterator[C]:
    """A command that runs while the context is open; signals for us reach it from the first moment on.

    Args:
        begin: starts it.
        may_be_held: whether code of the project's runs here, which may hold the interpreter for good.

    Raises:
        CommandNotFoundError: there is no such program.
        CommandNotRunnableError: there is, but the system will not run it.
    """
    early: list[int] = []
    command: C | None = None
    handled: Callable[[], None] = lambda: None  # noqa: E731  # until somebody watches

    def forward(number: int, _frame: FrameType | None) -> None:
        handled()
        if number in _FROM_THE_KEYBOARD and _in_the_foreground():
            return  # the terminal has told the whole process group already
        if command is None:
            early.append(number)
        else:
            command.send(number)

    previous = {
        number: signal.signal(number, forward) for number in _FORWARDED if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        command = begin()
        for number in early:
            command.send(number)
        with watched(command.pid) if may_be_held else nullcontext(lambda: None) as handled:
            try:
                yield command
            finally:
                command.stop()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def not_started(program: str, error: OSError) -> CommandNotFoundError | CommandNotRunnableError:
    """What to raise where the system did not start a program."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        hint = "leave out the quotes: the program and its arguments are words of their own" if " " in program else None
        return CommandNotFoundError(f'cannot run "{program}": there is no such program', hint)
    return CommandNotRunnableError(f'cannot run "{program}": {error.strerror}')


def _in_the_foreground() -> bool:
    """Whether a key at the terminal reaches our process group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
